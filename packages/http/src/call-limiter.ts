import { metrics } from '@connector/telemetry';
import type { Answer } from './answer.ts';
import { type Claim, type Claimed, claimed, PRIORITIES, type Priority } from './claim.ts';
import { LearntRate } from './learnt-rate.ts';

/** The dependency accepts no more calls at the moment. */
export interface Pushback {
  /** `all`: the limit is for all operations; otherwise for the called one. */
  readonly scope: 'operation' | 'all';
  /** The earliest time of a repetition, in ms from now. */
  readonly retryAfterMs: number;
}

/** What a 429 or 503 says about the dependency's limit; undefined when it is about something else. */
export type PushbackOf = (status: number, headers: Answer['headers'], body: string) => Pushback | undefined;

export interface LimiterOptions {
  readonly api: string;
  /** The dependency's name, and the label of the limit of all its operations in metrics. */
  readonly host: string;
  readonly pushbackOf: PushbackOf;
  /** The claim of calls outside `withClaim`. */
  readonly claim: Claim;
}

/**
 * Share of a limit that this process uses. A less urgent process leaves more of the shared limit to the more urgent
 * ones.
 */
const SHARES: Readonly<Record<Priority, number>> = { urgent: 1, high: 1, normal: 0.8, low: 0.5 };
const TICK_MS = 10;
const REPORT_MS = 1_000;
/** One call of this many goes to the less urgent, however many of the most urgent wait. */
const TURNS = 4;

interface Waiting {
  readonly operation: string;
  /** Position of the call's priority; 0 goes first. */
  readonly rank: number;
  readonly notBefore: number;
  readonly until: number;
  /** When the call's claim gives up, in ms. The smaller, the earlier its request began. */
  readonly giveUpAt: number;
  readonly go: (isMade: boolean) => void;
}

/**
 * The only way to a host. While the host accepts all calls, calls pass at once. When it refuses some because there are
 * too many, calls go out at the rate that it accepts, the most urgent first. A refused call is repeated within its
 * patience. A call that cannot be made within its patience is shed at once, so that the waiting client can be told to
 * try again. Times are ms of `performance.now()`.
 */
export class CallLimiter {
  readonly #options: LimiterOptions;
  readonly #all: LearntRate;
  readonly #operations = new Map<string, LearntRate>();
  /** Sorted: the call that goes first is first. */
  readonly #waiting: Waiting[] = [];
  #ticking: NodeJS.Timeout | undefined;
  #reporting: NodeJS.Timeout | undefined;
  #turn = 0;

  constructor(options: LimiterOptions) {
    this.#options = options;
    this.#all = this.#newRate();
    // Exists from the start with 0, so that a first increase is visible in Prometheus.
    metrics.apiLimit.set({ api: options.api, limit: options.host }, 0);
    for (const priority of PRIORITIES) {
      metrics.apiWaiting.inc({ api: options.api, priority }, 0);
      metrics.apiShed.inc({ api: options.api, priority }, 0);
    }
  }

  /** Returns the answer of `send`, or our own 429 with Retry-After when the call cannot be made in time. */
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

  /** When one more call would go out, in ms from now, after those that go first. */
  #delayMs(operation: string, rank: number, giveUpAt = Number.POSITIVE_INFINITY): number {
    const ahead = this.#waiting.filter((other) => isAhead(other, rank, giveUpAt));
    const calls = (of: readonly Waiting[]) => {
      // The less urgent calls have turns of their own.
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

  /** The call that goes now; the room that it needs is already taken from the limit. */
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

  /** The answer for a call that was not made, in the error shapes of both dependencies, for their clients. */
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

  /** Reports the known limits regularly, until there is none. */
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
 * Whether a waiting call goes before a call of this rank. Of equal calls the one whose request began earlier goes
 * first: otherwise a half-done request would have made its earlier calls in vain.
 */
const isAhead = (other: Waiting, rank: number, giveUpAt: number): boolean =>
  other.rank < rank || (other.rank === rank && other.giveUpAt <= giveUpAt);
