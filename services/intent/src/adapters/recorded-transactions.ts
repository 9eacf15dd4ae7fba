import { attributesOf, EVENTS, PAYMENT_TRANSACTIONS, UnreadableEventError } from '@connector/contracts';
import { type BroadcastMessage, createBroadcastConsumer, type Kafka } from '@connector/kafka';
import type { Component } from '@connector/lifecycle';
import * as z from 'zod';
import type { LedgerResult, RecordedTransactions } from '../use-cases/ports.ts';

const RECORDED = 'checkout.transaction.recorded';
const REJECTED = 'checkout.payment.rejected';

const aboutSchema = z.looseObject({
  paymentIntentId: z.string(),
  cartId: z.string().optional(),
  transactions: z.array(z.unknown()).default([]),
});
const recordedSchema = EVENTS[RECORDED].pick({ causeId: true, paymentId: true, transactions: true });
const rejectedSchema = EVENTS[REJECTED].pick({ causeId: true, code: true, declineCode: true });

/** A listener: the results received so far, and who waits for the next one. */
interface Listener {
  readonly heard: LedgerResult[];
  tell: (result: LedgerResult) => void;
}

/**
 * Delivers the ledger's results to those who listen to their PaymentIntent. Of results that nobody here waits for, only
 * the cart is passed on, if its payment shows a transaction.
 */
export function createRecordedTransactions(onRecorded: (cartId: string) => void = () => {}): {
  readonly ledger: Pick<RecordedTransactions, 'listenTo'>;
  readonly onMessage: (message: Pick<BroadcastMessage, 'headers' | 'value'> & Partial<BroadcastMessage>) => void;
} {
  const listeners = new Map<string, Set<Listener>>();
  return {
    ledger: {
      listenTo: (paymentIntentId) => {
        const listener: Listener = { heard: [], tell: () => {} };
        const others = listeners.get(paymentIntentId) ?? new Set();
        listeners.set(paymentIntentId, others.add(listener));
        return {
          heard: (isIt) => listener.heard.find(isIt),
          first: (isIt, ms) => firstOf(listener, isIt, ms),
          [Symbol.dispose]: () => {
            others.delete(listener);
            if (others.size === 0 && listeners.get(paymentIntentId) === others) listeners.delete(paymentIntentId);
          },
        };
      },
    },
    onMessage: ({ headers, value, within = (work) => work() }) => {
      const read = readMessage(headers, value);
      if (!read) return;
      const { type, data, paymentIntentId, cartId } = read;
      if (type === RECORDED && cartId) onRecorded(cartId);
      // Nearly every message is for a shopper of another pod, or for nobody.
      const interested = listeners.get(paymentIntentId);
      const result = interested && resultOf(type, data);
      if (!result) return;
      // This makes the trace of a confirmation show when its result arrived.
      within(() => {
        for (const { heard, tell } of interested) {
          heard.push(result);
          tell(result);
        }
      });
    },
  };
}

async function firstOf(
  listener: Listener,
  isIt: (result: LedgerResult) => boolean,
  ms: number,
): Promise<LedgerResult | undefined> {
  const before = listener.heard.find(isIt);
  if (before) return before;
  const { promise, resolve } = Promise.withResolvers<LedgerResult | undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  listener.tell = (result) => {
    if (isIt(result)) resolve(result);
  };
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function readMessage(headers: BroadcastMessage['headers'], value: Buffer) {
  let type: string;
  let data: unknown;
  try {
    ({ type } = attributesOf(headers));
    data = JSON.parse(value.toString('utf8'));
  } catch (error) {
    // Whoever waits falls back to "pending": a listener has nobody to report an unreadable message to.
    if (error instanceof UnreadableEventError || error instanceof SyntaxError) return undefined;
    throw error;
  }
  const about = aboutSchema.safeParse(data);
  if (!about.success) return undefined;
  const { paymentIntentId, cartId, transactions } = about.data;
  return { type, data, paymentIntentId, cartId: transactions.length > 0 ? cartId : undefined };
}

function resultOf(type: string, data: unknown): LedgerResult | undefined {
  if (type === RECORDED) {
    const recorded = recordedSchema.safeParse(data);
    return recorded.success ? { kind: 'recorded', ...recorded.data } : undefined;
  }
  if (type !== REJECTED) return undefined;
  const rejected = rejectedSchema.safeParse(data);
  return rejected.success ? { kind: 'rejected', ...rejected.data } : undefined;
}

/**
 * The ledger's results from Kafka, read completely by every pod, from now on; `onRecorded` is called with the cart of
 * each payment that shows a transaction.
 */
export function kafkaRecordedTransactions(
  kafka: Kafka,
  onRecorded: (cartId: string) => void,
): RecordedTransactions & { readonly listener: Component } {
  const { ledger, onMessage } = createRecordedTransactions(onRecorded);
  const listener = createBroadcastConsumer(kafka, {
    name: 'intent-replies',
    topics: [PAYMENT_TRANSACTIONS],
    onMessage,
  });
  return {
    listenTo: ledger.listenTo,
    listener,
    get isListening() {
      return listener.isHearing;
    },
  };
}
