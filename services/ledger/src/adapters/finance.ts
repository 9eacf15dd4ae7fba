import { type Commercetools, withPaymentsOf } from '@connector/commercetools';
import type { StripeClient } from '@connector/stripe';
import type { Movement } from '../use-cases/ports.ts';
import { listAll, unixSeconds } from './stripe-lists.ts';

/** What finance wants to know beside a movement: which order it paid, and with which payout it came. */
export interface Finance {
  /** Order numbers by payment id, of at most 100 payments. */
  orderNumbers(paymentIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Ids of the automatic payouts by the movements that came with them; none for those that were not paid out yet. */
  payoutsOf(movements: readonly Movement[]): Promise<ReadonlyMap<string, string>>;
}

/**
 * Of movements from `since` on. A movement does not say which payout it came with, so payouts are asked for what is in them of the movements' own
 * time: all that is kept is the list of payouts, one a day and currency.
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
  /** As Stripe counts time. */
  readonly created: number;
  readonly currency: string;
}

/** Stripe says what is in a payout of automatic ones alone. */
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

/** Those made after the money was there, the earliest first; then those made before, as an instant one may be. */
function likeliestFirst(payouts: readonly AutomaticPayout[], movements: readonly Movement[]): AutomaticPayout[] {
  const begin = Math.min(...movements.map(({ createdAt }) => unixSeconds(createdAt)));
  const available = Math.min(...movements.map(({ availableAt }) => unixSeconds(availableAt))) - DAY_S;
  const possible = payouts.filter(({ created }) => created >= begin);
  return [
    ...possible.filter(({ created }) => created >= available),
    ...possible.filter(({ created }) => created < available),
  ];
}

/** Stripe rounds the day on which money is available. */
const DAY_S = 86_400;
