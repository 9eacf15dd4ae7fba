import { always, type Case, fires, P, quiet, reconciled, rising, series, unordered, withoutCart } from './series.ts';

/** Alerts about payments that differ or wait, and the commands that look for them. */
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
    quiet('all have one, but transactions whose orders others make', [
      [unordered('ready'), always(0)],
      [unordered('merchant_initiated'), always(3)],
    ]),
  ],
  UnorderedStale: [
    fires(
      'no run since five hours ago',
      [[series('ledger', `${P}unordered_last_success_timestamp_seconds`), `1+0x300`]],
      {
        labels: { severity: 'warning' },
        description: 'unordered last looked at everything 4h 59m 59s ago, in namespace shop.',
      },
      300,
    ),
    quiet(
      'it has never run, as where it is switched off',
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
      'since the beginning, four days ago',
      [[series('ledger', `${P}oldest_pending_payment_timestamp_seconds`, { state: 'Pending' }), always(0, 5760)]],
      {
        labels: { severity: 'warning', state: 'Pending' },
        description: 'The oldest transaction in state Pending is 4d 0h 0m 0s old, in namespace shop.',
      },
      5760,
    ),
    quiet(
      'a bank debit of yesterday',
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
    quiet('both show the same', [
      [series('ledger', `${P}reconciliation_divergences`, { kind: 'payment_missing' }), always(0)],
    ]),
  ],
  AuditDivergence: [
    fires(
      'a transaction is there twice',
      [[series('ledger', `${P}audit_differences`, { kind: 'doubled' }), always(1)]],
      {
        labels: { severity: 'critical', kind: 'doubled' },
        description: 'The last audit found 1 × doubled and did not repair it, in namespace shop.',
      },
    ),
    quiet('everything agrees', [[series('ledger', `${P}audit_differences`, { kind: 'doubled' }), always(0)]]),
  ],
  AuditStale: [
    fires(
      'none has finished for four days',
      [[series('ledger', `${P}audit_last_success_timestamp_seconds`), always(0, 5760)]],
      {
        labels: { severity: 'warning' },
        description: 'The audit has last finished 4d 0h 0m 0s ago, in namespace shop.',
      },
      5760,
    ),
    quiet(
      'one finishes each day',
      [[series('ledger', `${P}audit_last_success_timestamp_seconds`), rising(60, 5760)]],
      5760,
    ),
  ],
  ReconciliationRequestOpen: [
    fires(
      'nobody has done it for three hours',
      [[series('webhook-ingest', `${P}reconciliation_requests_open`), `${always(0, 60)} ${always(2, 200)}`]],
      {
        labels: { severity: 'critical' },
        description:
          "The ledger asked reconcile for 2 periods of Stripe's events, and for more than 2 hours no run has read them, in namespace shop.",
      },
      240,
    ),
    quiet(
      'the next run did it',
      [[series('webhook-ingest', `${P}reconciliation_requests_open`), `${always(2, 60)} ${always(0, 200)}`]],
      240,
    ),
  ],
  ReconciliationStale: [
    fires(
      'one of the two has stopped',
      [
        [reconciled('ledger'), always(0, 300)],
        [reconciled('webhook-ingest'), rising(60, 300)],
      ],
      {
        labels: { severity: 'warning', job: 'pay-ledger' },
        description: 'Reconciliation as reported by pay-ledger has last finished 5h 0m 0s ago, in namespace shop.',
      },
      300,
    ),
    quiet(
      'both ran lately',
      [
        [reconciled('ledger'), rising(60, 300)],
        [reconciled('webhook-ingest'), rising(60, 300)],
      ],
      300,
    ),
  ],
};
