import * as z from 'zod';
import { EVENTS, type EventType, STRIPE_TYPE_PREFIX } from './events.ts';
import { STRIPE_EVENT_TYPES } from './stripe-event-types.ts';
import {
  CHECKOUT_SESSIONS,
  CHECKPOINTS,
  PAYMENT_EVENTS,
  PAYMENT_EVENTS_DLQ,
  PAYMENT_TRANSACTIONS,
  TOPICS,
} from './topics.ts';

interface Channel {
  readonly topic: string;
  readonly description: string;
  readonly events: readonly EventType[];
  /** Also carries Stripe's events, with Stripe's own bytes. */
  readonly stripe?: true;
  readonly sent: readonly string[];
  readonly received: readonly string[];
}

/** The senders and readers of each topic. */
const CHANNELS: readonly Channel[] = [
  {
    topic: PAYMENT_EVENTS,
    description:
      'Everything that can change a payment, keyed by PaymentIntent id. Stripe’s events carry Stripe’s own bytes and hold personal data.',
    events: [
      'checkout.payment.opened',
      'checkout.payment.confirmed',
      'checkout.payment.operation_requested',
      'checkout.payment.operation_completed',
      'checkout.payment.reconciled',
    ],
    stripe: true,
    sent: ['webhook-ingest', 'intent', 'reconcile', 'redrive'],
    received: ['ledger'],
  },
  {
    topic: PAYMENT_TRANSACTIONS,
    description: 'What the ledger recorded, keyed by PaymentIntent id; also for the merchant’s own consumers.',
    events: ['checkout.transaction.recorded', 'checkout.payment.rejected', 'checkout.payment.settled_without_order'],
    sent: ['ledger', 'unordered'],
    received: ['intent', 'session-auth', 'merchant'],
  },
  {
    topic: PAYMENT_EVENTS_DLQ,
    description: 'Messages of payments.events that could not be handled, unchanged, with dlq-* headers that say why.',
    events: [],
    stripe: true,
    sent: ['ledger'],
    received: ['redrive'],
  },
  {
    topic: CHECKOUT_SESSIONS,
    description: 'Audit trail of session-auth, keyed by cart id.',
    events: ['checkout.session.verified', 'checkout.access.denied'],
    sent: ['session-auth'],
    received: [],
  },
  {
    topic: CHECKPOINTS,
    description:
      'Compacted. Requests to reconcile, and under the same key the answer that one was done. It also holds the checkpoints of scheduled commands, which are not events.',
    events: ['checkout.reconciliation.requested', 'checkout.reconciliation.completed'],
    sent: ['ledger', 'reconcile'],
    received: ['reconcile'],
  },
];

const messageId = (type: string): string => type.replaceAll(/[^A-Za-z0-9]+/g, '_');
const channelId = messageId;

const envelope = (type: z.core.JSONSchema.BaseSchema) => ({
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time'],
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: { type: 'string', description: 'Unique together with ce_source; the same event may arrive more than once.' },
    ce_source: { type: 'string' },
    ce_type: type,
    ce_time: { type: 'string', format: 'date-time' },
    ce_subject: { type: 'string', description: 'PaymentIntent id' },
    'content-type': { const: 'application/json' },
    traceparent: { type: 'string', description: 'W3C Trace Context' },
    baggage: { type: 'string', description: 'W3C Baggage; carries correlation.id' },
  },
});

/** The AsyncAPI 3.0 document of the topics, generated from the schemas that the services validate events with. */
export const asyncApiDocument = (version: string): object => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Stripe connector for commercetools Checkout: events',
    version,
    description:
      'CloudEvents 1.0 in Kafka binary mode: attributes are ce_* headers, the value is the data. Delivery is at least once; every reader is idempotent. Readers ignore fields they do not know; a breaking change is a new type with a version suffix.',
    license: { name: 'MIT' },
  },
  defaultContentType: 'application/json',
  channels: Object.fromEntries(CHANNELS.map((channel) => [channelId(channel.topic), channelOf(channel)])),
  operations: Object.fromEntries(CHANNELS.flatMap(operationsOf)),
  components: { messages: messages() },
});

const STRIPE_EVENT = 'com_stripe_event';

const messages = (): Record<string, object> => ({
  [STRIPE_EVENT]: {
    name: 'Stripe event',
    summary: "A Stripe event with Stripe's own bytes.",
    contentType: 'application/json',
    headers: envelope({ enum: STRIPE_EVENT_TYPES.map((type) => `${STRIPE_TYPE_PREFIX}${type}`) }),
    payload: { type: 'object', required: ['id', 'object', 'type', 'data'], additionalProperties: true },
  },
  ...Object.fromEntries(
    Object.entries(EVENTS).map(([type, schema]) => [
      messageId(type),
      {
        name: type,
        contentType: 'application/json',
        headers: envelope({ const: type }),
        payload: z.toJSONSchema(schema, { io: 'input' }),
      },
    ]),
  ),
});

function channelOf({ topic, description, events, stripe }: Channel): object {
  const ids = [...(stripe ? [STRIPE_EVENT] : []), ...events.map(messageId)];
  const spec = TOPICS.find(({ name }) => name === topic);
  return {
    address: topic,
    description,
    messages: Object.fromEntries(ids.map((id) => [id, { $ref: `#/components/messages/${id}` }])),
    bindings: { kafka: { topic, partitions: spec?.partitions, topicConfiguration: spec?.config } },
  };
}

/** The senders and receivers of the topic. */
const operationsOf = ({ topic, sent, received }: Channel): [string, object][] =>
  [...sent.map((service) => ['send', service]), ...received.map((service) => ['receive', service])].map(
    ([action, service = '']) => [
      `${messageId(service)}_${action}s_${channelId(topic)}`,
      {
        action,
        title: `${service} ${action}s ${topic}`,
        channel: { $ref: `#/channels/${channelId(topic)}` },
      },
    ],
  );
