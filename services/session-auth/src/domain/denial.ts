/** The reasons for a refusal, as named in metrics and the audit trail; callers never see them. */
export const DENIAL_REASONS = [
  'missing',
  'malformed',
  'unknown_session',
  'expired',
  'no_cart',
  'bad_signature',
  'unknown_key',
  'alg_not_allowed',
  'not_yet_valid',
  'wrong_issuer',
  'wrong_project',
  'wrong_audience',
  'client_refused',
  'inactive_token',
  'no_scope',
  'no_permission',
  'unknown_route',
] as const;

export type DenialReason = (typeof DENIAL_REASONS)[number];

export type Scheme = 'session' | 'jwt' | 'oauth2';

/** A refusal: the reason for us; code and message for the caller, from the connector's contract. */
export interface Denial {
  readonly reason: DenialReason;
  readonly code: string;
  readonly message: string;
  /** Shown to the caller besides code and message. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export type Outcome<T> =
  | { readonly kind: 'granted'; readonly principal: T }
  | { readonly kind: 'denied'; readonly denial: Denial };

export const granted = <T>(principal: T): Outcome<T> => ({ kind: 'granted', principal });

export const denied = (denial: Denial): { kind: 'denied'; denial: Denial } => ({ kind: 'denied', denial });

/** The contract has the same answer for everything that is wrong with a session. */
export const sessionDenial = (reason: DenialReason): Denial => ({
  reason,
  code: 'invalid_token',
  message: 'Session is not active',
});

export const tokenDenial = (reason: DenialReason, message: string, fields?: Record<string, unknown>): Denial => ({
  reason,
  code: 'invalid_token',
  message,
  ...(fields && { fields }),
});
