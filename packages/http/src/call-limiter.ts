import { metrics } from '@connector/telemetry';
import type { Answer } from './answer.ts';
import { type Claim, type Claimed, claimed, PRIORITIES, type Priority } from './claim.ts';
import { LearntRate } from './learnt-rate.ts';

/** That the other side takes no more for now. */
export interface Pushback {
  /** `all`: of every operation; else of the one that was called. */
  readonly scope: 'operation' | 'all';
  /** When the call may be made again at the earliest, in ms. */
  readonly retryAfterMs: number;
}

/** What a 429 or 503 says about the limit of the other side; undefined when it is about something else. */
export type PushbackOf = (status: number, headers: Answer['headers'], body: string) => Pushback | undefined;

export interface LimiterOptions {
  readonly api: string;
  /** Who is called: what the limit of all operations is called in metrics. */
  readonly host: string;
  readonly pushbackOf: PushbackOf;
  /** Of calls that no `withClaim` is around. */
  readonly claim: Claim;
}

/** A process that is less urgent leaves the more urgent ones more of what all of them share. */
const SHARES: Readonly<Record<Priority, number>> = { urgent: 1, high: 1, normal: 0.8, low: 0.5 };
const TICK_MS = 10;
const REPORT_MS = 1_000;
/** One call of so many goes to the less urgent, however many of the most urgent wait. */
const TURNS = 4;

interface Waiting {
  readonly operation: string;
  /** Place of its priority; 0 goes first. */
  readonly rank: number;
  readonly notBefore: number;
  readonly until: number;
  /** Of its claim: the less is left, the earlier it began. */
  readonly giveUpAt: number;
  readonly go: (isMade: boolean) => void;
}

/**
 * The one gate to a host. While it takes every call, calls pass at once. Once it refuses some for being too many, calls go out at the rate that it
 * takes, the most urgent first. A refused call is made again within its patience; what cannot be made within it is shed at once, so that whoever
 * waits can be told to try again. Times are ms of `performance.now()`.
 */
export class CallLimiter {
  readonly #options: LimiterOptions;
  readonly #all: LearntRate;
  readonly #operations = new Map<string, LearntRate>();
  /** Who goes first comes first. */
  readonly #waiting: Waiting[] = [];
  #ticking: NodeJS.Timeout | undefined;
  #reporting: NodeJS.Timeout | undefined;
  #turn = 0;

  constructor(options: LimiterOptions) {
    this.#options = options;
    this.#all = this.#newRate();
    // Known from the start, so that what rises from nothing is seen.
    metrics.apiLimit.set({ api: options.api, limit: options.host }, 0);
    for (const priority of PRIORITIES) {
      metrics.apiWaiting.inc({ api: options.api, priority }, 0);
      metrics.apiShed.inc({ api: options.api, priority }, 0);
    }
  }

  /** Answers what `send` does, or a 429 of our own, with Retry-After, when the call cannot be made in time. */
  async run(operation: string, send: () => Promise<Answer>): Promise<Answer> {
    const { pushbackOf, api, host } = this.#options;
    const claim = claimed(this.#options.claim);
    const { priority } = claim;
    for (let notBefore = 0; ; ) {
      const until = claim.begun.has(host) ? claim.giveUpAt : claim.beginBy;
      if (!(await this.#admitted(operation, claim, notBefore, until)))
        return this.#shed(priority, this.#delayMs(operation, PRIORITIES.indexOf(priority)));
      const answer = await send();
      const isRefusal = answer.status === 429 || answer.status === 503;
      const pushback = isRefusal ? pushbackOf(answer.status, answer.headers, await answer.text()) : undefined;
      const now = performance.now();
      if (!pushback) {
        this.#rateOf(operation).took(now);
        this.#all.took(now);
        claim.begun.add(host);
        return answer;
      }
      (pushback.scope === 'all' ? this.#all : this.#rateOf(operation)).refused(now);
      this.#reporting ??= setInterval(() => this.#report(), REPORT_MS).unref();
      notBefore = now + pushback.retryAfterMs;
      if (notBefore > until) return this.#shed(priority, pushback.retryAfterMs);
      metrics.apiRetries.inc({ api, operation, reason: String(answer.status) });
    }
  }

  #newRate = (): LearntRate => new LearntRate(SHARES[this.#options.claim.priority]);

  #rateOf(operation: string): LearntRate {
    const known = this.#operations.get(operation);
    if (known) return known;
    const rate = this.#newRate();
    this.#operations.set(operation, rate);
    return rate;
  }

  #admitted(
    operation: string,
    { priority, giveUpAt }: Claimed,
    notBefore: number,
    until: number,
  ): Promise<boolean> | boolean {
    const now = performance.now();
    if (notBefore <= now && this.#hasNobodyWaitingFor(operation) && this.#take(operation, now)) return true;
    const rank = PRIORITIES.indexOf(priority);
    if (Math.max(now + this.#delayMs(operation, rank, giveUpAt), notBefore) > until) return false;
    return new Promise<boolean>((go) => {
      const at = this.#waiting.findIndex((other) => !isAhead(other, rank, giveUpAt));
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, { operation, rank, notBefore, until, giveUpAt, go });
      this.#gauge(rank, 1);
      this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
    });
  }

  #hasNobodyWaitingFor(operation: string): boolean {
    if (this.#waiting.length === 0) return true;
    return this.#all.perSecond === undefined && !this.#waiting.some((other) => other.operation === operation);
  }

  #take(operation: string, now: number): boolean {
    const rate = this.#rateOf(operation);
    if (!rate.hasRoom(now) || !this.#all.hasRoom(now)) return false;
    rate.take();
    this.#all.take();
    return true;
  }

  /** When one more call would go out, in ms from now, behind those that go first. */
  #delayMs(operation: string, rank: number, giveUpAt = Number.POSITIVE_INFINITY): number {
    const ahead = this.#waiting.filter((other) => isAhead(other, rank, giveUpAt));
    const calls = (of: readonly Waiting[]) => {
      // The less urgent have turns of their own.
      const own = of.filter((other) => other.rank > 0).length;
      return rank === 0 ? of.length : Math.min(of.length, TURNS * own);
    };
    const ofOperation = ahead.filter((other) => other.operation === operation);
    return Math.max(this.#rateOf(operation).msFor(calls(ofOperation)), this.#all.msFor(calls(ahead)));
  }

  #tick(): void {
    const now = performance.now();
    for (const one of this.#waiting.filter(({ until }) => now > until)) this.#release(one, false);
    for (let one = this.#next(now); one; one = this.#next(now)) this.#release(one, true);
    if (this.#waiting.length > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  /** The one that goes now, with the room that its call needs taken. */
  #next(now: number): Waiting | undefined {
    const goes = ({ notBefore, operation }: Waiting) => notBefore <= now && this.#take(operation, now);
    const isTurnOfLess = this.#turn % TURNS === TURNS - 1;
    const lessUrgent = isTurnOfLess ? this.#waiting.find((other) => other.rank > 0 && goes(other)) : undefined;
    const one = lessUrgent ?? this.#waiting.find(goes);
    if (one) this.#turn += 1;
    return one;
  }

  #release(one: Waiting, isMade: boolean): void {
    this.#waiting.splice(this.#waiting.indexOf(one), 1);
    this.#gauge(one.rank, -1);
    one.go(isMade);
  }

  /** The answer to a call that was not made, in the shapes that the clients of both sides read. */
  #shed(priority: Priority, delayMs: number): Answer {
    metrics.apiShed.inc({ api: this.#options.api, priority });
    const message = 'The limit of calls is reached.';
    const body = { statusCode: 429, message, error: { type: 'invalid_request_error', code: 'rate_limit', message } };
    return Response.json(body, {
      status: 429,
      headers: {
        'retry-after': String(Math.max(1, Math.ceil(delayMs / 1_000))),
        'stripe-should-retry': 'false',
      },
    });
  }

  #gauge(rank: number, change: number): void {
    metrics.apiWaiting.inc({ api: this.#options.api, priority: PRIORITIES[rank] as Priority }, change);
  }

  /** Tells the limits that are known, until none is. */
  #report(): void {
    const { api, host } = this.#options;
    const now = performance.now();
    const rates = [[host, this.#all] as const, ...this.#operations];
    for (const [limit, rate] of rates) {
      const wasKnown = rate.perSecond !== undefined;
      rate.hasRoom(now);
      if (wasKnown) metrics.apiLimit.set({ api, limit }, rate.perSecond ?? 0);
    }
    if (rates.some(([, { perSecond }]) => perSecond !== undefined)) return;
    clearInterval(this.#reporting);
    this.#reporting = undefined;
  }
}

/**
 * Whether one that waits goes before a call of this rank. Of equals the one that began earlier does: a request that was served once is not left half
 * way, with calls made in vain, for one that has only come.
 */
const isAhead = (other: Waiting, rank: number, giveUpAt: number): boolean =>
  other.rank < rank || (other.rank === rank && other.giveUpAt <= giveUpAt);
