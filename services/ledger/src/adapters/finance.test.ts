import type { StripeClient } from '@connector/stripe';
import { expect, it } from 'vitest';
import type { Movement } from '../use-cases/ports-audit.ts';
import { finance } from './finance.ts';

const DAY_S = 86_400;
const day = (n: number) => Date.UTC(2026, 10, n) / 1000;
const movement = (id: string, createdOn: number, currency = 'eur', daysUntilAvailable = 2) =>
  ({
    id,
    currency,
    createdAt: new Date(day(createdOn) * 1000),
    availableAt: new Date((day(createdOn) + daysUntilAvailable * DAY_S) * 1000),
  }) as Movement;

/** An account whose payouts contain these movements, by payout id. */
function account(payouts: { id: string; on: number; currency?: string; automatic?: boolean; has: Movement[] }[]) {
  const asked: string[] = [];
  const client = {
    payouts: {
      list: ({ created }: { created: { gte: number } }) => {
        asked.push('payouts');
        return payouts
          .filter(({ on }) => day(on) >= created.gte)
          .map(({ id, on, currency = 'eur', automatic = true }) => ({ id, created: day(on), currency, automatic }))
          .toReversed();
      },
    },
    balanceTransactions: {
      list: ({ payout, created }: { payout: string; created: { gte: number; lte: number } }) => {
        asked.push(payout);
        const { has = [] } = payouts.find(({ id }) => id === payout) ?? {};
        return has.filter(({ createdAt }) => {
          const at = createdAt.getTime() / 1000;
          return at >= created.gte && at <= created.lte;
        });
      },
    },
  };
  const stripe = { call: async (_operation: string, work: (stripe: never) => unknown) => work(client as never) };
  const { payoutsOf } = finance({} as never, stripe as unknown as StripeClient, new Date(day(1) * 1000));
  return { asked, payoutsOf };
}

it('finds the payout of a movement, reading first the payout that follows the day on which the money was available', async () => {
  const [early, late] = [movement('txn_1', 10), movement('txn_2', 11)];
  const { asked, payoutsOf } = account([
    { id: 'po_11', on: 11, has: [] },
    { id: 'po_12', on: 12, has: [early] },
    { id: 'po_13', on: 13, has: [late] },
    { id: 'po_14', on: 14, has: [] },
  ]);
  expect([...(await payoutsOf([early]))]).toEqual([['txn_1', 'po_12']]);
  expect([...(await payoutsOf([late, movement('txn_other', 11, 'usd')]))]).toEqual([['txn_2', 'po_13']]);
  // Payouts are listed once, and no more are read when every movement is found.
  expect(asked).toEqual(['payouts', 'po_11', 'po_12', 'po_12', 'po_13']);
});

it('reads only payouts of the currency, and none whose content Stripe does not list', async () => {
  const dollars = movement('txn_1', 10, 'usd');
  const { asked, payoutsOf } = account([
    { id: 'po_eur', on: 12, has: [] },
    { id: 'po_hand', on: 12, currency: 'usd', automatic: false, has: [dollars] },
    { id: 'po_usd', on: 13, currency: 'usd', has: [dollars] },
  ]);
  expect([...(await payoutsOf([dollars]))]).toEqual([['txn_1', 'po_usd']]);
  expect(asked).toEqual(['payouts', 'po_usd']);
});

it('finds an instant payout, made before the money was available, and none for a movement that was not paid out', async () => {
  const [instant, waiting] = [movement('txn_1', 10, 'eur', 7), movement('txn_2', 10, 'eur', 7)];
  const { payoutsOf } = account([
    { id: 'po_9', on: 9, has: [] },
    { id: 'po_11', on: 11, has: [instant] },
    { id: 'po_20', on: 20, has: [] },
  ]);
  expect([...(await payoutsOf([instant, waiting]))]).toEqual([['txn_1', 'po_11']]);
  expect(await payoutsOf([])).toEqual(new Map());
});
