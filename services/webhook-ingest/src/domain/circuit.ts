export interface CircuitOptions {
  /** How often a send is tried while the circuit is open, in ms. */
  readonly probeEveryMs: number;
  /** Whether no send can be expected to work. One partition whose leader is away is no reason: the others take records. */
  readonly isDown: () => boolean;
}

/**
 * Whether sending makes sense. It opens when no send can be expected to work; a send is tried from time to time then, and the first
 * success closes it. A probe may take long, for its own partition's leader may still be away: it holds up no other. Times are ms of
 * one monotonic clock that the caller passes in.
 */
export class Circuit {
  readonly #probeEveryMs: number;
  readonly #isDown: () => boolean;
  /** Set while open. */
  #nextProbeAt: number | undefined;

  constructor({ probeEveryMs, isDown }: CircuitOptions) {
    this.#probeEveryMs = probeEveryMs;
    this.#isDown = isDown;
  }

  /** Whether a send would be refused now; only asks, so that a request can be turned away before its body is read. */
  refuses(now: number): boolean {
    if (this.#nextProbeAt === undefined && this.#isDown()) this.#nextProbeAt = now + this.#probeEveryMs;
    return this.#nextProbeAt !== undefined && now < this.#nextProbeAt;
  }

  /** Whether this send may be tried; while open, `true` makes it the probe. */
  admits(now: number): boolean {
    if (this.refuses(now)) return false;
    if (this.#nextProbeAt !== undefined) this.#nextProbeAt = now + this.#probeEveryMs;
    return true;
  }

  succeeded(): void {
    this.#nextProbeAt = undefined;
  }
}
