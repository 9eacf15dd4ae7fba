import type { ServerResponse } from 'node:http';
import type { Payment } from './merchant.ts';

/** One message of Kafka as the page shows it; the runner reads the topics and hands them on. */
export interface SandboxEvent {
  topic: string;
  /** Partition key: for payment topics the PaymentIntent's id. */
  key: string;
  /** CloudEvents id. */
  id: string;
  /** CloudEvents type. */
  type: string;
  /** When it was seen on its topic, ISO 8601. */
  time: string;
  /** commercetools payment id, where the event knows it. */
  paymentReference?: string;
  /** Trace that the message belongs to. */
  traceId?: string;
}

/** Registers a listener and answers how to unregister it. */
export type SubscribeToEvents = (listener: (event: SandboxEvent) => void) => () => void;

const POLL_MS = 300;
const KEEP_ALIVE_MS = 15_000;
/** Events from before the page began to look; enough for the payments of one demonstration. */
const REMEMBERED = 2_000;

export interface Live {
  /** Answers with server-sent events until the reader goes: `payment`, `kafka`, and `reachable` (whether commercetools answers). */
  stream(paymentId: string, res: ServerResponse): void;
  close(): void;
}

/** Follows payments while somebody watches: commercetools is asked every 300 ms, Kafka's events are passed on as they come. */
export function createLive(
  readPayment: (id: string) => Promise<Payment>,
  subscribe: SubscribeToEvents | undefined,
): Live {
  const remembered: SandboxEvent[] = [];
  const watchers = new Set<{ see(event: SandboxEvent): void; stop(): void }>();
  const unsubscribe = subscribe?.((event) => {
    remembered.push(event);
    if (remembered.length > REMEMBERED) remembered.shift();
    for (const watcher of watchers) watcher.see(event);
  });

  return {
    stream(paymentId, res) {
      res.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const send = (name: string, data: unknown) => res.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
      let isOpen = true;
      let paymentIntentId: string | undefined;
      let version: number | undefined;
      let isReachable: boolean | undefined;
      let timer: NodeJS.Timeout | undefined;
      const sent = new Set<string>();

      const see = (event: SandboxEvent) => {
        const isOurs =
          event.paymentReference === paymentId || (paymentIntentId !== undefined && event.key === paymentIntentId);
        const identity = `${event.topic} ${event.id}`;
        if (!isOurs || sent.has(identity)) return;
        sent.add(identity);
        if (paymentIntentId === undefined && event.key.startsWith('pi_')) paymentIntentId = event.key;
        send('kafka', event);
      };
      const poll = async () => {
        const payment = await readPayment(paymentId).catch(() => undefined);
        if (!isOpen) return;
        if (isReachable !== (payment !== undefined)) {
          isReachable = payment !== undefined;
          send('reachable', { commercetools: isReachable });
        }
        if (payment && payment.version !== version) {
          version = payment.version;
          if (payment.interfaceId && paymentIntentId === undefined) paymentIntentId = payment.interfaceId;
          send('payment', payment);
          for (const event of remembered) see(event);
        }
        timer = setTimeout(poll, POLL_MS);
      };
      const keepAlive = setInterval(() => res.write(': \n\n'), KEEP_ALIVE_MS);
      const stop = () => {
        isOpen = false;
        clearTimeout(timer);
        clearInterval(keepAlive);
        watchers.delete(watcher);
        res.end();
      };
      const watcher = { see, stop };
      watchers.add(watcher);
      res.once('close', stop);
      for (const event of remembered) see(event);
      void poll();
    },
    close() {
      unsubscribe?.();
      for (const watcher of watchers) watcher.stop();
    },
  };
}
