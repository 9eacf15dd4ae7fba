/** Reasons of temporary failures, which are labels of metrics. */
export const TRANSIENT_REASONS = [
  // The dependency's answer, or the lack of one.
  'connection',
  'timeout',
  'server_error',
  'rate_limited',
  'unauthorized',
  'conflict',
  'unreadable',
  'unavailable',
  // Calls that this side does not begin at the moment.
  'circuit_open',
  'overloaded',
  'stopping',
  'revoked',
  'kafka',
  'kafka_timeout',
  // Something that another process has begun and that cannot be seen or used yet.
  'not_visible',
  'not_linked',
  'unknown_attempt',
  'kept_changing',
  'no_end',
] as const;
export type TransientReason = (typeof TRANSIENT_REASONS)[number];

/** Reasons of permanent failures. */
export const PERMANENT_REASONS = [
  'rejected',
  'unreadable',
  'unsupported_version',
  'foreign_project',
  'gone_from_stripe',
  'gone',
  'inexpressible_amount',
  'too_large',
  'other_customer',
] as const;
export type PermanentReason = (typeof PERMANENT_REASONS)[number];

/** Reasons for handling a message again: a temporary failure, or an unexpected one. */
export const RETRY_REASONS = [...TRANSIENT_REASONS, 'unknown'] as const;
export type RetryReason = (typeof RETRY_REASONS)[number];

/**
 * Reasons of dead letters: a permanent failure, a failure of one message that lasted too long while other messages
 * succeeded, or an unexpected failure. docs/runbooks/redrive-dead-letters.md says what to do for each reason.
 */
export const DEAD_LETTER_REASONS = [...PERMANENT_REASONS, 'transient_exhausted', 'unknown_error'] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];
