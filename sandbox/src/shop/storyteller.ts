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
export interface Story {
  readonly lines: readonly { at: string; where: string; what: string; traceId?: string | undefined }[];
  /** Whether all is well and what to do if not, by `explain`; absent while something new is not looked into. */
  readonly verdict?: Pick<Explanation['verdict'], 'isWell' | 'sentence'> | undefined;
}

/** Nothing new for so long, in ms, and everyone is asked. */
const QUIET_MS = 500;
/** While not all is well, everyone is asked again after so long, in ms. */
const LOOK_AGAIN_MS = 5_000;

/** Puts what is seen of a payment together with what everyone said when they were last asked, and tells it. */
export class Storyteller {
  readonly #explain: (() => Promise<Explanation>) | undefined;
  readonly #tell: (story: Story) => void;
  #payment: Known['payment'];
  readonly #messages = new Map<string, SeenMessage>();
  readonly #deadLetters = new Map<string, SeenDeadLetter>();
  /** Trace ids by Stripe's event id. */
  readonly #traces = new Map<string, string>();
  #explained: Explanation | undefined;
  /** Something was seen that nobody was asked about yet. */
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
    // The page names only the parts that it shows; commercetools gave the whole.
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

/** What was seen and what was found, each once; what was found knows more. */
function union<T>(seen: ReadonlyMap<string, T>, found: readonly T[], idOf: (one: T) => string): T[] {
  return [...new Map([...seen, ...found.map((one) => [idOf(one), one] as const)]).values()];
}
