import { expect, it, vi } from 'vitest';
import type { Kafka } from './client.ts';
import { createConsumer } from './consumer.ts';
import type { Producer } from './producer.ts';
import { fakeKafka } from './testing/fake-kafka.ts';

const consumerOf = (kafka: Kafka) =>
  createConsumer(kafka, {
    groupId: 'ledger',
    topic: 'payments.events',
    deadLetterTopic: 'payments.events.dlq',
    producer: {} as Producer,
    handle: async () => {},
  });

it('begins anew when kafkajs gives up for good: whoever waits for its events must not wait for a restart', async () => {
  const { kafka, made } = fakeKafka();
  const consumer = consumerOf(kafka);
  await consumer.start?.();
  await vi.waitFor(() => expect(made[0]?.ran).toBe(1));
  made[0]?.joins();
  expect(consumer.joined).toBe(true);
  made[0]?.crash(false);
  expect(consumer.notReady?.()).toBe('not a member of its group');
  await vi.waitFor(() => expect(made[1]?.ran).toBe(1), { timeout: 5_000 });
  made[1]?.joins();
  expect(consumer.joined).toBe(true);
  // What the given-up one still tells is nobody's business.
  made[0]?.crash(false);
  expect(consumer.joined).toBe(true);
  await consumer.stop?.();
});

it.each([
  ['while kafkajs itself tries again', true, false],
  ['when it is stopping', false, true],
])('does not begin anew %s', async (_when, restart, isStopping) => {
  const { kafka, made } = fakeKafka();
  const consumer = consumerOf(kafka);
  await consumer.start?.();
  await vi.waitFor(() => expect(made[0]?.ran).toBe(1));
  if (isStopping) await consumer.stop?.();
  made[0]?.crash(restart);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(made).toHaveLength(1);
  if (!isStopping) await consumer.stop?.();
});
