import type { ServerResponse } from 'node:http';
import type { Explanation } from '@connector/ledger/explain';
import type { Payment } from './merchant.ts';
import { type SandboxEvent, Storyteller } from './storyteller.ts';

/** Registers a listener, and returns the function that unregisters it. */
export type SubscribeToEvents = (listener: (event: SandboxEvent) => void) => () => void;
/** Asks all sides about a payment, as the command `explain` does. */
export type Explain = (paymentId: string) => Promise<Explanation>;

const POLL_MS = 300;
const KEEP_ALIVE_MS = 15_000;
/** Events from before the page began to watch; enough for the payments of one demonstration. */
const REMEMBERED = 2_000;

export interface LiveSources {
  readonly readPayment: (id: string) => Promise<Payment>;
  readonly subscribe?: SubscribeToEvents | undefined;
  readonly explain?: Explain | undefined;
}

/**
 * Follows payments while somebody watches: commercetools is asked every 300 ms, Kafka's events are taken as they
 * arrive, and when nothing new happens all sides are asked. The ledger's own rules write the story, as for `explain`.
 */
export class Live {
  readonly #sources: LiveSources;
  readonly #remembered: SandboxEvent[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #unsubscribe: (() => void) | undefined;

  constructor(sources: LiveSources) {
    this.#sources = sources;
    this.#unsubscribe = sources.subscribe?.((event) => {
      this.#remembered.push(event);
      if (this.#remembered.length > REMEMBERED) this.#remembered.shift();
      for (const watcher of this.#watchers) watcher.see(event);
    });
  }

  /**
   * Sends server-sent events until the reader disconnects: `payment`, `story`, and `reachable` (whether commercetools
   * answers).
   */
  stream(paymentId: string, res: ServerResponse): void {
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const watcher = new Watcher(this.#sources, this.#remembered, paymentId, res);
    this.#watchers.add(watcher);
    res.once('close', () => {
      this.#watchers.delete(watcher);
      watcher.stop();
    });
    watcher.start();
  }

  close(): void {
    this.#unsubscribe?.();
    for (const watcher of this.#watchers) watcher.stop();
    this.#watchers.clear();
  }
}

/** One reader of one payment's stream. */
class Watcher {
  readonly #readPayment: LiveSources['readPayment'];
  readonly #remembered: readonly SandboxEvent[];
  readonly #paymentId: string;
  readonly #res: ServerResponse;
  readonly #story: Storyteller;
  #isOpen = true;
  #payment: Payment | undefined;
  #paymentIntentId: string | undefined;
  #isReachable: boolean | undefined;
  #poll: NodeJS.Timeout | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(
    { readPayment, explain }: LiveSources,
    remembered: readonly SandboxEvent[],
    paymentId: string,
    res: ServerResponse,
  ) {
    this.#readPayment = readPayment;
    this.#remembered = remembered;
    this.#paymentId = paymentId;
    this.#res = res;
    this.#story = new Storyteller(explain && (() => explain(paymentId)), (story) => this.#send('story', story));
  }

  start(): void {
    this.#keepAlive = setInterval(() => this.#res.write(': \n\n'), KEEP_ALIVE_MS);
    for (const event of this.#remembered) this.see(event);
    void this.#look();
  }

  see(event: SandboxEvent): void {
    const isOurs =
      event.paymentReference === this.#paymentId ||
      (this.#paymentIntentId !== undefined && event.key === this.#paymentIntentId);
    if (!isOurs) return;
    if (event.key.startsWith('pi_')) this.#paymentIntentId ??= event.key;
    this.#story.see(event);
  }

  stop(): void {
    this.#isOpen = false;
    clearTimeout(this.#poll);
    clearInterval(this.#keepAlive);
    this.#story.stop();
    this.#res.end();
  }

  async #look(): Promise<void> {
    const payment = await this.#readPayment(this.#paymentId).catch(() => undefined);
    if (!this.#isOpen) return;
    if (this.#isReachable !== (payment !== undefined)) {
      this.#isReachable = payment !== undefined;
      this.#send('reachable', { commercetools: this.#isReachable });
    }
    if (payment && payment.version !== this.#payment?.version) {
      this.#payment = payment;
      this.#paymentIntentId ??= payment.interfaceId;
      this.#send('payment', payment);
      this.#story.seePayment(payment);
      for (const event of this.#remembered) this.see(event);
    }
    this.#poll = setTimeout(() => void this.#look(), POLL_MS);
  }

  #send(name: string, data: unknown): void {
    if (this.#isOpen) this.#res.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
