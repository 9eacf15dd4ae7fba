import { randomBytes } from 'node:crypto';
import type { EventLog } from './events.ts';
import type { CurrentRequest } from './objects.ts';
import { emptyState, type StripeState } from './state.ts';

/** What a test may change while the simulator runs. */
export interface Settings {
  /** Time that a bank debit takes to settle, in ms; null: only a control call settles it. */
  settleDelayMs: number | null;
  /** Time until a voucher or a bank transfer is paid, in ms; null: only a control call pays it. */
  voucherDelayMs: number | null;
  /** Methods that the account offers beside the usual ones of a currency, such as `multibanco` or `customer_balance`. */
  alsoOffers: readonly string[];
  /** Time after which an `automatic_async` charge gets its balance transaction, in ms. */
  balanceDelayMs: number;
  /**
   * How letting go of uncaptured money appears: as a refund of the charge, as one with a movement of its own (`partial_capture_reversal`), or not at
   * all. Which it is depends on the method and the account.
   */
  releases: 'refund' | 'movement' | 'none';
  /** How far Stripe's search index lags behind, in ms. */
  searchLagMs: number;
  /** Whether a wallet refuses a click that asks for a shipping address without rates, as current releases of Stripe.js do. */
  clickNeedsRates: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  settleDelayMs: 5000,
  voucherDelayMs: 180_000,
  alsoOffers: [],
  balanceDelayMs: 1000,
  releases: 'refund',
  searchLagMs: 0,
  clickNeedsRates: true,
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** One simulated Stripe account: its objects, its clock, and the wires between the parts. */
export class Simulation {
  state: StripeState = emptyState();
  settings: Settings = { ...DEFAULT_SETTINGS };
  request: CurrentRequest | null = null;
  /** Where the simulator listens; known once it does. */
  url = '';
  readonly accountId: string;
  readonly random: () => number;
  readonly nowMs: () => number;
  readonly #waiting = new Set<Waiting>();
  #aheadMs = 0;
  events!: EventLog;

  constructor(options: { accountId: string; random: () => number; now: () => number }) {
    this.accountId = options.accountId;
    this.random = options.random;
    this.nowMs = () => options.now() + this.#aheadMs;
  }

  /** Seconds since the epoch. */
  now(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  newId(prefix: string, length = 24): string {
    return `${prefix}_${token(length)}`;
  }

  /** Runs `work` after `ms` of the account's clock; a reset or close forgets it. */
  later(ms: number, work: () => void): void {
    const waiting: Waiting = { dueMs: this.nowMs() + ms, work, timer: undefined };
    this.#waiting.add(waiting);
    this.#arm(waiting);
  }

  /** Puts the account's clock ahead by `ms`; what is due by then happens at once, in its order, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.nowMs() + ms;
    for (;;) {
      const [next] = [...this.#waiting].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
      if (!next) break;
      this.#aheadMs += Math.max(0, next.dueMs - this.nowMs());
      this.#run(next);
    }
    this.#aheadMs += Math.max(0, untilMs - this.nowMs());
    for (const waiting of this.#waiting) this.#arm(waiting);
  }

  forgetTimers(): void {
    for (const { timer } of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
    this.#aheadMs = 0;
  }

  #arm(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    const ms = Math.max(0, waiting.dueMs - this.nowMs());
    const next = ms > LONGEST_TIMER_MS ? () => this.#arm(waiting) : () => this.#run(waiting);
    waiting.timer = setTimeout(next, Math.min(ms, LONGEST_TIMER_MS));
    waiting.timer.unref();
  }

  #run(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    if (this.#waiting.delete(waiting)) waiting.work();
  }
}

/** A longer timer of Node's would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Something that happens at a time of the account's clock, in ms since the epoch. */
interface Waiting {
  readonly dueMs: number;
  readonly work: () => void;
  timer: NodeJS.Timeout | undefined;
}

/** Random letters and digits; one call of the system's source serves many ids. */
export function token(length: number): string {
  if (offset + length > pool.length) {
    pool = randomBytes(4096);
    offset = 0;
  }
  let text = '';
  for (let i = 0; i < length; i += 1) text += ALPHABET[(pool[offset + i] ?? 0) % ALPHABET.length];
  offset += length;
  return text;
}
let pool = randomBytes(4096);
let offset = 0;
