import { PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { fromTheFuture, recordedEvents } from '@connector/testing';
import { describe, expect, it } from 'vitest';
import type { Recorded } from '../use-cases/ports.ts';
import { createRecordedTransactions } from './recorded-transactions.ts';

const inTopic = recordedEvents().filter(({ topic }) => topic === PAYMENT_TRANSACTIONS);
const EXPECTED: Record<string, Recorded> = {
  'checkout.transaction.recorded': { kind: 'recorded' },
  'checkout.payment.rejected': { kind: 'rejected', code: 'card_declined', declineCode: 'insufficient_funds' },
};

const isResult = ({ headers }: (typeof inTopic)[number]) => Object.hasOwn(EXPECTED, headers.ce_type ?? '');
const results = inTopic.filter(isResult);

describe.each(results.flatMap((event) => [event, fromTheFuture(event)]))(
  'a result of release $release, $headers.ce_type',
  (event) => {
    it('reaches the one who waits for it', async () => {
      const { waiters, onMessage } = createRecordedTransactions();
      const { causeId } = JSON.parse(event.value) as { causeId: string };
      using waiter = waiters.waitFor(causeId);
      onMessage({ headers: event.headers, value: Buffer.from(event.value) });
      expect(await waiter.within(0)).toEqual(EXPECTED[event.headers.ce_type ?? '']);
    });

    it('is nothing to others', async () => {
      const { waiters, onMessage } = createRecordedTransactions();
      using waiter = waiters.waitFor('another event');
      onMessage({ headers: event.headers, value: Buffer.from(event.value) });
      expect(await waiter.within(0)).toBeUndefined();
    });
  },
);

it('is nothing to anybody who waits, where an event of another kind is of no event', async () => {
  const others = inTopic.filter((event) => !isResult(event));
  expect(others.map(({ headers }) => headers.ce_type)).toContain('checkout.payment.settled_without_order');
  const { waiters, onMessage } = createRecordedTransactions();
  using waiter = waiters.waitFor('evt_1');
  for (const { headers, value } of others) onMessage({ headers, value: Buffer.from(value) });
  expect(await waiter.within(0)).toBeUndefined();
});

it('results are recorded', () => {
  expect(new Set(results.map(({ headers }) => headers.ce_type))).toEqual(new Set(Object.keys(EXPECTED)));
});

it.each(results)(
  'names the cart of a payment that shows a transaction: release $release, $headers.ce_type',
  (event) => {
    const named: string[] = [];
    const { onMessage } = createRecordedTransactions((cartId) => named.push(cartId));
    onMessage({ headers: event.headers, value: Buffer.from(event.value) });
    const { cartId, transactions = [] } = JSON.parse(event.value) as { cartId?: string; transactions?: unknown[] };
    expect(named).toEqual(cartId && transactions.length > 0 ? [cartId] : []);
  },
);
