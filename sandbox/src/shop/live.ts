import type { ServerResponse } from 'node:http';
import {
  type Explanation,
  type Known,
  nothingKnown,
  type SeenDeadLetter,
  type SeenMessage,
  storyOf,
} from '@connector/ledger/explain';
import type { Payment } from './merchant.ts';

/** One message of Kafka as it was seen on its topic; the runner reads the topics and hands them on. */
export interface SandboxEvent {
  /** Partition key: for payment topics the PaymentIntent's id. */
  readonly key: string;
  /** commercetools payment id, where the event knows it. */
  readonly paymentReference?: string;
  /** Trace that the message belongs to. */
  readonly traceId?: string;
  readonly message?: SeenMessage;
  readonly deadLetter?: SeenDeadLetter;
}

/** What the page shows as the timeline: the ledger's own story of the payment. */
export interface Told {
  readonly lines: readonly { at: string; where: string; what: string; traceId?: string | undefined }[];
  /** Whether all is well and what to do if not, by `explain`; absent while something new is not looked into. */
  readonly verdict?: Pick<Explanation['verdict'], 'isWell' | 'sentence'> | undefined;
}

/** Registers a listener and answers how to unregister it. */
export type SubscribeToEvents = (listener: (event: SandboxEvent) => void) => () => void;
/** Asks everyone about a payment, as the command `explain` does. */
export type Explain = (paymentId: string) => Promise<Explanation>;

const POLL_MS = 300;
const KEEP_ALIVE_MS = 15_000;
/** Nothing new for so long, in ms, and everyone is asked. */
const QUIET_MS = 500;
/** While not all is well, everyone is asked again after so long, in ms. */
const LOOK_AGAIN_MS = 5_000;
/** Events from before the page began to look; enough for the payments of one demonstration. */
const REMEMBERED = 2_000;

export interface Live {
  /** Answers with server-sent events until the reader goes: `payment`, `story`, and `reachable` (whether commercetools answers). */
  stream(paymentId: string, res: ServerResponse): void;
  close(): void;
}

export interface LiveSources {
  readonly readPayment: (id: string) => Promise<Payment>;
  readonly subscribe?: SubscribeToEvents | undefined;
  readonly explain?: Explain | undefined;
}

interface Watcher {
  see(event: SandboxEvent): void;
  stop(): void;
}

/**
 * Follows payments while somebody watches: commercetools is asked every 300 ms, Kafka's events are taken up as they come, and once it is quiet
 * everyone is asked. What is shown is told by the ledger's own rules, as `explain` tells it.
 */
export function createLive(sources: LiveSources): Live {
  const remembered: SandboxEvent[] = [];
  const watchers = new Set<Watcher>();
  const unsubscribe = sources.subscribe?.((event) => {
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
      const watcher = watch(sources, remembered, paymentId, res, () => watchers.delete(watcher));
      watchers.add(watcher);
      res.once('close', () => watcher.stop());
    },
    close() {
      unsubscribe?.();
      for (const watcher of watchers) watcher.stop();
    },
  };
}

function watch(
  { readPayment, explain }: LiveSources,
  remembered: readonly SandboxEvent[],
  paymentId: string,
  res: ServerResponse,
  onStop: () => void,
): Watcher {
  const send = (name: string, data: unknown) => res.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  let isOpen = true;
  let payment: Payment | undefined;
  let paymentIntentId: string | undefined;
  let isReachable: boolean | undefined;
  let poll: NodeJS.Timeout | undefined;
  const told = storyteller(explain && (() => explain(paymentId)), (story) => isOpen && send('story', story));

  const see = (event: SandboxEvent) => {
    const isOurs =
      event.paymentReference === paymentId || (paymentIntentId !== undefined && event.key === paymentIntentId);
    if (!isOurs) return;
    if (event.key.startsWith('pi_')) paymentIntentId ??= event.key;
    told.saw(event);
  };
  const look = async () => {
    const read = await readPayment(paymentId).catch(() => undefined);
    if (!isOpen) return;
    if (isReachable !== (read !== undefined)) {
      isReachable = read !== undefined;
      send('reachable', { commercetools: isReachable });
    }
    if (read && read.version !== payment?.version) {
      payment = read;
      paymentIntentId ??= read.interfaceId;
      send('payment', read);
      told.isNow(read);
      for (const event of remembered) see(event);
    }
    poll = setTimeout(look, POLL_MS);
  };
  const keepAlive = setInterval(() => res.write(': \n\n'), KEEP_ALIVE_MS);
  for (const event of remembered) see(event);
  void look();
  return {
    see,
    stop() {
      isOpen = false;
      clearTimeout(poll);
      clearInterval(keepAlive);
      told.stop();
      onStop();
      res.end();
    },
  };
}

/** Puts what is seen together with what everyone said when they were last asked, and tells it. */
function storyteller(ask: (() => Promise<Explanation>) | undefined, tell: (story: Told) => void) {
  let payment: Known['payment'];
  const messages = new Map<string, SeenMessage>();
  const deadLetters = new Map<string, SeenDeadLetter>();
  const traces = new Map<string, string>();
  let explained: Explanation | undefined;
  let isNew = true;
  let isAsking = false;
  let timer: NodeJS.Timeout | undefined;

  const tellNow = () => {
    const before = explained?.known ?? nothingKnown(new Date());
    const known: Known = {
      ...before,
      payment: payment ?? before.payment,
      messages: union(messages, before.messages, placeOf),
      deadLetters: union(deadLetters, before.deadLetters, ({ id }) => id),
    };
    const lines = storyOf(known).map(({ at, where, what, eventId }) => ({
      at: at.toISOString(),
      where,
      what,
      traceId: eventId && traces.get(eventId),
    }));
    tell({ lines, verdict: isNew ? undefined : explained?.verdict });
  };
  const askNow = async (question: () => Promise<Explanation>) => {
    isAsking = true;
    isNew = false;
    explained = (await question().catch(() => undefined)) ?? explained;
    isAsking = false;
    tellNow();
    if (isNew) askIn(QUIET_MS);
    else if (explained && !explained.verdict.isWell) askIn(LOOK_AGAIN_MS);
  };
  const askIn = (ms: number) => {
    clearTimeout(timer);
    if (ask && !isAsking) timer = setTimeout(() => void askNow(ask), ms);
  };
  const changed = () => {
    isNew = true;
    tellNow();
    askIn(QUIET_MS);
  };
  return {
    saw({ message, deadLetter, traceId }: SandboxEvent): void {
      const isKnown = (message && messages.has(placeOf(message))) || (deadLetter && deadLetters.has(deadLetter.id));
      if (isKnown) return;
      if (message) messages.set(placeOf(message), message);
      if (deadLetter) deadLetters.set(deadLetter.id, deadLetter);
      const eventId = message?.id ?? deadLetter?.eventId;
      if (eventId && traceId) traces.set(eventId, traceId);
      changed();
    },
    isNow(read: Payment): void {
      // The page names only the parts that it shows; commercetools gave the whole.
      payment = read as unknown as NonNullable<Known['payment']>;
      changed();
    },
    stop: () => clearTimeout(timer),
  };
}

const placeOf = ({ topic, partition, offset }: SeenMessage): string => `${topic} ${partition}:${offset}`;

/** What was seen and what was found, each once; what was found knows more. */
function union<T>(seen: ReadonlyMap<string, T>, found: readonly T[], idOf: (one: T) => string): T[] {
  return [...new Map([...seen, ...found.map((one) => [idOf(one), one] as const)]).values()];
}
