import { createLogger } from '@connector/telemetry';
import type { ConsumerRunConfig, EachBatchPayload } from 'kafkajs';
import type { Kafka } from '../client.ts';

export interface FakeConsumer {
  ran: number;
  crash(restart: boolean): void;
  joins(): void;
  /** Messages of partition 0 arrive, the n-th since the beginning at offset n. */
  receives(...keys: string[]): Promise<void>;
}

/** kafkajs's consumers as they are made, one after another; each crashes when it is told to. */
export function fakeKafka() {
  const made: FakeConsumer[] = [];
  const consumer = () => {
    const listeners = new Map<string, ((event: unknown) => void)[]>();
    const emit = (name: string, payload: unknown) => {
      for (const listener of listeners.get(name) ?? []) listener({ payload });
    };
    let offset = 0;
    let eachBatch: ConsumerRunConfig['eachBatch'];
    const state: FakeConsumer = {
      ran: 0,
      crash: (restart: boolean) => emit('crash', { error: new Error('Failed to find group coordinator'), restart }),
      joins: () => emit('join', { memberAssignment: {} }),
      receives: async (...keys: string[]) => {
        const messages = keys.map((key) => messageOf(key, offset++));
        await eachBatch?.({
          batch: { partition: 0, messages },
          resolveOffset: () => {},
          heartbeat: async () => {},
          isRunning: () => true,
          isStale: () => false,
        } as unknown as EachBatchPayload);
      },
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
      run: async (config: ConsumerRunConfig) => {
        eachBatch = config.eachBatch;
        state.ran += 1;
      },
      commitOffsets: async () => {},
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

const messageOf = (key: string, offset: number) => ({
  key: Buffer.from(key),
  value: Buffer.from('{}'),
  offset: String(offset),
  timestamp: '0',
  headers: {
    ce_specversion: '1.0',
    ce_id: `${key}-${offset}`,
    ce_source: '/test',
    ce_type: 'test',
    ce_time: '2026-11-27',
  },
});
