import { idempotencyKey } from '@connector/payment-model';
import { isPaid, type Verdict } from '../../domain/unordered.ts';
import type { Intention, Operations } from '../ports-unordered.ts';
import { end, publish, settled } from './intention.ts';
import { found, type GroupOutcome, type Work } from './work.ts';

/**
 * Money that may be returned: complete, at rest, and on an open cart (the cart's content may have changed). If another
 * provider, such as a gift card, holds a part of the cart's price, a person must return both.
 */
export function isReturnable({ snapshot: { cart, payments } }: Work, verdict: Verdict): boolean {
  if (verdict.kind !== 'unordered' || (verdict.reason !== 'ready' && verdict.reason !== 'total_differs')) return false;
  const isOurs = new Set(payments.map(({ id }) => id));
  return cart?.payments.every((payment) => isOurs.has(payment.id) || !isPaid(payment)) ?? false;
}

/**
 * A return that was begun is finished if the payment has left the cart, unless an order refers to it or a dispute took
 * the money. If the payment is still on the cart, nothing has happened yet, and the cart is handled from the start.
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
 * First removes the payment from the cart, at the version that had no order: an order made in between has changed the
 * version, and an order made afterwards cannot contain the payment.
 */
export async function giveBack(work: Work, intention: Intention): Promise<GroupOutcome> {
  const { deps, snapshot } = work;
  const { cart } = snapshot;
  const ids = intention.payments.map(({ paymentId }) => paymentId);
  const onCart = cart?.payments.map(({ id }) => id).filter((id) => ids.includes(id)) ?? [];
  if (cart && onCart.length > 0 && cart.cartState !== 'Ordered' && cart.cartState !== 'Merged') {
    await deps.carts.detach(cart, onCart);
    // An order import does not check the cart's version.
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

/** The operation's key, one for each payment: Stripe's metadata keeps for good what was done with it. */
const returnKeyOf = (paymentId: string): string => idempotencyKey('unordered', paymentId);
