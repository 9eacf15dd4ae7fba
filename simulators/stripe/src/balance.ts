import { SETTLEMENT_CURRENCY, toSettlement } from './money.ts';
import type { BalanceTransaction } from './objects.ts';
import type { Simulation } from './simulation.ts';

/** Books what a charge, refund or dispute does to the account's balance, in the settlement currency. `amount` is in `currency`, negative for money that leaves. */
export function bookBalance(
  simulation: Simulation,
  entry: {
    type: string;
    amount: number;
    currency: string;
    source: string;
    description?: string;
    fee?: number;
    category?: string;
  },
): BalanceTransaction {
  const settled = toSettlement(entry.amount, entry.currency);
  const fee =
    entry.fee ?? (entry.type === 'charge' || entry.type === 'payment' ? Math.round(settled.amount * 0.015) + 25 : 0);
  const created = simulation.now();
  const transaction: BalanceTransaction = {
    id: simulation.newId('txn'),
    object: 'balance_transaction',
    amount: settled.amount,
    available_on: created + 2 * 86_400,
    balance_type: 'payments',
    created,
    currency: SETTLEMENT_CURRENCY,
    description: entry.description ?? null,
    exchange_rate: settled.rate,
    fee,
    fee_details:
      fee === 0
        ? []
        : [
            {
              amount: fee,
              application: null,
              currency: SETTLEMENT_CURRENCY,
              description: 'Stripe processing fees',
              type: 'stripe_fee',
            },
          ],
    net: settled.amount - fee,
    reporting_category: entry.category ?? reportingCategory(entry),
    source: entry.source,
    status: 'pending',
    type: entry.type,
  };
  return simulation.state.balanceTransactions.add(transaction);
}

const CATEGORIES: Readonly<Record<string, string>> = {
  payment: 'charge',
  payment_failure_refund: 'charge_failure',
  payment_refund: 'refund',
};

/** As https://docs.stripe.com/reports/reporting-categories groups the types; an adjustment here is a dispute's. */
function reportingCategory({ type, amount }: { type: string; amount: number }): string {
  if (type === 'adjustment') return amount < 0 ? 'dispute' : 'dispute_reversal';
  return CATEGORIES[type] ?? type;
}
