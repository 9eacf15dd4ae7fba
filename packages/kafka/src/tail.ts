import { randomUUID } from 'node:crypto';
import { headerOf } from '@connector/contracts';
import { backOffMs } from '@connector/errors';
import type { Part } from '@connector/lifecycle';
import type { Consumer } from 'kafkajs';
import { ANEW_AFTER_MS, type Kafka, withAdmin } from './client.ts';
import { createErrorFromCode } from './kafkajs-internals/protocol.ts';
import { processing, type SpannedMessage } from './spans.ts';

const REBALANCE_IN_PROGRESS = 27;

export interface TailMessage extends SpannedMessage {
  readonly value: Buffer;
  /** Runs `work` in the message's `process` span: for what is made of it, not for looking at it. */
  within(work: () => void): void;
}

export interface TailOptions {
  /** Without the configured prefix. */
  topics: readonly string[];
  /** First part of the group's name; this process's own suffix is added. */
  name: string;
  /** Called in order for every message from now on; it must not throw and not block. */
  onMessage: (message: TailMessage) => void;
}

/**
 * Reads topics in full in every process, from now on: a group of its own that commits nothing and is deleted at the end.
 * While `joined` is false messages may be missed.
 */
export function createTail(kafka: Kafka, options: TailOptions): Part & { readonly joined: boolean } {
  const groupId = kafka.prefixed(`${options.name}-${process.env.HOSTNAME ?? 'local'}-${randomUUID().slice(0, 8)}`);
  const names = new Map(options.topics.map((topic) => [kafka.prefixed(topic), topic]));
  let joined = false;
  let stopping = false;
  const create = (): Consumer => {
    const created = kafka.client.consumer({
      ...(kafka.rackId && { rackId: kafka.rackId }),
      groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: 30_000,
      maxWaitTimeInMs: 1_000,
      retry: { retries: 10, restartOnFailure: async () => !stopping },
    });
    const { GROUP_JOIN, REBALANCING, CRASH, DISCONNECT } = created.events;
    created.on(GROUP_JOIN, () => {
      joined = true;
    });
    for (const event of [REBALANCING, CRASH, DISCONNECT] as const) {
      created.on(event, () => {
        joined = false;
      });
    }
    created.on(CRASH, ({ payload: { error, restart } }) => {
      // kafkajs gives up for good on what passes, too: a broker that is just starting has no group coordinator yet.
      if (restart || stopping) return;
      kafka.log.warn({ error }, 'a tail begins anew');
      setTimeout(() => {
        if (stopping) return;
        consumer = create();
        void join();
      }, ANEW_AFTER_MS);
    });
    return created;
  };
  let consumer = create();

  const join = async () => {
    for (let attempt = 1; !stopping; attempt += 1) {
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [...names.keys()], fromBeginning: false });
        await consumer.run({
          autoCommit: false,
          eachMessage: async ({ topic, partition, message }) => {
            // It fetches on although it left its group: told of a rebalance, it joins again.
            if (!joined && !stopping) throw createErrorFromCode(REBALANCE_IN_PROGRESS);
            const headers: Record<string, string> = {};
            for (const name of Object.keys(message.headers ?? {}))
              headers[name] = headerOf(message.headers, name) ?? '';
            const { key, value, offset } = message;
            const seen = { topic: names.get(topic) ?? topic, partition, offset, key: key?.toString() ?? '', headers };
            const as = { group: options.name, clientId: kafka.clientId };
            options.onMessage({
              ...seen,
              value: value ?? Buffer.alloc(0),
              within: (work) => void processing(seen, as, work),
            });
          },
        });
        return;
      } catch (error) {
        kafka.log.warn({ error, attempt }, 'a tail cannot start yet');
        await new Promise((resolve) => setTimeout(resolve, backOffMs(attempt, { capMs: 5_000 })));
      }
    }
  };

  return {
    name: `tail of ${options.topics.join(', ')}`,
    get joined() {
      return joined;
    },
    start: async () => {
      void join();
    },
    stop: async () => {
      stopping = true;
      await consumer.disconnect();
      // A group that nobody will join again is only noise for the broker; it expires by itself if this fails.
      await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => {});
    },
  };
}
