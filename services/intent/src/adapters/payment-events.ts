import {
  derivedEventId,
  type EventData,
  type EventType,
  eventRecord,
  PAYMENT_EVENTS,
  SOURCES,
} from '@connector/contracts';
import type { Producer } from '@connector/kafka';

type Published = Extract<
  EventType,
  | 'checkout.payment.opened'
  | 'checkout.payment.confirmed'
  | 'checkout.payment.operation_requested'
  | 'checkout.payment.operation_completed'
>;

export interface PaymentEvents {
  /**
   * Publishes a fact about a payment and answers the event's id, which follows from `unique`: the same fact published twice is the
   * same event. Resolves once it is durable; throws TransientError when that is not known.
   */
  publish<T extends Published>(type: T, unique: readonly string[], data: EventData<T>): Promise<string>;
}

/** The id that an event will have. */
export const eventIdOf = (type: Published, unique: readonly string[]): string => derivedEventId(type, ...unique);

/** Key and subject are the PaymentIntent's id, so that one payment's events share a partition. */
export const kafkaPaymentEvents = (producer: Pick<Producer, 'send'>): PaymentEvents => ({
  publish: async (type, unique, data) => {
    const id = eventIdOf(type, unique);
    const { paymentIntentId: subject } = data;
    await producer.send(
      PAYMENT_EVENTS,
      eventRecord(type, { key: subject, id, source: SOURCES.intent, subject }, data as never),
    );
    return id;
  },
});
