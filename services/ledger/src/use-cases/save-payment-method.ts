import type { Cart, Payment, PaymentMethod } from '@commercetools/platform-sdk';
import { PermanentError, StaleVersionError, TransientError } from '@connector/errors';
import { attemptOf } from '@connector/payment-model';
import type { Logger } from '@connector/telemetry';
import { LRUCache } from 'lru-cache';
import { localized, nameOf } from '../domain/method-name.ts';
import type { PaymentEvent } from '../domain/payment-event.ts';
import { generatedDebitOf, latestChargeOf } from '../domain/stripe-objects.ts';
import { methodKeyOf } from './follow-payment-method.ts';
import type { Carts, KnownPayments, PaymentMethods, Payments, RecurringJobs, StripePaymentMethod } from './ports.ts';
import type { RecordOutcome } from './record-payment-event.ts';

export interface SaveDependencies {
  payments: Pick<Payments, 'byId' | 'update'>;
  carts: Pick<Carts, 'byId'>;
  paymentMethods: Pick<PaymentMethods, 'withToken' | 'byKey' | 'create'>;
  jobs: RecurringJobs;
  /** Undefined for a method that Stripe does not have (any more). */
  stripePaymentMethod: (id: string) => Promise<StripePaymentMethod | undefined>;
  /** Id of the SEPA direct debit that the charge created for later payments, if any. */
  generatedDebit: (chargeId: string) => Promise<string | undefined>;
  paymentInterface: string;
  /** The account under which methods are stored, and in which intent looks for them. */
  interfaceAccount?: string | undefined;
  /** Whether stored methods get a name such as "Visa •••• 4242, 08/27". */
  names?: boolean;
  known: KnownPayments;
  log: Logger;
  now?: () => number;
}

/** A payment that shows its event. */
export type Recorded = Extract<RecordOutcome, { kind: 'recorded' }>;

export type SaveOutcome =
  /** A guest's payment, an event of another kind, or a payment that has its method already. */
  | { kind: 'nothing-to-save' }
  /** The shopper did not ask for it to be saved. */
  | { kind: 'not-saved-by-shopper' }
  | { kind: 'saved'; paymentMethodId: string; job: boolean };

/** Events after which it is known at Stripe whether the shopper saved the method. */
const SHOWS_METHOD = new Set(['charge.succeeded', 'payment_intent.succeeded', 'checkout.payment.reconciled']);

const STALE_ATTEMPTS = 5;

/**
 * A refused key (401) may have been renewed a moment ago, so it is worth a retry; a missing permission (403) is not.
 */
export const isMissingPermission = (error: unknown): boolean => error instanceof TransientError && error.status === 403;

/**
 * Stores the payment method of a payment for its customer, unless it is stored already, and writes its token on the
 * payment.
 *
 * For a cart with recurring items it requests a recurring payment job from Checkout, only one for each payment: two
 * jobs would charge the shopper twice. A process may have died between writing the token and requesting the job, so
 * each process checks a payment with a token once. Transactions without the shopper and the original connector's
 * payments have their tokens from elsewhere, and get no job.
 */
export function savePaymentMethod(
  deps: SaveDependencies,
): (event: PaymentEvent, recorded: Recorded) => Promise<SaveOutcome> {
  /** Ids of payments that have their job, need none, or cannot have one. */
  const seenTo = new LRUCache<string, true>({ max: 10_000 });

  const ensureJob = async (
    paymentId: string,
    cartId: string | undefined,
    methodOf: () => Promise<string | undefined>,
  ) => {
    const cart = cartId ? await deps.carts.byId(cartId) : undefined;
    const methodId = isRecurring(cart) ? await methodOf() : undefined;
    try {
      if (methodId !== undefined) await deps.jobs.create(paymentId, methodId);
    } catch (error) {
      if (!(error instanceof TransientError)) seenTo.set(paymentId, true);
      throw error;
    }
    seenTo.set(paymentId, true);
    return methodId;
  };

  return async (event, { payment, collected }) => {
    const used = usedMethodOf(event);
    const { customerId, businessUnit, cartId } = collected.ownership;
    if (!used || !customerId || seenTo.has(payment.id)) return { kind: 'nothing-to-save' };
    const present = payment.paymentMethodInfo.token?.value;
    if (present !== undefined) {
      if (!cartId || attemptOf(cartId, payment.key) === undefined) return { kind: 'nothing-to-save' };
      const methodId = await ensureJob(payment.id, cartId, () => storedUnder(deps, customerId, present));
      return methodId ? { kind: 'saved', paymentMethodId: methodId, job: true } : { kind: 'nothing-to-save' };
    }

    const atStripe = await reusable(deps, used);
    if (!atStripe) return { kind: 'not-saved-by-shopper' };
    const { id } = await findOrCreate(deps, { customerId, businessUnit }, atStripe);
    const isOurs = await claim(deps, payment, collected.paymentIntentId, atStripe.id, STALE_ATTEMPTS);
    const job = isOurs && (await ensureJob(payment.id, cartId, async () => id)) !== undefined;
    return { kind: 'saved', paymentMethodId: id, job };
  };
}

/** The id of the stored method with this token; undefined when it was deleted since. */
async function storedUnder(
  { paymentMethods, paymentInterface }: SaveDependencies,
  customerId: string,
  token: string,
): Promise<string | undefined> {
  const [method] = await paymentMethods.withToken({ customerId, paymentInterface, token });
  return method?.id;
}

/** The method of a successful payment. */
interface UsedMethod {
  readonly paymentMethodId: string | undefined;
  /** Named by the charge itself. */
  readonly generatedDebitId?: string | undefined;
  readonly chargeId?: string | undefined;
}

/** The method of a successful payment by a Stripe customer; undefined for anything else. */
function usedMethodOf({ type, detail }: PaymentEvent): UsedMethod | undefined {
  if (!SHOWS_METHOD.has(type)) return undefined;
  if (detail.kind === 'charge-changed') {
    const { status, captured, customer, payment_method: paymentMethodId } = detail.charge;
    const generatedDebitId = generatedDebitOf(detail.charge);
    // When a charge is captured, its PaymentIntent succeeds, and that event follows: one lookup for each payment is
    // enough.
    const isSaved = generatedDebitId || (!captured && customer && paymentMethodId);
    return status === 'succeeded' && isSaved ? { paymentMethodId, generatedDebitId } : undefined;
  }
  if (detail.kind !== 'payment-intent-changed') return undefined;
  const { status, customer, payment_method: paymentMethodId } = detail.paymentIntent;
  if (status !== 'succeeded' || !customer || !paymentMethodId) return undefined;
  return { paymentMethodId, chargeId: latestChargeOf(detail.paymentIntent) };
}

/** Single-use methods; when saved, they create a SEPA direct debit. */
const PAY_ONCE = new Set(['ideal', 'bancontact', 'sofort']);

/**
 * The method for later payments: the one used, or the SEPA direct debit that it created; undefined when the shopper
 * saved none.
 */
async function reusable(deps: SaveDependencies, used: UsedMethod): Promise<StripePaymentMethod | undefined> {
  const { paymentMethodId, generatedDebitId, chargeId } = used;
  const id = generatedDebitId ?? paymentMethodId;
  const method = id === undefined ? undefined : await deps.stripePaymentMethod(id);
  if (method?.customer) return method;
  if (!chargeId || !method || !PAY_ONCE.has(method.type)) return undefined;
  const left = await deps.generatedDebit(chargeId);
  const debit = left === undefined ? undefined : await deps.stripePaymentMethod(left);
  return debit?.customer ? debit : undefined;
}

/** commercetools allows several methods with the same token, so the unique key is derived from the token. */
async function findOrCreate(
  { paymentMethods, paymentInterface, interfaceAccount, names = false }: SaveDependencies,
  { customerId, businessUnit }: { customerId: string; businessUnit: string | undefined },
  { id: token, type: method, display }: StripePaymentMethod,
): Promise<PaymentMethod> {
  const of = { customerId, paymentInterface, token };
  const [known] = await paymentMethods.withToken(of);
  if (known) return known;
  const key = methodKeyOf(token);
  const name = names ? nameOf(method, display) : undefined;
  const created = await paymentMethods.create({
    key,
    customer: { typeId: 'customer', id: customerId },
    // An associate saved it for the business unit, not for itself.
    ...(businessUnit && { businessUnit: { typeId: 'business-unit', key: businessUnit } }),
    paymentInterface,
    ...(interfaceAccount && { interfaceAccount }),
    method,
    ...(name && { name: localized(name) }),
    default: false,
    paymentMethodStatus: 'Active',
    token: { value: token },
  });
  if (created) return created;
  const other = await paymentMethods.byKey(key);
  if (!other) throw new TransientError('the payment method exists and cannot be read yet', { reason: 'not_visible' });
  if (other.customer?.id === customerId) return other;
  throw new PermanentError("the payment method is another customer's", { reason: 'other_customer' });
}

/** Writes the token on the payment. Returns false when another writer did. */
async function claim(
  deps: SaveDependencies,
  payment: Payment,
  paymentIntentId: string,
  token: string,
  attemptsLeft: number,
): Promise<boolean> {
  if (payment.paymentMethodInfo.token) return false;
  try {
    const updated = await deps.payments.update(payment, [{ action: 'setMethodInfoToken', token: { value: token } }]);
    deps.known.set(paymentIntentId, updated);
    return true;
  } catch (error) {
    deps.known.delete(paymentIntentId);
    if (!(error instanceof StaleVersionError)) throw error;
    if (attemptsLeft <= 1)
      throw new TransientError('others keep changing the payment', { reason: 'conflict', cause: error });
    const newer = await deps.payments.byId(payment.id);
    if (!newer) throw new PermanentError('the payment is gone', { reason: 'gone', cause: error });
    return claim(deps, newer, paymentIntentId, token, attemptsLeft - 1);
  }
}

/** A customer's cart with an item that recurs. */
const isRecurring = (cart: Cart | undefined): boolean =>
  Boolean(cart?.customerId) &&
  [...(cart?.lineItems ?? []), ...(cart?.customLineItems ?? [])].some(({ recurrenceInfo }) => Boolean(recurrenceInfo));
