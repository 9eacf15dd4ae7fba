import { randomBytes } from 'node:crypto';
import type { EventLog } from './events.ts';
import type { CurrentRequest } from './objects.ts';
import { emptyState, type StripeState } from './state.ts';

/** What a test may change while the simulator runs. */
export interface Settings {
  /** Time that a bank debit takes to settle, in ms; null: only a control call settles it. */
  settleDelayMs: number | null;
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
  readonly #timers = new Set<NodeJS.Timeout>();
  events!: EventLog;

  constructor(options: { accountId: string; random: () => number; now: () => number }) {
    this.accountId = options.accountId;
    this.random = options.random;
    this.nowMs = options.now;
  }

  /** Seconds since the epoch. */
  now(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  newId(prefix: string, length = 24): string {
    return `${prefix}_${token(length)}`;
  }

  /** Runs `work` after `ms`; a reset or close forgets it. */
  later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  forgetTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
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
