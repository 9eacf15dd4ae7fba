import {
  type Explanation,
  type Known,
  nothingKnown,
  type SeenDeadLetter,
  type SeenMessage,
  storyOf,
} from '@connector/ledger/explain';
import type { Payment } from './merchant.ts';

/** A message as seen on its topic; the caller reads Kafka's topics. */
export interface SandboxEvent {
  /** Partition key: for payment topics the PaymentIntent's id. */
  readonly key: string;
  /** commercetools payment id, if the event has it. */
  readonly paymentReference?: string;
  /** Trace of the message. */
  readonly traceId?: string;
  readonly message?: SeenMessage;
  readonly deadLetter?: SeenDeadLetter;
}

/** The page's timeline: the ledger's own story of the payment. */
export interface Story {
  readonly lines: readonly { at: string; where: string; what: string; traceId?: string | undefined }[];
  /** `explain`'s verdict: whether all is well, and what to do if not. Absent until new events have been checked. */
  readonly verdict?: Pick<Explanation['verdict'], 'isWell' | 'sentence'> | undefined;
}

/** All sides are asked after this time without anything new, in ms. */
const QUIET_MS = 500;
/** While not all is well, all sides are asked again after this time, in ms. */
const LOOK_AGAIN_MS = 5_000;

/** Joins what was seen of a payment with the last answers of all sides, and tells the story. */
export class Storyteller {
  readonly #explain: (() => Promise<Explanation>) | undefined;
  readonly #tell: (story: Story) => void;
  #payment: Known['payment'];
  readonly #messages = new Map<string, SeenMessage>();
  readonly #deadLetters = new Map<string, SeenDeadLetter>();
  /** Trace ids by Stripe's event id. */
  readonly #traces = new Map<string, string>();
  #explained: Explanation | undefined;
  /** Something was seen that no side was asked about yet. */
  #isNew = true;
  #isAsking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(explain: (() => Promise<Explanation>) | undefined, tell: (story: Story) => void) {
    this.#explain = explain;
    this.#tell = tell;
  }

  see({ message, deadLetter, traceId }: SandboxEvent): void {
    const isKnown =
      (message && this.#messages.has(placeOf(message))) || (deadLetter && this.#deadLetters.has(deadLetter.id));
    if (isKnown) return;
    if (message) this.#messages.set(placeOf(message), message);
    if (deadLetter) this.#deadLetters.set(deadLetter.id, deadLetter);
    const eventId = message?.id ?? deadLetter?.eventId;
    if (eventId && traceId) this.#traces.set(eventId, traceId);
    this.#changed();
  }

  seePayment(payment: Payment): void {
    // The page's type has only the parts that it shows; commercetools returned the whole payment.
    this.#payment = payment as unknown as NonNullable<Known['payment']>;
    this.#changed();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #changed(): void {
    this.#isNew = true;
    this.#tellNow();
    this.#askIn(QUIET_MS);
  }

  #askIn(ms: number): void {
    clearTimeout(this.#timer);
    const explain = this.#explain;
    if (explain && !this.#isAsking) this.#timer = setTimeout(() => void this.#ask(explain), ms);
  }

  async #ask(explain: () => Promise<Explanation>): Promise<void> {
    this.#isAsking = true;
    this.#isNew = false;
    this.#explained = (await explain().catch(() => undefined)) ?? this.#explained;
    this.#isAsking = false;
    this.#tellNow();
    if (this.#isNew) this.#askIn(QUIET_MS);
    else if (this.#explained && !this.#explained.verdict.isWell) this.#askIn(LOOK_AGAIN_MS);
  }

  #tellNow(): void {
    const lines = storyOf(this.#known()).map(({ at, where, what, eventId }) => ({
      at: at.toISOString(),
      where,
      what,
      traceId: eventId && this.#traces.get(eventId),
    }));
    this.#tell({ lines, verdict: this.#isNew ? undefined : this.#explained?.verdict });
  }

  #known(): Known {
    const explained = this.#explained?.known ?? nothingKnown(new Date());
    return {
      ...explained,
      payment: this.#payment ?? explained.payment,
      messages: union(this.#messages, explained.messages, placeOf),
      deadLetters: union(this.#deadLetters, explained.deadLetters, ({ id }) => id),
    };
  }
}

const placeOf = ({ topic, partition, offset }: SeenMessage): string => `${topic} ${partition}:${offset}`;

/** Seen and found facts, each once; a found fact is more complete. */
function union<T>(seen: ReadonlyMap<string, T>, found: readonly T[], idOf: (one: T) => string): T[] {
  return [...new Map([...seen, ...found.map((one) => [idOf(one), one] as const)]).values()];
}
