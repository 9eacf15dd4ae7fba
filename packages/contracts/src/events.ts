import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type EventRecord, toRecord } from './envelope.ts';

/** Source of the events that this system's services create. */
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

/** A Stripe object as Stripe returned it, without client secrets. */
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

/** The operation that a merchant asks for, named as in the Checkout contract. */
export const operationSchema = z.enum([
  'capturePayment',
  'refundPayment',
  'cancelPayment',
  'reversePayment',
  'incrementAuthorization',
]);

/** Types of transaction that an operation may lead to. */
const operatedSchema = z.enum(['Charge', 'Refund', 'CancelAuthorization', 'Authorization']);

/**
 * The data of each of our event types. Readers ignore fields they do not know. A breaking change is a new type with a
 * version suffix.
 */
export const EVENTS = {
  'checkout.payment.opened': z.object({
    ...paymentRef,
    paymentKey: z.string(),
    cartId: z.string(),
    amount: moneySchema,
    /** The payment at the version that has the PaymentIntent's id and no transaction yet; absent if unknown. */
    asLinked: z.object({ version: z.int(), createdAt: z.string(), paymentInterface: z.string().optional() }).optional(),
  }),
  'checkout.payment.confirmed': z.object({ ...paymentRef, paymentIntent: snapshotSchema }),
  'checkout.payment.operation_requested': z.object({
    ...paymentRef,
    operationId: z.string(),
    operation: operationSchema,
    /** Booked as a Failure if the operation turns out not to have happened. */
    transactionType: operatedSchema.optional(),
    amount: moneySchema.optional(),
    merchantReference: z.string().optional(),
  }),
  'checkout.payment.operation_completed': z.object({
    ...paymentRef,
    operationId: z.string(),
    operation: operationSchema,
    outcome: z.discriminatedUnion('kind', [
      /** Stripe did the operation; `object` is Stripe's answer: a PaymentIntent or a Refund. */
      z.object({ kind: z.literal('done'), object: snapshotSchema }),
      /** Stripe refused the operation; `transactionType` and `amount` are booked as a Failure. */
      z.object({
        kind: z.literal('refused'),
        transactionType: operatedSchema,
        amount: moneySchema,
        code: z.string().optional(),
        declineCode: z.string().optional(),
      }),
    ]),
  }),
  /** Stripe's answer to a question of reconciliation: a PaymentIntent, a Refund or a Dispute in its present state. */
  'checkout.payment.reconciled': z.object({
    ...paymentRef,
    /** Absent when commercetools has no payment for the PaymentIntent, or when none was looked for. */
    paymentId: z.string().optional(),
    object: snapshotSchema,
  }),
  'checkout.transaction.recorded': z.object({
    ...paymentRef,
    paymentKey: z.string().optional(),
    /** Version of the commercetools payment that has the transactions. */
    paymentVersion: z.int(),
    /** The event that caused this one. */
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
  /** `unordered` ordered a paid cart that had no order, or returned the money. */
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
        /**
         * `Pending` while the money is only authorised; `BalanceDue` or `Failed` when some or all of the money was
         * returned meanwhile.
         */
        paymentState: z.enum(['Paid', 'Pending', 'BalanceDue', 'Failed']).optional(),
      }),
      /** Canceled if the payment was authorised, refunded if it was charged. The transactions tell which. */
      z.object({ kind: z.literal('returned') }),
    ]),
  }),
  /** Records of a topic were deleted before they were handled. Stripe's events of that time must be listed again. */
  'checkout.reconciliation.requested': z.object({
    reason: z.enum(['records_deleted']),
    topic: z.string(),
    partition: z.int(),
    /** Offsets of the records, from the first (included) to the last (excluded). */
    fromOffset: z.string().regex(/^\d+$/),
    toOffset: z.string().regex(/^\d+$/),
    /**
     * The time range of the Stripe events to list. Without `since` it begins with the oldest event that Stripe lists.
     */
    since: z.iso.datetime().optional(),
    until: z.iso.datetime(),
  }),
  /**
   * The answer to a request, under the request's key: the topic of events has Stripe's events of this time range again.
   */
  'checkout.reconciliation.completed': z.object({ since: z.iso.datetime(), until: z.iso.datetime() }),
  'checkout.session.verified': z.object({
    /** SHA-256 of the credential, because the credential itself must not be published. */
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

/** Type prefix of Stripe's events on our topics: `com.stripe.`, followed by Stripe's event type. */
export const STRIPE_TYPE_PREFIX = 'com.stripe.';

/** The record of one of our events. Throws ZodError when the data does not fit the type. */
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

/**
 * A stable event id in UUID form, from the parts that make the event unique. The same fact published twice has the same
 * id.
 */
export function derivedEventId(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\u0000')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `value` without client secrets, at any depth. Nothing that intent publishes contains a client secret. */
export function withoutClientSecrets<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutClientSecrets) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'client_secret')
      .map(([name, field]) => [name, withoutClientSecrets(field)]),
  ) as T;
}
