import { backOffMs } from '@connector/errors';

export interface CircuitOptions {
  /** Opens after this many failures in a row, with no success between. */
  failures?: number;
  /** … of at least this many keys: one failing payment is no outage. */
  keys?: number;
  /** Longest pause between two probes, in ms. */
  maxProbeMs?: number;
  onChange?: (open: boolean) => void;
  now?: () => number;
}

/**
 * Distinguishes an outage from the trouble of one payment. While closed, everything passes. It opens when calls fail
 * broadly: work then waits, one probe at a time is let through with growing pauses, and the first success lets
 * everything through.
 */
export class Circuit {
  readonly #options: Required<Omit<CircuitOptions, 'now'>>;
  readonly #now: () => number;
  readonly #failedKeys = new Set<string>();
  readonly #gate: (() => void)[] = [];
  #failures = 0;
  #probes = 0;
  #open = false;
  #timer: NodeJS.Timeout | undefined;
  #lastSuccessAt = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** A probe was due while nothing waited: the next work is the probe. */
  #probeIsDue = false;

  constructor({
    failures = 10,
    keys = 3,
    maxProbeMs = 5_000,
    onChange = () => {},
    now = Date.now,
  }: CircuitOptions = {}) {
    this.#options = { failures, keys, maxProbeMs, onChange };
    this.#now = now;
  }

  get open(): boolean {
    return this.#open;
  }

  /** ms since the last success; Infinity before the first. */
  get sinceLastSuccessMs(): number {
    return this.#now() - this.#lastSuccessAt;
  }

  /**
   * Resolves when work may be tried, or when its generation ended. The caller checks whether the work is still needed.
   */
  async pass(): Promise<void> {
    if (!this.#open) return;
    if (this.#probeIsDue) {
      this.#probeIsDue = false;
      return;
    }
    await new Promise<void>((resolve) => this.#gate.push(resolve));
  }

  /**
   * Releases the waiters of an ended generation. They are discarded, and must not use up the probes, because only work
   * that is tried shows the end of an outage. With a thousand discarded messages at one probe in five seconds,
   * everything behind them would wait for more than an hour.
   */
  releaseWaiters(): void {
    for (const release of this.#gate.splice(0)) release();
  }

  /** A probe ended without a result: the next probe is due at once. */
  undecided(): void {
    if (this.#open) this.#probe();
  }

  succeeded(): void {
    this.#lastSuccessAt = this.#now();
    this.#failures = 0;
    this.#failedKeys.clear();
    if (!this.#open) return;
    this.#open = false;
    this.#probeIsDue = false;
    this.#probes = 0;
    clearTimeout(this.#timer);
    this.#options.onChange(false);
    this.releaseWaiters();
  }

  failed(key: string): void {
    this.#failures += 1;
    if (this.#failedKeys.size < 100) this.#failedKeys.add(key);
    const { failures, keys, onChange } = this.#options;
    if (this.#open || this.#closed || this.#failures < failures || this.#failedKeys.size < keys) return;
    this.#open = true;
    onChange(true);
    this.#scheduleProbe();
  }

  /** Lets everything through from now on, because the process is shutting down. */
  close(): void {
    this.#closed = true;
    this.#open = false;
    clearTimeout(this.#timer);
    this.releaseWaiters();
  }

  #scheduleProbe(): void {
    this.#probes += 1;
    const wait = backOffMs(this.#probes, { baseMs: 250, capMs: this.#options.maxProbeMs });
    this.#timer = setTimeout(() => {
      this.#probe();
      // The next probe follows a probe that fails or never returns.
      this.#scheduleProbe();
    }, wait);
  }

  #probe(): void {
    const probe = this.#gate.shift();
    this.#probeIsDue = !probe;
    probe?.();
  }
}
