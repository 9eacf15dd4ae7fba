import type Stripe from 'stripe';
import { listOf } from './lists.ts';
import type { StripeState } from './state.ts';

const DAY_S = 86_400;

/**
 * Adds the movement of a charge or a refund, in minor units of its currency, which is also the settlement currency.
 * Stripe keeps a fee of a charge.
 */
export function book(
  stripe: StripeState,
  type: 'charge' | 'refund',
  source: Stripe.Charge | Stripe.Refund,
  amount: number,
) {
  const id = `txn_${source.id}_${stripe.balanceTransactions.size}`;
  const fee = type === 'charge' ? Math.round(amount * 0.015) + 25 : 0;
  const moved = type === 'charge' ? amount : -amount;
  stripe.balanceTransactions.set(id, {
    id,
    object: 'balance_transaction',
    type,
    amount: moved,
    fee,
    net: moved - fee,
    currency: source.currency,
    exchange_rate: null,
    created: stripe.seconds,
    available_on: stripe.seconds + 2 * DAY_S,
    source: source.id,
  } as Stripe.BalanceTransaction);
}

/** `balanceTransactions` of the SDK. */
export function balanceOf(stripe: StripeState) {
  /** The charge, refund or dispute with that id, with links expanded on request. */
  const sourceOf = (id: string, expand: readonly string[]) => {
    const { charges, refunds, disputes, paymentIntents } = stripe;
    const source = charges.get(id) ?? refunds.get(id) ?? disputes.get(id);
    if (!source) return id;
    const link = (name: string, stored: ReadonlyMap<string, unknown>) => {
      const linked = (source as unknown as Record<string, string | null>)[name];
      return linked && expand.includes(`data.source.${name}`) ? { [name]: stored.get(linked) ?? linked } : {};
    };
    return { ...source, ...link('payment_intent', paymentIntents), ...link('charge', charges) };
  };
  return {
    balanceTransactions: {
      list: ({ type, expand = [], ...page }: Stripe.BalanceTransactionListParams) => {
        const isSourceAsked = expand.some((path) => path.startsWith('data.source'));
        const found = [...stripe.balanceTransactions.values()]
          .filter((each) => !type || each.type === type)
          .map((each) => ({
            ...each,
            ...(isSourceAsked && typeof each.source === 'string' && { source: sourceOf(each.source, expand) }),
          }));
        return listOf(stripe, found, page);
      },
    },
  };
}
