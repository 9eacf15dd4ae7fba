import { type MetricDefinition, P } from './definition.ts';

const DIVERGENCES = [
  'undelivered_event',
  'payment_missing',
  'transaction_missing',
  'transaction_outdated',
  'payment_untied',
  'gone_from_stripe',
  'operation_unfinished',
];
const MONEY_DIFFERENCES = [
  'payment_missing',
  'missing_here',
  'missing_there',
  'other_amount',
  'other_state',
  'doubled',
] as const;
const BALANCE_TYPES = [
  'charge',
  'payment',
  'refund',
  'payment_refund',
  'refund_failure',
  'payment_failure_refund',
  'adjustment',
] as const;
const UNORDERED_REASONS = [
  'ready',
  'total_differs',
  'money_pending',
  'money_moved',
  'differs_from_stripe',
  'merchant_initiated',
  'order_without_payment',
  'not_on_cart',
  'cart_merged',
  'cart_gone',
  'return_unfinished',
  'order_number_taken',
  'refused',
];

/** Results of audit, reconcile, reconcile-pending and unordered. */
export const CHECK_METRICS = {
  pendingPayments: {
    type: 'gauge',
    name: `${P}pending_payments`,
    help: 'Payments with an open transaction by its age, at the last reconciliation',
    labels: { state: ['Pending', 'Initial'], age: ['under_1h', '1h_to_1d', '1d_to_3d', 'over_3d'] },
    from: ['ledger'],
  },
  oldestPendingPayment: {
    type: 'gauge',
    name: `${P}oldest_pending_payment_timestamp_seconds`,
    help: 'Creation time of the oldest open transaction, Unix time',
    labels: { state: ['Pending', 'Initial'] },
    from: ['ledger'],
  },
  auditDifferences: {
    type: 'gauge',
    name: `${P}audit_differences`,
    help: 'Differences between the money at Stripe and in commercetools that the last audit found and did not repair',
    labels: { kind: MONEY_DIFFERENCES },
    from: ['ledger'],
  },
  auditLastSuccess: {
    type: 'gauge',
    name: `${P}audit_last_success_timestamp_seconds`,
    help: 'When an audit last compared its whole window, Unix time; 0 = never',
    labels: {},
    from: ['ledger'],
  },
  auditMovements: {
    type: 'gauge',
    name: `${P}audit_movements`,
    help: "Stripe's balance transactions that the last audit compared",
    labels: { type: BALANCE_TYPES },
    from: ['ledger'],
  },
  reconciliationDivergences: {
    type: 'gauge',
    name: `${P}reconciliation_divergences`,
    help: 'Divergences the last reconciliation found',
    labels: { kind: DIVERGENCES },
    from: ['ledger', 'webhook-ingest'],
  },
  reconciliationLastSuccess: {
    type: 'gauge',
    name: `${P}reconciliation_last_success_timestamp_seconds`,
    help: 'When reconciliation last finished, Unix time; 0 = never',
    labels: {},
    from: ['ledger', 'webhook-ingest'],
  },
  reconciliationRepairs: {
    type: 'counter',
    name: `${P}reconciliation_repairs_total`,
    help: 'Events that reconciliation published again',
    labels: { kind: DIVERGENCES },
    from: ['ledger', 'webhook-ingest'],
  },
  unorderedPayments: {
    type: 'gauge',
    name: `${P}unordered_payments`,
    help: 'Payments that are paid and have no order, as of the last complete run of unordered',
    labels: { reason: UNORDERED_REASONS },
    from: ['ledger'],
  },
  unorderedLastSuccess: {
    type: 'gauge',
    name: `${P}unordered_last_success_timestamp_seconds`,
    help: 'When unordered last checked everything, Unix time; 0 = never',
    labels: {},
    from: ['ledger'],
  },
  unorderedSettlements: {
    type: 'counter',
    name: `${P}unordered_settlements_total`,
    help: 'Carts of paid payments for which unordered created the order or returned the money',
    labels: { settlement: ['order_created', 'returned'] },
    from: ['ledger'],
  },
  reconciliationRequests: {
    type: 'gauge',
    name: `${P}reconciliation_requests_open`,
    help: 'Time ranges that the ledger asked reconcile to list again and that are not done yet',
    labels: {},
    from: ['webhook-ingest'],
  },
} as const satisfies Record<string, MetricDefinition>;
