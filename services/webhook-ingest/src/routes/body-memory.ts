/** Largest body that is read, in bytes: 1 MiB. Stripe's events are a few kB. */
export const BODY_LIMIT = 1024 * 1024;
/** Up to this many bytes a body may use the whole memory; larger ones have only their part of it. */
export const SMALL_BODY = 256 * 1024;

/** Of the memory, what bodies beyond SMALL_BODY may take together: the rest is in reserve for the small ones. */
const LARGE_PART = 1 / 2;
/** Of the memory, what bodies on their way from one address may take together, and never less than one body. */
const ADDRESS_PART = 1 / 8;
/** A rush begins when bodies take more of the memory than this, and is over when they take less than that. */
const RUSH_PART = 1 / 8;
const QUIET_PART = 1 / 64;
/** Bodies on their way at once; each has a connection. */
const MAX_ARRIVING = 1_000;
/** How long a body may be on its way before it makes room for others, in ms: an honest one is there by then. */
const PATIENCE_MS = 250;
/** How long an address counts as Stripe's after a valid signature, in ms. */
const PROVEN_MS = 60 * 60_000;
const MAX_PROVEN = 1_000;

/** What one body takes. */
export interface BodyAccount {
  /** Takes `capacity` bytes in all for the body from now on; false when there is no room, and then nothing changes. */
  grow(capacity: number): boolean;
  /** The body is whole: it is given up for nobody any more. */
  arrived(): void;
  /** Gives back what it takes; further calls do nothing. */
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
 * The memory for bodies being received, shared so that nobody can hold all of it. Large bodies have a part of it, so has each address that has shown no
 * valid signature lately, and where there is no room left, the body that is longest on its way is given up for the newcomer. Where all
 * requests seem to come from one address (a proxy whose hops are not told), Stripe's signatures are valid for that one too, so its
 * part does not bind: the other two rules hold by themselves. Times in ms of one monotonic clock.
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

  /** `onRelief` is called when a rush, in which bodies took an eighth of `limit` (bytes), is over. */
  constructor({ limit, onRelief = () => {}, now = () => performance.now() }: BodyMemoryOptions) {
    this.#limit = limit;
    this.#onRelief = onRelief;
    this.#now = now;
  }

  /** Bytes that bodies take now. */
  get held(): number {
    return this.#held;
  }

  /** An account for a body that begins to arrive from `address`; `giveUp` is called when it has to make room, its bytes are given back by then. */
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

  /** Gives up the body of more than `above` bytes that is longest on its way, of a stranger rather than of Stripe; false when none is patient enough. */
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
