import { PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { fromTheFuture, recordedEvents } from '@connector/testing';
import { describe, expect, it } from 'vitest';
import { createRecordedTransactions } from './recorded-transactions.ts';

const inTopic = recordedEvents().filter(({ topic }) => topic === PAYMENT_TRANSACTIONS);
const EXPECTED: Record<string, object> = {
  'checkout.transaction.recorded': { kind: 'recorded' },
  'checkout.payment.rejected': { kind: 'rejected', code: 'card_declined', declineCode: 'insufficient_funds' },
};

const isResult = ({ headers }: (typeof inTopic)[number]) => Object.hasOwn(EXPECTED, headers.ce_type ?? '');
const results = inTopic.filter(isResult);

describe.each(results.flatMap((event) => [event, fromTheFuture(event)]))(
  'a result of release $release, $headers.ce_type',
  (event) => {
    it('reaches whoever listens to its PaymentIntent', async () => {
      const { ledger, onMessage } = createRecordedTransactions();
      const { causeId, paymentIntentId } = JSON.parse(event.value) as { causeId: string; paymentIntentId: string };
      using listening = ledger.listenTo(paymentIntentId);
      onMessage({ headers: event.headers, value: Buffer.from(event.value) });
      expect(listening.heard(() => true)).toMatchObject({ causeId, ...EXPECTED[event.headers.ce_type ?? ''] });
    });

    it('does not reach listeners of other PaymentIntents', async () => {
      const { ledger, onMessage } = createRecordedTransactions();
      using listening = ledger.listenTo('pi_another');
      onMessage({ headers: event.headers, value: Buffer.from(event.value) });
      expect(listening.heard(() => true)).toBeUndefined();
    });
  },
);

it('reaches nobody, if it is an event of another type without a cause', async () => {
  const others = inTopic.filter((event) => !isResult(event));
  expect(others.map(({ headers }) => headers.ce_type)).toContain('checkout.payment.settled_without_order');
  const { ledger, onMessage } = createRecordedTransactions();
  const named = others.map(({ value }) => (JSON.parse(value) as { paymentIntentId: string }).paymentIntentId);
  using listening = ledger.listenTo(named[0] ?? '');
  for (const { headers, value } of others) onMessage({ headers, value: Buffer.from(value) });
  expect(listening.heard(() => true)).toBeUndefined();
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
