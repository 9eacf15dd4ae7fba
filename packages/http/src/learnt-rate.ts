const WINDOW_MS = 1_000;
const SLOTS = 10;
const SLOT_MS = WINDOW_MS / SLOTS;
/** Refusals within this time, in ms, count as one: their calls were under way together. */
const ONE_REFUSAL_MS = 250;
/**
 * A refusal multiplies the rate by STEP_BACK. When far fewer calls were accepted lately than the known rate, the limit
 * has changed, and the accepted rate counts instead.
 */
const STEP_BACK = 0.96;
const FAR_BELOW = 0.8;
/** Calls a second that are always tried, so that the end of an outage is noticed. */
const LEAST = 3;
/** Growth of the rate each second: GROWTH while refusals come, and doubling after CALM_MS without one. */
const GROWTH = 0.01;
const CALM_MS = 6_000;
/** A limit is forgotten after so long without a refusal, in ms. */
const FORGET_MS = 60_000;

/**
 * How many calls a second the dependency accepts from this process, learnt from its refusals: a little less after each
 * refusal, a little more as time passes. Unlimited until the first refusal. Processes that share a limit each learn a
 * part of it. Times are ms of a monotonic clock.
 */
export class LearntRate {
  /** Calls a second; undefined while no limit is known. */
  perSecond: number | undefined;
  /** Accepted calls in each tenth of the last second, and in the present tenth. */
  readonly #taken = new Array<number>(SLOTS + 1).fill(0);
  #slot = 0;
  #tokens = 0;
  #at = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  readonly #share: number;

  /**
   * A process with a share below 1 leaves more of the limit to the others: it steps back further, and waits longer
   * before its rate grows fast.
   */
  constructor(share = 1) {
    this.#share = share;
  }

  /** The dependency accepted a call. */
  took(now: number): void {
    this.#turn(now);
    const slot = this.#slot % this.#taken.length;
    this.#taken[slot] = (this.#taken[slot] ?? 0) + 1;
  }

  /** The dependency refused a call because there were too many. */
  refused(now: number): void {
    if (now - this.#refusedAt < ONE_REFUSAL_MS) return;
    this.#refusedAt = now;
    this.#turn(now);
    const taken = this.#taken.reduce((sum, count) => sum + count, 0);
    const known = this.perSecond ?? Number.POSITIVE_INFINITY;
    this.perSecond = Math.max(LEAST, (taken < FAR_BELOW * known ? taken : known) * STEP_BACK * this.#share);
    this.#at = now;
    this.#tokens = 0;
  }

  /** Whether a call may go out now; `take` then takes its room. */
  hasRoom(now: number): boolean {
    if (this.perSecond === undefined) return true;
    this.#advance(now, this.perSecond);
    return this.perSecond === undefined || this.#tokens >= 1;
  }

  take(): void {
    this.#tokens -= 1;
  }

  /** How long it takes until so many calls and one more have gone out, in ms. */
  msFor(calls: number): number {
    return this.perSecond === undefined ? 0 : (Math.max(0, calls + 1 - this.#tokens) / this.perSecond) * 1_000;
  }

  #advance(now: number, perSecond: number): void {
    const seconds = (now - this.#at) / 1_000;
    const calmMs = now - this.#refusedAt;
    this.#at = now;
    // At most the calls of a tenth of a second at once. More would be a burst at the expense of other processes.
    this.#tokens = Math.min(Math.max(1, perSecond / SLOTS), this.#tokens + seconds * perSecond);
    if (calmMs > FORGET_MS) this.perSecond = undefined;
    else if (calmMs > CALM_MS / this.#share ** 2) this.perSecond = perSecond * 2 ** seconds;
    else if (calmMs > WINDOW_MS) this.perSecond = perSecond * (1 + GROWTH * seconds);
  }

  /** Empties the slots between the last call and `now`. */
  #turn(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    const length = this.#taken.length;
    for (let passed = this.#slot + 1; passed <= slot && passed <= this.#slot + length; passed += 1) {
      this.#taken[passed % length] = 0;
    }
    this.#slot = Math.max(slot, this.#slot);
  }
}
