import { CommercetoolsRejection } from '@connector/commercetools';
import { idempotencyKey, paymentKeyOf } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { Snapshot, Step } from '../../domain/opening.ts';
import { paymentDraft } from '../../domain/payment-draft.ts';
import { attemptKey, createParams } from '../../domain/payment-intent-params.ts';
import { link } from '../link-payment.ts';
import { leftOut } from './left-out.ts';
import type { Opening } from './opening.ts';

/** Creates the next attempt's PaymentIntent and payment at the same time. */
export async function createAttempt(
  opening: Opening,
  { number, wanted }: Extract<Step, { kind: 'create' }>,
): Promise<Snapshot | undefined> {
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
export async function addToCart({ deps, memory, snapshot }: Opening, paymentId: string) {
  try {
    await deps.carts.addPayment(snapshot.cart, paymentId, { onlyAtThisVersion: true });
    return true;
  } catch (error) {
    if (!(error instanceof CommercetoolsRejection) || memory.attachRefused) throw error;
    memory.attachRefused = true;
    return false;
  }
}
