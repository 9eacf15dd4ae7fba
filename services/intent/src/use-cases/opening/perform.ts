import { CommercetoolsRejection } from '@connector/commercetools';
import { TransientError } from '@connector/errors';
import { idempotencyKey, paymentKeyOf } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import { statusOf } from '../../domain/attempts.ts';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { SeenAttempt, Snapshot, Step } from '../../domain/opening.ts';
import { refusedOfPaymentIntent } from '../../domain/optional-data.ts';
import { paymentDraft } from '../../domain/payment-draft.ts';
import { attemptKey, createParams } from '../../domain/payment-intent-params.ts';
import { link } from '../link-payment.ts';
import { replaceStripeCustomer } from '../open-customer-session.ts';
import { findPaymentIntent } from './find-payment-intent.ts';
import type { Opening } from './opening.ts';

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;
export type Move = Exclude<Step, StepOf<'give' | 'refuse'>>;

/** How long to wait for a transaction that is being confirmed before the next look, in ms. */
const TRANSACTION_WAIT_MS = 500;

/**
 * Performs one step and returns the new snapshot, or undefined when everything must be read again. Throws what its
 * calls throw.
 */
export async function perform(opening: Opening, step: Move): Promise<Snapshot | undefined> {
  switch (step.kind) {
    case 'wait':
      await opening.deps.sleep(TRANSACTION_WAIT_MS);
      return undefined;
    case 'cancel':
      return cancel(opening, step);
    case 'find':
      return find(opening, step);
    case 'create':
      return create(opening, step);
    case 'update':
      return update(opening, step);
    case 'plan':
      return plan(opening, step);
    case 'attach':
      return attach(opening, step);
  }
}

/** The snapshot with one attempt replaced. */
const withAttempt = (snapshot: Snapshot, { payment }: SeenAttempt, change: Partial<SeenAttempt>): Snapshot => ({
  ...snapshot,
  attempts: snapshot.attempts.map((one) => (one.payment.id === payment.id ? { ...one, ...change } : one)),
});

/** A PaymentIntent that the shopper pays at this moment cannot be canceled: the next look shows it. */
async function cancel({ deps, snapshot }: Opening, { attempt }: StepOf<'cancel'>): Promise<Snapshot | undefined> {
  const { id } = attempt.paymentIntent;
  try {
    await deps.paymentIntents.cancel(id, idempotencyKey('replace', id));
    return withAttempt(snapshot, attempt, { status: 'over' });
  } catch (error) {
    if (error instanceof StripeRejection) return undefined;
    throw error;
  }
}

async function find(opening: Opening, step: StepOf<'find'>): Promise<Snapshot | undefined> {
  const { deps, memory, snapshot } = opening;
  const { attempt, wanted } = step;
  try {
    const id = await findPaymentIntent(opening, step);
    if (!id) {
      memory.givenUp.add(attempt.payment.id);
      return withAttempt(snapshot, attempt, { status: 'over' });
    }
    const payment = await link(deps.payments, attempt.payment, id);
    const paymentIntentId = payment.interfaceId ?? id;
    // The answer to a repeated call is a copy of the first answer, so the present state is read.
    const paymentIntent = await deps.paymentIntents.find(paymentIntentId);
    memory.attachedIds.add(paymentIntentId);
    if (memory.detached.has(payment.id)) memory.detached.set(payment.id, payment);
    const status = paymentIntent ? statusOf(paymentIntent) : 'over';
    return withAttempt(snapshot, attempt, { payment, paymentIntent, status });
  } catch (error) {
    if (await leftOut(opening, error, wanted.customer)) return undefined;
    throw error;
  }
}

/** Creates the next attempt's PaymentIntent and payment at the same time. */
async function create(opening: Opening, { number, wanted }: StepOf<'create'>): Promise<Snapshot | undefined> {
  const { deps, request, memory, snapshot } = opening;
  const { cart, customer } = snapshot;
  const { customerId: _gone, ...withoutCustomer } = cart;
  const paymentKey = paymentKeyOf(cart.id, number);
  const params = createParams(paymentKey, wanted);
  const key = attemptKey(paymentKey, wanted.due, ...memory.variant);
  const draft = paymentDraft({
    key: paymentKey,
    // commercetools accepts no payment of a deleted customer.
    cart: customer ? cart : withoutCustomer,
    amount: wanted.due,
    paymentInterface: deps.settings.paymentInterface,
    checkoutTransactionItemId: request.session.checkoutTransactionItemId,
  });
  const [made, stored] = await Promise.allSettled([
    deps.paymentIntents.create(params, key),
    storePayment(opening, draft),
  ]);
  if (made.status === 'fulfilled' && made.value.kind === 'created') memory.created.set(key, made.value.paymentIntent);
  if (made.status === 'rejected') {
    if (await leftOut(opening, made.reason, wanted.customer)) return undefined;
    throw made.reason;
  }
  if (stored.status === 'rejected') {
    // The cached customer may be deleted: the next look reads it.
    if (stored.reason instanceof CommercetoolsRejection && memory.recalledCustomer) return undefined;
    throw stored.reason;
  }

  const { payment, isOurs } = stored.value;
  // Another request, or an earlier one that failed half way, created this attempt: continue with it.
  if (!isOurs) return undefined;
  return made.value.kind === 'created'
    ? withCreated(snapshot, { payment, number, paymentIntent: made.value.paymentIntent })
    : createAgain(opening, { payment, number, paymentKey }, params, key);
}

const withCreated = (
  snapshot: Snapshot,
  created: { payment: Payment; number: number; paymentIntent: Stripe.PaymentIntent },
): Snapshot => {
  const attempt = {
    ...created,
    paymentIntentId: undefined,
    isOnCart: true,
    status: 'waiting',
    isAsAsked: true,
  } as const;
  return { ...snapshot, attempts: [...snapshot.attempts, attempt] };
};

/** A request that failed before it created a payment used `key` with other parameters; nobody got its PaymentIntent. */
async function createAgain(
  { deps, memory, snapshot }: Opening,
  { payment, number, paymentKey }: { payment: Payment; number: number; paymentKey: string },
  params: Stripe.PaymentIntentCreateParams,
  key: string,
): Promise<Snapshot | undefined> {
  const againKey = idempotencyKey('open-again', paymentKey, params);
  const made = await deps.paymentIntents.create(params, againKey);
  if (made.kind === 'other-parameters') return undefined;
  const { paymentIntent } = made;
  memory.created.set(`again ${key}`, paymentIntent);
  const linked = await link(deps.payments, payment, paymentIntent.id);
  if (linked.interfaceId !== paymentIntent.id) return undefined;
  return withCreated(snapshot, { payment: linked, number, paymentIntent });
}

/** The payment of an attempt on the cart; it is not ours if a payment with its key existed. */
async function storePayment(opening: Opening, draft: ReturnType<typeof paymentDraft>) {
  const { deps, memory } = opening;
  const { kind, payment } = await deps.payments.create(draft);
  // Until it is on the cart, only this request knows it.
  memory.detached.set(payment.id, payment);
  const isOurs = kind === 'created' && (await addToCart(opening, payment.id));
  return { payment, isOurs };
}

/**
 * Puts a payment on the cart at the version that was read, because a payment added since, such as a merchant's
 * transaction, may have paid it. Returns false when commercetools refuses for the first time: the next look shows why,
 * for example because the cart was ordered meanwhile.
 */
async function addToCart({ deps, memory, snapshot }: Opening, paymentId: string) {
  try {
    await deps.carts.addPayment(snapshot.cart, paymentId, { onlyAtThisVersion: true });
    return true;
  } catch (error) {
    if (!(error instanceof CommercetoolsRejection) || memory.attachRefused) throw error;
    memory.attachRefused = true;
    return false;
  }
}

/** Stripe first: a shopper who pays at this moment pays Stripe's amount, and amountPlanned follows it. */
async function update(opening: Opening, { attempt, params }: StepOf<'update'>): Promise<Snapshot | undefined> {
  const { deps, request, memory, snapshot } = opening;
  const { id } = attempt.paymentIntent;
  const key = idempotencyKey('update', id, snapshot.cart.version, params, request.requestId);
  try {
    const paymentIntent = await deps.paymentIntents.update(id, params, key);
    return withAttempt(snapshot, attempt, { paymentIntent, isAsAsked: true });
  } catch (error) {
    if (await leftOut(opening, error, params.customer || undefined)) return undefined;
    if (!(error instanceof StripeRejection)) throw error;
    // The shopper was faster, or Stripe does not change it in this state: the next look shows which.
    memory.rejectedUpdates.add(id);
    return undefined;
  }
}

async function plan({ deps, snapshot }: Opening, { attempt, amount }: StepOf<'plan'>): Promise<Snapshot> {
  const interfaceId = attempt.payment.interfaceId ? {} : { interfaceId: attempt.paymentIntent.id };
  const payment = await deps.payments.change(attempt.payment, { amountPlanned: amount, ...interfaceId });
  return withAttempt(snapshot, attempt, { payment });
}

async function attach(opening: Opening, { attempt }: StepOf<'attach'>): Promise<Snapshot | undefined> {
  const isDone = await addToCart(opening, attempt.payment.id);
  return isDone ? withAttempt(opening.snapshot, attempt, { isOnCart: true }) : undefined;
}

/**
 * Whether Stripe refused optional data, which is left out from now on (rulings 38). A deleted Stripe customer is
 * replaced first. The create call gets another key, because Stripe would repeat its refusal for the same key.
 */
async function leftOut({ deps, memory, snapshot }: Opening, error: unknown, customerId?: string): Promise<boolean> {
  const field = refusedOfPaymentIntent(error);
  if (!field || memory.leftOut.has(field)) return false;
  const { cart, customer } = snapshot;
  metrics.optionalDataRefused.inc({ field });
  deps.log.warn({ error, field, cartId: cart.id }, 'Stripe refused data that a payment can do without');
  if (field === 'customer' && customer && customerId && !memory.replacesCustomer) {
    memory.replacesCustomer = true;
    memory.variant.push(`instead of ${customerId}`);
    await replaceStripeCustomer(deps, cart, customer);
    return true;
  }
  memory.variant.push(field);
  memory.leftOut.add(field);
  return true;
}

/**
 * Cancels a PaymentIntent that this request created for an attempt of another request; its client secret never left
 * this process. A PaymentIntent that belongs to any attempt, also a paid one, is not touched; nor is one that somebody
 * is paying.
 */
export function cancelSpares({ deps: { inBackground, paymentIntents }, memory, snapshot }: Opening): void {
  const knowsAll = snapshot.attempts.every(({ status, isOnCart }) => status !== 'unknown' || !isOnCart);
  if (snapshot.isRemembered || !knowsAll) return;
  for (const { id } of memory.created.values()) {
    if (memory.attachedIds.has(id)) continue;
    inBackground('cancel a spare PaymentIntent', async () => {
      const now = await paymentIntents.find(id);
      if (now && statusOf(now) === 'waiting') await paymentIntents.cancel(id, idempotencyKey('replace', id));
    });
  }
}

/**
 * Whether another request did the same at the same moment, or Stripe has locked the object for the browser: then look
 * again.
 */
export const isConflict = (error: unknown): boolean => error instanceof TransientError && error.reason === 'conflict';
