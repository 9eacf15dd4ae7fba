import type { EventData } from '@connector/contracts';
import type { JWTPayload } from 'jose';
import type { DenialReason } from '../domain/denial.ts';
import type { Introspection } from '../domain/oauth-token.ts';
import type { Session } from '../domain/session.ts';

/** Looks up sessions. */
export interface Sessions {
  /** The session, or undefined when there is none. Throws TransientError while that cannot be checked. */
  find(sessionId: string): Promise<Session | undefined>;
}

/** The result of an introspection: the token's data, or that the authorization server refuses our own credentials. */
export type Introspected =
  | { readonly kind: 'introspected'; readonly token: Introspection }
  | { readonly kind: 'client_refused'; readonly code: string; readonly message: string };

export interface TokenIntrospection {
  /**
   * Throws TransientError while the authorization server does not answer, AuthorizationFailedError for an unusable
   * answer.
   */
  introspect(token: string): Promise<Introspected>;
}

/** A JWT's claims, or why it is invalid, with the original's messages. */
export type JwtReading =
  | { readonly kind: 'valid'; readonly claims: JWTPayload }
  | { readonly kind: 'invalid'; readonly reason: DenialReason; readonly message: string };

export interface JwtReader {
  /** Checks signature and times. Throws TransientError while the keys cannot be read. */
  read(jwt: string): Promise<JwtReading>;
}

export type Denied = EventData<'checkout.access.denied'> & { reason: DenialReason };

/** The audit trail. Its calls never wait, throw or fail a request. */
export interface Audit {
  verified(event: EventData<'checkout.session.verified'>): void;
  denied(event: Denied): void;
}
