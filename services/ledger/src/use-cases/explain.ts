import type { Payment } from '@commercetools/platform-sdk';
import { NotFoundError } from '@connector/errors';
import { moneyDifferences, type StripeMoneyFacts } from '../domain/audit.ts';
import { type Known, type StoryLine, storyOf } from '../domain/story.ts';
import { type Verdict, verdictOf } from '../domain/verdict.ts';
import { ownerOf } from '../domain/whose-event.ts';
import { ownershipOfSnapshot, paymentOfSnapshot } from './payment-of-snapshot.ts';
import type { Snapshot } from './ports.ts';
import type { ExplainDependencies } from './ports-explain.ts';
import { compare } from './reconcile-object.ts';

export interface Explanation {
  readonly known: Known;
  readonly story: readonly StoryLine[];
  readonly verdict: Verdict;
}

/** Events are looked for from this long before the payment was made, in ms: clocks differ. */
const BEFORE_MS = 60 * 60_000;

/**
 * Finds everything about one payment by any of its names (payment id or key, cart id, order id or number, PaymentIntent, charge, refund, dispute or
 * balance transaction) and says whether all is well. A side that does not answer is named in the explanation and ends nothing.
 */
export async function explain(
  deps: ExplainDependencies,
  asked: string,
  handledWithinMs?: number,
): Promise<Explanation> {
  const unavailable: { what: string; why: string }[] = [];
  const ask = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      unavailable.push({ what, why: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const found = await identify(deps, asked, ask);
  const { payment, atStripe, paymentIntentId } = found;
  const facts = atStripe?.facts;
  const metadata = facts?.paymentIntent.metadata;
  const cart = found.cartId
    ? await ask('the cart', () => deps.orders.cart(found.cartId as string))
    : payment && (await ask('the cart', () => deps.orders.cartOfPayment(payment.id)));
  const [order, declines, movements, messages, deadLetters, undelivered, due] = await Promise.all([
    ask(
      'orders',
      async () =>
        found.order ??
        (payment && (await deps.orders.ofPayment(payment.id))) ??
        (cart && (await deps.orders.ofCart(cart.id))),
    ),
    ask("Stripe's charges", async () => (facts ? deps.story.declinesOf(facts.paymentIntent.id) : [])),
    ask("Stripe's balance transactions", async () => (facts ? deps.story.movementsOf(sourcesOf(facts)) : [])),
    ask('the topics', async () =>
      paymentIntentId ? deps.messages.of(paymentIntentId, sinceOf(payment, facts)) : undefined,
    ),
    ask('the dead letters', async () => (paymentIntentId ? deps.messages.deadLettersOf(paymentIntentId) : [])),
    ask("Stripe's undelivered events", async () => (facts ? deps.story.undelivered(objectsOf(facts)) : [])),
    ask('what the ledger would write', async () => (atStripe && payment ? dueOf(deps, payment, atStripe) : [])),
  ]);
  const known: Known = {
    now: deps.now(),
    payment,
    cart,
    order,
    stripe: facts,
    whose: facts && (ownerOf(metadata, deps.projectKey) ?? 'foreign'),
    otherPayments: ((order ?? cart)?.paymentInfo?.payments ?? []).flatMap(({ id }) => (id === payment?.id ? [] : [id])),
    declines: declines ?? [],
    movements: movements ?? [],
    messages: messages?.seen ?? [],
    cutTopics: messages?.cut ?? [],
    deadLetters: deadLetters ?? [],
    undelivered: undelivered ?? [],
    due: due ?? [],
    differences: payment && facts ? moneyDifferences(payment, facts) : [],
    unavailable: unavailable.toSorted((a, b) => a.what.localeCompare(b.what)),
  };
  return { known, story: storyOf(known), verdict: verdictOf(known, handledWithinMs) };
}

type Ask = <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>;
type AtStripe = { paymentIntent: Snapshot; facts: StripeMoneyFacts };

interface Identified {
  readonly payment?: Payment | undefined;
  readonly paymentIntentId?: string | undefined;
  readonly atStripe?: AtStripe | undefined;
  readonly cartId?: string | undefined;
  readonly order?: Known['order'];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const STRIPE_ID = /^(pi|ch|py|re|pyr|du|dp|pdp|txn)_/;

/** Which payment and which PaymentIntent a name stands for. */
async function identify(deps: ExplainDependencies, asked: string, ask: Ask): Promise<Identified> {
  if (STRIPE_ID.test(asked)) {
    const id = asked.startsWith('pi_') ? asked : await ask('Stripe', () => deps.story.paymentIntentOf(asked));
    return id ? ofPaymentIntent(deps, id, ask) : {};
  }
  // commercetools refuses as an id what cannot be one.
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

/** The payment that has money, else the last: earlier ones were given up. */
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
  const paymentIntentId = [payment.interfaceId, ...payment.transactions.map(({ interactionId }) => interactionId)].find(
    (id) => id?.startsWith('pi_'),
  );
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

/** What the ledger would write for each object at Stripe as it is now. */
async function dueOf(
  deps: ExplainDependencies,
  payment: Payment,
  { paymentIntent, facts }: AtStripe,
): Promise<string[]> {
  const { id: paymentIntentId } = paymentIntent;
  const nothingPublished = { send: () => Promise.reject(new TypeError('to explain is to read')) };
  const objects = [
    async () => paymentIntent,
    ...facts.charges.flatMap(({ refunds: [first] }) => (first ? [() => deps.snapshots.refund(first.id)] : [])),
    ...facts.disputes.map(
      ({ id }) =>
        () =>
          deps.snapshots.dispute(id),
    ),
  ];
  const due = await Promise.all(
    objects.map(async (read) => {
      const object = await read();
      const found =
        object &&
        (await compare({ stripe: deps.stripe, producer: nothingPublished }, false, object, {
          paymentIntentId,
          payment,
        }));
      return found ? [found.change] : [];
    }),
  );
  return due.flat();
}

const sourcesOf = ({ charges, disputes }: StripeMoneyFacts): string[] => [
  ...charges.flatMap(({ charge, refunds }) => [charge.id, ...refunds.map(({ id }) => id)]),
  ...disputes.map(({ id }) => id),
];

const objectsOf = (facts: StripeMoneyFacts): string[] => [facts.paymentIntent.id, ...sourcesOf(facts)];

const sinceOf = (payment: Payment | undefined, facts: StripeMoneyFacts | undefined): Date => {
  const times = [payment && Date.parse(payment.createdAt), facts && facts.paymentIntent.created * 1000];
  return new Date(Math.min(...times.filter((time) => time !== undefined)) - BEFORE_MS);
};
