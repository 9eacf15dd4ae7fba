import type { Cart } from '@commercetools/platform-sdk';
import type { Fault, Faults } from '@connector/simulator-faults';
import type { ApiClient, JwtOptions } from './auth.ts';
import type { Call, CallFilter } from './call-log.ts';
import type { Session, SessionState } from './checkout-resources.ts';
import type { SimulatorState } from './project.ts';

/** A running commercetools project; every control method is also a route below `/_sandbox/`. */
export interface CommercetoolsSimulator {
  readonly url: string;
  readonly port: number;
  readonly projectKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Ends at once; open connections are closed. */
  close(): Promise<void>;
  /** Another API client; scopes without `:` are those of the project. */
  createClient(options: { scopes: readonly string[]; clientId?: string; clientSecret?: string }): ApiClient;
  /** A token as the client would get it, without the HTTP call. */
  issueToken(scopes?: readonly string[]): string;
  revokeTokens(): void;
  mintJwt(options?: JwtOptions): Promise<string>;
  rotateKeys(options?: { keepPrevious?: boolean }): Promise<string>;
  faults(): Faults['current'];
  setFaults(faults: Fault[]): void;
  /** With `payments`, only these (ids or keys) and the carts and sessions that lead to them. */
  state(filter?: { payments?: readonly string[] }): Promise<SimulatorState>;
  setSessionState(id: string, state: SessionState): Session;
  setCartTotal(id: string, centAmount: number): Promise<Cart>;
  log(filter?: CallFilter): Call[];
  /**
   * Empties the project, the log and the faults. API clients, tokens, signing keys and types stay, because they are the
   * set-up.
   */
  reset(): Promise<void>;
}
