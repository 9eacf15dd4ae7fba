import { type Logger, metrics } from '@connector/telemetry';
import type { GroupGeneration } from './group-generation.ts';
import type { Committable, OffsetTracker } from './offset-tracker.ts';

/** What is read and handled under one generation. */
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

/** Commits what has moved. One commit at a time: of several under way the oldest could come last and take the offsets back. */
export class OffsetCommitter {
  readonly #options: OffsetCommitterOptions;
  #committing: Promise<void> | undefined;

  constructor(options: OffsetCommitterOptions) {
    this.#options = options;
  }

  /** Resolves when the commit that is under way, or a new one, has ended; never rejects. */
  commit(): Promise<void> {
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  /** Commits what is finished by now, after the commit that is under way. */
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
      // The next commit covers these offsets too; until then a crash only means that they are handled again.
      log.debug({ error }, 'offsets were not committed');
    }
  }
}
