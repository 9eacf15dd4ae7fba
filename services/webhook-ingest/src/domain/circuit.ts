/** Sends that fail one after another, with no success between, before the circuit opens. */
const FAILURES_TO_OPEN = 3;

export interface CircuitOptions {
  /** How often a send is tried while the circuit is open, in ms. */
  readonly probeEveryMs: number;
  /** Whether sends are known not to work. */
  readonly isDown?: () => boolean;
}

/**
 * Whether sending makes sense. After failures in a row, or when sends are known not to work, it opens: nothing is sent but one
 * probe at a time, and the first success closes it. Times are ms of one clock that the caller passes in.
 */
export class Circuit {
  readonly #probeEveryMs: number;
  readonly #isDown: () => boolean;
  #failures = 0;
  /** Set while open. */
  #nextProbeAt: number | undefined;
  #probing = false;

  constructor({ probeEveryMs, isDown = () => false }: CircuitOptions) {
    this.#probeEveryMs = probeEveryMs;
    this.#isDown = isDown;
  }

  /** Whether a send would be refused now; only asks, so that a request can be turned away before its body is read. */
  refuses(now: number): boolean {
    if (this.#nextProbeAt === undefined) {
      if (!this.#isDown()) return false;
      this.#nextProbeAt = now + this.#probeEveryMs;
    }
    return this.#probing || now < this.#nextProbeAt;
  }

  /** Whether this send may be tried; while open, `true` makes it the probe. Its end must be reported by one of the three below. */
  admits(now: number): boolean {
    if (this.refuses(now)) return false;
    this.#probing = this.#nextProbeAt !== undefined;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#nextProbeAt = undefined;
    this.#probing = false;
  }

  failed(now: number): void {
    this.#failures += 1;
    if (this.#failures >= FAILURES_TO_OPEN || this.#nextProbeAt !== undefined) {
      this.#nextProbeAt = now + this.#probeEveryMs;
      this.#probing = false;
    }
  }

  /** The send ended without telling whether sending works. */
  undecided(): void {
    this.#probing = false;
  }
}
