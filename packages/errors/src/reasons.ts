/** Why a failure passes; labels of metrics. */
export const TRANSIENT_REASONS = [
  // What the other side answered, or did not.
  'connection',
  'timeout',
  'server_error',
  'rate_limited',
  'unauthorized',
  'conflict',
  'unreadable',
  'unavailable',
  // What this side does not begin by now.
  'circuit_open',
  'overloaded',
  'stopping',
  'revoked',
  'kafka',
  'kafka_timeout',
  // What another process has begun, and nobody can see or use yet.
  'not_visible',
  'not_linked',
  'unknown_attempt',
  'kept_changing',
  'no_end',
] as const;
export type TransientReason = (typeof TRANSIENT_REASONS)[number];

/** Why a failure stays. */
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

/** Why a message is handled again: a failure that passes, or one that nobody foresaw. */
export const RETRY_REASONS = [...TRANSIENT_REASONS, 'unknown'] as const;
export type RetryReason = (typeof RETRY_REASONS)[number];

/**
 * Why a message is a dead letter: a failure that stays, one of one message that went on for too long while others worked, or one that nobody
 * foresaw. docs/runbooks/redrive-dead-letters.md says of each what to do.
 */
export const DEAD_LETTER_REASONS = [...PERMANENT_REASONS, 'transient_exhausted', 'unknown_error'] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];
