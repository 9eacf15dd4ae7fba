import type Stripe from 'stripe';
import type { Checkpoint } from '../domain/checkpoint.ts';

/** Where a run's checkpoint is kept. */
export interface Checkpoints {
  read(key: string): Promise<Checkpoint | undefined>;
  /** Resolves once it is durable. Throws as a send to Kafka does. */
  write(key: string, checkpoint: Checkpoint): Promise<void>;
}

/** Which of Stripe's events; times in Unix seconds, `until` exclusive. */
export interface EventQuery {
  readonly since: number;
  readonly until: number;
  readonly types: readonly string[];
  readonly undeliveredOnly: boolean;
}

/** Stripe's events, a page at a time, oldest first. */
export type ListEvents = (query: EventQuery) => AsyncGenerator<readonly Stripe.Event[]>;
