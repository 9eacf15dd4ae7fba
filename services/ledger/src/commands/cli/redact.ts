import { redactText } from '@connector/telemetry';

/**
 * Fields whose text may be shown: what tells which objects an event is about, and what became of them. Everything else of Stripe's events
 * (names, addresses, cards, descriptions, metadata of the merchant's, client secrets) stays hidden, also fields that Stripe adds one day.
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

/** An event's data fit to be shown: its structure, ids, states and amounts, without personal data and secrets. */
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
