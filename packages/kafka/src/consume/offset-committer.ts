import { type Logger, metrics } from '@connector/telemetry';
import type { GroupGeneration } from './group-generation.ts';
import type { Committable, OffsetTracker } from './offset-tracker.ts';

/** The reading and handling of one generation's messages. */
export interface Assignment {
  readonly generation: GroupGeneration;
  /** How many unfinished messages a partition may have before it is paused. */
  readonly share: number;
  readonly trackers: ReadonlyMap<number, OffsetTracker>;
}

export interface OffsetCommitterOptions {
  readonly groupId: string;
  readonly log: Logger;
  readonly assignment: () => Assignment | undefined;
  readonly commit: (generation: GroupGeneration, moved: ReadonlyMap<number, Committable>) => Promise<void>;
}

/**
 * Commits changed offsets, one commit at a time: of several parallel commits the oldest could arrive last and reset the
 * offsets.
 */
export class OffsetCommitter {
  readonly #options: OffsetCommitterOptions;
  #committing: Promise<void> | undefined;

  constructor(options: OffsetCommitterOptions) {
    this.#options = options;
  }

  /** Resolves when the running commit, or a new one, has ended; never rejects. */
  commit(): Promise<void> {
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  /** Commits everything finished until now, after the running commit. */
  async commitLast(): Promise<void> {
    await this.#committing;
    await this.commit();
  }

  async #commitOnce(): Promise<void> {
    const { assignment, commit, groupId, log } = this.#options;
    const { generation, trackers } = assignment() ?? {};
    if (!generation || !trackers) return;
    const moved = new Map<number, Committable>();
    for (const [partition, { committable }] of trackers) if (committable) moved.set(partition, committable);
    if (moved.size === 0) return;
    try {
      await commit(generation, moved);
      for (const [partition, { next }] of moved) trackers.get(partition)?.committed(next);
      metrics.consumerLastCommit.set({ group: groupId }, Date.now() / 1000);
    } catch (error) {
      // The next commit includes these offsets. Until then, a crash only makes the messages be handled again.
      log.debug({ error }, 'offsets were not committed');
    }
  }
}
