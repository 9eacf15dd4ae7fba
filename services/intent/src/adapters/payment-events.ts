import { derivedEventId, eventRecord, PAYMENT_EVENTS, SOURCES } from '@connector/contracts';
import type { Producer } from '@connector/kafka';
import type { PaymentEvents } from '../use-cases/ports.ts';

/** Key and subject are the PaymentIntent's id, so that all events of a payment are in one partition. */
export const kafkaPaymentEvents = (producer: Pick<Producer, 'send'>): PaymentEvents => ({
  publish: async (type, unique, data) => {
    const id = derivedEventId(type, ...unique);
    const { paymentIntentId: subject } = data;
    await producer.send(
      PAYMENT_EVENTS,
      eventRecord(type, { key: subject, id, source: SOURCES.intent, subject }, data as never),
    );
    return id;
  },
});
