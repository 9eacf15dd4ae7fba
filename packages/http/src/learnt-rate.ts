const WINDOW_MS = 1_000;
const SLOTS = 10;
const SLOT_MS = WINDOW_MS / SLOTS;
/** Refusals of calls that were under way together tell one thing. */
const ONE_REFUSAL_MS = 250;
/** What a refusal leaves of the rate; far below what was taken lately, it is no limit of ours that was met but a new one. */
const STEP_BACK = 0.96;
const FAR_BELOW = 0.8;
/** So much is always tried, in calls a second: a side that was down and took nothing is found to be up again. */
const LEAST = 3;
/** How the rate grows each second: carefully while refusals come, and doubling when none has come for long. */
const GROWTH = 0.01;
const CALM_MS = 6_000;
/** Nothing was refused for so long: there is no limit that matters. */
const FORGET_MS = 60_000;

/**
 * How many calls a second the other side takes from this process, learnt from its refusals: a little less after each, a little more as time goes by.
 * Unlimited until the first. The processes that share a limit each learn a part of it. Times are ms of a monotonic clock.
 */
export class LearntRate {
  /** Calls a second; undefined while no limit is known. */
  perSecond: number | undefined;
  /** Calls taken in each tenth of the last second, and in the one that has begun. */
  readonly #taken = new Array<number>(SLOTS + 1).fill(0);
  #slot = 0;
  #tokens = 0;
  #at = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  readonly #share: number;

  /** A process with a smaller share than 1 leaves more of the limit to the others: it steps back further, and waits longer before it grows fast. */
  constructor(share = 1) {
    this.#share = share;
  }

  /** The other side took a call. */
  took(now: number): void {
    this.#turn(now);
    const slot = this.#slot % this.#taken.length;
    this.#taken[slot] = (this.#taken[slot] ?? 0) + 1;
  }

  /** It refused one for being too many. */
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

  /** Whether a call may go out now; `take` takes its room. */
  hasRoom(now: number): boolean {
    if (this.perSecond === undefined) return true;
    this.#advance(now, this.perSecond);
    return this.perSecond === undefined || this.#tokens >= 1;
  }

  take(): void {
    this.#tokens -= 1;
  }

  /** How long so many calls and one more take, in ms. */
  msFor(calls: number): number {
    return this.perSecond === undefined ? 0 : (Math.max(0, calls + 1 - this.#tokens) / this.perSecond) * 1_000;
  }

  #advance(now: number, perSecond: number): void {
    const seconds = (now - this.#at) / 1_000;
    const calmMs = now - this.#refusedAt;
    this.#at = now;
    // A tenth of a second's calls at once: more would be a burst where other processes have theirs.
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
