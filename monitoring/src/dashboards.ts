import { type Dashboard, m, type Panel } from './grafana.ts';
import { threshold } from './rules.ts';
import { SLOS } from './slos.ts';

const P = 'stripe_connector_';
const RATE = '[$__rate_interval]';

const rate = (metric: string, ...matchers: string[]) => `rate(${m(metric, ...matchers)}${RATE})`;
const sumRate = (by: string, metric: string, ...matchers: string[]) => `sum by (${by}) (${rate(metric, ...matchers)})`;
/** Share of a counter's rate that has `matchers`; 0 also while none has. */
const share = (by: string, metric: string, matchers: readonly string[], of: readonly string[] = []) =>
  `(${sumRate(by, metric, ...matchers)} or 0 * ${sumRate(by, metric, ...of)}) / ${sumRate(by, metric, ...of)}`;
const quantile = (q: number, by: string, metric: string, ...matchers: string[]) =>
  `histogram_quantile(${q}, sum by (${[by, 'le'].filter(Boolean).join(', ')}) (${rate(`${metric}_bucket`, ...matchers)}))`;
const inRange = (metric: string, ...matchers: string[]) => `sum(increase(${m(metric, ...matchers)}[$__range]))`;
const quantiles = (metric: string, ...matchers: string[]) => [
  { expr: quantile(0.5, '', metric, ...matchers), legend: 'p50' },
  { expr: quantile(0.95, '', metric, ...matchers), legend: 'p95', exemplars: true },
  { expr: quantile(0.99, '', metric, ...matchers), legend: 'p99' },
];
const HTTP = 'http_server_request_duration_seconds';
const API = `${P}api_request_duration_seconds`;
const OPERATIONS = `${P}payment_operations_total`;

/** The queries of an objective, for whatever release is selected. */
const selected = (query: string): string =>
  query.replace(/namespace="__NAMESPACE__",job="__RELEASE__-([a-z-]+)"/, 'namespace=~"$namespace",job=~".*$1"');

const NAMES: Record<string, string> = {
  webhook_acceptance: 'Webhook acceptance',
  payment_api: 'Payment API',
  open_latency: 'Opening within 1 s',
  ledger_freshness: 'Ledger freshness',
};

const budgetLeft = ({ name, alert, good, total }: (typeof SLOS)[number]): Panel => ({
  title: `${NAMES[name]}: budget left`,
  description: `Share of the error budget of the last 30 days that is left. Objective: ${threshold(alert)}. Below 0 the objective is missed.`,
  unit: 'percentunit',
  as: 'stat',
  width: 6,
  lowIsBad: true,
  limits: [0.5, 0.1],
  queries: [
    {
      expr: `1 - (1 - sum(increase(${selected(good)}[30d])) / sum(increase(${selected(total)}[30d]))) / (1 - ${threshold(alert)})`,
      legend: 'budget left',
    },
  ],
  alerts: [alert],
});

const burnRate: Panel = {
  title: 'Burn rate of one hour',
  description:
    'How many times faster than allowed the error budget is used up. At 14.4 over an hour somebody is woken, at 1 the budget lasts exactly 30 days.',
  unit: 'short',
  width: 24,
  limits: [1, 14.4],
  queries: SLOS.map(({ name, alert }) => ({
    expr: `stripe_connector:${name}:error_ratio_rate1h{namespace=~"$namespace"} / (1 - ${threshold(alert)})`,
    legend: `${NAMES[name]} {{release}}`,
  })),
  alerts: SLOS.map(({ alert }) => alert),
};

/** A step of paying as a number of the time shown. */
const step = (title: string, description: string, expr: string, more: Partial<Panel> = {}): Panel => ({
  title,
  description,
  unit: 'short',
  as: 'stat',
  width: 4,
  queries: [{ expr, legend: title.toLowerCase() }],
  runbooks: ['is-money-flowing'],
  traces: '{ resource.service.name = "intent" && kind = server }',
  ...more,
});
const OPENED = inRange(OPERATIONS, 'operation="create"', 'outcome="approved"');
const transactions = (type: string) => [`${P}transactions_total`, `type="${type}"`, 'state="Success"'] as const;
const AUTHORISED = inRange(...transactions('Authorization'));
const CHARGED = inRange(...transactions('Charge'));

/** Alerts of this project that fire now, by when they began. */
const FIRING = 'namespace=~"$namespace",release!=""';
const firingSince = `1000 * max by (alertname, service, severity) (ALERTS_FOR_STATE{${FIRING}} and on (alertname, service, namespace) ALERTS{${FIRING},alertstate="firing"})`;

const OVERVIEW: Dashboard = {
  name: 'overview',
  title: 'Payments',
  description: 'Is money flowing, and if not: why, since when, for whom?',
  traces: '{ resource.service.namespace = "stripe-connector" && status = error }',
  rows: [
    {
      title: 'Is money flowing?',
      panels: [
        {
          title: 'Payments by step',
          description:
            'Shoppers open a payment, pay, and are answered (confirmed); commercetools shows an Authorization, then a Charge. Where the lines part, it stops.',
          unit: 'ops',
          width: 12,
          queries: [
            { expr: `sum(${rate(OPERATIONS, 'operation="create"', 'outcome="approved"')})`, legend: 'opened' },
            {
              expr: `sum(${rate(OPERATIONS, 'operation="confirm"', 'outcome=~"approved|received"')})`,
              legend: 'confirmed',
            },
            { expr: `sum(${rate(...transactions('Authorization'))})`, legend: 'authorised' },
            { expr: `sum(${rate(...transactions('Charge'))})`, legend: 'charged' },
          ],
          alerts: ['PaymentApiBudgetBurn', 'ConsumerStalled', 'LedgerCircuitOpen'],
          runbooks: ['is-money-flowing'],
        },
        {
          title: 'What is wrong, and since when',
          description:
            'Alerts that fire now, with the moment their condition began. Each has a runbook of its name. Empty is good.',
          unit: 'dateTimeFromNow',
          as: 'table',
          width: 12,
          queries: [{ expr: firingSince, legend: '{{alertname}}' }],
          runbooks: ['is-money-flowing'],
        },
        step('Opened', 'Payment forms that shoppers opened, in the time shown. A reused attempt counts again.', OPENED),
        step(
          'Confirmed',
          'Payments whose shopper was answered: recorded already (approved), or on their way (received), in the time shown.',
          inRange(OPERATIONS, 'operation="confirm"', 'outcome=~"approved|received"'),
        ),
        step('Authorised', 'Successful Authorizations in commercetools, in the time shown.', AUTHORISED),
        step(
          'Charged',
          'Successful Charges in commercetools, in the time shown. With manual capture they come later.',
          CHARGED,
        ),
        step(
          'Authorised of opened',
          'Share of the opened payments that were authorised, in the time shown. Compare with the same time of another day.',
          `${AUTHORISED} / ${OPENED}`,
          { unit: 'percentunit', alerts: ['PaymentApiBudgetBurn'] },
        ),
        step(
          'Declined',
          'Tries to pay that Stripe or the bank declined, in the time shown. One shopper may try several times.',
          inRange(`${P}payment_declines_total`),
        ),
      ],
    },
    {
      title: 'Why, and for whom?',
      panels: [
        {
          title: 'Declines by code',
          description:
            "Stripe's decline codes of the last hour, the ten most frequent. Whose: the traces and log lines of `payment_intent.payment_failed` have payment, cart and PaymentIntent.",
          unit: 'short',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: `topk(10, sum by (code) (increase(${m(`${P}payment_declines_total`)}[1h])) > 0 or sum by (code) (increase(${m(`${P}payment_declines_total`, 'code="other"')}[1h])))`,
              legend: '{{code}}',
            },
          ],
          runbooks: ['is-money-flowing'],
          traces: '{ span.stripe.event.type = "payment_intent.payment_failed" }',
        },
        {
          title: 'Payment operations',
          description:
            'Opening, confirming, capturing, refunding and canceling, by outcome. `error` is ours, `rejected` is the card’s.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: sumRate('operation, outcome', OPERATIONS), legend: '{{operation}} {{outcome}}' }],
          alerts: ['PaymentApiBudgetBurn', 'WebhookSilence'],
          traces: '{ resource.service.name = "intent" && kind = server && status = error }',
        },
        {
          title: 'From Stripe to commercetools',
          description:
            'Events on each stage: accepted by webhook, applied by the ledger or shown already, set aside. The first is the sum of the next two.',
          unit: 'ops',
          width: 12,
          queries: [
            { expr: `sum(${rate(`${P}webhook_events_total`, 'outcome="accepted"')})`, legend: 'accepted' },
            { expr: `sum(${rate(`${P}ledger_events_total`, 'outcome="applied"')})`, legend: 'applied' },
            {
              expr: `sum(${rate(`${P}ledger_events_total`, 'outcome=~"duplicate|superseded"')})`,
              legend: 'nothing left to do',
            },
            { expr: `sum(${rate(`${P}dead_letters_total`)})`, legend: 'dead letters' },
          ],
          alerts: ['WebhookSilence', 'ConsumerStalled', 'DeadLettersPresent'],
          traces: '{ name = "process payments.events" && status = error }',
        },
        {
          title: 'Time to the ledger',
          description:
            'From the creation of an event, at Stripe or here, to its write in commercetools. Points are traced events.',
          unit: 's',
          width: 12,
          limits: [30, 60],
          queries: quantiles(`${P}ledger_event_delay_seconds`),
          alerts: ['LedgerFreshnessBudgetBurn', 'LedgerDelayHigh'],
          traces: '{ name = "process payments.events" }',
        },
        {
          title: 'Pending payments',
          description: 'Payments with an open transaction by its age, as of the last reconciliation.',
          unit: 'short',
          queries: [{ expr: `max by (state, age) (${m(`${P}pending_payments`)})`, legend: '{{state}} {{age}}' }],
          alerts: ['PaymentsStuckPending'],
        },
        {
          title: 'Oldest pending payment',
          description:
            'When the oldest open transaction was made, as of the last reconciliation. Bank debits take days, cards do not.',
          unit: 'dateTimeFromNow',
          as: 'stat',
          queries: [
            {
              expr: `1000 * min by (state) (${m(`${P}oldest_pending_payment_timestamp_seconds`)})`,
              legend: '{{state}}',
            },
          ],
          alerts: ['PaymentsStuckPending'],
        },
        {
          title: 'Divergences',
          description:
            'Where Stripe and commercetools did not show the same, as of the last reconciliation, and what it repaired.',
          unit: 'short',
          queries: [
            { expr: `max by (kind) (${m(`${P}reconciliation_divergences`)})`, legend: '{{kind}}' },
            { expr: `sum(increase(${m(`${P}reconciliation_repairs_total`)}[1h]))`, legend: 'repaired in an hour' },
          ],
          alerts: ['ReconciliationDivergence', 'ReconciliationStale'],
        },
      ],
    },
    { title: 'Objectives', panels: [...SLOS.map(budgetLeft), burnRate] },
    {
      title: 'Requests',
      panels: [
        {
          title: 'Requests',
          description: 'HTTP requests served, by service.',
          unit: 'reqps',
          queries: [{ expr: sumRate('job', `${HTTP}_count`), legend: '{{job}}' }],
          alerts: ['MetricsAbsent'],
        },
        {
          title: 'Failed requests',
          description: 'Share of the requests answered 5xx, by service.',
          unit: 'percentunit',
          limits: [0.001, 0.0144],
          queries: [
            {
              expr: share('job', `${HTTP}_count`, ['http_response_status_code=~"5.."']),
              legend: '{{job}}',
            },
          ],
          alerts: ['PaymentApiBudgetBurn', 'WebhookAcceptanceBudgetBurn', 'SessionAuthUpstreamDown'],
        },
        {
          title: 'Duration of requests, p95',
          description: 'One request in twenty takes longer, by service. Points are traced requests.',
          unit: 's',
          queries: [{ expr: quantile(0.95, 'job', HTTP), legend: '{{job}}', exemplars: true }],
          alerts: ['PaymentApiBudgetBurn'],
        },
      ],
    },
  ],
};

const EVENTS: Dashboard = {
  name: 'events',
  title: 'Webhooks and ledger',
  description: "Stripe's events from the webhook to the commercetools payment.",
  traces: '{ resource.service.name =~ "webhook-ingest|ledger" && kind =~ "server|consumer" }',
  rows: [
    {
      title: 'Webhooks',
      panels: [
        {
          title: 'Webhooks by outcome',
          description:
            'accepted: on Kafka. ignored: not ours. overloaded and unavailable: answered 503, Stripe sends them again.',
          unit: 'reqps',
          width: 12,
          stacked: true,
          queries: [{ expr: sumRate('outcome', `${P}webhook_events_total`), legend: '{{outcome}}' }],
          alerts: ['WebhookAcceptanceBudgetBurn', 'WebhookSilence'],
        },
        {
          title: 'Accepted webhooks by type',
          description: "Stripe's event types as they arrive.",
          unit: 'reqps',
          width: 12,
          queries: [
            { expr: sumRate('event_type', `${P}webhook_events_total`, 'outcome="accepted"'), legend: '{{event_type}}' },
          ],
          alerts: ['WebhookSilence'],
        },
        {
          title: 'Duration of webhooks',
          description: 'Until Kafka has acknowledged and Stripe is answered. Points are traced requests.',
          unit: 's',
          limits: [0.5, 2.5],
          queries: quantiles(HTTP, 'http_route="/stripe/webhooks"'),
          alerts: ['WebhookAcceptanceBudgetBurn'],
        },
        {
          title: 'Refused webhooks',
          description: 'Bad signatures, old timestamps, too large or unreadable bodies.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate(
                'outcome',
                `${P}webhook_events_total`,
                'outcome=~"bad_signature|stale_timestamp|too_large|malformed"',
              ),
              legend: '{{outcome}}',
            },
          ],
          alerts: ['WebhookBadSignatures'],
        },
        {
          title: 'Signing secrets in use',
          description: 'Which secret of the list verified webhooks. A rotation is done when `previous` stays at 0.',
          unit: 'reqps',
          queries: [{ expr: sumRate('secret', `${P}webhook_secret_matches_total`), legend: '{{secret}}' }],
          alerts: ['SecretRotationUnfinished'],
        },
      ],
    },
    {
      title: 'Ledger',
      panels: [
        {
          title: 'Events by outcome',
          description:
            'duplicate: the payment showed it already. superseded: it showed something newer. retried: a try that failed in passing.',
          unit: 'ops',
          width: 12,
          stacked: true,
          queries: [{ expr: sumRate('outcome', `${P}ledger_events_total`), legend: '{{outcome}}' }],
          alerts: ['DeadLettersPresent', 'KeysParked'],
        },
        {
          title: 'Time from event to commercetools',
          description:
            "From the creation of an event to its write. Stripe's own retries and redriven events are in it.",
          unit: 's',
          width: 12,
          limits: [30, 60],
          queries: quantiles(`${P}ledger_event_delay_seconds`),
          alerts: ['LedgerFreshnessBudgetBurn', 'LedgerDelayHigh'],
        },
        {
          title: 'Time from receipt to commercetools',
          description:
            "From Kafka's receipt of an event to its write: what the ledger adds, whenever Stripe delivered.",
          unit: 's',
          width: 12,
          limits: [5, 30],
          queries: quantiles(`${P}ledger_receipt_delay_seconds`),
          alerts: ['LedgerDelayHigh', 'ConsumerLagHigh'],
        },
        {
          title: 'Transactions',
          description: 'Transactions that the ledger added to payments, and changes of their state.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: sumRate('type, state', `${P}transactions_total`), legend: '{{type}} {{state}}' }],
          alerts: ['ConsumerStalled'],
        },
        {
          title: 'Retries by reason',
          description: 'Tries that are repeated, by why they failed.',
          unit: 'ops',
          queries: [{ expr: sumRate('reason', `${P}ledger_retries_total`), legend: '{{reason}}' }],
          alerts: ['CommercetoolsApiErrors', 'ConcurrentModificationStorm'],
        },
        {
          title: 'Circuit',
          description: '1 while a pod holds the events that need a dependency because calls to it fail broadly.',
          unit: 'none',
          limits: [0.5, 1],
          queries: [
            { expr: `max by (pod, dependency) (${m(`${P}ledger_circuit_open`)})`, legend: '{{pod}} {{dependency}}' },
          ],
          alerts: ['LedgerCircuitOpen'],
        },
        {
          title: 'Duration of handling an event',
          description: 'From its turn to its write, retries and waits included.',
          unit: 's',
          queries: quantiles('messaging_process_duration_seconds').map((query) => ({ ...query, exemplars: false })),
          alerts: ['LedgerDelayHigh'],
        },
      ],
    },
  ],
};

const KAFKA: Dashboard = {
  name: 'kafka',
  title: 'Kafka',
  description: 'Lag, group membership, parked payments and dead letters.',
  traces: '{ span.messaging.system = "kafka" && status = error }',
  rows: [
    {
      title: 'Consumer',
      panels: [
        {
          title: 'Lag',
          description: 'Messages that the ledger has not committed, all partitions together.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (topic) (max by (topic, partition) (${m(`${P}consumer_lag_messages`)}))`,
              legend: '{{topic}}',
            },
          ],
          alerts: ['ConsumerLagHigh', 'ConsumerStalled'],
        },
        {
          title: 'Lag in time',
          description: 'Age of the oldest message that the ledger has not committed.',
          unit: 's',
          limits: [30, 60],
          queries: [{ expr: `max by (topic) (${m(`${P}consumer_lag_seconds`)})`, legend: '{{topic}}' }],
          alerts: ['ConsumerLagHigh', 'LedgerFreshnessBudgetBurn'],
        },
        {
          title: 'Lag by partition',
          description: 'One partition that stands out has a payment that fails, or a pod that is stuck.',
          unit: 'short',
          queries: [
            { expr: `max by (partition) (${m(`${P}consumer_lag_messages`)})`, legend: 'partition {{partition}}' },
          ],
          alerts: ['ConsumerLagHigh', 'KeysParked'],
        },
        {
          title: 'Since the last commit',
          description:
            'How long ago each pod committed. It grows while there is nothing to do; it must not while there is lag.',
          unit: 's',
          queries: [
            {
              expr: `time() - max by (pod) (${m(`${P}consumer_last_commit_timestamp_seconds`)})`,
              legend: '{{pod}}',
            },
          ],
          alerts: ['ConsumerStalled'],
        },
        {
          title: 'Members of the group',
          description: 'Pods that get events.',
          unit: 'short',
          queries: [{ expr: `sum by (group) (${m(`${P}consumer_group_joined`)})`, legend: '{{group}}' }],
          alerts: ['ConsumerNotInGroup'],
        },
        {
          title: 'Joins and crashes in 30 minutes',
          description: 'Each join stops the whole group for a moment.',
          unit: 'short',
          queries: [
            { expr: `sum by (pod) (increase(${m(`${P}consumer_rebalances_total`)}[30m]))`, legend: 'joins {{pod}}' },
            { expr: `sum by (pod) (increase(${m(`${P}consumer_crashes_total`)}[30m]))`, legend: 'crashes {{pod}}' },
          ],
          alerts: ['ConsumerRebalancingOften'],
        },
        {
          title: 'Messages',
          description: 'Sent and delivered, by topic.',
          unit: 'cps',
          queries: [
            {
              expr: sumRate('messaging_destination_name', 'messaging_client_sent_messages_total', 'error_type=""'),
              legend: 'sent {{messaging_destination_name}}',
            },
            {
              expr: sumRate('messaging_destination_name', 'messaging_client_consumed_messages_total'),
              legend: 'delivered {{messaging_destination_name}}',
            },
          ],
          alerts: ['ConsumerStalled', 'WebhookSilence'],
        },
        {
          title: 'Certificates end',
          description: 'When the certificates that are in use for Kafka end. None without TLS.',
          unit: 'dateTimeFromNow',
          as: 'stat',
          queries: [
            {
              expr: `1000 * min by (job, certificate) (${m(`${P}certificate_expiry_timestamp_seconds`)})`,
              legend: '{{certificate}} {{job}}',
            },
          ],
          alerts: ['CertificateExpiring'],
        },
      ],
    },
    {
      title: 'Producer',
      panels: [
        {
          title: 'Duration of sends',
          description: 'Until the broker has acknowledged.',
          unit: 's',
          width: 12,
          limits: [0.5, 5],
          queries: quantiles('messaging_client_operation_duration_seconds'),
          alerts: ['WebhookAcceptanceBudgetBurn'],
        },
        {
          title: 'Failed sends',
          description: 'Messages that the broker did not acknowledge, by service and error.',
          unit: 'cps',
          width: 12,
          queries: [
            {
              expr: sumRate('job, error_type', 'messaging_client_sent_messages_total', 'error_type!=""'),
              legend: '{{job}} {{error_type}}',
            },
          ],
          alerts: ['WebhookAcceptanceBudgetBurn'],
        },
      ],
    },
    {
      title: 'Set aside',
      panels: [
        {
          title: 'Payments parked',
          description:
            'Payments whose event waits for a retry, by pod. After 15 minutes alone they become dead letters.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `max by (pod) (${m(`${P}ledger_parked_keys`)})`, legend: '{{pod}}' }],
          alerts: ['KeysParked'],
        },
        {
          title: 'Dead letters that wait',
          description: 'Neither redriven nor discarded.',
          unit: 'short',
          width: 6,
          limits: [1, 10],
          queries: [{ expr: `max by (topic) (${m(`${P}dlq_depth`)})`, legend: '{{topic}}' }],
          alerts: ['DeadLettersPresent'],
        },
        {
          title: 'New dead letters in an hour',
          description: 'By reason; the runbook says what to do about each.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `sum by (reason) (increase(${m(`${P}dead_letters_total`)}[1h]))`, legend: '{{reason}}' }],
          alerts: ['DeadLettersPresent'],
        },
        {
          title: 'Redriven in an hour',
          description:
            'Dead letters that were put back, by what became of them. dead_lettered: their cause is not mended.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `sum by (outcome) (increase(${m(`${P}dlq_redriven_total`)}[1h]))`, legend: '{{outcome}}' }],
          alerts: ['DeadLettersPresent'],
          runbooks: ['redrive-dead-letters'],
        },
      ],
    },
  ],
};

const errorRatio = (api: string) =>
  share('job', `${API}_count`, [`api="${api}"`, 'outcome=~"server_error|timeout"'], [`api="${api}"`]);

const api = (
  name: 'stripe' | 'commercetools',
  title: string,
  alert: string,
  more: readonly string[],
): Dashboard['rows'][number] => ({
  title,
  panels: [
    {
      title: `${title}: calls by outcome`,
      description: `Calls to ${title}. client_error: it refused what was asked, such as a declined card; unauthorized: it refused our key.`,
      unit: 'reqps',
      queries: [{ expr: sumRate('outcome', `${API}_count`, `api="${name}"`), legend: '{{outcome}}' }],
      alerts: [alert, ...more],
    },
    {
      title: `${title}: failing calls`,
      description: `Share of the calls to ${title} that ended in 5xx or a time-out, by service.`,
      unit: 'percentunit',
      limits: [0.01, 0.05],
      queries: [{ expr: errorRatio(name), legend: '{{job}}' }],
      alerts: [alert],
    },
    {
      title: `${title}: duration, p95`,
      description: `One call in twenty takes longer, by operation. Points are traced calls.`,
      unit: 's',
      queries: [{ expr: quantile(0.95, 'operation', API, `api="${name}"`), legend: '{{operation}}', exemplars: true }],
      alerts: [alert],
    },
  ],
});

const APIS: Dashboard = {
  name: 'apis',
  title: 'Stripe and commercetools',
  description: 'How the two sides answer.',
  traces: '{ resource.service.namespace = "stripe-connector" && kind = client && status = error }',
  rows: [
    api('stripe', 'Stripe', 'StripeApiErrors', ['ApiRateLimited', 'ApiCredentialsRefused']),
    api('commercetools', 'commercetools', 'CommercetoolsApiErrors', [
      'ApiRateLimited',
      'ApiCredentialsRefused',
      'ConcurrentModificationStorm',
    ]),
    {
      title: 'Both',
      panels: [
        {
          title: 'Rate limited and conflicts',
          description: 'Calls answered 429, and updates that met a newer version (409).',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('api, outcome', `${API}_count`, 'outcome=~"rate_limited|conflict"'),
              legend: '{{api}} {{outcome}}',
            },
          ],
          alerts: ['ApiRateLimited', 'ConcurrentModificationStorm'],
        },
        {
          title: 'Calls made again',
          description: 'Retries by reason.',
          unit: 'reqps',
          queries: [{ expr: sumRate('api, reason', `${P}api_retries_total`), legend: '{{api}} {{reason}}' }],
          alerts: ['StripeApiErrors', 'CommercetoolsApiErrors'],
        },
        {
          title: 'Outgoing requests by host',
          description: 'All outgoing requests as the network sees them, those between our own services too.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('server_address', 'http_client_request_duration_seconds_count'),
              legend: '{{server_address}}',
            },
          ],
          alerts: ['StripeApiErrors', 'CommercetoolsApiErrors'],
        },
        {
          title: 'Checks of sessions and tokens',
          description: 'upstream_error: commercetools did not answer, and the shopper cannot pay.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: sumRate('outcome', `${P}session_checks_total`), legend: '{{outcome}}' }],
          alerts: ['SessionAuthUpstreamDown'],
        },
        {
          title: 'Checks answered by a cache',
          description: 'The others ask commercetools.',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expr: `sum(${rate(`${P}session_checks_total`, 'cache="hit"')}) / sum(${rate(`${P}session_checks_total`)})`,
              legend: 'hits',
            },
          ],
          alerts: ['SessionAuthUpstreamDown'],
        },
      ],
    },
  ],
};

const RUNTIME: Dashboard = {
  name: 'runtime',
  title: 'Runtime',
  description: 'The processes: versions, CPU, memory, event loop.',
  traces: '{ resource.service.namespace = "stripe-connector" && duration > 1s }',
  rows: [
    {
      title: 'Processes',
      panels: [
        {
          title: 'Versions',
          description: 'What runs where.',
          unit: 'none',
          as: 'table',
          width: 16,
          queries: [
            { expr: `max by (job, pod, version, revision) (${m(`${P}build_info`)})`, legend: '{{pod}} {{version}}' },
          ],
          alerts: ['MetricsAbsent'],
        },
        {
          title: 'Running since',
          description: 'A pod that began a moment ago may have crashed.',
          unit: 'dateTimeFromNow',
          as: 'stat',
          queries: [{ expr: `1000 * max by (pod) (${m('process_start_time_seconds')})`, legend: '{{pod}}' }],
          alerts: ['MetricsAbsent', 'ConsumerRebalancingOften'],
        },
        {
          title: 'CPU',
          description: 'CPU cores in use, by pod. One Node process uses little more than 1.',
          unit: 'short',
          queries: [{ expr: sumRate('pod', 'process_cpu_seconds_total'), legend: '{{pod}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Memory',
          description: 'Resident memory by pod: compare with its limit.',
          unit: 'bytes',
          queries: [{ expr: `max by (pod) (${m('process_resident_memory_bytes')})`, legend: '{{pod}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Heap in use',
          description: "Used part of Node's heap, and buffers outside of it. A saw-tooth is well, a ramp is a leak.",
          unit: 'bytes',
          queries: [
            { expr: `max by (pod) (${m('nodejs_heap_size_used_bytes')})`, legend: 'heap {{pod}}' },
            { expr: `max by (pod) (${m('nodejs_external_memory_bytes')})`, legend: 'outside {{pod}}' },
          ],
          runbooks: ['resources'],
        },
        {
          title: 'Event loop lag',
          description: 'How long work waits for its turn. Above 100 ms requests feel it.',
          unit: 's',
          limits: [0.1, 0.5],
          queries: [
            { expr: `max by (pod) (${m('nodejs_eventloop_lag_p99_seconds')})`, legend: 'p99 {{pod}}' },
            { expr: `max by (pod) (${m('nodejs_eventloop_lag_max_seconds')})`, legend: 'max {{pod}}' },
          ],
          runbooks: ['resources'],
        },
        {
          title: 'Garbage collection',
          description: 'Share of the time spent in it, by kind.',
          unit: 'percentunit',
          queries: [{ expr: sumRate('pod, kind', 'nodejs_gc_duration_seconds_sum'), legend: '{{pod}} {{kind}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Requests in hand',
          description: 'HTTP requests being served at the moment.',
          unit: 'short',
          queries: [{ expr: `sum by (pod) (${m('http_server_active_requests')})`, legend: '{{pod}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Open files',
          description: 'File descriptors in use, sockets among them, as a share of what is allowed.',
          unit: 'percentunit',
          limits: [0.5, 0.8],
          queries: [
            {
              expr: `max by (pod) (${m('process_open_fds')}) / max by (pod) (${m('process_max_fds')})`,
              legend: '{{pod}}',
            },
          ],
          runbooks: ['resources'],
        },
        {
          title: 'Requests by route',
          description: 'Requests of the selected services by route and status.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('http_route, http_response_status_code', `${HTTP}_count`),
              legend: '{{http_route}} {{http_response_status_code}}',
            },
          ],
          alerts: ['PaymentApiBudgetBurn'],
        },
      ],
    },
  ],
};

export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, EVENTS, KAFKA, APIS, RUNTIME];
