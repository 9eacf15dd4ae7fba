import type { Payment } from '@commercetools/platform-sdk';
import { paymentIntentIdOf } from '../../domain/payment-names.ts';
import { type CartView, type HeldMoney, isPaid, type UnorderedSnapshot } from '../../domain/unordered.ts';
import type { SettleDependencies, UnorderedGroup } from './work.ts';

/** The present state of the cart, its payments, the orders that refer to them, and the money at Stripe. */
export async function look(deps: SettleDependencies, group: UnorderedGroup): Promise<UnorderedSnapshot> {
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

/** Undefined when the PaymentIntent belongs to another cart: then its money is not this cart's. */
async function heldBy(
  deps: SettleDependencies,
  payment: Payment,
  cart: CartView | undefined,
): Promise<HeldMoney | undefined> {
  const paymentIntentId = paymentIntentIdOf(payment);
  const money = paymentIntentId === undefined ? undefined : await deps.moneyAtStripe(paymentIntentId);
  return money?.cartId && cart && money.cartId !== cart.id ? undefined : money;
}
