import { attributesOf, EVENTS, PAYMENT_TRANSACTIONS, UnreadableEventError } from '@connector/contracts';
import { type BroadcastMessage, createBroadcastConsumer, type Kafka } from '@connector/kafka';
import type { Component } from '@connector/lifecycle';
import * as z from 'zod';
import type { Recorded, RecordedTransactions } from '../use-cases/ports.ts';

const causeSchema = z.looseObject({
  causeId: z.string(),
  cartId: z.string().optional(),
  transactions: z.array(z.unknown()).default([]),
});

/** Hands the ledger's results to those who wait for them; of others' only the cart is told, where its payment shows a transaction. */
export function createRecordedTransactions(onRecorded: (cartId: string) => void = () => {}): {
  readonly waiters: Pick<RecordedTransactions, 'waitFor'>;
  readonly onMessage: (message: Pick<BroadcastMessage, 'headers' | 'value'> & Partial<BroadcastMessage>) => void;
} {
  const waiting = new Map<string, Set<(result: Recorded) => void>>();
  return {
    waiters: {
      waitFor: (causeId) => {
        const { promise, resolve } = Promise.withResolvers<Recorded>();
        const others = waiting.get(causeId) ?? new Set();
        waiting.set(causeId, others.add(resolve));
        return {
          within: async (ms) => {
            let timer: NodeJS.Timeout | undefined;
            const timeout = new Promise<undefined>((give) => {
              timer = setTimeout(give, ms, undefined);
            });
            try {
              return await Promise.race([promise, timeout]);
            } finally {
              clearTimeout(timer);
            }
          },
          [Symbol.dispose]: () => {
            others.delete(resolve);
            if (others.size === 0 && waiting.get(causeId) === others) waiting.delete(causeId);
          },
        };
      },
    },
    onMessage: ({ headers, value, within = (work) => work() }) => {
      const read = readResult(headers, value);
      if (read?.cartId) onRecorded(read.cartId);
      // Nearly every message is for another pod's shopper or nobody's.
      const waiters = read && waiting.get(read.causeId);
      if (!waiters) return;
      // So the trace of a confirmation shows when its answer came.
      within(() => {
        for (const resolve of waiters) resolve(read.result);
      });
    },
  };
}

function readResult(
  headers: BroadcastMessage['headers'],
  value: Buffer,
): { causeId: string; cartId?: string | undefined; result: Recorded } | undefined {
  let type: string;
  let data: unknown;
  try {
    ({ type } = attributesOf(headers));
    data = JSON.parse(value.toString('utf8'));
  } catch (error) {
    // Whoever waits falls back to "pending": a tail has nobody to report an unreadable message to.
    if (error instanceof UnreadableEventError || error instanceof SyntaxError) return undefined;
    throw error;
  }
  const cause = causeSchema.safeParse(data);
  if (!cause.success) return undefined;
  const { causeId, cartId, transactions } = cause.data;
  if (type === 'checkout.transaction.recorded')
    return { causeId, result: { kind: 'recorded' }, ...(transactions.length > 0 && { cartId }) };
  const rejected = EVENTS['checkout.payment.rejected'].safeParse(data);
  if (type !== 'checkout.payment.rejected' || !rejected.success) return undefined;
  const { code, declineCode } = rejected.data;
  return { causeId, result: { kind: 'rejected', code, declineCode } };
}

/** The ledger's results from Kafka, read in full by every pod from now on; `onRecorded` is told the cart of each payment that shows a transaction. */
export function kafkaRecordedTransactions(
  kafka: Kafka,
  onRecorded: (cartId: string) => void,
): RecordedTransactions & { readonly listener: Component } {
  const { waiters, onMessage } = createRecordedTransactions(onRecorded);
  const listener = createBroadcastConsumer(kafka, {
    name: 'intent-replies',
    topics: [PAYMENT_TRANSACTIONS],
    onMessage,
  });
  return {
    waitFor: waiters.waitFor,
    listener,
    get isListening() {
      return listener.isHearing;
    },
  };
}
