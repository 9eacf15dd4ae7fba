import type { EventRecord } from './objects.ts';
import { WebhookPoster } from './webhook-poster.ts';
import { DEFAULT_WEBHOOK_SETTINGS, webhookSettingsSchema } from './webhook-settings.ts';

export interface Endpoint {
  id: string;
  url: string;
  secret: string;
  enabledEvents: readonly string[];
  isEnabled: boolean;
}

export interface WebhookCounts {
  pending: number;
  delivered: number;
  failed: number;
  attempts: number;
}

/** An event of which deliveries were answered with 2xx, and how many. */
export interface Acknowledged {
  readonly id: string;
  readonly type: string;
  count: number;
}

const PARALLEL_ATTEMPTS = 64;

interface Delivery {
  record: EventRecord;
  endpoint: Endpoint;
  /** Only one of several copies counts for the event's delivery. */
  isCopy: boolean;
  attempts: number;
  timer: NodeJS.Timeout | null;
}

/** `charge.*` and `*` stand for groups of types. */
export const typeMatches = (pattern: string, type: string): boolean =>
  pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));

/** Signs events and posts them until they are answered with 2xx, as Stripe does; the API call's own headers are not passed on. */
export class WebhookSender {
  readonly #random: () => number;
  readonly #nowMs: () => number;
  readonly #endpoints: () => Iterable<Endpoint>;
  readonly #poster = new WebhookPoster(PARALLEL_ATTEMPTS);
  #settings = { ...DEFAULT_WEBHOOK_SETTINGS };
  readonly #waiting = new Set<Delivery>();
  #ready: Delivery[] = [];
  #inFlight = 0;
  #counts = { delivered: 0, failed: 0, attempts: 0 };
  readonly #acknowledged = new Map<string, Acknowledged>();
  #isClosed = false;
  #generation = 0;
  #idleWaiters: (() => void)[] = [];

  constructor(options: { random: () => number; now: () => number; endpoints: () => Iterable<Endpoint> }) {
    this.#random = options.random;
    this.#nowMs = options.now;
    this.#endpoints = options.endpoints;
  }

  get settings(): typeof DEFAULT_WEBHOOK_SETTINGS {
    return this.#settings;
  }

  get counts(): WebhookCounts {
    return { pending: this.#waiting.size + this.#ready.length + this.#inFlight, ...this.#counts };
  }

  /** Every event that somebody took: what they answer for from then on. */
  get acknowledged(): readonly Acknowledged[] {
    return [...this.#acknowledged.values()];
  }

  /** Changes the given settings. Throws ZodError on an unknown one or a value out of range. */
  configure(settings: unknown): void {
    const given = Object.fromEntries(
      Object.entries(webhookSettingsSchema.parse(settings)).filter(([, value]) => value !== undefined),
    );
    this.#settings = { ...this.#settings, ...given };
    this.#drain();
  }

  endpointsFor(type: string): Endpoint[] {
    const endpoints: Endpoint[] = [];
    for (const endpoint of this.#endpoints()) {
      if (endpoint.isEnabled && endpoint.enabledEvents.some((pattern) => typeMatches(pattern, type))) {
        endpoints.push(endpoint);
      }
    }
    return endpoints;
  }

  send(record: EventRecord, endpoints: readonly Endpoint[]): void {
    const { duplicates, delayMs, jitterMs, shuffle } = this.#settings;
    for (const endpoint of endpoints) {
      const copies = duplicates.min + Math.floor(this.#random() * (duplicates.max - duplicates.min + 1));
      for (let copy = 0; copy < Math.max(copies, 1); copy += 1) {
        const delay = delayMs + jitterMs * this.#random() + shuffle * this.#random();
        this.#schedule({ record, endpoint, isCopy: copy > 0, attempts: 0, timer: null }, delay);
      }
    }
  }

  /** Attempts everything that waits, now and also when paused; resolves when each of it was answered or has failed once. */
  async flush(): Promise<WebhookCounts> {
    const due = [...this.#waiting];
    this.#waiting.clear();
    for (const delivery of due) {
      if (delivery.timer) clearTimeout(delivery.timer);
      delivery.timer = null;
    }
    this.#ready.push(...due);
    this.#drain(true);
    while (this.#ready.length > 0 || this.#inFlight > 0) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
      this.#drain(true);
    }
    return this.counts;
  }

  /** Forgets what is pending and the counts; the settings return to their defaults. */
  reset(): void {
    this.#generation += 1;
    for (const delivery of this.#waiting) if (delivery.timer) clearTimeout(delivery.timer);
    this.#waiting.clear();
    this.#ready = [];
    this.#counts = { delivered: 0, failed: 0, attempts: 0 };
    this.#acknowledged.clear();
    this.#settings = { ...DEFAULT_WEBHOOK_SETTINGS };
  }

  close(): void {
    this.#isClosed = true;
    this.reset();
    this.#poster.close();
  }

  #schedule(delivery: Delivery, delayMs: number): void {
    if (delayMs < 1) {
      this.#ready.push(delivery);
      // The answer of the API call that caused the event goes out first.
      setImmediate(() => this.#drain());
      return;
    }
    this.#waiting.add(delivery);
    delivery.timer = setTimeout(() => {
      delivery.timer = null;
      if (!this.#waiting.delete(delivery)) return;
      this.#ready.push(delivery);
      this.#drain();
    }, delayMs);
    delivery.timer.unref();
  }

  #drain(evenIfPaused = false): void {
    if (this.#isClosed || (this.#settings.paused && !evenIfPaused)) return;
    let taken = 0;
    while (this.#inFlight < PARALLEL_ATTEMPTS && taken < this.#ready.length) {
      const delivery = this.#ready[taken];
      taken += 1;
      if (delivery) void this.#attempt(delivery);
    }
    if (taken > 0) this.#ready.splice(0, taken);
  }

  async #attempt(delivery: Delivery): Promise<void> {
    this.#inFlight += 1;
    this.#counts.attempts += 1;
    delivery.attempts += 1;
    const generation = this.#generation;
    const timestamp = Math.floor((this.#nowMs() + this.#settings.clockSkewMs) / 1000);
    const isDelivered = await this.#poster.post(delivery.endpoint, delivery.record.body, timestamp);
    this.#inFlight -= 1;
    if (generation === this.#generation) this.#settle(delivery, isDelivered);
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
    this.#drain();
  }

  #settle(delivery: Delivery, isDelivered: boolean): void {
    if (isDelivered) {
      this.#counts.delivered += 1;
      const { id, type } = delivery.record;
      const taken = this.#acknowledged.get(id) ?? { id, type, count: 0 };
      taken.count += 1;
      this.#acknowledged.set(id, taken);
      if (!delivery.isCopy) delivery.record.pending -= 1;
      return;
    }
    const delay = this.#settings.retryDelaysMs[delivery.attempts - 1];
    if (delay === undefined) {
      this.#counts.failed += 1;
      if (!delivery.isCopy) {
        delivery.record.pending -= 1;
        delivery.record.hasFailed = true;
      }
      return;
    }
    this.#schedule(delivery, Math.max(delay, 1));
  }
}
