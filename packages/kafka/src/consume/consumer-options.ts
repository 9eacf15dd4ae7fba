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
  /** Where messages that can never succeed go. */
  deadLetterTopic: string;
  producer: Producer;
  /**
   * Handles one message; its return is what makes the offset committable. Throw TransientError for what passes (tried again for as
   * long as it lasts), PermanentError for what never will; anything else is tried `unknownErrorAttempts` times. Answers the names of the
   * dependencies that did their part.
   */
  handle: (delivery: Delivery) => Promise<readonly string[] | undefined>;
  /**
   * Called with the keys of a batch before any of its messages is handled, when several wait: what they all need can be fetched in one go. The batch
   * waits for it, for a second at most; its failure changes nothing.
   */
  lookAhead?: (keys: readonly string[]) => Promise<void>;
  /** Messages handled at once, over all keys; of one key always one. */
  concurrency?: number;
  /** Messages held in memory at most, roughly, over all partitions: a partition beyond its share is paused. */
  window?: number;
  /** Messages of a partition that may be done while an older one is not; they are handled again after a crash. */
  maxAhead?: number;
  unknownErrorAttempts?: number;
  /** How long one key may fail while others succeed before its message becomes a dead letter, in ms. */
  parkLimitMs?: number;
  /** The systems that handling depends on; each failure of theirs is a TransientError with the `dependency`'s name. */
  dependencies?: readonly DependencyOptions[];
  retry?: { baseMs?: number; capMs?: number };
  circuit?: CircuitOptions;
  appVersion?: string;
  hooks?: ConsumerHooks;
  /**
   * Called with messages that will never come: deleted by retention before they were read, or lost by the brokers. The consumer goes on at
   * the partition's beginning.
   */
  onSkipped?: (range: SkippedRange) => void;
  /**
   * How long the group waits for a member that died before its partitions go to others, in ms. It may be short: handling goes on beside
   * fetching and heartbeats, so a slow handler never looks dead.
   */
  sessionTimeoutMs?: number;
}
