import type { Payment } from '@commercetools/platform-sdk';
import type { StripeMoneyFacts } from '../domain/audit.ts';
import { paymentIntentIdOf } from '../domain/payment-names.ts';
import type { Known } from '../domain/story.ts';
import { ownershipOfSnapshot, paymentOfSnapshot } from './payment-of-snapshot.ts';
import type { Snapshot } from './ports.ts';
import type { ExplainDependencies } from './ports-explain.ts';

/** Reads from one side; undefined when it has nothing, or does not answer. */
export type Ask = <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>;
export type AtStripe = { paymentIntent: Snapshot; facts: StripeMoneyFacts };

/** The objects behind an id, as far as they could be found. */
export interface Identified {
  readonly payment?: Payment | undefined;
  readonly paymentIntentId?: string | undefined;
  readonly atStripe?: AtStripe | undefined;
  readonly cartId?: string | undefined;
  readonly order?: Known['order'];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const STRIPE_ID = /^(pi|ch|py|re|pyr|du|dp|pdp|txn)_/;

/** Finds the payment and the PaymentIntent behind an id. */
export async function identifyPayment(deps: ExplainDependencies, asked: string, ask: Ask): Promise<Identified> {
  if (STRIPE_ID.test(asked)) {
    const id = asked.startsWith('pi_') ? asked : await ask('Stripe', () => deps.story.paymentIntentOf(asked));
    return id ? ofPaymentIntent(deps, id, ask) : {};
  }
  // commercetools refuses a value that cannot be an id.
  const mayBeId = UUID.test(asked);
  const payment =
    (mayBeId ? await ask('payments', () => deps.payments.byId(asked)) : undefined) ??
    (await ask('payments', () => deps.payments.byKey(asked)));
  if (payment) return ofPayment(deps, payment, ask);
  const cart = mayBeId ? await ask('carts', () => deps.orders.cart(asked)) : undefined;
  const order =
    (await ask('orders', () => deps.orders.byNumber(asked))) ??
    (mayBeId && !cart ? await ask('orders', () => deps.orders.byId(asked)) : undefined) ??
    (cart && (await ask('orders', () => deps.orders.ofCart(asked))));
  const paid = await paymentOf(deps, (order ?? cart)?.paymentInfo?.payments ?? [], ask);
  const cartId = cart?.id ?? order?.cart?.id;
  return paid ? { ...(await ofPayment(deps, paid, ask)), cartId, order } : { cartId, order };
}

/** The payment that has money, else the last one: earlier attempts were abandoned. */
async function paymentOf(
  deps: ExplainDependencies,
  payments: readonly { id: string }[],
  ask: Ask,
): Promise<Payment | undefined> {
  const read = await Promise.all(payments.map(({ id }) => ask('payments', () => deps.payments.byId(id))));
  const there = read.filter((payment) => payment !== undefined);
  return there.findLast(({ transactions }) => transactions.some(({ state }) => state === 'Success')) ?? there.at(-1);
}

async function ofPayment(deps: ExplainDependencies, payment: Payment, ask: Ask): Promise<Identified> {
  const paymentIntentId = paymentIntentIdOf(payment);
  const atStripe = paymentIntentId
    ? await ask('Stripe', () => deps.money.ofPaymentIntent(paymentIntentId, payment))
    : undefined;
  return { payment, paymentIntentId, atStripe, cartId: atStripe && ownershipOfSnapshot(atStripe.paymentIntent).cartId };
}

async function ofPaymentIntent(deps: ExplainDependencies, paymentIntentId: string, ask: Ask): Promise<Identified> {
  const tied = await ask('payments', () => deps.payments.byPaymentIntent(paymentIntentId));
  const atStripe = await ask('Stripe', () => deps.money.ofPaymentIntent(paymentIntentId, tied));
  const ownership = atStripe && ownershipOfSnapshot(atStripe.paymentIntent);
  const payment = tied ?? (atStripe && (await ask('payments', () => paymentOfSnapshot(deps, atStripe.paymentIntent))));
  return { payment, paymentIntentId, atStripe, cartId: ownership?.cartId };
}
