import { DEAD_LETTER_REASONS, RETRY_REASONS } from '@connector/errors';
import { trace } from '@opentelemetry/api';
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
  type RegistryContentType,
  register,
} from 'prom-client';
import { BUILD } from './build.ts';

export { register };

// Exemplars exist in OpenMetrics only.
(register as Registry<RegistryContentType>).setContentType(Registry.OPENMETRICS_CONTENT_TYPE);

/** Buckets of request durations in seconds, as the HTTP semantic conventions advise. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** From Stripe's event creation to the commercetools write, in seconds: up to three days of Stripe's own retries. */
const DELAY_BUCKETS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 21600, 86400, 259200];

/** From Kafka's receipt to the commercetools write, in seconds: milliseconds when all is well, up to Kafka's retention. */
const RECEIPT_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400];

export type Exporter = 'intent' | 'ledger' | 'session-auth' | 'webhook-ingest';

/** One metric family. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  /** Each label with its values, or, where those are not a fixed list, with the words for what they are. Never an id. */
  readonly labels: Readonly<Record<string, readonly string[] | string>>;
  readonly buckets?: readonly number[];
  /** Has the trace of a sampled request beside its buckets. */
  readonly exemplars?: boolean;
  readonly from: readonly Exporter[];
}

/** What became of an event that was handled. */
const HANDLED = ['applied', 'duplicate', 'superseded', 'ignored'] as const;

const P = 'stripe_connector_';
const EVERY_SERVICE = ['intent', 'ledger', 'session-auth', 'webhook-ingest'] as const;

const METHOD = 'method of the request';
const STATUS = 'status code; empty without an answer';
const KAFKA = ['kafka'];
const TOPIC = 'topic, without its prefix';
const GROUP = 'consumer group, without its prefix';
const EVENT_TYPE = "Stripe's event types that change a payment, the connector's own, `other`";
const API = ['stripe', 'commercetools', 'session-auth'];
/** Openings of payments; what else a shopper or a merchant waits for; the ledger; jobs. */
const PRIORITIES = ['urgent', 'high', 'normal', 'low'];
const API_OPERATION = 'resource and verb, such as `payments.update`';
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

/** Every metric of the system; one is registered in a process when that process first uses it. */
export const DEFINITIONS = {
  httpServerDuration: {
    type: 'histogram',
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP requests served',
    labels: {
      http_request_method: METHOD,
      http_route: 'route pattern, or `unmatched`',
      http_response_status_code: 'status code; 499 when the client went away',
      error_type: 'the status from 500 on, else empty',
    },
    buckets: DURATION_BUCKETS,
    exemplars: true,
    from: ['intent', 'session-auth', 'webhook-ingest'],
  },
  httpServerActive: {
    type: 'gauge',
    name: 'http_server_active_requests',
    help: 'HTTP requests being served now',
    labels: { http_request_method: METHOD },
    from: ['intent', 'session-auth', 'webhook-ingest'],
  },
  httpClientDuration: {
    type: 'histogram',
    name: 'http_client_request_duration_seconds',
    help: 'Duration of outgoing HTTP requests',
    labels: {
      server_address: 'host name',
      http_request_method: METHOD,
      http_response_status_code: STATUS,
      error_type: 'the status from 400 on, `timeout`, `connection`, else empty',
    },
    buckets: DURATION_BUCKETS,
    exemplars: true,
    from: ['intent', 'ledger', 'session-auth'],
  },
  sentMessages: {
    type: 'counter',
    name: 'messaging_client_sent_messages_total',
    help: 'Messages the broker acknowledged or refused',
    labels: {
      messaging_system: KAFKA,
      messaging_operation_name: ['send'],
      messaging_destination_name: TOPIC,
      error_type: 'class of the error, else empty',
    },
    from: EVERY_SERVICE,
  },
  repeatedSends: {
    type: 'counter',
    name: `${P}kafka_repeated_sends_total`,
    help: 'Messages sent again because the broker did not name them as written',
    labels: { error_type: "Kafka's error, or the class of the connection's" },
    from: EVERY_SERVICE,
  },
  consumedMessages: {
    type: 'counter',
    name: 'messaging_client_consumed_messages_total',
    help: 'Messages delivered to this process',
    labels: {
      messaging_system: KAFKA,
      messaging_operation_name: ['poll'],
      messaging_destination_name: TOPIC,
      messaging_consumer_group_name: GROUP,
      messaging_destination_partition_id: 'partition',
      error_type: ['empty'],
    },
    from: ['ledger'],
  },
  messagingDuration: {
    type: 'histogram',
    name: 'messaging_client_operation_duration_seconds',
    help: 'Duration of one send to the broker',
    labels: {
      messaging_system: KAFKA,
      messaging_operation_name: ['send'],
      messaging_destination_name: TOPIC,
      error_type: 'class of the error, else empty',
    },
    buckets: DURATION_BUCKETS,
    exemplars: true,
    from: EVERY_SERVICE,
  },
  processDuration: {
    type: 'histogram',
    name: 'messaging_process_duration_seconds',
    help: 'Duration of handling one message, retries and waits included',
    labels: {
      messaging_system: KAFKA,
      messaging_operation_name: ['process'],
      messaging_destination_name: TOPIC,
      messaging_consumer_group_name: GROUP,
      messaging_destination_partition_id: 'partition',
      error_type: ['dead_lettered', 'empty'],
    },
    buckets: DURATION_BUCKETS,
    from: ['ledger'],
  },
  webhookEvents: {
    type: 'counter',
    name: `${P}webhook_events_total`,
    help: 'Webhook requests by event type and outcome',
    labels: {
      event_type: `${EVENT_TYPE}; \`unknown\` before the signature is verified`,
      outcome: [
        'accepted',
        'duplicate',
        'ignored',
        'bad_signature',
        'stale_timestamp',
        'too_large',
        'malformed',
        'thin_payload',
        'overloaded',
        'unavailable',
      ],
    },
    from: ['webhook-ingest'],
  },
  webhookSecretMatches: {
    type: 'counter',
    name: `${P}webhook_secret_matches_total`,
    help: 'Webhooks verified by the first secret (current) or a later one (previous)',
    labels: { secret: ['current', 'previous'] },
    from: ['webhook-ingest'],
  },
  ledgerEvents: {
    type: 'counter',
    name: `${P}ledger_events_total`,
    help: 'Events the ledger handled; duplicate: the payment showed this already; superseded: it showed something newer',
    labels: { event_type: EVENT_TYPE, outcome: [...HANDLED, 'retried', 'dead_lettered'] },
    from: ['ledger'],
  },
  ledgerEventDelay: {
    type: 'histogram',
    name: `${P}ledger_event_delay_seconds`,
    help: 'From the creation of an event to its write in commercetools',
    labels: { event_type: EVENT_TYPE },
    buckets: DELAY_BUCKETS,
    exemplars: true,
    from: ['ledger'],
  },
  ledgerReceiptDelay: {
    type: 'histogram',
    name: `${P}ledger_receipt_delay_seconds`,
    help: 'From the receipt of an event, when Kafka got it, to its write in commercetools',
    labels: { event_type: EVENT_TYPE },
    buckets: RECEIPT_BUCKETS,
    exemplars: true,
    from: ['ledger'],
  },
  transactions: {
    type: 'counter',
    name: `${P}transactions_total`,
    help: 'Transactions added to payments in commercetools, and changes of their state',
    labels: {
      type: ['Authorization', 'Charge', 'Refund', 'Chargeback', 'CancelAuthorization'],
      state: ['Initial', 'Pending', 'Success', 'Failure'],
    },
    from: ['ledger'],
  },
  paymentDeclines: {
    type: 'counter',
    name: `${P}payment_declines_total`,
    help: 'Tries to pay that Stripe or the bank declined',
    labels: { code: "Stripe's decline code, else its error code; `other` for one that is not documented" },
    from: ['ledger'],
  },
  apiDuration: {
    type: 'histogram',
    name: `${P}api_request_duration_seconds`,
    help: 'Calls to Stripe, commercetools and session-auth by operation',
    labels: {
      api: API,
      operation: API_OPERATION,
      outcome: ['ok', 'unauthorized', 'client_error', 'server_error', 'timeout', 'rate_limited', 'conflict'],
    },
    buckets: DURATION_BUCKETS,
    exemplars: true,
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiLimit: {
    type: 'gauge',
    name: `${P}api_limit_calls_per_second`,
    help: 'Calls a second that the other side was found to take from this pod; 0 or absent while it takes all',
    labels: {
      api: ['stripe', 'commercetools'],
      limit: 'the operation, or the host for all of its operations together',
    },
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiWaiting: {
    type: 'gauge',
    name: `${P}api_waiting_calls`,
    help: 'Calls that wait because of a limit of the other side',
    labels: { api: ['stripe', 'commercetools'], priority: PRIORITIES },
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiShed: {
    type: 'counter',
    name: `${P}api_shed_calls_total`,
    help: 'Calls that were not made because a limit of the other side left no time for them',
    labels: { api: ['stripe', 'commercetools'], priority: PRIORITIES },
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiRetries: {
    type: 'counter',
    name: `${P}api_retries_total`,
    help: 'Calls to Stripe and commercetools made again',
    labels: { api: ['stripe', 'commercetools'], operation: API_OPERATION, reason: 'status code, or `connection`' },
    from: ['intent', 'ledger', 'session-auth'],
  },
  paymentOperations: {
    type: 'counter',
    name: `${P}payment_operations_total`,
    help: 'Payment operations by outcome; save_payment_method is counted by the ledger',
    labels: {
      operation: [
        'create',
        'confirm',
        'capture',
        'cancel',
        'refund',
        'reverse',
        'increment',
        'transaction',
        'save_payment_method',
      ],
      outcome: ['approved', 'received', 'rejected', 'error'],
    },
    from: ['intent', 'ledger'],
  },
  denials: {
    type: 'counter',
    name: `${P}denials_total`,
    help: 'Requests refused because of who asks, by what the route asks for: refused credentials, or too many refusals of one address before',
    labels: { scheme: ['session', 'jwt', 'oauth2'], reason: ['refused', 'too_many'] },
    from: ['intent'],
  },
  optionalDataRefused: {
    type: 'counter',
    name: `${P}optional_data_refused_total`,
    help: 'Data that Stripe refused and a payment went on without',
    labels: {
      field: [
        'phone',
        'email',
        'name',
        'address',
        'shipping',
        'tax_calculation',
        'customer',
        'card_features',
        'line_items',
      ],
    },
    from: ['intent'],
  },
  lineItemsLeftOut: {
    type: 'counter',
    name: `${P}line_items_left_out_total`,
    help: 'Payments that Stripe was told no goods of, although that is on: why',
    labels: { reason: ['part_of_cart', 'too_many', 'sums_differ', 'inexpressible'] },
    from: ['intent'],
  },
  sessionChecks: {
    type: 'counter',
    name: `${P}session_checks_total`,
    help: 'Checks of sessions and tokens by outcome, and whether a cache answered',
    labels: {
      outcome: ['allowed', 'missing', 'invalid', 'expired', 'forbidden', 'upstream_error'],
      cache: ['hit', 'miss'],
    },
    from: ['session-auth'],
  },
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
    help: 'When the oldest open transaction was made, Unix time',
    labels: { state: ['Pending', 'Initial'] },
    from: ['ledger'],
  },
  paymentsWithoutCart: {
    type: 'counter',
    name: `${P}payments_without_cart_total`,
    help: 'Payments of money at Stripe that could not be put on a cart',
    labels: { reason: ['cart-gone', 'cart-ordered', 'cart-merged', 'cart-refuses', 'without-cart'] },
    from: ['ledger'],
  },
  partialReinstatements: {
    type: 'counter',
    name: `${P}partial_reinstatements_total`,
    help: 'Times that a small part of disputed money came back, which no transaction shows',
    labels: {},
    from: ['ledger'],
  },
  ledgerRetries: {
    type: 'counter',
    name: `${P}ledger_retries_total`,
    help: 'Events handled again after a transient failure',
    labels: { reason: RETRY_REASONS },
    from: ['ledger'],
  },
  deadLetters: {
    type: 'counter',
    name: `${P}dead_letters_total`,
    help: 'Messages moved to the dead letters',
    labels: { topic: TOPIC, reason: DEAD_LETTER_REASONS },
    from: ['ledger'],
  },
  parkedKeys: {
    type: 'gauge',
    name: `${P}ledger_parked_keys`,
    help: 'Partition keys whose events wait for a retry',
    labels: {},
    from: ['ledger'],
  },
  circuitOpen: {
    type: 'gauge',
    name: `${P}ledger_circuit_open`,
    help: '1 while calls to the dependency fail broadly and the events that need it are held',
    labels: { dependency: ['commercetools', 'stripe', 'kafka', 'other'] },
    from: ['ledger'],
  },
  dlqDepth: {
    type: 'gauge',
    name: `${P}dlq_depth`,
    help: 'Dead letters that wait; every pod says the same',
    labels: { topic: TOPIC },
    from: ['ledger'],
  },
  dlqRedriven: {
    type: 'counter',
    name: `${P}dlq_redriven_total`,
    help: 'Dead letters that were put back, by what became of them',
    labels: { topic: TOPIC, outcome: [...HANDLED, 'dead_lettered'] },
    from: ['ledger'],
  },
  consumerLag: {
    type: 'gauge',
    name: `${P}consumer_lag_messages`,
    help: 'Messages of the partition that the group has not committed; every pod says the same',
    labels: { topic: TOPIC, partition: 'partition' },
    from: ['ledger'],
  },
  consumerLagSeconds: {
    type: 'gauge',
    name: `${P}consumer_lag_seconds`,
    help: 'Age of the oldest message that the group has not committed, 0 without one; every pod says the same',
    labels: { topic: TOPIC },
    from: ['ledger'],
  },
  consumerDeletedRecords: {
    type: 'counter',
    name: `${P}consumer_records_deleted_total`,
    help: 'Messages that were deleted before the group had handled them, as far as this process noticed',
    labels: { topic: TOPIC },
    from: ['ledger'],
  },
  consumerRebalances: {
    type: 'counter',
    name: `${P}consumer_rebalances_total`,
    help: 'Times a consumer joined its group',
    labels: { group: GROUP },
    from: ['ledger'],
  },
  consumerCrashes: {
    type: 'counter',
    name: `${P}consumer_crashes_total`,
    help: 'Times a consumer did not come into its group and was recreated (`restart` is true)',
    labels: { group: GROUP, restart: ['true', 'false'] },
    from: ['ledger'],
  },
  consumerJoined: {
    type: 'gauge',
    name: `${P}consumer_group_joined`,
    help: '1 while the consumer is a member of its group',
    labels: { group: GROUP },
    from: ['ledger'],
  },
  consumerLastCommit: {
    type: 'gauge',
    name: `${P}consumer_last_commit_timestamp_seconds`,
    help: 'When this process last committed offsets, Unix time',
    labels: { group: GROUP },
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
    help: 'When an audit last compared all of its window, Unix time; 0 = never',
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
    help: 'Events reconciliation produced again',
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
    help: 'When unordered last looked at everything, Unix time; 0 = never',
    labels: {},
    from: ['ledger'],
  },
  unorderedSettlements: {
    type: 'counter',
    name: `${P}unordered_settlements_total`,
    help: 'Carts of paid payments for which unordered made the order or returned the money',
    labels: { settlement: ['order_created', 'returned'] },
    from: ['ledger'],
  },
  reconciliationRequests: {
    type: 'gauge',
    name: `${P}reconciliation_requests_open`,
    help: 'Times that the ledger asked to have listed again and that reconcile has not completed',
    labels: {},
    from: ['webhook-ingest'],
  },
  secretFileReads: {
    type: 'counter',
    name: `${P}secret_file_reads_total`,
    help: 'Files of secrets that were read again and had changed, or could not be used: the known value stays then',
    labels: { outcome: ['changed', 'unusable'] },
    from: EVERY_SERVICE,
  },
  certificateExpiry: {
    type: 'gauge',
    name: `${P}certificate_expiry_timestamp_seconds`,
    help: 'When a certificate in use ends, Unix time; none without TLS of its own',
    labels: { certificate: ['kafka_client', 'kafka_ca'] },
    from: EVERY_SERVICE,
  },
  buildInfo: {
    type: 'gauge',
    name: `${P}build_info`,
    help: 'Always 1',
    labels: { service: EVERY_SERVICE, version: 'version', revision: 'commit the image was built from' },
    from: EVERY_SERVICE,
  },
} as const satisfies Record<string, MetricDefinition>;

/** Those of prom-client's default metrics that dashboards and alerts may use. */
export const PROCESS_METRICS: readonly (Pick<MetricDefinition, 'type' | 'name' | 'help'> & {
  labels?: readonly string[];
})[] = [
  { type: 'counter', name: 'process_cpu_seconds_total', help: 'CPU time of the process' },
  { type: 'gauge', name: 'process_resident_memory_bytes', help: 'Memory of the process' },
  { type: 'gauge', name: 'process_start_time_seconds', help: 'When the process began, Unix time' },
  { type: 'gauge', name: 'process_open_fds', help: 'Open file descriptors' },
  { type: 'gauge', name: 'process_max_fds', help: 'File descriptors it may open' },
  { type: 'gauge', name: 'nodejs_heap_size_used_bytes', help: "Used part of Node's heap" },
  { type: 'gauge', name: 'nodejs_heap_size_total_bytes', help: "Node's heap" },
  { type: 'gauge', name: 'nodejs_external_memory_bytes', help: 'Memory outside the heap, such as buffers' },
  { type: 'gauge', name: 'nodejs_eventloop_lag_p50_seconds', help: 'Event loop lag since the last scrape, median' },
  { type: 'gauge', name: 'nodejs_eventloop_lag_p99_seconds', help: 'Event loop lag since the last scrape, p99' },
  { type: 'gauge', name: 'nodejs_eventloop_lag_max_seconds', help: 'Event loop lag since the last scrape, worst' },
  { type: 'gauge', name: 'nodejs_active_resources', help: 'What keeps the process alive', labels: ['type'] },
  {
    type: 'histogram',
    name: 'nodejs_gc_duration_seconds',
    help: 'Pauses for garbage collection',
    labels: ['kind'],
  },
];

interface MetricOf {
  counter: Counter;
  gauge: Gauge;
  histogram: Histogram;
}
type Metrics = { readonly [K in keyof typeof DEFINITIONS]: MetricOf[(typeof DEFINITIONS)[K]['type']] };

const made = new Map<string, Counter | Gauge | Histogram>();

/** The metrics by their name in code, e.g. `metrics.webhookEvents.inc({ event_type, outcome })`. */
export const metrics = new Proxy({} as Metrics, {
  get: (_target, name: keyof typeof DEFINITIONS) => {
    const known = made.get(name);
    if (known) return known;
    const metric = make(DEFINITIONS[name]);
    made.set(name, metric);
    return metric;
  },
});

function make({ type, name, help, labels, buckets, exemplars }: MetricDefinition): Counter | Gauge | Histogram {
  const labelNames = Object.keys(labels);
  switch (type) {
    case 'counter':
      return new Counter({ name, help, labelNames });
    case 'gauge':
      return new Gauge({ name, help, labelNames });
    case 'histogram': {
      const options = { name, help, labelNames, buckets: [...(buckets ?? [])] };
      return exemplars ? tracedHistogram(options) : new Histogram(options);
    }
  }
}

/** A histogram whose observations name the current trace, where it is sampled: only then somebody can look at it. */
function tracedHistogram(options: { name: string; help: string; labelNames: string[]; buckets: number[] }): Histogram {
  const histogram = new Histogram({ ...options, enableExemplars: true });
  const observe = histogram.observe.bind(histogram);
  return Object.assign(histogram, {
    observe: (labels: Record<string, string>, value: number) => {
      const span = trace.getActiveSpan()?.spanContext();
      const exemplarLabels = span && span.traceFlags & 1 ? { trace_id: span.traceId } : {};
      observe({ labels, value, exemplarLabels });
    },
  });
}

/** Process metrics and build info, once per process. */
export function startMetrics(service: string, { version, revision } = BUILD): void {
  collectDefaultMetrics();
  metrics.buildInfo.set({ service, version, revision }, 1);
}
