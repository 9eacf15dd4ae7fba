import { metrics } from '@connector/telemetry';
import { expect, it } from 'vitest';
import { countEvent, countFailure, startLedgerMetrics } from './metrics.ts';

const counted = async (event_type: string, outcome: string) => {
  const { values } = await metrics.ledgerEvents.get();
  return values.find(({ labels }) => labels.event_type === event_type && labels.outcome === outcome)?.value;
};

it('begins every event type and outcome at 0', async () => {
  startLedgerMetrics();
  expect(await counted('charge.dispute.closed', 'dead_lettered')).toBe(0);
  expect(await counted('checkout.payment.confirmed', 'applied')).toBe(0);
});

it('counts a type that it does not know as other, so that no stranger makes new series', async () => {
  countEvent('charge.invented', 'ignored');
  countFailure('dead_lettered', { ce_type: 'com.stripe.charge.invented' });
  countFailure('dead_lettered', {});
  expect(await counted('other', 'ignored')).toBe(1);
  expect(await counted('other', 'dead_lettered')).toBe(2);
  expect(await counted('charge.invented', 'ignored')).toBeUndefined();
});

it("counts a failed message under Stripe's type, without the prefix it has on the topic", async () => {
  countFailure('retried', { ce_type: 'com.stripe.charge.succeeded' });
  expect(await counted('charge.succeeded', 'retried')).toBe(1);
});
