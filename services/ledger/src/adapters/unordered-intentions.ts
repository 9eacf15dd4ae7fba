import { CHECKPOINTS, type EventRecord, moneySchema } from '@connector/contracts';
import type { StoredMessage } from '@connector/kafka';
import * as z from 'zod';
import type { Intention, Intentions } from '../use-cases/ports-unordered.ts';

const intentionSchema = z.object({
  settlement: z.enum(['create', 'return']),
  cartId: z.string(),
  orderNumber: z.string().optional(),
  payments: z.array(
    z.object({
      paymentId: z.string(),
      paymentIntentId: z.string(),
      paymentKey: z.string().optional(),
      amount: moneySchema,
      paidSince: z.iso.datetime(),
    }),
  ),
});
const recordSchema = z.object({ isOpen: z.boolean(), intention: intentionSchema });

/** Settlements that were begun and not finished, stored on the topic of checkpoints by cart. */
export function unorderedIntentions(
  scan: (topic: string, onMessage: (message: Pick<StoredMessage, 'key' | 'value'>) => void) => Promise<unknown>,
  producer: { send(topic: string, record: EventRecord): Promise<void> },
  projectKey: string,
): Intentions {
  const prefix = `unordered:${projectKey}:`;
  const write = (intention: Intention, isOpen: boolean) =>
    producer.send(CHECKPOINTS, {
      key: `${prefix}${intention.cartId}`,
      value: Buffer.from(JSON.stringify({ isOpen, intention })),
      headers: {},
    });
  return {
    open: async () => {
      const latest = new Map<string, Buffer>();
      await scan(CHECKPOINTS, ({ key, value }) => {
        if (key.startsWith(prefix)) latest.set(key, value);
      });
      const records = [...latest.values()].map((value) => recordSchema.parse(JSON.parse(value.toString())));
      return records.filter(({ isOpen }) => isOpen).map(({ intention }) => intention);
    },
    begin: (intention) => write(intention, true),
    end: (intention) => write(intention, false),
  };
}
