/** A Kafka topic as the chart, Strimzi or the sandbox creates it. Times in ms, sizes in bytes. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Largest record of any topic, in bytes: a webhook body of 1 MiB (the limit of webhook-ingest) fits with its headers.
 */
export const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

const topic = (name: string, partitions: number, retentionDays: number, cleanup = 'delete'): TopicSpec => ({
  name,
  partitions,
  config: {
    'cleanup.policy': cleanup,
    'retention.ms': String(retentionDays * DAY_MS),
    'max.message.bytes': String(MAX_MESSAGE_BYTES),
    'unclean.leader.election.enable': 'false',
  },
});

/**
 * Everything that can change a payment, with the PaymentIntent's id as key, so that the events of one payment keep
 * their order.
 */
export const PAYMENT_EVENTS = 'payments.events';
/** What the ledger recorded, keyed by PaymentIntent id. */
export const PAYMENT_TRANSACTIONS = 'payments.transactions';
/** Dead letters with their reason; the record itself is unchanged. */
export const PAYMENT_EVENTS_DLQ = 'payments.events.dlq';
/** Audit trail of session-auth, keyed by cart id. */
export const CHECKOUT_SESSIONS = 'checkout.sessions';
/** Scheduled commands keep their checkpoints here, keyed by command, and read their requests, keyed by subject. */
export const CHECKPOINTS = 'connector.checkpoints';

/** All topics of the system with their default settings. A cluster may set other partitions and replication. */
export const TOPICS: readonly TopicSpec[] = [
  topic(PAYMENT_EVENTS, 12, 7),
  topic(PAYMENT_EVENTS_DLQ, 12, 30),
  topic(PAYMENT_TRANSACTIONS, 12, 7),
  topic(CHECKOUT_SESSIONS, 3, 7),
  topic(CHECKPOINTS, 1, 30, 'compact'),
];
