import type { Producer } from '../producer.ts';
import type { CircuitOptions } from './circuit.ts';
import type { Delivery } from './delivery.ts';
import type { DependencyOptions } from './dependencies.ts';
import type { SkippedRange } from './fetch-lane.ts';
import type { ConsumerHooks } from './process.ts';

export interface ConsumerOptions {
  /** Group and topic, without the configured prefix. */
  groupId: string;
  topic: string;
  /** Topic of messages that can never succeed. */
  deadLetterTopic: string;
  producer: Producer;
  /**
   * Handles one message; when it returns, the offset may be committed. It throws TransientError for a temporary failure
   * (repeated as long as the failure lasts) and PermanentError for a permanent one; for any other error, the message is
   * tried `unknownErrorAttempts` times. Returns the names of the dependencies that took part.
   */
  handle: (delivery: Delivery) => Promise<readonly string[] | undefined>;
  /**
   * Called with the keys of a batch when several messages wait, before any is handled, so that common data can be
   * fetched in one call. The batch waits for it, for a second at most. Its failure changes nothing.
   */
  lookAhead?: (keys: readonly string[]) => Promise<void>;
  /** Messages handled at the same time, over all keys; of one key always one. */
  concurrency?: number;
  /** Approximate limit of messages in memory, over all partitions; a partition above its share is paused. */
  window?: number;
  /** Messages of a partition that may be done while an older one is not. After a crash they are handled again. */
  maxAhead?: number;
  unknownErrorAttempts?: number;
  /** How long one key may fail while others succeed before its message becomes a dead letter, in ms. */
  parkLimitMs?: number;
  /** The systems that handling depends on. Each of their failures is a TransientError with the name as `dependency`. */
  dependencies?: readonly DependencyOptions[];
  retry?: { baseMs?: number; capMs?: number };
  circuit?: CircuitOptions;
  appVersion?: string;
  hooks?: ConsumerHooks;
  /**
   * Called when messages will never arrive: retention deleted them before they were read, or the brokers lost them. The
   * consumer continues at the partition's beginning.
   */
  onSkipped?: (range: SkippedRange) => void;
  /**
   * How long the group waits for a member that died before it reassigns its partitions, in ms. It may be short, because
   * handling does not block fetching and heartbeats: a slow handler never looks dead.
   */
  sessionTimeoutMs?: number;
}
