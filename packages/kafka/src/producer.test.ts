import { toRecord } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Kafka } from './client.ts';
import { createProducer } from './producer.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('is ready again a while after a failed send, for without traffic nothing would show that Kafka is back', async () => {
  const client = {
    connect: async () => {},
    disconnect: async () => {},
    sendBatch: () => Promise.reject(new Error('no leader')),
  };
  const kafka = {
    client: { producer: () => client },
    log: createLogger('test', 'silent'),
    clientId: 'test',
    prefixed: (name: string) => name,
  } as unknown as Kafka;
  const producer = createProducer(kafka);
  await producer.start?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(producer.notReady?.()).toBeUndefined();

  const event = { id: 'evt_1', source: '/test', type: 'test', time: new Date(0).toISOString() };
  await expect(producer.send('t', toRecord('key', event, {}))).rejects.toThrow(TransientError);
  expect(producer.notReady?.()).toBe('the last send failed');
  vi.advanceTimersByTime(10_000);
  expect(producer.notReady?.()).toBeUndefined();
  await producer.stop?.();
});
