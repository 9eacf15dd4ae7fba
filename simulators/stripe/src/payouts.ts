import { SETTLEMENT_CURRENCY } from './money.ts';
import type { Payout } from './objects.ts';
import type { Simulation } from './simulation.ts';

/** Pays out everything that no earlier payout had, as Stripe does each day. */
export function payOut(simulation: Simulation): Payout {
  const { balanceTransactions, payoutOf, payouts } = simulation.state;
  const id = simulation.newId('po');
  let amount = 0;
  for (const transaction of balanceTransactions.values()) {
    if (payoutOf.has(transaction.id)) continue;
    payoutOf.set(transaction.id, id);
    transaction.status = 'available';
    amount += transaction.net;
  }
  const created = simulation.now();
  return payouts.add({
    id,
    object: 'payout',
    amount,
    arrival_date: created + 2 * 86_400,
    automatic: true,
    created,
    currency: SETTLEMENT_CURRENCY,
    livemode: false,
    method: 'standard',
    status: 'paid',
    type: 'bank_account',
  });
}
