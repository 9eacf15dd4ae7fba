import type { Payment } from '@commercetools/platform-sdk';
import {
  derivedEventId,
  type EventData,
  type EventRecord,
  eventRecord,
  PAYMENT_TRANSACTIONS,
  SOURCES,
} from '@connector/contracts';
import { PermanentError } from '@connector/errors';
import { idempotencyKey } from '@connector/payment-model';
import {
  type CartView,
  type HeldMoney,
  isPaid,
  type MovedState,
  movedState,
  type OrderRef,
  orderNumberOf,
  type PaymentState,
  paidSince,
  paymentIntentIdOf,
  type SettleMode,
  type UnorderedReason,
  type UnorderedSnapshot,
  type Verdict,
  verdictOf,
} from '../domain/unordered.ts';
import type {
  Intention,
  Intentions,
  MoneyAtStripe,
  Operations,
  Orders,
  PaidCarts,
  Payments,
  SettledPayment,
} from './ports.ts';

export interface SettleDependencies {
  payments: Pick<Payments, 'byId'>;
  carts: PaidCarts;
  orders: Orders;
  moneyAtStripe: MoneyAtStripe;
  operations: Operations;
  intentions: Intentions;
  producer: { send(topic: string, record: EventRecord): Promise<void> };
  paymentInterface: string;
  now: () => Date;
}

export interface SettleOptions {
  readonly mode: SettleMode;
  /** With `{cartId}`. */
  readonly orderNumber: string;
  /** Asked once for each cart that is about to be settled, just before. */
  readonly mayBegin: () => boolean;
}

/** Paid payments of one cart, or one whose cart does not have it. */
export interface UnorderedGroup {
  readonly cartId: string | undefined;
  readonly payments: readonly Payment[];
  /** What was begun and not ended, by an earlier run or this one. */
  intention?: Intention;
}

export type GroupOutcome =
  /** An order names them by now, or the money was given back by others. */
  | { readonly kind: 'elsewhere' }
  | (Found & { readonly kind: 'found' })
  | {
      readonly kind: 'settled';
      readonly settlement: 'order_created' | 'returned';
      readonly orderNumber?: string | undefined;
      /** What a person still has to look at: the money moved while the order was made. */
      readonly left?: Found | undefined;
    };

export interface Found {
  readonly reason: UnorderedReason;
  readonly cart: CartView | undefined;
  /** Those that no order names. */
  readonly payments: readonly Payment[];
  /** Code of a refusal. */
  readonly detail?: string | undefined;
  /** It could be settled, but this run has settled as many as it may. */
  readonly isLimited?: boolean;
}

type Settlement = EventData<'checkout.payment.settled_without_order'>['settlement'];

interface Work {
  readonly deps: SettleDependencies;
  readonly options: SettleOptions;
  readonly group: UnorderedGroup;
  readonly snapshot: UnorderedSnapshot;
}

/**
 * Looks at the paid payments of a cart as they are now, and does what is asked for where the verdict allows it. What decides a race is at
 * commercetools and Stripe, never here: the cart's version and the order's number (an order), the cart's version and the operation's key (a
 * return). It may be killed between any two calls and run again, here or elsewhere, at the same time too.
 * Throws StaleVersionError and TransientError where it is to be done again from the start.
 */
export async function settleGroup(
  deps: SettleDependencies,
  options: SettleOptions,
  group: UnorderedGroup,
): Promise<GroupOutcome> {
  const snapshot = await look(deps, group);
  const verdict = verdictOf(snapshot);
  const work = { deps, options, group, snapshot };
  const { intention } = group;
  if (intention?.settlement === 'return') return goOnReturning(work, intention, verdict);
  if (intention && verdict.kind === 'ordered') return afterOrder(work, intention, verdict.order);
  if (verdict.kind === 'unordered' && verdict.reason === 'ready' && options.mode === 'create') {
    return order(work, verdict.paymentState);
  }
  if (intention) await end(work, intention);
  if (verdict.kind !== 'unordered') return { kind: 'elsewhere' };
  if (options.mode !== 'return' || !isReturnable(work, verdict)) return found(work, verdict.reason);
  if (!options.mayBegin()) return found(work, verdict.reason, { isLimited: true });
  return giveBack(work, await begin(work, intentionOf(work, 'return')));
}

function found(
  { snapshot: { cart, orders, payments } }: Work,
  reason: UnorderedReason,
  more: Pick<Found, 'detail' | 'isLimited'> = {},
): Found & { readonly kind: 'found' } {
  const isLeft = (payment: Payment): boolean =>
    isPaid(payment) &&
    paidSince(payment) !== undefined &&
    !orders.some(({ paymentIds }) => paymentIds.includes(payment.id));
  return { kind: 'found', reason, cart, payments: payments.filter(isLeft), ...more };
}

/**
 * Whole, at rest, on an open cart: what the money was for may have changed, to whom it belongs has not. Where another provider holds a part of
 * what the cart costs, a gift card for one, a person returns both.
 */
function isReturnable({ snapshot: { cart, payments } }: Work, verdict: Verdict): boolean {
  if (verdict.kind !== 'unordered' || (verdict.reason !== 'ready' && verdict.reason !== 'total_differs')) return false;
  const isOurs = new Set(payments.map(({ id }) => id));
  return cart?.payments.every((payment) => isOurs.has(payment.id) || !isPaid(payment)) ?? false;
}

async function begin({ deps, group }: Work, intention: Intention): Promise<Intention> {
  await deps.intentions.begin(intention);
  group.intention = intention;
  return intention;
}

async function end({ deps, group }: Work, intention: Intention): Promise<void> {
  await deps.intentions.end(intention);
  delete group.intention;
}

async function look(deps: SettleDependencies, group: UnorderedGroup): Promise<UnorderedSnapshot> {
  const cart = group.cartId === undefined ? undefined : await deps.carts.byId(group.cartId);
  const onCart = new Map(cart?.payments.map((payment) => [payment.id, payment]));
  const wanted = new Set([
    ...group.payments.map(({ id }) => id),
    ...(group.intention?.payments ?? []).map(({ paymentId }) => paymentId),
  ]);
  const elsewhere = await Promise.all([...wanted].filter((id) => !onCart.has(id)).map((id) => deps.payments.byId(id)));
  const isOurs = (payment: Payment) =>
    wanted.has(payment.id) || (payment.paymentMethodInfo.paymentInterface === deps.paymentInterface && isPaid(payment));
  const payments = [...[...onCart.values()].filter(isOurs), ...elsewhere.filter((payment) => payment !== undefined)];
  const [orders, ...money] = await Promise.all([
    deps.orders.of([...wanted, ...payments.map(({ id }) => id)], group.cartId),
    ...payments.map((payment) => heldBy(deps, payment, cart)),
  ]);
  return { payments, cart, orders, held: new Map(payments.map(({ id }, at) => [id, money[at]])) };
}

/** Undefined where Stripe's PaymentIntent is of another cart: then nothing of it is this cart's. */
async function heldBy(
  deps: SettleDependencies,
  payment: Payment,
  cart: CartView | undefined,
): Promise<HeldMoney | undefined> {
  const paymentIntentId = paymentIntentIdOf(payment);
  const money = paymentIntentId === undefined ? undefined : await deps.moneyAtStripe(paymentIntentId);
  return money?.cartId && cart && money.cartId !== cart.id ? undefined : money;
}

async function order(work: Work, paymentState: PaymentState): Promise<GroupOutcome> {
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
  const outcome = await told(work, intention, created);
  const left = moved && found(work, 'money_moved', { detail: `order ${orderNumber} is ${moved}` });
  return left && outcome.kind === 'settled' ? { ...outcome, left } : outcome;
}

/**
 * Stripe and commercetools share no transaction: a refund, a cancelation or a dispute between the last look and the order is seen by another look
 * behind it, and the order says that it is not paid. What comes later meets an order, and is its owner's to handle.
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

/** The order, whoever was first; an outcome where there is none of ours. */
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

/** An order is there: ours when it has our number, else somebody was faster and nothing is to be told. */
async function afterOrder(
  work: Work,
  intention: Intention,
  { id, orderNumber, cartId }: OrderRef,
): Promise<GroupOutcome> {
  if (orderNumber !== undefined && orderNumber === intention.orderNumber && cartId === intention.cartId) {
    return told(work, intention, { kind: 'order_created', orderId: id, orderNumber });
  }
  await end(work, intention);
  return { kind: 'elsewhere' };
}

/**
 * What was begun is finished once the payment has left the cart, unless an order names it, or a dispute took the money. Before that nothing
 * has happened, and the cart is looked at as if for the first time.
 */
async function goOnReturning(work: Work, intention: Intention, verdict: Verdict): Promise<GroupOutcome> {
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
async function giveBack(work: Work, intention: Intention): Promise<GroupOutcome> {
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
  return told(work, intention, { kind: 'returned' }, done);
}

/** One for each payment, for good: Stripe's metadata keeps what was done under it. */
const returnKeyOf = (paymentId: string): string => idempotencyKey('unordered', paymentId);

async function told(
  work: Work,
  intention: Intention,
  settlement: Settlement,
  payments: readonly SettledPayment[] = intention.payments,
): Promise<GroupOutcome> {
  await publish(work.deps, intention, payments, settlement);
  await end(work, intention);
  if (payments.length === 0) return { kind: 'elsewhere' };
  const { kind } = settlement;
  return {
    kind: 'settled',
    settlement: kind,
    ...(kind === 'order_created' && { orderNumber: settlement.orderNumber }),
  };
}

/** The same settlement of a payment is the same event, however often and by whomever it is told. */
async function publish(
  { producer, now }: SettleDependencies,
  { cartId }: Intention,
  payments: readonly SettledPayment[],
  settlement: Settlement,
): Promise<void> {
  const type = 'checkout.payment.settled_without_order';
  for (const { paymentId, paymentIntentId, paymentKey, amount, paidSince: since } of payments) {
    await producer.send(
      PAYMENT_TRANSACTIONS,
      eventRecord(
        type,
        {
          key: paymentIntentId,
          id: derivedEventId(type, paymentId, settlement.kind),
          source: SOURCES.unordered,
          subject: paymentIntentId,
          time: now(),
        },
        { paymentId, paymentIntentId, ...(paymentKey && { paymentKey }), cartId, amount, paidSince: since, settlement },
      ),
    );
  }
}

function intentionOf({ snapshot }: Work, settlement: Intention['settlement'], orderNumber?: string): Intention {
  const { cart, payments } = snapshot;
  return {
    settlement,
    cartId: (cart as CartView).id,
    ...(orderNumber && { orderNumber }),
    payments: payments.filter(isPaid).map((payment) => ({
      paymentId: payment.id,
      paymentIntentId: paymentIntentIdOf(payment) ?? '',
      ...(payment.key && { paymentKey: payment.key }),
      amount: moneyOf(payment),
      paidSince: (paidSince(payment) ?? new Date(payment.createdAt)).toISOString(),
    })),
  };
}

const moneyOf = ({ amountPlanned: { centAmount, currencyCode, fractionDigits } }: Payment) => ({
  centAmount,
  currencyCode,
  fractionDigits,
});
