import { always, type Case, fires, P, quiet, reconciled, rising, series, unordered, withoutCart } from './series.ts';

/** Alerts about payments that differ or wait, and about the commands that look for them. */
export const PAYMENTS_CASES: Readonly<Record<string, readonly Case[]>> = {
  PaymentWithoutCart: [
    fires(
      'a cart became an order before its second payment came',
      [
        [withoutCart('cart-ordered'), '0+0x50 1+0x60'],
        [withoutCart('cart-gone'), always(0)],
      ],
      {
        labels: { severity: 'warning', reason: 'cart-ordered' },
        description: '1 payments could not be put on their carts in the last hour (cart-ordered), in namespace shop.',
      },
    ),
    quiet('none since the pod started', [[withoutCart('cart-gone'), always(3)]]),
  ],
  PaidWithoutOrder: [
    fires(
      'two shoppers closed the tab after paying',
      [
        [unordered('ready'), always(2)],
        [unordered('money_moved'), always(0)],
      ],
      {
        labels: { severity: 'warning', reason: 'ready' },
        description:
          '2 payments are paid and have no order (ready), as of the last run of unordered, in namespace shop.',
      },
    ),
    quiet('all payments have an order, except transactions whose orders others make', [
      [unordered('ready'), always(0)],
      [unordered('merchant_initiated'), always(3)],
    ]),
  ],
  UnorderedStale: [
    fires(
      'no run for five hours',
      [[series('ledger', `${P}unordered_last_success_timestamp_seconds`), `1+0x300`]],
      {
        labels: { severity: 'warning' },
        description: 'unordered last checked everything 4h 59m 59s ago, in namespace shop.',
      },
      300,
    ),
    quiet(
      'no run ever, as when the command is disabled',
      [[series('ledger', `${P}unordered_last_success_timestamp_seconds`), always(0, 300)]],
      300,
    ),
    quiet(
      'each run finishes',
      [[series('ledger', `${P}unordered_last_success_timestamp_seconds`), rising(60, 300)]],
      300,
    ),
  ],
  PaymentsStuckPending: [
    fires(
      'pending for four days, since the beginning',
      [[series('ledger', `${P}oldest_pending_payment_timestamp_seconds`, { state: 'Pending' }), always(0, 5760)]],
      {
        labels: { severity: 'warning', state: 'Pending' },
        description: 'The oldest transaction in state Pending is 4d 0h 0m 0s old, in namespace shop.',
      },
      5760,
    ),
    quiet(
      'a bank debit that began yesterday',
      [[series('ledger', `${P}oldest_pending_payment_timestamp_seconds`, { state: 'Pending' }), always(259200, 5760)]],
      5760,
    ),
  ],
  ReconciliationDivergence: [
    fires(
      'a payment is missing',
      [[series('ledger', `${P}reconciliation_divergences`, { kind: 'payment_missing' }), always(1)]],
      {
        labels: { severity: 'warning', job: 'pay-ledger', kind: 'payment_missing' },
        description: 'The last reconciliation by pay-ledger found 1 × payment_missing, in namespace shop.',
      },
    ),
    quiet('both sides show the same', [
      [series('ledger', `${P}reconciliation_divergences`, { kind: 'payment_missing' }), always(0)],
    ]),
  ],
  AuditDivergence: [
    fires('a transaction exists twice', [[series('ledger', `${P}audit_differences`, { kind: 'doubled' }), always(1)]], {
      labels: { severity: 'critical', kind: 'doubled' },
      description: 'The last audit found 1 × doubled and did not repair it, in namespace shop.',
    }),
    quiet('everything agrees', [[series('ledger', `${P}audit_differences`, { kind: 'doubled' }), always(0)]]),
  ],
  AuditStale: [
    fires(
      'no audit has finished for four days',
      [[series('ledger', `${P}audit_last_success_timestamp_seconds`), always(0, 5760)]],
      {
        labels: { severity: 'warning' },
        description: 'The audit last finished 4d 0h 0m 0s ago, in namespace shop.',
      },
      5760,
    ),
    quiet(
      'an audit finishes each day',
      [[series('ledger', `${P}audit_last_success_timestamp_seconds`), rising(60, 5760)]],
      5760,
    ),
  ],
  ReconciliationRequestOpen: [
    fires(
      'no run has answered the request for three hours',
      [[series('webhook-ingest', `${P}reconciliation_requests_open`), `${always(0, 60)} ${always(2, 200)}`]],
      {
        labels: { severity: 'critical' },
        description:
          "The ledger asked reconcile to list 2 time ranges of Stripe's events. For more than 2 hours no run has done so, in namespace shop.",
      },
      240,
    ),
    quiet(
      'the next run answered the request',
      [[series('webhook-ingest', `${P}reconciliation_requests_open`), `${always(2, 60)} ${always(0, 200)}`]],
      240,
    ),
  ],
  ReconciliationStale: [
    fires(
      'one of the two commands has stopped',
      [
        [reconciled('ledger'), always(0, 300)],
        [reconciled('webhook-ingest'), rising(60, 300)],
      ],
      {
        labels: { severity: 'warning', job: 'pay-ledger' },
        description: 'Reconciliation by pay-ledger last finished 5h 0m 0s ago, in namespace shop.',
      },
      300,
    ),
    quiet(
      'both commands ran lately',
      [
        [reconciled('ledger'), rising(60, 300)],
        [reconciled('webhook-ingest'), rising(60, 300)],
      ],
      300,
    ),
  ],
};
