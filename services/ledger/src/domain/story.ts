import type { Cart, Order, Payment } from '@commercetools/platform-sdk';
import type { MoneyDifference, StripeMoneyFacts } from './audit.ts';

/** A message about the payment in one of our topics. */
export interface SeenMessage {
  readonly topic: 'payments.events' | 'payments.transactions';
  readonly at: Date;
  readonly type: string;
  /** Id of the event. */
  readonly id: string;
  /** For a recorded result: the id of the event that caused it. */
  readonly causeId?: string | undefined;
  readonly partition: number;
  readonly offset: string;
}

/** An event that became a dead letter. */
export interface SeenDeadLetter {
  readonly id: string;
  readonly at: Date;
  readonly type: string;
  readonly eventId: string;
  readonly reason: string;
  /** How it was resolved; undefined while it waits. */
  readonly resolution?: string | undefined;
}

/** A movement on the account's balance. Amounts in minor units of the settlement currency. */
export interface SeenMovement {
  readonly id: string;
  readonly at: Date;
  readonly type: string;
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
  readonly currency: string;
}

/** An attempt to pay that was declined. */
export interface SeenDecline {
  /** Id of the charge. */
  readonly id: string;
  readonly at: Date;
  /** Stripe's decline code, else its failure code. */
  readonly code: string;
}

/** An event that Stripe has not delivered to every endpoint. */
export interface SeenUndelivered {
  readonly id: string;
  readonly at: Date;
  readonly type: string;
}

/** Everything that was found about one payment. */
export interface Known {
  readonly now: Date;
  readonly payment?: Payment | undefined;
  readonly cart?: Cart | undefined;
  readonly order?: Order | undefined;
  readonly stripe?: StripeMoneyFacts | undefined;
  /** The PaymentIntent's owner, by its metadata; undefined without a PaymentIntent. */
  readonly whose?: 'ours' | 'foreign' | undefined;
  /** Ids of the other payments of the cart or order. */
  readonly otherPayments: readonly string[];
  readonly declines: readonly SeenDecline[];
  readonly movements: readonly SeenMovement[];
  readonly messages: readonly SeenMessage[];
  /** Topics whose retention may have deleted some of the payment's messages. */
  readonly cutTopics: readonly string[];
  readonly deadLetters: readonly SeenDeadLetter[];
  readonly undelivered: readonly SeenUndelivered[];
  /** What the ledger would write with all these facts, in words. */
  readonly due: readonly string[];
  readonly differences: readonly MoneyDifference[];
  /** Sides that could not be read, and why. */
  readonly unavailable: readonly { readonly what: string; readonly why: string }[];
}

export interface StoryLine {
  readonly at: Date;
  readonly where: 'commercetools' | 'Stripe' | 'Kafka';
  readonly what: string;
  /** For a message in Kafka: its event id. */
  readonly eventId?: string;
}

/** The empty story, before any side was read. */
export const nothingKnown = (now: Date): Known => ({
  now,
  otherPayments: [],
  declines: [],
  movements: [],
  messages: [],
  cutTopics: [],
  deadLetters: [],
  undelivered: [],
  due: [],
  differences: [],
  unavailable: [],
});

const SECONDS = (seconds: number): Date => new Date(seconds * 1000);
/** Stripe minor units. */
const stripeMoney = (amount: number, currency: string) => `${amount} ${currency.toUpperCase()}`;
const centMoney = ({ centAmount, currencyCode }: { centAmount: number; currencyCode: string }) =>
  `${centAmount} ${currencyCode}`;

/** What happened, in chronological order. Amounts are in minor units. It contains no personal data. */
export function storyOf(known: Known): StoryLine[] {
  return [...atCommercetools(known), ...atStripe(known), ...inKafka(known)].toSorted(
    (a, b) => Number(a.at) - Number(b.at),
  );
}

function* atCommercetools({ payment, cart, order }: Known): Generator<StoryLine> {
  const line = (at: string | undefined, what: string): StoryLine => ({
    at: new Date(at ?? 0),
    where: 'commercetools',
    what,
  });
  if (cart)
    yield line(cart.createdAt, `cart ${cart.id} created, ${cart.cartState} now, total ${centMoney(cart.totalPrice)}`);
  if (payment) {
    const { id, key, amountPlanned, interfaceId } = payment;
    yield line(
      payment.createdAt,
      `payment ${id} created${key ? `, key ${key}` : ''}, over ${centMoney(amountPlanned)}${interfaceId ? `, of ${interfaceId}` : ', tied to no PaymentIntent'}`,
    );
    for (const { type, state, amount, interactionId, timestamp } of payment.transactions) {
      yield line(
        timestamp ?? payment.createdAt,
        `${type} ${state} ${centMoney(amount)}${interactionId ? ` [${interactionId}]` : ''}`,
      );
    }
  }
  if (order) {
    const { id, orderNumber, paymentState, orderState } = order;
    yield line(
      order.createdAt,
      `order ${orderNumber ?? id} created, ${orderState}${paymentState ? `, payment ${paymentState}` : ''}`,
    );
  }
}

function* atStripe({ stripe, declines, movements, undelivered }: Known): Generator<StoryLine> {
  const line = (at: Date, what: string): StoryLine => ({ at, where: 'Stripe', what });
  if (stripe) {
    const { paymentIntent, charges, disputes } = stripe;
    const { id, created, status, amount, currency } = paymentIntent;
    yield line(SECONDS(created), `PaymentIntent ${id} created, ${status} now, over ${stripeMoney(amount, currency)}`);
    if (typeof paymentIntent.canceled_at === 'number')
      yield line(SECONDS(paymentIntent.canceled_at), `PaymentIntent ${id} canceled`);
    for (const { charge, refunds } of charges) {
      const captured = charge.amount_captured ?? (charge.captured ? charge.amount : 0);
      yield line(
        SECONDS(charge.created),
        `charge ${charge.id} ${charge.status}, ${stripeMoney(captured, charge.currency)} captured of ${charge.amount}`,
      );
      for (const refund of refunds) {
        yield line(
          SECONDS(refund.created),
          `refund ${refund.id} ${refund.status ?? ''} over ${stripeMoney(refund.amount, refund.currency)}`,
        );
      }
    }
    for (const dispute of disputes) {
      yield line(
        SECONDS(dispute.created),
        `dispute ${dispute.id} ${dispute.status} over ${stripeMoney(dispute.amount, dispute.currency)}`,
      );
    }
  }
  for (const { id, at, code } of declines) yield line(at, `charge ${id} declined: ${code}`);
  for (const { id, at, type, amount, fee, net, currency } of movements) {
    yield line(at, `balance transaction ${id}, ${type} ${stripeMoney(amount, currency)}, fee ${fee}, net ${net}`);
  }
  for (const { id, at, type } of undelivered)
    yield line(at, `event ${id}, ${type}, is not delivered to every endpoint`);
}

function* inKafka({ messages, deadLetters }: Known): Generator<StoryLine> {
  const line = (at: Date, eventId: string, what: string): StoryLine => ({ at, where: 'Kafka', what, eventId });
  for (const { topic, at, type, id, causeId, partition, offset } of messages) {
    yield line(
      at,
      id,
      causeId
        ? `${topic} ${partition}:${offset}  ${type} of ${causeId}`
        : `${topic} ${partition}:${offset}  ${type} ${id}`,
    );
  }
  for (const { id, at, type, eventId, reason, resolution } of deadLetters) {
    yield line(at, eventId, `dead letter ${id}  ${type} ${eventId}, ${reason}, ${resolution ?? 'waits'}`);
  }
}
