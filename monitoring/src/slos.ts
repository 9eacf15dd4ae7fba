import {
  type Alert,
  type Dashboard,
  of,
  type Recording,
  type RuleFile,
  recorded,
  type Service,
  threshold,
} from './rules.ts';

interface Slo {
  /** Name in its recording rules. */
  readonly name: string;
  readonly alert: string;
  /** The counter whose rate is taken; `window` is inserted. */
  readonly total: string;
  readonly good: string;
  readonly service: Service;
  readonly dashboard: Dashboard;
  readonly summary: string;
  /** Follows the share of failures: `3% <failed>`. */
  readonly failed: string;
}

const HTTP = 'http_server_request_duration_seconds';
/** What is not a genuine webhook, such as one with a bad signature, counts neither as good nor as bad. */
const GENUINE = 'http_response_status_code=~"2..|499|5.."';
const WEBHOOKS = 'http_route="/stripe/webhooks"';
/** Opening is the only step whose duration a shopper feels. Its failures count for the payment API. */
const OPENED = ['http_request_method="GET"', 'http_route="/payments"', 'http_response_status_code=~"2.."'];
/** Prometheus 3 writes whole bounds as 1.0. */
const IN_A_SECOND = 'le=~"1([.]0)?"';
const IN_A_MINUTE = 'le=~"60([.]0)?"';

export const SLOS: readonly Slo[] = [
  {
    name: 'webhook_acceptance',
    alert: 'WebhookAcceptanceBudgetBurn',
    total: of('webhook-ingest', `${HTTP}_count`, WEBHOOKS, GENUINE),
    good: of('webhook-ingest', `${HTTP}_bucket`, WEBHOOKS, 'http_response_status_code=~"2.."', 'le="2.5"'),
    service: 'webhook-ingest',
    dashboard: 'events',
    summary: "Stripe's webhooks are refused or answered too slowly",
    failed: 'of the genuine webhooks failed or took longer than 2.5 s',
  },
  {
    name: 'payment_api',
    alert: 'PaymentApiBudgetBurn',
    total: of('intent', `${HTTP}_count`, 'http_route!="unmatched"'),
    good: of('intent', `${HTTP}_count`, 'http_route!="unmatched"', 'http_response_status_code!~"5.."'),
    service: 'intent',
    dashboard: 'overview',
    summary: 'Shoppers and Checkout get errors when they open, confirm or change payments',
    failed: 'of the requests to the payment API failed',
  },
  {
    name: 'open_latency',
    alert: 'OpenLatencyBudgetBurn',
    total: of('intent', `${HTTP}_count`, ...OPENED),
    good: of('intent', `${HTTP}_bucket`, ...OPENED, IN_A_SECOND),
    service: 'intent',
    dashboard: 'overview',
    summary: 'Shoppers wait too long for the payment form',
    failed: 'of the payments took longer than 1 s to open',
  },
  {
    name: 'ledger_freshness',
    alert: 'LedgerFreshnessBudgetBurn',
    total: of('ledger', 'stripe_connector_ledger_event_delay_seconds_count'),
    good: of('ledger', 'stripe_connector_ledger_event_delay_seconds_bucket', IN_A_MINUTE),
    service: 'ledger',
    dashboard: 'events',
    summary: 'Payments reach commercetools too late',
    failed: 'of the events reached commercetools later than 60 s after they happened',
  },
];

const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
type Window = (typeof WINDOWS)[number];

/** How fast the budget of 30 days is used up, and the reaction. Both windows must exceed the factor. */
const BURNS: readonly { long: Window; short: Window; factor: number; for: string; severity: Alert['severity'] }[] = [
  { long: '1h', short: '5m', factor: 14.4, for: '2m', severity: 'critical' },
  { long: '6h', short: '30m', factor: 6, for: '15m', severity: 'critical' },
  { long: '1d', short: '2h', factor: 3, for: '1h', severity: 'warning' },
  { long: '3d', short: '6h', factor: 1, for: '3h', severity: 'warning' },
];
/** With fewer failures in the long window there is too little traffic for a ratio. */
const MIN_FAILURES = 5;

const ratio = ({ name }: Slo, window: Window) => `stripe_connector:${name}:error_ratio_rate${window}`;
const failures = ({ name }: Slo, window: Window) => `stripe_connector:${name}:failures_increase${window}`;

/** The series `good` does not exist while everything fails. */
const goodOr0 = ({ good, total }: Slo, f: 'rate' | 'increase', window: Window) =>
  `(\n    sum by (namespace) (${f}(${good}[${window}]))\n    or 0 * sum by (namespace) (${f}(${total}[${window}]))\n  )`;

const ratioRule = (slo: Slo, window: Window): Recording => ({
  record: ratio(slo, window),
  expr: `1 - (\n  ${goodOr0(slo, 'rate', window)}\n  / sum by (namespace) (rate(${slo.total}[${window}]))\n)`,
});

const failuresRule = (slo: Slo, window: Window): Recording => ({
  record: failures(slo, window),
  expr: `sum by (namespace) (increase(${slo.total}[${window}]))\n- ${goodOr0(slo, 'increase', window)}`,
});

const burnAlert = (slo: Slo, { long, short, factor, for: pending, severity }: (typeof BURNS)[number]): Alert => {
  const limit = `${factor} * (1 - ${threshold(slo.alert)})`;
  return {
    alert: slo.alert,
    expr: [
      `${recorded(ratio(slo, long))} > ${limit}`,
      `and ${recorded(ratio(slo, short))} > ${limit}`,
      `and ${recorded(failures(slo, long))} >= ${MIN_FAILURES}`,
    ].join('\n'),
    for: pending,
    severity,
    service: slo.service,
    summary: slo.summary,
    description:
      `{{ $value | humanizePercentage }} ${slo.failed} in the last ${long}, in namespace {{ $labels.namespace }}. ` +
      `The objective is ${threshold(slo.alert)}; at ${factor} times the allowed speed its error budget of 30 days lasts ${Math.round(30 / factor)} days.`,
    dashboard: slo.dashboard,
    labels: { window: long },
  };
};

export const SLO_RULES: readonly RuleFile[] = SLOS.map((slo) => ({
  name: slo.name.replaceAll('_', '-'),
  about: [
    'An objective: the share of failures over seven windows, and alerts that fire when the error budget of 30 days is used up too',
    'fast, over a long and a short window at once.',
  ].join('\n'),
  groups: [
    {
      name: `stripe-connector-${slo.name.replaceAll('_', '-')}`,
      rules: [
        ...WINDOWS.map((window) => ratioRule(slo, window)),
        ...BURNS.map(({ long }) => failuresRule(slo, long)),
        ...BURNS.map((burn) => burnAlert(slo, burn)),
      ],
    },
  ],
}));
