import { redactText } from '@connector/telemetry';

/**
 * Fields whose text may be shown: those that identify an event's objects and their states. Everything else in Stripe's
 * events (names, addresses, cards, descriptions, the merchant's metadata, client secrets) stays hidden, also fields
 * that Stripe may add later.
 */
const SHOWN = new Set([
  'id',
  'object',
  'type',
  'kind',
  'status',
  'currency',
  'currencyCode',
  'api_version',
  'code',
  'decline_code',
  'declineCode',
  'failure_code',
  'reason',
  'cancellation_reason',
  'network_status',
  'capture_method',
  'confirmation_method',
  'setup_future_usage',
  'brand',
  'funding',
  'operation',
  'operationId',
  'transactionType',
  'state',
  'paymentId',
  'paymentIntentId',
  'paymentKey',
  'cartId',
  'cart_id',
  'ct_project_key',
  'ct_payment_id',
  'ct_payment_key',
  'ct_customer_id',
  'causeId',
  'causeType',
]);

/** Numbers that are personal. */
const HIDDEN_NUMBERS = new Set(['exp_month', 'exp_year', 'day', 'month', 'year', 'lat', 'lng']);

/** Ids of Stripe's objects say nothing about a person. */
const STRIPE_ID = /^(?:acct|ch|cus|dp|du|evt|mandate|pi|pm|po|py|pyr|re|req|seti|src|txn|we)_[A-Za-z0-9]+$/;

const HIDDEN = '[redacted]';

/** An event's data for display: its structure, ids, states and amounts, without personal data and secrets. */
export function redacted(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return value.map((entry) => redacted(entry, field));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redacted(inner, name)]));
  }
  if (typeof value === 'number') return HIDDEN_NUMBERS.has(field) ? HIDDEN : value;
  if (typeof value !== 'string') return value;
  if (SHOWN.has(field)) return redactText(value);
  return STRIPE_ID.test(value) || value === '' ? value : HIDDEN;
}
