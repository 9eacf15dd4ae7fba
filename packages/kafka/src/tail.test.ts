import { expect, it, vi } from 'vitest';
import type { Kafka } from './client.ts';
import { createTail } from './tail.ts';
import { fakeKafka } from './testing/fake-kafka.ts';

const tailOf = (kafka: Kafka) => createTail(kafka, { topics: ['payments.events'], name: 'tail', onMessage: () => {} });

it('begins anew when kafkajs gives up for good, as while a broker that starts has no group coordinator yet', async () => {
  const { kafka, made } = fakeKafka();
  const tail = tailOf(kafka);
  await tail.start?.();
  await vi.waitFor(() => expect(made[0]?.ran).toBe(1));
  made[0]?.joins();
  made[0]?.crash(false);
  expect(tail.joined).toBe(false);
  await vi.waitFor(() => expect(made[1]?.ran).toBe(1), { timeout: 5_000 });
  made[1]?.joins();
  expect(tail.joined).toBe(true);
});

it.each([
  ['while kafkajs itself tries again', true, false],
  ['when it is stopping', false, true],
])('does not begin anew %s', async (_when, restart, isStopping) => {
  const { kafka, made } = fakeKafka();
  const tail = tailOf(kafka);
  await tail.start?.();
  await vi.waitFor(() => expect(made[0]?.ran).toBe(1));
  if (isStopping) await tail.stop?.();
  made[0]?.crash(restart);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(made).toHaveLength(1);
});
