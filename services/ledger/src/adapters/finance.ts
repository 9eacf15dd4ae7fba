import { type Commercetools, withPaymentsOf } from '@connector/commercetools';
import type { StripeClient } from '@connector/stripe';
import { listAll, unixSeconds } from './stripe-lists.ts';

/** What finance wants to know beside a movement: which order it paid, and with which payout it came. */
export interface Finance {
  /** Order numbers by payment id, of at most 100 payments. */
  orderNumbers(paymentIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Ids of payouts by the balance transactions in them: of those that were made since. */
  payoutsSince(since: Date): Promise<ReadonlyMap<string, string>>;
}

export const finance = ({ api, call }: Commercetools, stripe: StripeClient): Finance => ({
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
  payoutsSince: async (since) => {
    const gte = unixSeconds(since);
    const payouts = await listAll(stripe, 'payouts.list', (client) =>
      client.payouts.list({ created: { gte }, limit: 100 }),
    );
    const found = new Map<string, string>();
    for (const { id, automatic } of payouts) {
      // Stripe tells what is in a payout of automatic ones alone.
      if (!automatic) continue;
      const paid = await listAll(stripe, 'balance_transactions.list', (client) =>
        client.balanceTransactions.list({ payout: id, limit: 100 }),
      );
      for (const transaction of paid) found.set(transaction.id, id);
    }
    return found;
  },
});
