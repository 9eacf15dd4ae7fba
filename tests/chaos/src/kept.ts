import { isStripeEventType, PAYMENT_EVENTS, STRIPE_TYPE_PREFIX } from '@connector/contracts';
import { type Kafka, scanTopic } from '@connector/kafka';
import type { Finding } from './consistency-check.ts';

/** A Stripe event, and how often it was answered with 2xx. */
export interface Acknowledged {
  readonly id: string;
  readonly type: string;
  readonly count: number;
}

/** How often each of Stripe's events is in the topic, by id. */
export async function recordsByEvent(kafka: Kafka): Promise<Map<string, number>> {
  const records = new Map<string, number>();
  await scanTopic(kafka, PAYMENT_EVENTS, ({ headers }) => {
    const { ce_id: id = '', ce_type: type = '' } = headers;
    if (type.startsWith(STRIPE_TYPE_PREFIX)) records.set(id, (records.get(id) ?? 0) + 1);
  });
  return records;
}

/**
 * Every 2xx stands for a record of its own, as long as webhook-ingest keeps no window of duplicates. More records than
 * answers are allowed, because an answer may get lost. Events of types that the connector does not handle are not kept.
 */
export function compareKept(acknowledged: readonly Acknowledged[], records: ReadonlyMap<string, number>): Finding[] {
  return acknowledged.flatMap(({ id, type, count }) => {
    const kept = records.get(id) ?? 0;
    if (!isStripeEventType(type) || kept >= count) return [];
    const what = `${id} (${type}) was acknowledged ${times(count)} and is in the topic ${times(kept)}`;
    return [{ verdict: 'lost' as const, what }];
  });
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
