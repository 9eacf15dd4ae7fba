import type { Service } from './rules.ts';

/** One alert that is expected, with the labels and the description that people will see. */
export interface Expected {
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
}

/** Series as promtool writes them, one sample a minute, and what they lead to at a moment. */
export interface Case {
  readonly what: string;
  readonly series: readonly (readonly [series: string, values: string])[];
  /** Minutes after the first sample. */
  readonly at: number;
  readonly fires: readonly Expected[];
}

/** What the placeholders stand for in the tests. */
export const NAMESPACE = 'shop';
export const RELEASE = 'pay';

const P = 'stripe_connector_';

const series = (service: Service, metric: string, labels: Record<string, string> = {}): string => {
  const all = { namespace: NAMESPACE, job: `${RELEASE}-${service}`, pod: `${RELEASE}-${service}-1`, ...labels };
  return `${metric}{${Object.entries(all).map(([name, value]) => `${name}="${value}"`)}}`;
};

/** A counter that rises by `perMinute`. */
const rising = (perMinute: number, minutes = 120): string => `0+${perMinute}x${minutes}`;
const always = (value: number, minutes = 120): string => `${value}+0x${minutes}`;

const deleted = (pod: string): string =>
  series('ledger', `${P}consumer_records_deleted_total`, { topic: 'payments.events', pod: `${RELEASE}-ledger-${pod}` });

const quiet = (what: string, list: Case['series'], at = 60): Case => ({ what, series: list, at, fires: [] });
const fires = (what: string, list: Case['series'], expected: Expected | Expected[], at = 60): Case => ({
  what,
  series: list,
  at,
  fires: Array.isArray(expected) ? expected : [expected],
});

/** Minutes of history; windows that reach further see only this, which has the same ratios. */
const HISTORY = 6 * 60;

/** The same four burns for each objective; `scale` is how much larger its budget is than 0.1 %. */
function burns(
  scale: number,
  of: (good: string, bad: string) => Case['series'],
  text: (ratio: string, window: string) => string,
): Case[] {
  const steady = (perMille: number) => of(rising((1000 - perMille) * 10, HISTORY), rising(perMille * 10, HISTORY));
  const expected = (severity: string, window: string, ratio: string): Expected => ({
    labels: { severity, window },
    description: text(ratio, window),
  });
  const percent = (perMille: number) => `${Number(((perMille * scale) / 10).toPrecision(4))}%`;
  return [
    fires(
      'an outage of a quarter of an hour',
      of(
        `${rising(1000, HISTORY - 15)} ${always((HISTORY - 15) * 1000, 15)}`,
        `${always(0, HISTORY - 15)} 1000+1000x14`,
      ),
      expected('critical', '1h', '25%'),
      HISTORY,
    ),
    fires(
      'ten times what is allowed, for days',
      steady(10 * scale),
      [
        expected('critical', '6h', percent(10)),
        expected('warning', '1d', percent(10)),
        expected('warning', '3d', percent(10)),
      ],
      HISTORY,
    ),
    fires('twice what is allowed, for days', steady(2 * scale), expected('warning', '3d', percent(2)), HISTORY),
    quiet('half of what is allowed', steady(0.5 * scale), HISTORY),
    quiet(
      'one failure in a night without traffic',
      of(always(0, HISTORY), `${always(0, HISTORY - 10)} ${always(1, 10)}`),
      HISTORY,
    ),
    quiet('no traffic at all', of(always(0, HISTORY), always(0, HISTORY)), HISTORY),
  ];
}

const route = { http_request_method: 'POST', http_route: '/stripe/webhooks' };
const HTTP = 'http_server_request_duration_seconds';
const OPEN = { http_request_method: 'GET', http_route: '/payments' };
const stripeCalls = (outcome: string) =>
  series('intent', `${P}api_request_duration_seconds_count`, {
    api: 'stripe',
    operation: 'payment_intents.create',
    outcome,
  });
const ctCalls = (outcome: string) =>
  series('ledger', `${P}api_request_duration_seconds_count`, {
    api: 'commercetools',
    operation: 'payments.update',
    outcome,
  });
const webhooks = (outcome: string) =>
  series('webhook-ingest', `${P}webhook_events_total`, { event_type: 'charge.succeeded', outcome });
const operations = (outcome: string) =>
  series('intent', `${P}payment_operations_total`, { operation: 'confirm', outcome });
const lag = (partition: number) =>
  series('ledger', `${P}consumer_lag_messages`, { topic: 'payments.events', partition: String(partition) });
const lagOfOtherPod = (partition: number) =>
  series('ledger', `${P}consumer_lag_messages`, {
    topic: 'payments.events',
    partition: String(partition),
    pod: 'pay-ledger-2',
  });
const commit = series('ledger', `${P}consumer_last_commit_timestamp_seconds`, { group: 'ledger' });
const secret = (which: string) => series('webhook-ingest', `${P}webhook_secret_matches_total`, { secret: which });
const delay = (le: string) =>
  series('ledger', `${P}ledger_event_delay_seconds_bucket`, { event_type: 'charge.succeeded', le });
const delayCount = series('ledger', `${P}ledger_event_delay_seconds_count`, { event_type: 'charge.succeeded' });
const withoutCart = (reason: string) => series('ledger', `${P}payments_without_cart_total`, { reason });
const unordered = (reason: string) => series('ledger', `${P}unordered_payments`, { reason });
const circuit = (dependency: string) => series('ledger', `${P}ledger_circuit_open`, { dependency });
const checks = (outcome: string) => series('session-auth', `${P}session_checks_total`, { outcome, cache: 'miss' });
const reconciled = (service: Service) => series(service, `${P}reconciliation_last_success_timestamp_seconds`);
const certificate = (which: string) =>
  series('ledger', `${P}certificate_expiry_timestamp_seconds`, { certificate: which });
const buildInfo = (service: Service) =>
  series(service, `${P}build_info`, { service, version: '1.0.0', revision: 'abc' });

/** For every alert at least one case in which it fires and one in which it does not. */
export const ALERT_CASES: Readonly<Record<string, readonly Case[]>> = {
  WebhookAcceptanceBudgetBurn: burns(
    1,
    (good, bad) => [
      [series('webhook-ingest', `${HTTP}_count`, { ...route, http_response_status_code: '200' }), good],
      [series('webhook-ingest', `${HTTP}_bucket`, { ...route, http_response_status_code: '200', le: '2.5' }), good],
      [series('webhook-ingest', `${HTTP}_count`, { ...route, http_response_status_code: '503' }), bad],
      // Strangers neither help nor harm.
      [
        series('webhook-ingest', `${HTTP}_count`, { ...route, http_response_status_code: '400' }),
        rising(1000, HISTORY),
      ],
    ],
    (ratio, window) =>
      `${ratio} of the genuine webhooks failed or took longer than 2.5 s in the last ${window}, in namespace shop. ${budget('0.999', window)}`,
  ),
  PaymentApiBudgetBurn: burns(
    1,
    (good, bad) => [
      [series('intent', `${HTTP}_count`, { http_route: '/payments', http_response_status_code: '200' }), good],
      [series('intent', `${HTTP}_count`, { http_route: '/payments', http_response_status_code: '500' }), bad],
    ],
    (ratio, window) =>
      `${ratio} of the requests to the payment API failed in the last ${window}, in namespace shop. ${budget('0.999', window)}`,
  ),
  OpenLatencyBudgetBurn: [
    ...burns(
      10,
      (good, bad) => [
        [series('intent', `${HTTP}_bucket`, { ...OPEN, http_response_status_code: '200', le: '1' }), good],
        [series('intent', `${HTTP}_count`, { ...OPEN, http_response_status_code: '200', pod: 'quick' }), good],
        [series('intent', `${HTTP}_count`, { ...OPEN, http_response_status_code: '200', pod: 'slow' }), bad],
        // What fails is the payment API's to tell.
        [series('intent', `${HTTP}_count`, { ...OPEN, http_response_status_code: '503' }), rising(1000, HISTORY)],
      ],
      (ratio, window) =>
        `${ratio} of the payments took longer than 1 s to open in the last ${window}, in namespace shop. ${budget('0.99', window)}`,
    ),
  ],
  LedgerFreshnessBudgetBurn: [
    ...burns(
      10,
      (good, bad) => [
        [series('ledger', `${P}ledger_event_delay_seconds_bucket`, { event_type: 'a', le: '60' }), good],
        [series('ledger', `${P}ledger_event_delay_seconds_count`, { event_type: 'a' }), good],
        [series('ledger', `${P}ledger_event_delay_seconds_count`, { event_type: 'b' }), bad],
      ],
      (ratio, window) =>
        `${ratio} of the events reached commercetools later than 60 s after they happened in the last ${window}, in namespace shop. ${budget('0.99', window)}`,
    ),
    quiet('all in time, with bounds as Prometheus 3 writes them', [
      [delay('60.0'), rising(100)],
      [delayCount, rising(100)],
    ]),
  ],
  WebhookBadSignatures: [
    fires(
      'a wrong secret: nothing but bad signatures',
      [
        [webhooks('bad_signature'), rising(2)],
        [webhooks('accepted'), always(0)],
      ],
      {
        labels: { severity: 'warning' },
        description:
          '30 webhooks were refused for their signature or its age in the last 15 minutes, in namespace shop, more than a tenth of the good ones.',
      },
    ),
    quiet('a few strangers among many good ones', [
      [webhooks('bad_signature'), rising(1)],
      [webhooks('accepted'), rising(100)],
    ]),
  ],
  WebhookSilence: [
    fires(
      'payments without webhooks',
      [
        [operations('approved'), rising(2)],
        [webhooks('accepted'), always(40)],
      ],
      {
        labels: { severity: 'critical' },
        description:
          "60 payment operations succeeded in the last 30 minutes, and not one event of Stripe's was accepted, in namespace shop.",
      },
    ),
    quiet('a quiet night', [
      [operations('approved'), always(7)],
      [webhooks('accepted'), always(40)],
    ]),
    quiet('payments with webhooks', [
      [operations('approved'), rising(2)],
      [webhooks('accepted'), rising(4)],
    ]),
  ],
  SecretRotationUnfinished: [
    fires(
      'the old secret, for more than a day',
      [[secret('previous'), rising(1, 40 * 60)]],
      {
        labels: { severity: 'warning' },
        description:
          '360 webhooks of the last 6 hours were verified only by a secret that is not the first of the list, in namespace shop. Stripe drops the old one at most 24 hours after rolling.',
      },
      30 * 60,
    ),
    quiet(
      'a rotation that took two hours',
      [[secret('previous'), `${rising(1, 120)} ${always(120, 40 * 60)}`]],
      30 * 60,
    ),
  ],
  ConsumerLagHigh: [
    fires(
      'a backlog that grows, told by two pods',
      [
        [lag(0), rising(10)],
        [lag(1), rising(10)],
        [lagOfOtherPod(0), rising(10)],
      ],
      {
        labels: { severity: 'warning', topic: 'payments.events' },
        description:
          '1.2k messages of payments.events wait for the ledger, in namespace shop, and they do not get fewer.',
      },
    ),
    quiet('a backlog that melts', [[lag(0), '9000-50x120']]),
    quiet('a small one', [[lag(0), always(100)]]),
  ],
  ConsumerStalled: [
    fires(
      'events wait and nothing is committed',
      [
        [lag(0), always(3)],
        [commit, always(600)],
      ],
      {
        labels: { severity: 'critical', topic: 'payments.events' },
        description:
          '3 messages of payments.events wait, and no offset was committed for more than 300 s, in namespace shop.',
      },
    ),
    fires('events wait and nothing was ever committed', [[lag(0), always(3)]], {
      labels: { severity: 'critical', topic: 'payments.events' },
      description:
        '3 messages of payments.events wait, and no offset was committed for more than 300 s, in namespace shop.',
    }),
    quiet('a busy ledger', [
      [lag(0), always(3)],
      [commit, rising(60)],
    ]),
    // LedgerCircuitOpen says it, with the reason.
    quiet('a ledger that holds its events on purpose', [
      [lag(0), always(3)],
      [commit, always(600)],
      [circuit('commercetools'), always(1)],
    ]),
    quiet('nothing to do since an hour', [
      [lag(0), always(0)],
      [commit, always(0)],
    ]),
  ],
  ConsumerNotInGroup: [
    fires(
      'one pod of two',
      [
        [series('ledger', `${P}consumer_group_joined`, { group: 'ledger' }), always(0)],
        [series('ledger', `${P}consumer_group_joined`, { group: 'ledger', pod: 'pay-ledger-2' }), always(1)],
      ],
      {
        labels: { severity: 'warning', pod: 'pay-ledger-1', group: 'ledger' },
        description:
          'pay-ledger-1 is no member of the consumer group ledger since more than 5 minutes, in namespace shop.',
      },
    ),
    quiet('a rebalance', [[series('ledger', `${P}consumer_group_joined`, { group: 'ledger' }), '1+0x57 0+0x2 1+0x60']]),
  ],
  ConsumerRebalancingOften: [
    fires(
      'a join every three minutes',
      [
        [
          series('ledger', `${P}consumer_rebalances_total`, { group: 'ledger' }),
          '0+0x2 1+0x2 2+0x2 3+0x2 4+0x2 5+0x2 6+0x2 7+0x2 8+0x2 9+0x2 10+0x2 11+0x2 12+0x2 13+0x2 14+0x2 15+0x2 16+0x2 17+0x2 18+0x2 19+0x2 20+0x2',
        ],
      ],
      {
        labels: { severity: 'warning', group: 'ledger' },
        description: 'A pod joined the consumer group ledger 10 times in the last 30 minutes, in namespace shop.',
      },
    ),
    quiet('a rollout', [
      [series('ledger', `${P}consumer_rebalances_total`, { group: 'ledger' }), '1+0x30 2+0x2 3+0x2 4+0x60'],
    ]),
  ],
  RecordsDeletedUnread: [
    fires(
      'a ledger that starts finds them gone',
      [[deleted('1'), `_x30 ${always(80)}`]],
      {
        labels: { severity: 'critical', topic: 'payments.events' },
        description:
          '80 messages of payments.events were gone when the ledger came to them, in namespace shop. It has asked reconcile to list their time at Stripe again.',
      },
      40,
    ),
    fires(
      'they are deleted under a ledger that runs',
      [[deleted('1'), `${always(0, 60)} ${always(60, 60)}`]],
      {
        labels: { severity: 'critical', topic: 'payments.events' },
        description:
          '60 messages of payments.events were gone when the ledger came to them, in namespace shop. It has asked reconcile to list their time at Stripe again.',
      },
      70,
    ),
    quiet('none', [[deleted('1'), always(0)]]),
    quiet('it was hours ago', [[deleted('1'), always(80, 300)]], 240),
  ],
  DeadLettersPresent: [
    fires(
      'two dead letters, told by two pods',
      [
        [series('ledger', `${P}dlq_depth`, { topic: 'payments.events.dlq' }), always(2)],
        [series('ledger', `${P}dlq_depth`, { topic: 'payments.events.dlq', pod: 'pay-ledger-2' }), always(2)],
      ],
      {
        labels: { severity: 'warning', topic: 'payments.events.dlq' },
        description: '2 dead letters wait on payments.events.dlq, in namespace shop. They are kept for 30 days.',
      },
    ),
    quiet('none', [[series('ledger', `${P}dlq_depth`, { topic: 'payments.events.dlq' }), always(0)]]),
  ],
  LedgerCircuitOpen: [
    fires(
      'Stripe is down and commercetools works',
      [
        [circuit('stripe'), always(1)],
        [circuit('commercetools'), always(0)],
      ],
      {
        labels: { severity: 'critical', dependency: 'stripe' },
        description:
          'A pod of the ledger holds the events that need stripe for more than 5 minutes because its calls fail broadly, in namespace shop. None is lost; none is recorded either.',
      },
    ),
    quiet('a hiccup of three minutes', [[circuit('commercetools'), '0+0x56 1+0x2 0+0x60']]),
  ],
  KeysParked: [
    fires(
      'one payment that fails',
      [
        [series('ledger', `${P}ledger_parked_keys`), always(1)],
        [circuit('stripe'), always(0)],
      ],
      {
        labels: { severity: 'warning' },
        description:
          '1 payments wait for a retry, in namespace shop. After 15 minutes of this their events become dead letters, unless it is our key that is refused.',
      },
    ),
    quiet('all fail: another alert says so', [
      [series('ledger', `${P}ledger_parked_keys`), always(40)],
      [circuit('stripe'), always(1)],
    ]),
  ],
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
  LedgerDelayHigh: [
    fires(
      'one in ten takes minutes',
      [
        [delay('60'), rising(90)],
        [delay('120'), rising(90)],
        [delay('300'), rising(100)],
        [delay('+Inf'), rising(100)],
        [delayCount, rising(100)],
      ],
      {
        labels: { severity: 'warning' },
        description: 'One event in twenty takes 3m 29s or longer from Stripe to commercetools, in namespace shop.',
      },
    ),
    quiet('all in a second', [
      [delay('1'), rising(100)],
      [delay('+Inf'), rising(100)],
      [delayCount, rising(100)],
    ]),
  ],
  CertificateExpiring: [
    fires(
      'the client certificate, in twelve days',
      [
        [certificate('kafka_client'), always(13 * 86_400, 24 * 60)],
        [certificate('kafka_ca'), always(400 * 86_400, 24 * 60)],
      ],
      {
        labels: { severity: 'warning', job: 'pay-ledger', certificate: 'kafka_client' },
        description: 'kafka_client of pay-ledger is valid for 12d 0h 0m 0s more, in namespace shop.',
      },
      24 * 60,
    ),
    quiet('none that ends within a fortnight', [[certificate('kafka_client'), always(30 * 86_400)]]),
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
        description: 'The last reconciliation by pay-ledger found 1 times payment_missing, in namespace shop.',
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
        description: 'The last audit found 1 times doubled, and did not repair it, in namespace shop.',
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
          'The ledger asked reconcile 2 times to list a time at Stripe again, more than 2 hours ago, and it has not done so, in namespace shop.',
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
        description: 'Reconciliation as told by pay-ledger has last finished 5h 0m 0s ago, in namespace shop.',
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
  StripeApiErrors: [
    fires(
      'one call in five',
      [
        [stripeCalls('ok'), rising(8)],
        [stripeCalls('timeout'), rising(1)],
        [stripeCalls('server_error'), rising(1)],
      ],
      {
        labels: { severity: 'critical', job: 'pay-intent' },
        description:
          "20% of pay-intent's calls to Stripe ended in 5xx or a time-out in the last 10 minutes, in namespace shop.",
      },
    ),
    quiet('declined cards', [
      [stripeCalls('ok'), rising(8)],
      [stripeCalls('client_error'), rising(8)],
    ]),
  ],
  CommercetoolsApiErrors: [
    fires(
      'one call in five',
      [
        [ctCalls('ok'), rising(8)],
        [ctCalls('server_error'), rising(2)],
      ],
      {
        labels: { severity: 'critical', job: 'pay-ledger' },
        description:
          "20% of pay-ledger's calls to commercetools ended in 5xx or a time-out in the last 10 minutes, in namespace shop.",
      },
    ),
    quiet('conflicts', [
      [ctCalls('ok'), rising(8)],
      [ctCalls('conflict'), rising(2)],
    ]),
  ],
  ApiRateLimited: [
    fires('two a minute', [[stripeCalls('rate_limited'), rising(2)]], {
      labels: { severity: 'warning', job: 'pay-intent', api: 'stripe' },
      description: '20 calls of pay-intent to stripe were answered 429 in the last 10 minutes, in namespace shop.',
    }),
    quiet('a single one', [[stripeCalls('rate_limited'), '0+0x50 1+0x60']]),
  ],
  ApiCredentialsRefused: [
    fires(
      'the key was rolled',
      [
        [stripeCalls('ok'), '0+8x40 320+0x80'],
        [stripeCalls('unauthorized'), '0+0x40 0+1x80'],
      ],
      {
        labels: { severity: 'critical', job: 'pay-intent', api: 'stripe' },
        description:
          '10 calls of pay-intent to stripe were answered 401 or 403 in the last 10 minutes, in namespace shop. Events that need them wait; shoppers may be unable to pay.',
      },
    ),
    fires('a scope is missing at commercetools', [[ctCalls('unauthorized'), rising(2)]], {
      labels: { severity: 'critical', job: 'pay-ledger', api: 'commercetools' },
      description:
        '20 calls of pay-ledger to commercetools were answered 401 or 403 in the last 10 minutes, in namespace shop. Events that need them wait; shoppers may be unable to pay.',
    }),
    quiet('an access token that ended early', [[ctCalls('unauthorized'), '0+0x50 1+0x60']]),
    quiet('declined cards', [[stripeCalls('client_error'), rising(8)]]),
    quiet('sessions of shoppers that have ended', [
      [
        series('intent', `${P}api_request_duration_seconds_count`, {
          api: 'session-auth',
          operation: 'verify',
          outcome: 'unauthorized',
        }),
        rising(8),
      ],
    ]),
  ],
  ConcurrentModificationStorm: [
    fires(
      'every third update',
      [
        [ctCalls('ok'), rising(20)],
        [ctCalls('conflict'), rising(10)],
      ],
      {
        labels: { severity: 'warning', job: 'pay-ledger' },
        description:
          "33.33% of pay-ledger's updates in commercetools met a newer version in the last 10 minutes, in namespace shop.",
      },
    ),
    quiet('one in fifty', [
      [ctCalls('ok'), rising(490)],
      [ctCalls('conflict'), rising(10)],
    ]),
  ],
  SessionAuthUpstreamDown: [
    fires(
      'every second check',
      [
        [checks('allowed'), rising(5)],
        [checks('upstream_error'), rising(5)],
      ],
      {
        labels: { severity: 'critical' },
        description:
          '50% of the session checks of the last 5 minutes could not be made, in namespace shop. Those shoppers cannot pay.',
      },
    ),
    quiet('strangers with bad sessions', [
      [checks('allowed'), rising(5)],
      [checks('invalid'), rising(50)],
    ]),
  ],
  MetricsAbsent: [
    fires(
      'all but the ledger',
      (['intent', 'session-auth', 'webhook-ingest'] as const).map(
        (service) => [buildInfo(service), always(1)] as const,
      ),
      {
        labels: { severity: 'critical', service: 'ledger', job: 'pay-ledger' },
        description: 'Prometheus has no metrics of pay-ledger in namespace shop. Every other alert about it is blind.',
      },
    ),
    quiet(
      'all are there',
      (['intent', 'ledger', 'session-auth', 'webhook-ingest'] as const).map(
        (service) => [buildInfo(service), always(1)] as const,
      ),
    ),
  ],
};

function budget(objective: string, window: string): string {
  const [factor, days] = { '1h': [14.4, 2], '6h': [6, 5], '1d': [3, 10], '3d': [1, 30] }[window] ?? [];
  return `The objective is ${objective}; at ${factor} times the allowed speed its error budget of 30 days lasts ${days} days.`;
}
