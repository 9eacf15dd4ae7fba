import { orUndefined } from '@connector/errors';
import { stripeExponent } from '@connector/payment-model';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { MovementType, StripeMoneyFacts } from '../domain/audit.ts';
import type { BalanceType } from '../domain/audit-summary.ts';
import { chargeSchema, disputeSchema, paymentIntentSchema, refundSchema } from '../domain/stripe-objects.ts';
import type { Snapshot } from '../use-cases/ports.ts';
import type { Movement, ShownMoney, StripeMoney } from '../use-cases/ports-audit.ts';
import { MOVEMENTS } from './stripe-facts.ts';
import { listAll, unixSeconds } from './stripe-lists.ts';

/**
 * The expansions for a list of balance transactions, by type. With them, a payment without refund or dispute is
 * compared without a further call. Only links that every source of the type has may be expanded; otherwise Stripe
 * refuses the whole list.
 */
const EXPANDED: Record<BalanceType, readonly string[]> = {
  charge: ['data.source.payment_intent'],
  payment: ['data.source.payment_intent'],
  refund: ['data.source.payment_intent', 'data.source.charge'],
  payment_refund: ['data.source.payment_intent', 'data.source.charge'],
  // Money that returns to the balance; the source is a refund, or a charge (a failed bank debit).
  refund_failure: ['data.source.payment_intent'],
  payment_failure_refund: ['data.source.payment_intent'],
  // Some adjustments have no source, or a source of another kind.
  adjustment: ['data.source'],
};

/** The money of a Stripe account, over its API. */
export const stripeMoney = (client: Pick<StripeClient, 'call'>): StripeMoney => ({
  movements: async (type, since, until, afterId) => {
    const created = { gte: unixSeconds(since), lt: unixSeconds(until) };
    const { data } = await client.call('balance_transactions.list', (stripe) =>
      stripe.balanceTransactions.list({
        type,
        created,
        limit: 100,
        expand: [...EXPANDED[type]],
        ...(afterId && { starting_after: afterId }),
      }),
    );
    return Promise.all(data.map((transaction) => movementOf(client, type, transaction)));
  },
  ofPaymentIntent: async (id, shown) => {
    const paymentIntent = await retrieve(client, id);
    if (!paymentIntent) return undefined;
    const charge = objectOf<Stripe.Charge>(paymentIntent.latest_charge);
    return {
      paymentIntent: { ...paymentIntent, latest_charge: charge?.id ?? null } as unknown as Snapshot,
      facts: await factsOf(client, paymentIntent, charge, shown),
    };
  },
});

const retrieve = ({ call }: Pick<StripeClient, 'call'>, id: string): Promise<Stripe.PaymentIntent | undefined> =>
  orUndefined(
    call('payment_intents.retrieve', (stripe) => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })),
  );

async function movementOf(
  client: Pick<StripeClient, 'call'>,
  type: BalanceType,
  transaction: Stripe.BalanceTransaction,
): Promise<Movement> {
  const source = objectOf<Source>(transaction.source);
  const links = source && (await linksOf(client, source));
  return {
    id: transaction.id,
    type,
    createdAt: new Date(transaction.created * 1000),
    availableAt: new Date(transaction.available_on * 1000),
    amount: transaction.amount,
    fee: transaction.fee,
    net: transaction.net,
    currency: transaction.currency,
    presented: presentedOf(transaction, source),
    sourceId: source?.id ?? String(transaction.source ?? ''),
    paymentIntent: links?.paymentIntent as unknown as Snapshot | undefined,
    facts: async (shown) => {
      const { paymentIntent, charge } = links ?? {};
      if (!paymentIntent) throw new TypeError(`${transaction.id} is of no PaymentIntent`);
      // A failed charge is not the one that paid; the PaymentIntent names that one, if there is one.
      if (charge?.status === 'succeeded') return factsOf(client, paymentIntent, charge, shown);
      const now = await retrieve(client, paymentIntent.id);
      return factsOf(client, now ?? paymentIntent, objectOf<Stripe.Charge>(now?.latest_charge), shown);
    },
  };
}

/**
 * Refunds and disputes are read only if the charge or the payment shows that there are some. The payment is needed
 * because a failed refund leaves no trace on its charge.
 */
async function factsOf(
  client: Pick<StripeClient, 'call'>,
  paymentIntent: Stripe.PaymentIntent,
  charge: Stripe.Charge | undefined,
  shown: ShownMoney | undefined,
): Promise<StripeMoneyFacts> {
  const isPaid = charge?.status === 'succeeded';
  const shows = (type: MovementType) => shown?.transactions.some((each) => each.type === type) ?? false;
  const [refunds, disputes] = await Promise.all([
    isPaid && (charge.amount_refunded > 0 || shows('Refund'))
      ? listAll(client, 'refunds.list', (stripe) =>
          stripe.refunds.list({ charge: charge.id, limit: 100, expand: [...MOVEMENTS] }),
        )
      : [],
    isPaid && (charge.disputed || shows('Chargeback'))
      ? listAll(client, 'disputes.list', (stripe) => stripe.disputes.list({ charge: charge.id, limit: 100 }))
      : [],
  ]);
  return {
    paymentIntent: paymentIntentSchema.parse(paymentIntent),
    charges: isPaid
      ? [{ charge: chargeSchema.parse(charge), refunds: refunds.map((refund) => refundSchema.parse(refund)) }]
      : [],
    disputes: disputes.map((dispute) => disputeSchema.parse(dispute)),
  };
}

type Source = Stripe.Charge | Stripe.Refund | Stripe.Dispute;

/** The PaymentIntent and the charge of a movement, as far as the list's expansions contain them. */
async function linksOf(
  client: Pick<StripeClient, 'call'>,
  source: Source,
): Promise<{ paymentIntent: Stripe.PaymentIntent | undefined; charge: Stripe.Charge | undefined } | undefined> {
  switch (source.object) {
    case 'charge':
      return { paymentIntent: objectOf<Stripe.PaymentIntent>(source.payment_intent), charge: source };
    case 'refund':
      return {
        paymentIntent: objectOf<Stripe.PaymentIntent>(source.payment_intent),
        charge: objectOf<Stripe.Charge>(source.charge),
      };
    case 'dispute': {
      const id = idOf(source.payment_intent);
      const paymentIntent = id ? await retrieve(client, id) : undefined;
      return {
        paymentIntent,
        charge: paymentIntent && objectOf<Stripe.Charge>(paymentIntent.latest_charge),
      };
    }
    default:
      return undefined;
  }
}

/**
 * The amount that moved, in the currency that the shopper paid in. If the settlement is in another currency, the
 * source's own amount is exact: the exchange rate gives it only approximately, and Stripe does not say whether the rate
 * is in cents or in whole units for currencies without a fraction.
 */
function presentedOf(
  { amount, currency, exchange_rate: rate }: Stripe.BalanceTransaction,
  source: Source | undefined,
): Movement['presented'] {
  if (!source || source.currency === currency || !rate) return { amount, currency: source?.currency ?? currency };
  const whole = source.object === 'charge' ? source.amount_captured : source.amount;
  const digits = stripeExponent(source.currency.toUpperCase()) - stripeExponent(currency.toUpperCase());
  const roughly = [Math.abs(amount) / rate, (Math.abs(amount) / rate) * 10 ** digits];
  const isWhole = source.object === 'refund' || roughly.some((each) => Math.abs(each - whole) <= whole * ROUGHLY);
  // The movement of one of several captures, or of a part of a dispute.
  const part = isWhole ? whole : Math.round(roughly.find((each) => each <= whole) ?? whole);
  return { amount: Math.sign(amount) * part, currency: source.currency };
}

/** How far an amount computed with a rounded rate and rounded cents may differ from the exact one. */
const ROUGHLY = 0.01;

const objectOf = <T extends object>(link: string | object | null | undefined): T | undefined =>
  typeof link === 'object' && link !== null ? (link as T) : undefined;

const idOf = (link: string | { id: string } | null | undefined): string | undefined =>
  typeof link === 'string' ? link : link?.id;
