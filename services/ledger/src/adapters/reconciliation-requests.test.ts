import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import { expect, it } from 'vitest';
import { requestReconciliation } from './reconciliation-requests.ts';

const AT = new Date('2026-11-27T03:00:00.000Z');

const requested = async (handledUntil?: Date) => {
  const sent: { topic: string; record: EventRecord }[] = [];
  const request = requestReconciliation({ send: async (topic, record) => void sent.push({ topic, record }) }, () => AT);
  await request({ partition: 3, from: 10n, to: 90n, ...(handledUntil && { handledUntil }) });
  return sent;
};

it('requests all events since the last one that was handled', async () => {
  const [{ topic, record } = { topic: '', record: undefined }] = await requested(new Date('2026-11-19T12:00:00.000Z'));
  expect(topic).toBe(CHECKPOINTS);
  expect(record?.key).toBe('reconciliation:payments.events:3:90');
  expect(record?.headers.ce_type).toBe('checkout.reconciliation.requested');
  expect(JSON.parse(String(record?.value))).toEqual({
    reason: 'records_deleted',
    topic: 'payments.events',
    partition: 3,
    fromOffset: '10',
    toOffset: '90',
    since: '2026-11-19T12:00:00.000Z',
    until: AT.toISOString(),
  });
});

it('requests events without a begin when the last handled one is unknown', async () => {
  const [sent] = await requested();
  expect(JSON.parse(String(sent?.record.value))).not.toHaveProperty('since');
});

it('makes one request when two processes ask for the same records', async () => {
  const [one] = await requested();
  const [other] = await requested(AT);
  expect([other?.record.key, other?.record.headers.ce_id]).toEqual([one?.record.key, one?.record.headers.ce_id]);
});
