import type Stripe from 'stripe';
import type { Checkpoint } from '../domain/checkpoint.ts';
import type { ReconcileRequest } from '../domain/reconcile-request.ts';

/** Stores the checkpoints of runs. */
export interface Checkpoints {
  read(key: string): Promise<Checkpoint | undefined>;
  /** Resolves when it is durable. Throws what a send to Kafka throws. */
  write(key: string, checkpoint: Checkpoint): Promise<void>;
}

/** A filter for Stripe's events; times in Unix seconds, `until` exclusive. */
export interface EventQuery {
  readonly since: number;
  readonly until: number;
  readonly types: readonly string[];
  readonly undeliveredOnly: boolean;
}

/** Stripe's events, a page at a time, oldest first. */
export type ListEvents = (query: EventQuery) => AsyncGenerator<readonly Stripe.Event[]>;

/**
 * Resolves to the reason why Stripe's webhooks would not arrive at an address, or to undefined when our service answers
 * there.
 */
export type WhyUnanswered = (url: string) => Promise<string | undefined>;

/** Requests to reconcile. */
export interface ReconcileRequests {
  /** The requests that are not completed. */
  open(): Promise<ReconcileRequest[]>;
  /** Replaces the request with the same key. Resolves when it is durable; throws what a send to Kafka throws. */
  replace(request: ReconcileRequest): Promise<void>;
  /** Marks the request as completed by a run over this window (Unix seconds). Resolves and throws like `replace`. */
  complete(request: ReconcileRequest, window: { since: number; until: number }): Promise<void>;
}
