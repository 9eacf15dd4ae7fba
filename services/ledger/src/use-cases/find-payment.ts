import type { Payment } from '@commercetools/platform-sdk';
import { NotFoundError, PermanentError, StaleVersionError, TransientError } from '@connector/errors';
import { isKey, paymentKeyOfPaymentIntent } from '@connector/payment-model';
import { newPayment } from '../domain/new-payment.ts';
import type { CollectedFacts } from './collect-facts.ts';
import type { Carts, KnownPayments, Payments } from './ports.ts';

export interface FindDependencies {
  payments: Payments;
  carts: Carts;
  projectKey: string;
  paymentInterface: string;
  known: KnownPayments;
}

/** Whether a payment is on its cart, and if not, why not. */
export type Attachment = 'attached' | 'cart-gone' | 'cart-ordered' | 'cart-merged' | 'cart-refuses' | 'without-cart';

export type Found =
  /** `remembered`: from this process's cache, not read now. */
  | { kind: 'found'; payment: Payment; created?: Attachment; attachment?: Attachment; remembered?: true }
  /** Another integration's, or another project's, on the same Stripe account. */
  | { kind: 'foreign' }
  /** Ours, but nothing was ever charged and commercetools has no payment for it: nothing to record. */
  | { kind: 'nothing-to-record' };

/**
 * The commercetools payment of a PaymentIntent: from the cache, by the id or the key in its metadata, or by the
 * PaymentIntent's id; otherwise it is created, if a payment was attempted. A payment that is not linked to its
 * PaymentIntent yet may be half made: it is put on its cart first.
 */
export async function findPayment(dependencies: FindDependencies, collected: CollectedFacts): Promise<Found> {
  const { payments, known, projectKey } = dependencies;
  const { paymentIntentId, ownership } = collected;
  if (ownership.projectKey && ownership.projectKey !== projectKey) return { kind: 'foreign' };
  const remembered = known.get(paymentIntentId);
  if (remembered) return { kind: 'found', payment: remembered, remembered: true };

  const isIts = (payment: Payment | undefined): payment is Payment =>
    payment !== undefined && !isOfAnother(payment, paymentIntentId);
  for (const look of [
    () => (ownership.paymentId ? payments.byId(ownership.paymentId) : undefined),
    () => (ownership.paymentKey ? payments.byKey(ownership.paymentKey) : undefined),
    () => payments.byPaymentIntent(paymentIntentId),
  ]) {
    const payment = await look();
    if (isIts(payment)) {
      if (payment.interfaceId) return { kind: 'found', payment };
      return { kind: 'found', payment, attachment: await attach(dependencies.carts, payment.id, ownership.cartId) };
    }
  }
  if (!ownership.projectKey || !ownership.cartId) return { kind: 'foreign' };
  return create(dependencies, collected);
}

/**
 * Two PaymentIntents can have the same payment key in their metadata, if a cart changed between a failed opening and
 * its retry. The payment belongs to the PaymentIntent in its interfaceId. (The original connector could write another
 * kind of id there, which names no PaymentIntent.)
 */
const isOfAnother = ({ interfaceId }: Payment, paymentIntentId: string): boolean =>
  (interfaceId?.startsWith('pi_') ?? false) && interfaceId !== paymentIntentId;

async function create(dependencies: FindDependencies, collected: CollectedFacts): Promise<Found> {
  const { payments, carts, paymentInterface } = dependencies;
  const { money, paymentIntentId, ownership } = collected;
  if (!money) return { kind: 'nothing-to-record' };
  const cart = ownership.cartId ? await carts.byId(ownership.cartId) : undefined;
  const origin = { paymentIntentId, ownership, ...money };
  const { anonymousId } = cart ?? {};
  // The payment of another PaymentIntent may have the key in the metadata; then this payment gets a key of its own.
  for (const key of [ownership.paymentKey, paymentKeyOfPaymentIntent(paymentIntentId)]) {
    if (key === undefined || !isKey(key)) continue;
    const draft = newPayment(origin, { paymentInterface, key, anonymousId });
    const payment = (await createForCustomer(payments, draft)) ?? (await payments.byKey(key));
    if (payment && !isOfAnother(payment, paymentIntentId)) {
      const attachment = await attach(dependencies.carts, payment.id, ownership.cartId);
      return { kind: 'found', payment, created: attachment, attachment };
    }
  }
  throw new TransientError('the payment exists and cannot be read yet', { reason: 'not_visible' });
}

/** A deleted customer must not prevent the payment from being recorded. */
async function createForCustomer(payments: Payments, draft: Parameters<Payments['create']>[0]) {
  try {
    return await payments.create(draft);
  } catch (error) {
    if (!(error instanceof PermanentError) || !draft.customer) throw error;
    const { customer: _gone, ...withoutCustomer } = draft;
    return payments.create(withoutCustomer);
  }
}

/**
 * Puts the payment on its cart unless it is there already. A cart that is deleted, ordered or merged into another
 * accepts no payment; a frozen cart does. Even if commercetools refuses, the money is recorded.
 */
async function attach(
  carts: Carts,
  paymentId: string,
  cartId: string | undefined,
  attemptsLeft = 5,
): Promise<Attachment> {
  if (!cartId) return 'without-cart';
  const cart = await carts.byId(cartId);
  if (!cart) return 'cart-gone';
  if (cart.paymentInfo?.payments.some(({ id }) => id === paymentId)) return 'attached';
  if (cart.cartState === 'Ordered') return 'cart-ordered';
  if (cart.cartState === 'Merged') return 'cart-merged';
  try {
    await carts.addPayment(cart, paymentId);
    return 'attached';
  } catch (error) {
    if (error instanceof PermanentError) return 'cart-refuses';
    if (error instanceof NotFoundError) return 'cart-gone';
    if (!(error instanceof StaleVersionError) || attemptsLeft <= 1) throw error;
    return attach(carts, paymentId, cartId, attemptsLeft - 1);
  }
}
