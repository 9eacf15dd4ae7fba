export interface CircuitOptions {
  /** Interval of the probes while the circuit is open, in ms. */
  readonly probeEveryMs: number;
  /** Whether no send can work. One partition without a leader is no reason, because the others accept records. */
  readonly isDown: () => boolean;
}

/**
 * A circuit breaker for sends. It opens when no send can work; then a send is tried from time to time, and the first
 * success closes it. A slow probe, whose own partition may still have no leader, does not delay others. Times are in ms
 * of one monotonic clock that the caller passes in.
 */
export class Circuit {
  readonly #probeEveryMs: number;
  readonly #isDown: () => boolean;
  /** Set while the circuit is open. */
  #nextProbeAt: number | undefined;

  constructor({ probeEveryMs, isDown }: CircuitOptions) {
    this.#probeEveryMs = probeEveryMs;
    this.#isDown = isDown;
  }

  /**
   * Whether a send would be refused now; it uses no probe, so that a request can be refused before its body is read.
   */
  refuses(now: number): boolean {
    if (this.#nextProbeAt === undefined && this.#isDown()) this.#nextProbeAt = now + this.#probeEveryMs;
    return this.#nextProbeAt !== undefined && now < this.#nextProbeAt;
  }

  /** Whether this send may be tried; while the circuit is open, `true` makes it the probe. */
  admits(now: number): boolean {
    if (this.refuses(now)) return false;
    if (this.#nextProbeAt !== undefined) this.#nextProbeAt = now + this.#probeEveryMs;
    return true;
  }

  succeeded(): void {
    this.#nextProbeAt = undefined;
  }
}
