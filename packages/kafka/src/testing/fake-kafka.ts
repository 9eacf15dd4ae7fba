import { createLogger } from '@connector/telemetry';
import type { Kafka } from '../client.ts';

/** kafkajs's consumers as they are made, one after another; each crashes when it is told to. */
export function fakeKafka() {
  const made: { crash(restart: boolean): void; joins(): void; ran: number }[] = [];
  const consumer = () => {
    const listeners = new Map<string, ((event: unknown) => void)[]>();
    const emit = (name: string, payload: unknown) => {
      for (const listener of listeners.get(name) ?? []) listener({ payload });
    };
    const state = {
      ran: 0,
      crash: (restart: boolean) => emit('crash', { error: new Error('Failed to find group coordinator'), restart }),
      joins: () => emit('join', { memberAssignment: {} }),
    };
    made.push(state);
    return {
      events: {
        GROUP_JOIN: 'join',
        REBALANCING: 'rebalancing',
        HEARTBEAT: 'heartbeat',
        FETCH: 'fetch',
        CRASH: 'crash',
        STOP: 'stop',
        DISCONNECT: 'disconnect',
      },
      on: (name: string, listener: (event: unknown) => void) =>
        listeners.set(name, [...(listeners.get(name) ?? []), listener]),
      connect: async () => {},
      subscribe: async () => {},
      run: async () => {
        state.ran += 1;
      },
      disconnect: async () => {},
      resume: () => {},
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
