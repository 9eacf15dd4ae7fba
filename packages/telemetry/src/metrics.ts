import { Counter, collectDefaultMetrics, Gauge, Histogram, register } from 'prom-client';

export { register };

/** Buckets of request durations in seconds, as the HTTP semantic conventions advise. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** From Stripe's event creation to the commercetools write, in seconds: up to three days of Stripe's own retries. */
const DELAY_BUCKETS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 21600, 86400, 259200];

const counter = (name: string, help: string, labelNames: string[]) => () => new Counter({ name, help, labelNames });
const gauge =
  (name: string, help: string, labelNames: string[] = []) =>
  () =>
    new Gauge({ name, help, labelNames });
const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) => () =>
  new Histogram({ name, help, labelNames, buckets });

const P = 'stripe_connector_';

/** Every metric of the system; one is registered in a process when that process first uses it. */
const DEFINITIONS = {
  httpServerDuration: histogram(
    'http_server_request_duration_seconds',
    'Duration of HTTP requests served',
    ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
    DURATION_BUCKETS,
  ),
  httpServerActive: gauge('http_server_active_requests', 'HTTP requests being served now', ['http_request_method']),
  httpClientDuration: histogram(
    'http_client_request_duration_seconds',
    'Duration of outgoing HTTP requests',
    ['server_address', 'http_request_method', 'http_response_status_code', 'error_type'],
    DURATION_BUCKETS,
  ),
  sentMessages: counter('messaging_client_sent_messages_total', 'Messages the broker acknowledged or refused', [
    'messaging_system',
    'messaging_operation_name',
    'messaging_destination_name',
    'error_type',
  ]),
  consumedMessages: counter('messaging_client_consumed_messages_total', 'Messages delivered to this process', [
    'messaging_system',
    'messaging_operation_name',
    'messaging_destination_name',
    'messaging_consumer_group_name',
    'error_type',
  ]),
  messagingDuration: histogram(
    'messaging_client_operation_duration_seconds',
    'Duration of one send to the broker',
    ['messaging_system', 'messaging_operation_name', 'messaging_destination_name', 'error_type'],
    DURATION_BUCKETS,
  ),
  processDuration: histogram(
    'messaging_process_duration_seconds',
    'Duration of handling one message, retries and waits included',
    [
      'messaging_system',
      'messaging_operation_name',
      'messaging_destination_name',
      'messaging_consumer_group_name',
      'error_type',
    ],
    DURATION_BUCKETS,
  ),
  webhookEvents: counter(`${P}webhook_events_total`, 'Webhook requests by event type and outcome', [
    'event_type',
    'outcome',
  ]),
  webhookSecretMatches: counter(
    `${P}webhook_secret_matches_total`,
    'Webhooks verified by the first secret (current) or a later one (previous)',
    ['secret'],
  ),
  ledgerEvents: counter(`${P}ledger_events_total`, 'Events the ledger finished, by outcome', ['event_type', 'outcome']),
  ledgerEventDelay: histogram(
    `${P}ledger_event_delay_seconds`,
    'From the creation of an event to its write in commercetools',
    ['event_type'],
    DELAY_BUCKETS,
  ),
  apiDuration: histogram(
    `${P}api_request_duration_seconds`,
    'Calls to Stripe and commercetools by operation',
    ['api', 'operation', 'outcome'],
    DURATION_BUCKETS,
  ),
  apiRetries: counter(`${P}api_retries_total`, 'Calls to Stripe and commercetools made again', [
    'api',
    'operation',
    'reason',
  ]),
  paymentOperations: counter(`${P}payment_operations_total`, 'Payment operations by outcome', ['operation', 'outcome']),
  sessionChecks: counter(`${P}session_checks_total`, 'Session and token checks by outcome', ['outcome', 'cache']),
  ledgerRetries: counter(`${P}ledger_retries_total`, 'Events handled again after a transient failure', ['reason']),
  deadLetters: counter(`${P}dead_letters_total`, 'Messages set aside', ['topic', 'reason']),
  parkedKeys: gauge(`${P}ledger_parked_keys`, 'Partition keys whose events wait for a retry'),
  circuitOpen: gauge(`${P}ledger_circuit_open`, '1 while calls fail broadly and consumption is held'),
  dlqDepth: gauge(`${P}dlq_depth`, 'Dead letters waiting', ['topic']),
  dlqRedriven: counter(`${P}dlq_redriven_total`, 'Dead letters put back or discarded', ['topic', 'outcome']),
  consumerLag: gauge(`${P}consumer_lag_messages`, 'Messages behind the end of the partition', ['topic', 'partition']),
  consumerRebalances: counter(`${P}consumer_rebalances_total`, 'Times a consumer joined its group', ['group']),
  consumerCrashes: counter(`${P}consumer_crashes_total`, 'Consumer crashes', ['group', 'restart']),
  consumerJoined: gauge(`${P}consumer_group_joined`, '1 while the consumer is a member of its group', ['group']),
  consumerLastCommit: gauge(
    `${P}consumer_last_commit_timestamp_seconds`,
    'When offsets were last committed, Unix time',
    ['group'],
  ),
  pendingPayments: gauge(`${P}pending_payments`, 'Payments with a Pending transaction, at the last reconciliation', [
    'state',
  ]),
  oldestPendingPayment: gauge(
    `${P}oldest_pending_payment_timestamp_seconds`,
    'When the oldest Pending transaction was made, Unix time',
    ['state'],
  ),
  reconciliationDivergences: gauge(`${P}reconciliation_divergences`, 'Divergences the last reconciliation found', [
    'kind',
  ]),
  reconciliationLastSuccess: gauge(
    `${P}reconciliation_last_success_timestamp_seconds`,
    'When reconciliation last finished, Unix time',
  ),
  reconciliationRepairs: counter(`${P}reconciliation_repairs_total`, 'Events reconciliation produced again', ['kind']),
  buildInfo: gauge(`${P}build_info`, 'Always 1', ['service', 'version', 'revision']),
} as const;

type Metrics = { readonly [K in keyof typeof DEFINITIONS]: ReturnType<(typeof DEFINITIONS)[K]> };

const made = new Map<string, unknown>();

/** The metrics by their name in code, e.g. `metrics.webhookEvents.inc({ event_type, outcome })`. */
export const metrics = new Proxy({} as Metrics, {
  get: (_target, name: keyof typeof DEFINITIONS) => {
    const known = made.get(name);
    if (known) return known;
    const metric = DEFINITIONS[name]();
    made.set(name, metric);
    return metric;
  },
});

/** Process metrics and build info, once per process. */
export function startMetrics(service: string, version: string, revision: string): void {
  collectDefaultMetrics();
  metrics.buildInfo.set({ service, version, revision }, 1);
}
