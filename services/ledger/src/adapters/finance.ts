import { type Commercetools, withPaymentsOf } from '@connector/commercetools';
import type { StripeClient } from '@connector/stripe';
import type { Movement } from '../use-cases/ports-audit.ts';
import { listAll, unixSeconds } from './stripe-lists.ts';

/** What finance needs to know about a movement: which order it paid, and which payout contains it. */
export interface Finance {
  /** Order numbers by payment id, of at most 100 payments. */
  orderNumbers(paymentIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Ids of the automatic payouts by the movements in them; no entry for movements that are not paid out yet. */
  payoutsOf(movements: readonly Movement[]): Promise<ReadonlyMap<string, string>>;
}

/**
 * For movements from `since` on. A movement does not name its payout, so the payouts around the movement's time are
 * read for their content. Only the list of payouts is kept, one a day and currency.
 */
export const finance = ({ api, call }: Commercetools, stripe: StripeClient, since: Date): Finance => {
  let listed: Promise<AutomaticPayout[]> | undefined;
  return {
    orderNumbers: async (paymentIds) => {
      if (paymentIds.length === 0) return new Map();
      const where = withPaymentsOf(paymentIds);
      const { results } = await call(
        'orders.query',
        api.orders().get({ queryArgs: { where, limit: 500, withTotal: false } }),
      );
      return new Map(
        results.flatMap(({ orderNumber, id, paymentInfo }) =>
          (paymentInfo?.payments ?? []).map((payment) => [payment.id, orderNumber ?? id] as const),
        ),
      );
    },
    payoutsOf: async (movements) => {
      const wanted = new Map(movements.map(({ id, currency }) => [id, currency]));
      const times = movements.map(({ createdAt }) => unixSeconds(createdAt));
      const created = { gte: Math.min(...times), lte: Math.max(...times) };
      const found = new Map<string, string>();
      listed ??= automaticPayouts(stripe, since);
      for (const { id, currency } of likeliestFirst(await listed, movements)) {
        if (![...wanted.values()].includes(currency)) continue;
        const paid = await listAll(stripe, 'balance_transactions.list', (client) =>
          client.balanceTransactions.list({ payout: id, created, limit: 100 }),
        );
        for (const transaction of paid) if (wanted.delete(transaction.id)) found.set(transaction.id, id);
      }
      return found;
    },
  };
};

interface AutomaticPayout {
  readonly id: string;
  /** A time in seconds since the epoch, as in Stripe's API. */
  readonly created: number;
  readonly currency: string;
}

/** Stripe lists the content only of automatic payouts. */
const automaticPayouts = async (stripe: StripeClient, since: Date): Promise<AutomaticPayout[]> => {
  const gte = unixSeconds(since);
  const payouts = await listAll(stripe, 'payouts.list', (client) =>
    client.payouts.list({ created: { gte }, limit: 100 }),
  );
  return payouts
    .filter(({ automatic }) => automatic)
    .map(({ id, created, currency }) => ({ id, created, currency }))
    .toSorted((a, b) => a.created - b.created);
};

/**
 * The payouts made after the money was available, earliest first; then those made before, because an instant payout may
 * be.
 */
function likeliestFirst(payouts: readonly AutomaticPayout[], movements: readonly Movement[]): AutomaticPayout[] {
  const begin = Math.min(...movements.map(({ createdAt }) => unixSeconds(createdAt)));
  const available = Math.min(...movements.map(({ availableAt }) => unixSeconds(availableAt))) - DAY_S;
  const possible = payouts.filter(({ created }) => created >= begin);
  return [
    ...possible.filter(({ created }) => created >= available),
    ...possible.filter(({ created }) => created < available),
  ];
}

/** Stripe rounds the time at which money is available to a day. */
const DAY_S = 86_400;
