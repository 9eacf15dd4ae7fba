import type { Payment } from '@commercetools/platform-sdk';
import { NotFoundError } from '@connector/errors';
import { moneyDifferences, type StripeMoneyFacts } from '../domain/audit.ts';
import { type Known, type StoryLine, storyOf } from '../domain/story.ts';
import { type Verdict, verdictOf } from '../domain/verdict.ts';
import { ownerOf } from '../domain/whose-event.ts';
import { type Ask, type AtStripe, type Identified, identifyPayment } from './identify-payment.ts';
import type { ExplainDependencies } from './ports-explain.ts';
import { compare } from './reconcile-object.ts';

export interface Explanation {
  readonly known: Known;
  readonly story: readonly StoryLine[];
  readonly verdict: Verdict;
}

/** Events are searched from this long before the payment's creation, in ms, because clocks differ. */
const BEFORE_MS = 60 * 60_000;

/**
 * Finds everything about one payment by any of its ids (payment id or key, cart id, order id or number, PaymentIntent,
 * charge, refund, dispute or balance transaction) and says whether all is well. A side that does not answer is named in
 * the explanation, and the rest is still read.
 */
export async function explain(
  deps: ExplainDependencies,
  asked: string,
  handledWithinMs?: number,
): Promise<Explanation> {
  const unavailable: { what: string; why: string }[] = [];
  const ask: Ask = async (what, work) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      unavailable.push({ what, why: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const found = await identifyPayment(deps, asked, ask);
  const known: Known = {
    ...(await everythingAbout(deps, found, ask)),
    now: deps.now(),
    unavailable: unavailable.toSorted((a, b) => a.what.localeCompare(b.what)),
  };
  return { known, story: storyOf(known), verdict: verdictOf(known, handledWithinMs) };
}

/** Reads what every side has about a payment. */
async function everythingAbout(
  deps: ExplainDependencies,
  found: Identified,
  ask: Ask,
): Promise<Omit<Known, 'now' | 'unavailable'>> {
  const { payment, atStripe, paymentIntentId } = found;
  const facts = atStripe?.facts;
  const cart = await cartOf(deps, found, ask);
  const [order, declines, movements, messages, deadLetters, undelivered, due] = await Promise.all([
    ask('orders', () => orderOf(deps, found, cart)),
    ask("Stripe's charges", async () => (facts ? deps.story.declinesOf(facts.paymentIntent.id) : [])),
    ask("Stripe's balance transactions", async () => (facts ? deps.story.movementsOf(sourcesOf(facts)) : [])),
    ask('the topics', async () =>
      paymentIntentId ? deps.messages.of(paymentIntentId, sinceOf(payment, facts)) : undefined,
    ),
    ask('the dead letters', async () => (paymentIntentId ? deps.messages.deadLettersOf(paymentIntentId) : [])),
    ask("Stripe's undelivered events", async () => (facts ? deps.story.undelivered(objectsOf(facts)) : [])),
    ask('what the ledger would write', async () => (atStripe && payment ? dueOf(deps, payment, atStripe) : [])),
  ]);
  return {
    payment,
    cart,
    order,
    stripe: facts,
    whose: facts && (ownerOf(facts.paymentIntent.metadata, deps.projectKey) ?? 'foreign'),
    otherPayments: ((order ?? cart)?.paymentInfo?.payments ?? []).flatMap(({ id }) => (id === payment?.id ? [] : [id])),
    declines: declines ?? [],
    movements: movements ?? [],
    messages: messages?.seen ?? [],
    cutTopics: messages?.cut ?? [],
    deadLetters: deadLetters ?? [],
    undelivered: undelivered ?? [],
    due: due ?? [],
    differences: payment && facts ? moneyDifferences(payment, facts) : [],
  };
}

async function cartOf(
  { orders }: ExplainDependencies,
  { cartId, payment }: Identified,
  ask: Ask,
): Promise<Known['cart']> {
  if (cartId) return ask('the cart', () => orders.cart(cartId));
  return payment && ask('the cart', () => orders.cartOfPayment(payment.id));
}

const orderOf = async (
  { orders }: ExplainDependencies,
  { order, payment }: Identified,
  cart: Known['cart'],
): Promise<Known['order']> =>
  order ?? (payment && (await orders.ofPayment(payment.id))) ?? (cart && (await orders.ofCart(cart.id)));

/** What the ledger would write for the present state of each object at Stripe. */
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
