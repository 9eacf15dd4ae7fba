import { backOffMs } from '@connector/service-kit';

export interface CircuitOptions {
  /** Opens after this many failures in a row, with no success between. */
  failures?: number;
  /** … that came from at least this many keys: one payment's trouble is no outage. */
  keys?: number;
  /** Longest wait between two probes, in ms. */
  maxProbeMs?: number;
  onChange?: (open: boolean) => void;
  now?: () => number;
}

/**
 * Tells an outage from one payment's trouble. Closed, everything passes. When calls fail broadly it opens: work waits at the
 * gate, one probe at a time is let through with growing pauses, and the first success opens the gate for all.
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

  /** ms since anything last succeeded; Infinity when nothing has yet. */
  get sinceLastSuccessMs(): number {
    return this.#now() - this.#lastSuccessAt;
  }

  /** Resolves when work may be tried. */
  async pass(): Promise<void> {
    while (this.#open && !this.#closed) {
      const isProbe = await new Promise<boolean>((resolve) => {
        this.#gate.push(() => resolve(this.#open));
      });
      if (isProbe) return;
    }
  }

  succeeded(): void {
    this.#lastSuccessAt = this.#now();
    this.#failures = 0;
    this.#failedKeys.clear();
    if (!this.#open) return;
    this.#open = false;
    this.#probes = 0;
    clearTimeout(this.#timer);
    this.#options.onChange(false);
    this.#releaseAll();
  }

  failed(key: string): void {
    this.#failures += 1;
    if (this.#failedKeys.size < 100) this.#failedKeys.add(key);
    const { failures, keys, onChange } = this.#options;
    if (this.#open || this.#failures < failures || this.#failedKeys.size < keys) return;
    this.#open = true;
    onChange(true);
    this.#scheduleProbe();
  }

  /** Lets everything through for good: the process goes down. */
  close(): void {
    this.#closed = true;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#releaseAll();
  }

  #scheduleProbe(): void {
    this.#probes += 1;
    const wait = backOffMs(this.#probes, { baseMs: 250, capMs: this.#options.maxProbeMs });
    this.#timer = setTimeout(() => {
      this.#gate.shift()?.();
      // A probe that fails, or never comes back, is followed by the next.
      this.#scheduleProbe();
    }, wait);
  }

  #releaseAll(): void {
    for (const release of this.#gate.splice(0)) release();
  }
}
