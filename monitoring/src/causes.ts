import { type Alert, of, type RuleFile, recorded, threshold } from './rules.ts';

const P = 'stripe_connector_';
const LAG = 'stripe_connector:consumer_lag_messages:sum';
const HERE = 'in namespace {{ $labels.namespace }}';

const webhooks = (outcome: string) => of('webhook-ingest', `${P}webhook_events_total`, `outcome=~"${outcome}"`);
const calls = (api: string, ...matchers: string[]) =>
  of('any', `${P}api_request_duration_seconds_count`, `api="${api}"`, ...matchers);
const DELETED = of('ledger', `${P}consumer_records_deleted_total`);
const FAILED = 'outcome=~"server_error|timeout"';

const apiErrors = (api: 'stripe' | 'commercetools', alert: string, name: string): Alert => ({
  alert,
  expr: `
(
  sum by (namespace, job) (rate(${calls(api, FAILED)}[10m]))
  / sum by (namespace, job) (rate(${calls(api)}[10m]))
) > ${threshold(alert)}
and sum by (namespace, job) (increase(${calls(api, FAILED)}[10m])) >= 5`,
  for: '5m',
  severity: 'critical',
  service: api === 'stripe' ? 'intent' : 'ledger',
  summary: `${name} fails or does not answer`,
  description: `{{ $value | humanizePercentage }} of {{ $labels.job }}'s calls to ${name} ended in 5xx or a time-out in the last 10 minutes, ${HERE}.`,
  dashboard: 'apis',
});

const metricsAbsent = (service: Alert['service']): Alert => ({
  alert: 'MetricsAbsent',
  expr: `absent(${of(service, `${P}build_info`)})`,
  for: '10m',
  severity: 'critical',
  service,
  summary: `Nothing is known of ${service}: no pod runs, or none is scraped`,
  description: `Prometheus has no metrics of {{ $labels.job }} in namespace {{ $labels.namespace }}. Every other alert about it is blind.`,
  dashboard: 'runtime',
});

const WEBHOOKS: readonly Alert[] = [
  {
    alert: 'WebhookBadSignatures',
    expr: `
sum by (namespace) (increase(${webhooks('bad_signature|stale_timestamp')}[15m])) > ${threshold('WebhookBadSignatures')}
and
sum by (namespace) (increase(${webhooks('bad_signature|stale_timestamp')}[15m]))
  > 0.1 * sum by (namespace) (increase(${webhooks('accepted|duplicate|ignored')}[15m]))`,
    for: '5m',
    severity: 'warning',
    service: 'webhook-ingest',
    summary: 'Many webhooks have a bad signature: the signing secret is wrong, or somebody is trying',
    description: `{{ $value | humanize }} webhooks were refused for their signature or its age in the last 15 minutes, ${HERE}, more than a tenth of the good ones.`,
    dashboard: 'events',
  },
  {
    alert: 'WebhookSilence',
    expr: `
sum by (namespace) (increase(${of('intent', `${P}payment_operations_total`, 'operation!="create"', 'outcome=~"approved|received"')}[30m])) > ${threshold('WebhookSilence')}
and
sum by (namespace) (increase(${webhooks('accepted|duplicate')}[30m])) == 0`,
    for: '10m',
    severity: 'critical',
    service: 'webhook-ingest',
    summary: 'Stripe sends no webhooks although shoppers pay',
    description: `{{ $value | humanize }} payment operations succeeded in the last 30 minutes, and not one event of Stripe's was accepted, ${HERE}.`,
    dashboard: 'events',
  },
  {
    alert: 'SecretRotationUnfinished',
    expr: `sum by (namespace) (increase(${of('webhook-ingest', `${P}webhook_secret_matches_total`, 'secret="previous"')}[6h])) > 0`,
    for: '24h',
    severity: 'warning',
    service: 'webhook-ingest',
    summary: 'Stripe still signs with the old secret a day after the rotation began',
    description: `{{ $value | humanize }} webhooks of the last 6 hours were verified only by a secret that is not the first of the list, ${HERE}. Stripe drops the old one at most 24 hours after rolling.`,
    dashboard: 'events',
  },
];

const CONSUMER: readonly Alert[] = [
  {
    alert: 'ConsumerLagHigh',
    expr: `${recorded(LAG)} > ${threshold('ConsumerLagHigh')}\nand deriv(${recorded(LAG)}[10m]) >= 0`,
    for: '10m',
    severity: 'warning',
    service: 'ledger',
    summary: 'The ledger is behind and does not catch up',
    description: `{{ $value | humanize }} messages of {{ $labels.topic }} wait for the ledger, ${HERE}, and they do not get fewer.`,
    dashboard: 'kafka',
  },
  {
    alert: 'ConsumerStalled',
    expr: `
${recorded(LAG)} > 0
unless on (namespace)
time() - max by (namespace) (${of('ledger', `${P}consumer_last_commit_timestamp_seconds`)}) < ${threshold('ConsumerStalled')}
unless on (namespace)
max by (namespace) (${of('ledger', `${P}ledger_circuit_open`)}) == 1`,
    for: '2m',
    severity: 'critical',
    service: 'ledger',
    summary: 'The ledger records no payments: events wait, and none is finished',
    description: `{{ $value | humanize }} messages of {{ $labels.topic }} wait, and no offset was committed for more than ${threshold('ConsumerStalled')} s, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'ConsumerNotInGroup',
    expr: `max by (namespace, pod, group) (${of('ledger', `${P}consumer_group_joined`)}) == 0`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'A pod of the ledger is up, but gets no events',
    description: `{{ $labels.pod }} is no member of the consumer group {{ $labels.group }} since more than 5 minutes, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'ConsumerRebalancingOften',
    expr: `max by (namespace, group) (increase(${of('ledger', `${P}consumer_rebalances_total`)}[30m])) > ${threshold('ConsumerRebalancingOften')}`,
    for: '15m',
    severity: 'warning',
    service: 'ledger',
    summary: "The ledger's pods keep coming and going, and each time all of them stop",
    description: `A pod joined the consumer group {{ $labels.group }} {{ $value | humanize }} times in the last 30 minutes, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'RecordsDeletedUnread',
    // A process that notices it as it starts has counted before it is scraped for the first time: there is no increase then.
    expr: `
max by (namespace, topic) (
  (${DELETED} > 0 unless ${DELETED} offset 1h > 0)
  or increase(${DELETED}[1h]) > 0
)`,
    for: '2m',
    severity: 'critical',
    service: 'ledger',
    summary: 'Events were deleted from Kafka before the ledger had recorded them: payments may be missing',
    description: `{{ $value | humanize }} messages of {{ $labels.topic }} were gone when the ledger came to them, ${HERE}. It has asked reconcile to list their time at Stripe again.`,
    dashboard: 'kafka',
  },
  {
    alert: 'DeadLettersPresent',
    expr: `max by (namespace, topic) (${of('ledger', `${P}dlq_depth`)}) > ${threshold('DeadLettersPresent')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Events could not be applied and wait for somebody: their payments are out of date',
    description: `{{ $value | humanize }} dead letters wait on {{ $labels.topic }}, ${HERE}. They are kept for 30 days.`,
    dashboard: 'kafka',
  },
  {
    alert: 'CertificateExpiring',
    expr: `
min by (namespace, job, certificate) (${of('any', `${P}certificate_expiry_timestamp_seconds`)}) - time() < ${threshold('CertificateExpiring')}`,
    for: '1h',
    severity: 'warning',
    service: 'ledger',
    summary: 'A certificate for Kafka ends soon, and then no event gets through',
    description: `{{ $labels.certificate }} of {{ $labels.job }} is valid for {{ $value | humanizeDuration }} more, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'LedgerCircuitOpen',
    expr: `max by (namespace, dependency) (${of('ledger', `${P}ledger_circuit_open`)}) == 1`,
    for: '5m',
    severity: 'critical',
    service: 'ledger',
    summary: 'The ledger waits: commercetools, Stripe or Kafka fails for every payment',
    description: `A pod of the ledger holds the events that need {{ $labels.dependency }} for more than 5 minutes because its calls fail broadly, ${HERE}. None is lost; none is recorded either.`,
    dashboard: 'events',
  },
  {
    alert: 'KeysParked',
    expr: `
sum by (namespace) (${of('ledger', `${P}ledger_parked_keys`)}) > ${threshold('KeysParked')}
unless on (namespace) max by (namespace) (${of('ledger', `${P}ledger_circuit_open`)}) == 1`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Single payments keep failing while others work',
    description: `{{ $value | humanize }} payments wait for a retry, ${HERE}. After 15 minutes of this their events become dead letters, unless it is our key that is refused.`,
    dashboard: 'kafka',
  },
  {
    alert: 'PaymentWithoutCart',
    expr: `
sum by (namespace, reason) (increase(${of('ledger', `${P}payments_without_cart_total`)}[1h])) > ${threshold('PaymentWithoutCart')}`,
    for: '2m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Money was taken for a cart that does not show it: no order will come of it by itself',
    description: `{{ $value | humanize }} payments could not be put on their carts in the last hour ({{ $labels.reason }}), ${HERE}.`,
    dashboard: 'events',
  },
  {
    alert: 'PaidWithoutOrder',
    // Who asks for a transaction without the shopper makes its order.
    expr: `
max by (namespace, reason) (${of('ledger', `${P}unordered_payments`, 'reason!="merchant_initiated"')}) > ${threshold('PaidWithoutOrder')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Shoppers have paid and have no order',
    description: `{{ $value | humanize }} payments are paid and have no order ({{ $labels.reason }}), as of the last run of unordered, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'UnorderedStale',
    expr: `
time() - max by (namespace) (${of('ledger', `${P}unordered_last_success_timestamp_seconds`)} > 0) > ${threshold('UnorderedStale')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Nobody has looked for payments without an order lately',
    description: `unordered last looked at everything {{ $value | humanizeDuration }} ago, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'LedgerDelayHigh',
    expr: `
histogram_quantile(0.95, sum by (namespace, le) (rate(${of('ledger', `${P}ledger_event_delay_seconds_bucket`)}[10m]))) > ${threshold('LedgerDelayHigh')}
and sum by (namespace) (increase(${of('ledger', `${P}ledger_event_delay_seconds_count`)}[10m])) >= 10`,
    for: '10m',
    severity: 'warning',
    service: 'ledger',
    summary: 'commercetools shows payments late',
    description: `One event in twenty takes {{ $value | humanizeDuration }} or longer from Stripe to commercetools, ${HERE}.`,
    dashboard: 'events',
  },
  {
    alert: 'PaymentsStuckPending',
    expr: `
time() - min by (namespace, state) (${of('ledger', `${P}oldest_pending_payment_timestamp_seconds`)}) > ${threshold('PaymentsStuckPending')}`,
    for: '30m',
    severity: 'warning',
    service: 'ledger',
    summary: 'A payment has been pending for days',
    description: `The oldest transaction in state {{ $labels.state }} is {{ $value | humanizeDuration }} old, ${HERE}.`,
    dashboard: 'overview',
  },
];

const RECONCILIATION: readonly Alert[] = [
  {
    alert: 'ReconciliationDivergence',
    expr: `max by (namespace, job, kind) (${of('any', `${P}reconciliation_divergences`)}) > ${threshold('ReconciliationDivergence')}`,
    for: '15m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Stripe and commercetools do not show the same',
    description: `The last reconciliation by {{ $labels.job }} found {{ $value | humanize }} times {{ $labels.kind }}, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'ReconciliationStale',
    expr: `
time() - max by (namespace, job) (${of('any', `${P}reconciliation_last_success_timestamp_seconds`)}) > ${threshold('ReconciliationStale')}`,
    for: '30m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Nobody has compared Stripe and commercetools lately',
    description: `Reconciliation as reported by {{ $labels.job }} has {{ if gt $value 1e9 }}never finished{{ else }}last finished {{ $value | humanizeDuration }} ago{{ end }}, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'AuditDivergence',
    expr: `max by (namespace, kind) (${of('ledger', `${P}audit_differences`)}) > ${threshold('AuditDivergence')}`,
    for: '15m',
    severity: 'critical',
    service: 'ledger',
    summary: "Stripe's money and commercetools' records are not the same",
    description: `The last audit found {{ $value | humanize }} times {{ $labels.kind }}, and did not repair it, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'AuditStale',
    expr: `time() - max by (namespace) (${of('ledger', `${P}audit_last_success_timestamp_seconds`)}) > ${threshold('AuditStale')}`,
    // As long as a new installation waits for its first run, and then some.
    for: '48h',
    severity: 'warning',
    service: 'ledger',
    summary: "Nobody has audited Stripe's money lately",
    description: `The audit has {{ if gt $value 1e9 }}never finished{{ else }}last finished {{ $value | humanizeDuration }} ago{{ end }}, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'ReconciliationRequestOpen',
    expr: `max by (namespace) (${of('webhook-ingest', `${P}reconciliation_requests_open`)}) > ${threshold('ReconciliationRequestOpen')}`,
    for: '2h',
    severity: 'critical',
    service: 'webhook-ingest',
    summary: 'Events that were deleted unread have not been brought back: payments may be missing',
    description: `The ledger asked reconcile {{ $value | humanize }} times to list a time at Stripe again, more than 2 hours ago, and it has not done so, ${HERE}.`,
    dashboard: 'overview',
  },
];

const APIS: readonly Alert[] = [
  apiErrors('stripe', 'StripeApiErrors', 'Stripe'),
  apiErrors('commercetools', 'CommercetoolsApiErrors', 'commercetools'),
  {
    alert: 'ApiRateLimited',
    expr: `
sum by (namespace, job, api) (increase(${of('any', `${P}api_request_duration_seconds_count`, 'outcome="rate_limited"')}[10m])) > ${threshold('ApiRateLimited')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Stripe or commercetools tells us to slow down',
    description: `{{ $value | humanize }} calls of {{ $labels.job }} to {{ $labels.api }} were answered 429 in the last 10 minutes, ${HERE}.`,
    dashboard: 'apis',
  },
  {
    alert: 'ApiCredentialsRefused',
    expr: `
sum by (namespace, job, api) (increase(${of('any', `${P}api_request_duration_seconds_count`, 'api=~"stripe|commercetools"', 'outcome="unauthorized"')}[10m])) > ${threshold('ApiCredentialsRefused')}`,
    for: '2m',
    severity: 'critical',
    service: 'ledger',
    summary: 'Stripe or commercetools refuses our key: it was rolled, has expired, or lacks a right',
    description: `{{ $value | humanize }} calls of {{ $labels.job }} to {{ $labels.api }} were answered 401 or 403 in the last 10 minutes, ${HERE}. Events that need them wait; shoppers may be unable to pay.`,
    dashboard: 'apis',
  },
  {
    alert: 'ConcurrentModificationStorm',
    expr: `
(
  sum by (namespace, job) (rate(${calls('commercetools', 'outcome="conflict"')}[10m]))
  / sum by (namespace, job) (rate(${calls('commercetools', 'operation=~".+[.]update"')}[10m]))
) > ${threshold('ConcurrentModificationStorm')}
and sum by (namespace, job) (increase(${calls('commercetools', 'outcome="conflict"')}[10m])) >= 20`,
    for: '10m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Somebody else keeps changing the payments we write',
    description: `{{ $value | humanizePercentage }} of {{ $labels.job }}'s updates in commercetools met a newer version in the last 10 minutes, ${HERE}.`,
    dashboard: 'apis',
  },
  {
    alert: 'SessionAuthUpstreamDown',
    expr: `
(
  sum by (namespace) (rate(${of('session-auth', `${P}session_checks_total`, 'outcome="upstream_error"')}[5m]))
  / sum by (namespace) (rate(${of('session-auth', `${P}session_checks_total`)}[5m]))
) > ${threshold('SessionAuthUpstreamDown')}
and sum by (namespace) (increase(${of('session-auth', `${P}session_checks_total`, 'outcome="upstream_error"')}[5m])) >= 3`,
    for: '3m',
    severity: 'critical',
    service: 'session-auth',
    summary: 'Shoppers cannot be recognised: commercetools does not answer session-auth',
    description: `{{ $value | humanizePercentage }} of the session checks of the last 5 minutes could not be made, ${HERE}. Those shoppers cannot pay.`,
    dashboard: 'overview',
  },
];

export const CAUSE_RULES: RuleFile = {
  name: 'causes',
  about: 'What may be wrong, each with its runbook.',
  groups: [
    { name: 'stripe-connector-webhooks', rules: WEBHOOKS },
    {
      name: 'stripe-connector-ledger',
      // In the group of its readers: Prometheus keeps an order within a group only.
      rules: [
        {
          record: LAG,
          expr: `sum by (namespace, topic) (max by (namespace, topic, partition) (${of('ledger', `${P}consumer_lag_messages`)}))`,
        },
        ...CONSUMER,
      ],
    },
    { name: 'stripe-connector-reconciliation', rules: RECONCILIATION },
    { name: 'stripe-connector-apis', rules: APIS },
    {
      name: 'stripe-connector-presence',
      rules: (['intent', 'ledger', 'session-auth', 'webhook-ingest'] as const).map(metricsAbsent),
    },
  ],
};
