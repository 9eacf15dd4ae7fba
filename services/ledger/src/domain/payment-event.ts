import {
  EVENTS,
  type EventAttributes,
  type EventData,
  idOf,
  isStripeEventType,
  type PaymentChange,
  STRIPE_EVENTS,
  STRIPE_TYPE_PREFIX,
} from '@connector/contracts';
import { PermanentError } from '@connector/errors';
import * as z from 'zod';
import {
  type ChargeObject,
  chargeSchema,
  type DisputeObject,
  disputeSchema,
  isUnderWay,
  mayHaveHadVoucher,
  type PaymentIntentObject,
  paymentIntentSchema,
  type RefundObject,
  refundSchema,
  type SuspicionObject,
  stripeEventSchema,
  suspicionSchema,
} from './stripe-objects.ts';

/** What happened, in our words: from Stripe's webhooks or from intent. */
export type EventDetail =
  | { kind: 'payment-opened'; data: EventData<'checkout.payment.opened'> }
  | { kind: 'payment-intent-changed'; paymentIntent: PaymentIntentObject }
  | { kind: 'shopper-must-act'; paymentIntent: PaymentIntentObject }
  | { kind: 'payment-failed'; paymentIntent: PaymentIntentObject }
  | { kind: 'charge-changed'; charge: ChargeObject }
  | { kind: 'charge-refunded'; charge: ChargeObject }
  | { kind: 'refund-changed'; refund: RefundObject }
  | { kind: 'dispute-changed'; dispute: DisputeObject }
  | { kind: 'payment-suspected'; suspicion: SuspicionObject }
  | { kind: 'operation-requested'; data: EventData<'checkout.payment.operation_requested'> }
  | { kind: 'operation-refused'; data: EventData<'checkout.payment.operation_completed'>; refusal: Refusal };

type Refusal = Extract<EventData<'checkout.payment.operation_completed'>['outcome'], { kind: 'refused' }>;

/** An event about one PaymentIntent. */
export interface PaymentEvent {
  readonly id: string;
  /** Stripe's event type, or ours. */
  readonly type: string;
  readonly occurredAt: Date;
  /** Absent on our own events, which always have this installation's mode. */
  readonly livemode?: boolean;
  /** The connected account of a Stripe event, if it names one. */
  readonly account?: string;
  /** Absent for a charge, refund or dispute without a PaymentIntent. */
  readonly paymentIntentId: string | undefined;
  /** commercetools payment id, if the event itself names it. */
  readonly paymentId?: string;
  readonly detail: EventDetail;
}

/**
 * Reads a message of the payments topic; undefined for a type that changes no payment. Throws PermanentError (`unreadable`) for
 * JSON or an object that is not what its type says, and (`unsupported_version`) for a type of ours in a version unknown here.
 */
export function toPaymentEvent(attributes: EventAttributes, value: Buffer): PaymentEvent | undefined {
  const { type } = attributes;
  if (type.startsWith(STRIPE_TYPE_PREFIX)) return fromStripe(attributes, value);
  if (type in EVENTS) return fromIntent(attributes, value);
  if (type.startsWith('checkout.')) {
    throw new PermanentError(`the event type ${type} is not known here`, { reason: 'unsupported_version' });
  }
  return undefined;
}

/**
 * The reader for the object of a Stripe event, by kind of change. Each throws ZodError for an object of another kind.
 */
const READERS: Record<PaymentChange, (object: unknown) => EventDetail> = {
  'charge-changed': (object) => ({ kind: 'charge-changed', charge: chargeSchema.parse(object) }),
  'charge-refunded': (object) => ({ kind: 'charge-refunded', charge: chargeSchema.parse(object) }),
  'payment-intent-changed': paymentIntentChanged,
  'shopper-must-act': (object) => {
    const paymentIntent = paymentIntentSchema.parse(object);
    const mayChange = isUnderWay(paymentIntent) || mayHaveHadVoucher(paymentIntent);
    return { kind: mayChange ? 'payment-intent-changed' : 'shopper-must-act', paymentIntent };
  },
  'payment-failed': (object) => ({ kind: 'payment-failed', paymentIntent: paymentIntentSchema.parse(object) }),
  'refund-changed': refundChanged,
  'dispute-changed': disputeChanged,
  'payment-suspected': (object) => ({ kind: 'payment-suspected', suspicion: suspicionSchema.parse(object) }),
};

function paymentIntentChanged(object: unknown): EventDetail {
  return { kind: 'payment-intent-changed', paymentIntent: paymentIntentSchema.parse(object) };
}
function refundChanged(object: unknown): EventDetail {
  return { kind: 'refund-changed', refund: refundSchema.parse(object) };
}
function disputeChanged(object: unknown): EventDetail {
  return { kind: 'dispute-changed', dispute: disputeSchema.parse(object) };
}
function objectChanged(object: { object: string }): EventDetail {
  if (object.object === 'refund') return refundChanged(object);
  return object.object === 'dispute' ? disputeChanged(object) : paymentIntentChanged(object);
}

function fromStripe(attributes: EventAttributes, value: Buffer): PaymentEvent | undefined {
  return readable(attributes, value, (json) => {
    const event = stripeEventSchema.parse(json);
    const change = isStripeEventType(event.type) ? STRIPE_EVENTS[event.type] : undefined;
    if (change === undefined || change === 'method-changed') return undefined;
    const { object } = event.data;
    return {
      id: event.id,
      type: event.type,
      occurredAt: new Date(event.created * 1000),
      livemode: event.livemode,
      ...(event.account && { account: event.account }),
      paymentIntentId: object.object === 'payment_intent' ? idOf(object) : idOf(object.payment_intent),
      detail: READERS[change](object),
    };
  });
}

function fromIntent(attributes: EventAttributes, value: Buffer): PaymentEvent | undefined {
  return readable(attributes, value, (json) => {
    const happened = detailOfIntent(attributes.type, json);
    if (!happened) return undefined;
    const { data, detail } = happened;
    return {
      id: attributes.id,
      type: attributes.type,
      occurredAt: new Date(attributes.time),
      paymentIntentId: data.paymentIntentId,
      ...(data.paymentId && { paymentId: data.paymentId }),
      detail,
    };
  });
}

function detailOfIntent(
  type: string,
  json: unknown,
): { data: { paymentId?: string | undefined; paymentIntentId: string }; detail: EventDetail } | undefined {
  if (type === 'checkout.payment.opened') {
    const data = EVENTS[type].parse(json);
    return { data, detail: { kind: 'payment-opened', data } };
  }
  if (type === 'checkout.payment.confirmed') {
    const data = EVENTS[type].parse(json);
    return { data, detail: paymentIntentChanged(data.paymentIntent) };
  }
  if (type === 'checkout.payment.operation_requested') {
    const data = EVENTS[type].parse(json);
    return { data, detail: { kind: 'operation-requested', data } };
  }
  if (type === 'checkout.payment.operation_completed') {
    const data = EVENTS[type].parse(json);
    const { outcome } = data;
    if (outcome.kind === 'refused') return { data, detail: { kind: 'operation-refused', data, refusal: outcome } };
    // Stripe's answer to the operation is a snapshot of the object, like a webhook's.
    return { data, detail: objectChanged(outcome.object) };
  }
  if (type === 'checkout.payment.reconciled') {
    const data = EVENTS[type].parse(json);
    return { data, detail: objectChanged(data.object) };
  }
  return undefined;
}

function readable<T>({ type }: EventAttributes, value: Buffer, read: (json: unknown) => T): T {
  try {
    return read(JSON.parse(value.toString()));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) {
      throw new PermanentError(`a message of type ${type} cannot be read`, { reason: 'unreadable', cause });
    }
    throw cause;
  }
}
