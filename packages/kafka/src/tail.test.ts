import { createLogger } from '@connector/telemetry';
import { expect, it, vi } from 'vitest';
import type { Kafka } from './client.ts';
import { createTail } from './tail.ts';

/** kafkajs's consumers as they are made, one after another; each crashes when it is told to. */
function fakeKafka() {
  const made: { crash(restart: boolean): void; joins(): void; ran: number }[] = [];
  const consumer = () => {
    const listeners = new Map<string, ((event: unknown) => void)[]>();
    const emit = (name: string, payload: unknown) => {
      for (const listener of listeners.get(name) ?? []) listener({ payload });
    };
    const state = {
      ran: 0,
      crash: (restart: boolean) => emit('crash', { error: new Error('Failed to find group coordinator'), restart }),
      joins: () => emit('join', {}),
    };
    made.push(state);
    return {
      events: { GROUP_JOIN: 'join', REBALANCING: 'rebalancing', CRASH: 'crash', DISCONNECT: 'disconnect' },
      on: (name: string, listener: (event: unknown) => void) =>
        listeners.set(name, [...(listeners.get(name) ?? []), listener]),
      connect: async () => {},
      subscribe: async () => {},
      run: async () => {
        state.ran += 1;
      },
      disconnect: async () => {},
    };
  };
  const admin = () => ({ connect: async () => {}, disconnect: async () => {}, deleteGroups: async () => {} });
  const kafka = {
    client: { consumer, admin },
    prefixed: (name: string) => name,
    log: createLogger('test', 'silent'),
  } as unknown as Kafka;
  return { kafka, made };
}
const tailOf = (kafka: Kafka) => createTail(kafka, { topics: ['payments.events'], name: 'tail', onMessage: () => {} });

it('begins anew when kafkajs gives up for good, as while a broker that starts has no group coordinator yet', async () => {
  const { kafka, made } = fakeKafka();
  const tail = tailOf(kafka);
  await tail.start?.();
  await vi.waitFor(() => expect(made[0]?.ran).toBe(1));
  made[0]?.joins();
  made[0]?.crash(false);
  expect(tail.joined).toBe(false);
  await vi.waitFor(() => expect(made[1]?.ran).toBe(1));
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
  expect(made).toHaveLength(1);
});
