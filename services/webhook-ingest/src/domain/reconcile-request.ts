import { EVENTS, type EventData } from '@connector/contracts';
import { LISTED_SECONDS, OVERLAP_SECONDS } from './checkpoint.ts';

const REQUESTED = 'checkout.reconciliation.requested';

/** A request to reconcile to list events again, as a record on the topic of checkpoints. */
export interface ReconcileRequest {
  readonly key: string;
  readonly data: EventData<typeof REQUESTED>;
}

/** Reads the latest record of a key; undefined when it is not a request, or a completed one. */
export function parseRequest(key: string, type: string | undefined, value: Buffer): ReconcileRequest | undefined {
  if (type !== REQUESTED) return undefined;
  try {
    const { data } = EVENTS[REQUESTED].safeParse(JSON.parse(value.toString()));
    return data && { key, data };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const secondsOf = (time: string): number => Math.floor(Date.parse(time) / 1000);

/**
 * Where a run that ends at `until` must begin for the request, both in Unix seconds: a little earlier, because Stripe
 * lists an event a little after it happened, and clocks differ. A request without a begin gets everything that Stripe
 * lists.
 */
export const requestedSince = ({ data }: ReconcileRequest, until: number): number =>
  data.since === undefined ? until - LISTED_SECONDS : secondsOf(data.since) - OVERLAP_SECONDS;

/** Whether a complete run over this window (Unix seconds) completes the request. */
export const isServedBy = (request: ReconcileRequest, { since, until }: { since: number; until: number }): boolean =>
  since <= requestedSince(request, until) && secondsOf(request.data.until) <= until;

/** The rest of the request after everything before `reached` (Unix seconds) is done. */
export const advanced = (request: ReconcileRequest, reached: number): ReconcileRequest => ({
  ...request,
  data: { ...request.data, since: new Date((reached + OVERLAP_SECONDS) * 1000).toISOString() },
});
