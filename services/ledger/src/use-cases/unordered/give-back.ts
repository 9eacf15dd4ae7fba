import { idempotencyKey } from '@connector/payment-model';
import { isPaid, type Verdict } from '../../domain/unordered.ts';
import type { Intention, Operations } from '../ports.ts';
import { end, publish, settled } from './intention.ts';
import { found, type GroupOutcome, type Work } from './work.ts';

/**
 * Whole, at rest, on an open cart: what the money was for may have changed, to whom it belongs has not. Where another provider holds a part of
 * what the cart costs, a gift card for one, a person returns both.
 */
export function isReturnable({ snapshot: { cart, payments } }: Work, verdict: Verdict): boolean {
  if (verdict.kind !== 'unordered' || (verdict.reason !== 'ready' && verdict.reason !== 'total_differs')) return false;
  const isOurs = new Set(payments.map(({ id }) => id));
  return cart?.payments.every((payment) => isOurs.has(payment.id) || !isPaid(payment)) ?? false;
}

/**
 * What was begun is finished once the payment has left the cart, unless an order names it, or a dispute took the money. Before that nothing
 * has happened, and the cart is looked at as if for the first time.
 */
export async function goOnReturning(work: Work, intention: Intention, verdict: Verdict): Promise<GroupOutcome> {
  const { options, snapshot } = work;
  const { cart } = snapshot;
  const isBegun = (id: string) => intention.payments.some(({ paymentId }) => paymentId === id);
  const isOnCart = cart?.payments.some(({ id }) => isBegun(id)) ?? false;
  if (verdict.kind === 'ordered') {
    await end(work, intention);
    return { kind: 'elsewhere' };
  }
  const isDisputed = intention.payments.some(({ paymentId }) => snapshot.held.get(paymentId)?.isDisputed);
  if (isDisputed || (isOnCart && !isReturnable(work, verdict))) {
    await end(work, intention);
    return verdict.kind === 'unordered' ? found(work, verdict.reason) : { kind: 'elsewhere' };
  }
  if (options.mode === 'return') return giveBack(work, intention);
  if (verdict.kind !== 'unordered') return { kind: 'elsewhere' };
  return found(work, isOnCart ? verdict.reason : 'return_unfinished');
}

/**
 * First the payment leaves the cart, at the version at which no order was there: an order made meanwhile has changed the version, and none
 * that is made afterwards holds a payment whose money goes back.
 */
export async function giveBack(work: Work, intention: Intention): Promise<GroupOutcome> {
  const { deps, snapshot } = work;
  const { cart } = snapshot;
  const ids = intention.payments.map(({ paymentId }) => paymentId);
  const onCart = cart?.payments.map(({ id }) => id).filter((id) => ids.includes(id)) ?? [];
  if (cart && onCart.length > 0 && cart.cartState !== 'Ordered' && cart.cartState !== 'Merged') {
    await deps.carts.detach(cart, onCart);
    // An imported order does not ask the cart.
    const named = (await deps.orders.of(ids)).length > 0;
    if (named) {
      await end(work, intention);
      return { kind: 'elsewhere' };
    }
  }
  const outcomes = new Map<string, Awaited<ReturnType<Operations['reverse']>>>();
  for (const { paymentId } of intention.payments) {
    outcomes.set(paymentId, await deps.operations.reverse(paymentId, returnKeyOf(paymentId)));
  }
  const done = intention.payments.filter(({ paymentId }) => outcomes.get(paymentId) === 'done');
  if ([...outcomes.values()].includes('refused')) {
    await publish(deps, intention, done, { kind: 'returned' });
    return found(work, 'refused', { detail: 'Stripe gave nothing back' });
  }
  return settled(work, intention, { kind: 'returned' }, done);
}

/** One for each payment, for good: Stripe's metadata keeps what was done under it. */
const returnKeyOf = (paymentId: string): string => idempotencyKey('unordered', paymentId);
