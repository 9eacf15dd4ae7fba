import { metrics } from '@connector/telemetry';
import { expect, it } from 'vitest';
import {
  countChanges,
  countDecline,
  countEvent,
  countFailure,
  countRedriven,
  observeDelays,
  startLedgerMetrics,
} from './metrics.ts';

const counted = async (event_type: string, outcome: string) => {
  const { values } = await metrics.ledgerEvents.get();
  return values.find(({ labels }) => labels.event_type === event_type && labels.outcome === outcome)?.value;
};

it('begins every event type and outcome at 0', async () => {
  startLedgerMetrics();
  expect(await counted('charge.dispute.closed', 'dead_lettered')).toBe(0);
  expect(await counted('checkout.payment.confirmed', 'applied')).toBe(0);
});

it('counts an unknown type as other, so that strangers cannot create new series', async () => {
  countEvent('charge.invented', 'ignored');
  countFailure('dead_lettered', { ce_type: 'com.stripe.charge.invented' });
  countFailure('dead_lettered', {});
  expect(await counted('other', 'ignored')).toBe(1);
  expect(await counted('other', 'dead_lettered')).toBe(2);
  expect(await counted('charge.invented', 'ignored')).toBeUndefined();
});

it("counts a failed message under Stripe's type, without the topic's prefix", async () => {
  countFailure('retried', { ce_type: 'com.stripe.charge.succeeded' });
  expect(await counted('charge.succeeded', 'retried')).toBe(1);
});

it('counts a decline by its most exact documented code, and any other code as other', async () => {
  const counted = async (code: string) =>
    (await metrics.paymentDeclines.get()).values.find(({ labels }) => labels.code === code)?.value;
  startLedgerMetrics();
  expect(await counted('insufficient_funds')).toBe(0);
  countDecline({ code: 'card_declined', declineCode: 'insufficient_funds' });
  countDecline({ code: 'card_declined', declineCode: 'a_code_of_tomorrow' });
  countDecline({ code: 'a_code_of_tomorrow' });
  countDecline(undefined);
  expect(await counted('insufficient_funds')).toBe(1);
  expect(await counted('card_declined')).toBe(1);
  expect(await counted('other')).toBe(2);
  expect(await counted('a_code_of_tomorrow')).toBeUndefined();
});

it('counts the outcome of redriven dead letters, and not of other messages', async () => {
  const counted = async (outcome: string) =>
    (await metrics.dlqRedriven.get()).values.find(({ labels }) => labels.outcome === outcome)?.value;
  startLedgerMetrics();
  countRedriven({}, 'applied');
  expect(await counted('applied')).toBe(0);
  countRedriven({ 'dlq-redriven-from': '3:14' }, 'applied');
  countFailure('retried', { 'dlq-redriven-from': '3:14' });
  countFailure('dead_lettered', { 'dlq-redriven-from': '3:14' });
  expect([await counted('applied'), await counted('dead_lettered')]).toEqual([1, 1]);
});

it('counts transactions by type and state, from 0 on', async () => {
  startLedgerMetrics();
  countChanges([
    { type: 'Authorization', state: 'Success' },
    { type: 'Charge', state: 'Success' },
  ]);
  const { values } = await metrics.transactions.get();
  expect(values).toHaveLength(20);
  expect(values.filter(({ value }) => value > 0).map(({ labels }) => labels)).toEqual([
    { type: 'Authorization', state: 'Success' },
    { type: 'Charge', state: 'Success' },
  ]);
});

it('observes two delays of an event: since it happened, and since Kafka received it', async () => {
  observeDelays('charge.succeeded', {
    occurredAt: new Date(Date.now() - 100_000),
    receivedAt: new Date(Date.now() - 20),
  });
  const sum = async (histogram: typeof metrics.ledgerEventDelay) =>
    (await histogram.get()).values.find(({ metricName }) => metricName?.endsWith('_sum'))?.value ?? 0;
  expect(await sum(metrics.ledgerEventDelay)).toBeGreaterThanOrEqual(100);
  expect(await sum(metrics.ledgerReceiptDelay)).toBeLessThan(10);
});
