import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ, PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { createDeadLetterQueue, type Kafka, type Producer, type StoredMessage, scanTopic } from '@connector/kafka';
import * as z from 'zod';
import type { SeenMessage } from '../domain/story.ts';
import type { Messages } from '../use-cases/ports-explain.ts';

const recorded = z.object({ causeId: z.string() });

/** The messages of our topics about a PaymentIntent, whose id is their key. */
export const kafkaMessages = (kafka: Kafka, producer: Producer): Messages => ({
  of: async (key, since) => {
    const seen: SeenMessage[] = [];
    const cutTopics: string[] = [];
    for (const topic of [PAYMENT_EVENTS, PAYMENT_TRANSACTIONS] as const) {
      const { cut } = await scanTopic(kafka, topic, (message) => seen.push(seenMessage(topic, message)), {
        since,
        key,
      });
      if (cut) cutTopics.push(topic);
    }
    return { seen, cut: cutTopics };
  },
  deadLettersOf: async (key) => {
    const letterQueue = createDeadLetterQueue(kafka, { topic: PAYMENT_EVENTS_DLQ, producer, by: 'explain' });
    const letters = await letterQueue.ofKey(key);
    return letters.map(({ id, deadLetteredAt, reason, event, resolution }) => ({
      id,
      at: deadLetteredAt,
      type: event.type ?? '',
      eventId: event.id ?? '',
      reason,
      ...(resolution && { resolution: `${resolution.kind} ${resolution.at.toISOString()}` }),
    }));
  },
});

/** A message of one of these topics, in the form of the story. */
export function seenMessage(
  topic: SeenMessage['topic'],
  { timestamp, partition, offset, value, headers }: Omit<StoredMessage, 'key'>,
): SeenMessage {
  return {
    topic,
    at: new Date(timestamp),
    type: headers.ce_type ?? '',
    id: headers.ce_id ?? '',
    partition,
    offset,
    ...(topic === PAYMENT_TRANSACTIONS && { causeId: causeOf(value) }),
  };
}

function causeOf(value: Buffer): string | undefined {
  try {
    return recorded.safeParse(JSON.parse(value.toString())).data?.causeId;
  } catch {
    return undefined;
  }
}
