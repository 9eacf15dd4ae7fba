import type Stripe from 'stripe';
import type { Checkpoint } from '../domain/checkpoint.ts';
import type { ReconcileRequest } from '../domain/reconcile-request.ts';

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

/** Answers why Stripe's webhooks would not arrive at an address, or undefined when our service answers there. */
export type WhyUnanswered = (url: string) => Promise<string | undefined>;

/** What others ask reconcile to do. */
export interface ReconcileRequests {
  /** Those that were not completed. */
  open(): Promise<ReconcileRequest[]>;
  /** Puts a request in the place of the one with the same key. Resolves once it is durable; throws as a send to Kafka does. */
  replace(request: ReconcileRequest): Promise<void>;
  /** Notes that the request was done by listing this window, Unix seconds. As `replace`. */
  complete(request: ReconcileRequest, window: { since: number; until: number }): Promise<void>;
}
