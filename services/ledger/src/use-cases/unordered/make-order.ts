import { PermanentError } from '@connector/errors';
import { orderNumberOf } from '../../domain/order-number.ts';
import {
  type CartView,
  type MovedState,
  movedState,
  type OrderRef,
  type PaymentState,
  verdictOf,
} from '../../domain/unordered.ts';
import type { Intention } from '../ports-unordered.ts';
import { begin, end, intentionOf, settled } from './intention.ts';
import { look } from './look.ts';
import { found, type GroupOutcome, type SettleDependencies, type Work } from './work.ts';

/** Makes the order, unless somebody else was first; publishes it once. */
export async function order(work: Work, paymentState: PaymentState): Promise<GroupOutcome> {
  const { deps, options, snapshot } = work;
  const cart = snapshot.cart as CartView;
  const orderNumber = orderNumberOf(options.orderNumber, cart.id);
  const known = work.group.intention?.orderNumber === orderNumber ? work.group.intention : undefined;
  if (!known && !options.mayBegin()) return found(work, 'ready', { isLimited: true });
  const intention = known ?? (await begin(work, intentionOf(work, 'create', orderNumber)));
  const made = await orderOr(work, intention, () => deps.orders.create(cart, { orderNumber, paymentState }));
  if ('kind' in made) return made;
  const moved = await afterMoneyMoved(deps, made, intention);
  const created = {
    kind: 'order_created' as const,
    orderId: made.id,
    orderNumber,
    paymentState: moved ?? paymentState,
  };
  const outcome = await settled(work, intention, created);
  const left = moved && found(work, 'money_moved', { detail: `order ${orderNumber} is ${moved}` });
  return left && outcome.kind === 'settled' ? { ...outcome, left } : outcome;
}

/**
 * Stripe and commercetools share no transaction. So Stripe is read once more after the order is made: if the money was
 * refunded, canceled or disputed in between, the order's payment state says that it is not paid. A later change
 * concerns an existing order, which its owner handles.
 */
async function afterMoneyMoved(
  { moneyAtStripe, orders }: SettleDependencies,
  { id }: OrderRef,
  { payments }: Intention,
): Promise<MovedState | undefined> {
  const held = await Promise.all(payments.map(({ paymentIntentId }) => moneyAtStripe(paymentIntentId)));
  const moved = movedState(held);
  if (moved) await orders.changePaymentState(id, moved);
  return moved;
}

/** The order, whoever made it; an outcome if there is none of ours. */
async function orderOr(
  work: Work,
  intention: Intention,
  create: () => Promise<OrderRef | 'number-taken'>,
): Promise<OrderRef | GroupOutcome> {
  const { deps, snapshot, group } = work;
  const { cart } = snapshot;
  try {
    const made = await create();
    if (made !== 'number-taken') return made;
    const holder = await deps.orders.byNumber(intention.orderNumber ?? '');
    if (holder && holder.cartId === cart?.id) return holder;
    await end(work, intention);
    return found(work, 'order_number_taken');
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const verdict = verdictOf(await look(deps, group));
    if (verdict.kind === 'ordered' && verdict.order.orderNumber === intention.orderNumber) return verdict.order;
    await end(work, intention);
    if (verdict.kind !== 'unordered') return { kind: 'elsewhere' };
    return found(work, 'refused', { detail: error.code });
  }
}

/** An order exists: it is ours if it has our number; otherwise somebody else was first, and nothing is published. */
export async function afterOrder(
  work: Work,
  intention: Intention,
  { id, orderNumber, cartId }: OrderRef,
): Promise<GroupOutcome> {
  if (orderNumber !== undefined && orderNumber === intention.orderNumber && cartId === intention.cartId) {
    return settled(work, intention, { kind: 'order_created', orderId: id, orderNumber });
  }
  await end(work, intention);
  return { kind: 'elsewhere' };
}
