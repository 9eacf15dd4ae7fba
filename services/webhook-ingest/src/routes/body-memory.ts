/** Largest body that is read, in bytes: 1 MiB. Stripe's events are a few kB. */
export const BODY_LIMIT = 1024 * 1024;
/** Up to this many bytes a body may use the whole memory; larger ones only their share. */
export const SMALL_BODY = 256 * 1024;

/** The share of the memory for bodies above SMALL_BODY; the rest is reserved for small ones. */
const LARGE_PART = 1 / 2;
/** The share of the memory for unfinished bodies of one address, and never less than one body. */
const ADDRESS_PART = 1 / 8;
/**
 * A burst begins when bodies use more of the memory than the first value, and ends when they use less than the second.
 */
const RUSH_PART = 1 / 8;
const QUIET_PART = 1 / 64;
/** The most unfinished bodies at the same time; each has a connection. */
const MAX_ARRIVING = 1_000;
/** Minimum age of an unfinished body that may be dropped for others, in ms: an honest body is complete by then. */
const PATIENCE_MS = 250;
/** How long an address counts as Stripe's after a valid signature, in ms. */
const PROVEN_MS = 60 * 60_000;
const MAX_PROVEN = 1_000;

/** The memory account of one body. */
export interface BodyAccount {
  /** Sets the body's total to `capacity` bytes; returns false, without a change, when there is no room. */
  grow(capacity: number): boolean;
  /** Marks the body as complete: it is not dropped any more. */
  arrived(): void;
  /** Frees the body's memory; further calls do nothing. */
  release(): void;
}

export interface BodyMemoryOptions {
  readonly limit: number;
  readonly onRelief?: (() => void) | undefined;
  readonly now?: () => number;
}

interface Arrival {
  readonly address: string;
  readonly since: number;
  readonly giveUp: () => void;
  bytes: number;
}

/**
 * The shared memory for bodies that are being received, with rules so that nobody can occupy all of it (ADR 14). Large
 * bodies have a limited share, and so has each address without a recent valid signature. If there is no room left, the
 * oldest unfinished body is dropped for the new one. If all requests seem to come from one address (an unconfigured
 * proxy), Stripe's valid signatures count for that address, so its share is not limited, and only the other two rules
 * protect. Times are in ms of one monotonic clock.
 */
export class BodyMemory {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #onRelief: () => void;
  /** In the order in which they began. */
  readonly #arriving = new Set<Arrival>();
  readonly #arrivingOf = new Map<string, number>();
  readonly #proven = new Map<string, number>();
  #held = 0;
  #heldByLarge = 0;
  #isRush = false;

  /** `onRelief` is called at the end of a burst in which bodies used more than an eighth of `limit` (bytes). */
  constructor({ limit, onRelief = () => {}, now = () => performance.now() }: BodyMemoryOptions) {
    this.#limit = limit;
    this.#onRelief = onRelief;
    this.#now = now;
  }

  /** Bytes in use now. */
  get held(): number {
    return this.#held;
  }

  /**
   * Opens an account for a body that begins to arrive from `address`. `giveUp` is called when the body is dropped; its
   * bytes are free by then.
   */
  open(address: string, giveUp: () => void): BodyAccount {
    const arrival: Arrival = { address, since: this.#now(), giveUp, bytes: 0 };
    if (this.#arriving.size >= MAX_ARRIVING) this.#giveUpLongest(0, () => true);
    this.#arriving.add(arrival);
    return {
      grow: (capacity) => this.#grow(arrival, capacity),
      arrived: () => this.#leave(arrival),
      release: () => {
        this.#leave(arrival);
        this.#count(arrival, 0);
      },
    };
  }

  /** A valid signature came from `address`. */
  prove(address: string): void {
    this.#proven.delete(address);
    this.#proven.set(address, this.#now());
    if (this.#proven.size <= MAX_PROVEN) return;
    const [eldest] = this.#proven.keys();
    if (eldest !== undefined) this.#proven.delete(eldest);
  }

  #isProven(address: string): boolean {
    const at = this.#proven.get(address);
    return at !== undefined && this.#now() - at < PROVEN_MS;
  }

  #grow(arrival: Arrival, capacity: number): boolean {
    const more = capacity - arrival.bytes;
    const { address } = arrival;
    const ofAddress = (this.#arrivingOf.get(address) ?? 0) + more;
    if (ofAddress > Math.max(this.#limit * ADDRESS_PART, BODY_LIMIT) && !this.#isProven(address)) return false;
    if (capacity > SMALL_BODY) {
      const moreOfLarge = capacity - (arrival.bytes > SMALL_BODY ? arrival.bytes : 0);
      const isFull = () => this.#heldByLarge + moreOfLarge > this.#limit * LARGE_PART;
      while (isFull()) if (!this.#giveUpLongest(SMALL_BODY, (other) => other !== arrival)) return false;
    }
    while (this.#held + more > this.#limit) if (!this.#giveUpLongest(0, (other) => other !== arrival)) return false;
    this.#count(arrival, capacity);
    if (this.#arriving.has(arrival)) this.#countAddress(address, more);
    return true;
  }

  /**
   * Drops the oldest unfinished body of more than `above` bytes, a stranger's before Stripe's; returns false when none
   * is old enough.
   */
  #giveUpLongest(above: number, may: (arrival: Arrival) => boolean): boolean {
    const latest = this.#now() - PATIENCE_MS;
    let longest: Arrival | undefined;
    for (const arrival of this.#arriving) {
      if (arrival.since > latest) break;
      if (arrival.bytes < above || !may(arrival)) continue;
      longest ??= arrival;
      if (this.#isProven(arrival.address)) continue;
      longest = arrival;
      break;
    }
    if (!longest) return false;
    this.#leave(longest);
    this.#count(longest, 0);
    longest.giveUp();
    return true;
  }

  #leave(arrival: Arrival): void {
    if (this.#arriving.delete(arrival)) this.#countAddress(arrival.address, -arrival.bytes);
  }

  #count(arrival: Arrival, bytes: number): void {
    this.#held += bytes - arrival.bytes;
    this.#heldByLarge += (bytes > SMALL_BODY ? bytes : 0) - (arrival.bytes > SMALL_BODY ? arrival.bytes : 0);
    arrival.bytes = bytes;
    if (this.#held > this.#limit * RUSH_PART) this.#isRush = true;
    else if (this.#isRush && this.#held <= this.#limit * QUIET_PART) {
      this.#isRush = false;
      this.#onRelief();
    }
  }

  #countAddress(address: string, more: number): void {
    const bytes = (this.#arrivingOf.get(address) ?? 0) + more;
    if (bytes > 0) this.#arrivingOf.set(address, bytes);
    else this.#arrivingOf.delete(address);
  }
}
