/** A Kafka topic as the chart, Strimzi or the sandbox creates it. Times in ms, sizes in bytes. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Largest record any topic takes: a webhook body of 1 MiB (the ingest limit) with its headers must fit. */
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

/** Everything that can change a payment, keyed by PaymentIntent id, so that one payment's events keep their order. */
export const PAYMENT_EVENTS = 'payments.events';
/** What the ledger recorded, keyed by PaymentIntent id. */
export const PAYMENT_TRANSACTIONS = 'payments.transactions';
/** Dead letters with their reason, in the shape they came in. */
export const PAYMENT_EVENTS_DLQ = 'payments.events.dlq';
/** Audit trail of session-auth, keyed by cart id. */
export const CHECKOUT_SESSIONS = 'checkout.sessions';
/** Where scheduled commands keep how far they came, keyed by command, and find what they are asked to do, keyed by what it is about. */
export const CHECKPOINTS = 'connector.checkpoints';

/** Every topic of the system with its default layout; partitions and replication are the cluster's to change. */
export const TOPICS: readonly TopicSpec[] = [
  topic(PAYMENT_EVENTS, 12, 7),
  topic(PAYMENT_EVENTS_DLQ, 12, 30),
  topic(PAYMENT_TRANSACTIONS, 12, 7),
  topic(CHECKOUT_SESSIONS, 3, 7),
  topic(CHECKPOINTS, 1, 30, 'compact'),
];
