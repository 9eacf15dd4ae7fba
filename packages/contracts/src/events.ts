import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type EventRecord, toRecord } from './envelope.ts';

/** Source of the events that this system's services make. */
export const SOURCES = {
  intent: '/stripe-connector/intent',
  ledger: '/stripe-connector/ledger',
  sessionAuth: '/stripe-connector/session-auth',
  reconcile: '/stripe-connector/reconcile',
  unordered: '/stripe-connector/unordered',
} as const;

export const moneySchema = z.object({
  centAmount: z.int(),
  currencyCode: z.string().regex(/^[A-Z]{3}$/),
  fractionDigits: z.int().min(0).max(9),
});

/** A Stripe object as Stripe gave it, without client secrets. */
export const snapshotSchema = z.looseObject({ id: z.string(), object: z.string() });

export const transactionSchema = z.object({
  id: z.string(),
  type: z.enum(['Authorization', 'CancelAuthorization', 'Charge', 'Chargeback', 'Refund']),
  state: z.enum(['Initial', 'Pending', 'Success', 'Failure']),
  amount: moneySchema,
  interactionId: z.string().optional(),
});

const paymentRef = {
  /** commercetools Payment id. */
  paymentId: z.string(),
  paymentIntentId: z.string(),
};

/** What a merchant's operation asks for, as the Checkout contract names it. */
export const operationSchema = z.enum([
  'capturePayment',
  'refundPayment',
  'cancelPayment',
  'reversePayment',
  'incrementAuthorization',
]);

/** Transactions that an operation may end as. */
const operatedSchema = z.enum(['Charge', 'Refund', 'CancelAuthorization', 'Authorization']);

/**
 * The data of each event type of ours. A reader ignores fields it does not know; a breaking change is a new type with a
 * version suffix.
 */
export const EVENTS = {
  'checkout.payment.opened': z.object({
    ...paymentRef,
    paymentKey: z.string(),
    cartId: z.string(),
    amount: moneySchema,
    /** The payment at the version that names the PaymentIntent and has no transaction yet; absent where it is not known. */
    asLinked: z.object({ version: z.int(), createdAt: z.string(), paymentInterface: z.string().optional() }).optional(),
  }),
  'checkout.payment.confirmed': z.object({ ...paymentRef, paymentIntent: snapshotSchema }),
  'checkout.payment.operation_requested': z.object({
    ...paymentRef,
    operationId: z.string(),
    operation: operationSchema,
    /** What is booked as a Failure when it turns out not to have been done. */
    transactionType: operatedSchema.optional(),
    amount: moneySchema.optional(),
    merchantReference: z.string().optional(),
  }),
  'checkout.payment.operation_completed': z.object({
    ...paymentRef,
    operationId: z.string(),
    operation: operationSchema,
    outcome: z.discriminatedUnion('kind', [
      /** Stripe did it; `object` is what it returned: a PaymentIntent or a Refund. */
      z.object({ kind: z.literal('done'), object: snapshotSchema }),
      /** Stripe refused it; `transactionType` and `amount` say what is booked as a Failure. */
      z.object({
        kind: z.literal('refused'),
        transactionType: operatedSchema,
        amount: moneySchema,
        code: z.string().optional(),
        declineCode: z.string().optional(),
      }),
    ]),
  }),
  /** What Stripe answered when reconciliation asked: a PaymentIntent, a Refund or a Dispute as it is now. */
  'checkout.payment.reconciled': z.object({
    ...paymentRef,
    /** Absent when commercetools has no payment for the PaymentIntent, or it was not looked for. */
    paymentId: z.string().optional(),
    object: snapshotSchema,
  }),
  'checkout.transaction.recorded': z.object({
    ...paymentRef,
    paymentKey: z.string().optional(),
    /** Version of the payment in commercetools that shows the transactions. */
    paymentVersion: z.int(),
    /** The event that led here. */
    causeId: z.string(),
    causeType: z.string(),
    cartId: z.string().optional(),
    transactions: z.array(transactionSchema),
  }),
  'checkout.payment.rejected': z.object({
    ...paymentRef,
    causeId: z.string(),
    causeType: z.string(),
    code: z.string().optional(),
    declineCode: z.string().optional(),
  }),
  /** A payment that was paid and had no order got one, or its money went back: what `unordered` did. */
  'checkout.payment.settled_without_order': z.object({
    ...paymentRef,
    paymentKey: z.string().optional(),
    cartId: z.string(),
    amount: moneySchema,
    paidSince: z.iso.datetime(),
    settlement: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('order_created'),
        orderId: z.string(),
        orderNumber: z.string(),
        /** `Pending` while the money is only authorised; `BalanceDue` or `Failed` where some or all of it went back meanwhile. */
        paymentState: z.enum(['Paid', 'Pending', 'BalanceDue', 'Failed']).optional(),
      }),
      /** Canceled where it was authorised, refunded where it was charged; the transactions tell which. */
      z.object({ kind: z.literal('returned') }),
    ]),
  }),
  /** Records of a topic were deleted before they had been handled: what Stripe knows of that time has to be listed again. */
  'checkout.reconciliation.requested': z.object({
    reason: z.enum(['records_deleted']),
    topic: z.string(),
    partition: z.int(),
    /** Offsets of the records: from the first on, to before the last. */
    fromOffset: z.string().regex(/^\d+$/),
    toOffset: z.string().regex(/^\d+$/),
    /** Times between which Stripe's events are wanted; without `since`, from as far back as Stripe lists them. */
    since: z.iso.datetime().optional(),
    until: z.iso.datetime(),
  }),
  /** The answer to a request, under its key: Stripe's events between these times lie in the topic of events again. */
  'checkout.reconciliation.completed': z.object({ since: z.iso.datetime(), until: z.iso.datetime() }),
  'checkout.session.verified': z.object({
    /** SHA-256 of the credential; never the credential. */
    credentialHash: z.string(),
    cartId: z.string(),
  }),
  'checkout.access.denied': z.object({
    credentialHash: z.string().optional(),
    scheme: z.enum(['session', 'jwt', 'oauth2']),
    reason: z.string(),
    method: z.string().optional(),
    route: z.string().optional(),
  }),
} as const;

export type EventType = keyof typeof EVENTS;
export type EventData<T extends EventType> = z.output<(typeof EVENTS)[T]>;

/** Type prefix of Stripe's events on our topics: `com.stripe.` and Stripe's event type. */
export const STRIPE_TYPE_PREFIX = 'com.stripe.';

/** The record of an event of ours. Throws ZodError when the data is not what its type says. */
export function eventRecord<T extends EventType>(
  type: T,
  {
    key,
    id,
    source,
    subject,
    time = new Date(),
  }: { key: string; id: string; source: string; subject?: string; time?: Date },
  data: z.input<(typeof EVENTS)[T]>,
): EventRecord {
  return toRecord(key, { id, source, type, time: time.toISOString(), subject }, EVENTS[type].parse(data));
}

/** A stable event id from what makes the event unique, in UUID form: the same fact published twice has the same id. */
export function derivedEventId(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\u0000')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `value` without client secrets, at any depth: what leaves intent in an event carries none. */
export function withoutClientSecrets<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutClientSecrets) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'client_secret')
      .map(([name, field]) => [name, withoutClientSecrets(field)]),
  ) as T;
}
