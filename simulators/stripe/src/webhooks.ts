import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import * as z from 'zod';
import type { EventRecord } from './objects.ts';

export interface Endpoint {
  id: string;
  url: string;
  secret: string;
  enabledEvents: readonly string[];
  isEnabled: boolean;
}

/** How webhooks misbehave; what is absent stays as it is. Times in ms. */
export const webhookSettingsSchema = z
  .strictObject({
    /** Each delivery waits a random time up to this, so that events overtake each other. `true` = 1000. */
    shuffle: z.union([z.boolean().transform((on) => (on ? 1000 : 0)), z.number().int().min(0).max(600_000)]),
    /** How many times each event is delivered, drawn evenly from min to max. */
    duplicates: z.strictObject({ min: z.number().int().min(1).max(20), max: z.number().int().min(1).max(20) }),
    delayMs: z.number().int().min(0).max(600_000),
    jitterMs: z.number().int().min(0).max(600_000),
    paused: z.boolean(),
    /** How far Stripe's clock is ahead of everybody else's; negative = behind. It signs with that time. */
    clockSkewMs: z.number().int().min(-86_400_000).max(86_400_000),
    /** Waits before the second, third, … attempt; when they are used up the delivery has failed. */
    retryDelaysMs: z.array(z.number().int().min(0).max(86_400_000)),
  })
  .partial();
export type WebhookSettings = z.input<typeof webhookSettingsSchema>;

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

const DEFAULTS = {
  shuffle: 0,
  duplicates: { min: 1, max: 1 },
  delayMs: 0,
  jitterMs: 0,
  paused: false,
  clockSkewMs: 0,
  retryDelaysMs: [250, 500, 1000, 2000, 4000, 8000, 15_000, ...new Array<number>(60).fill(30_000)],
};

/** Stripe's bound on the time of one attempt, in ms. */
const ATTEMPT_TIMEOUT_MS = 20_000;
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
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: PARALLEL_ATTEMPTS }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: PARALLEL_ATTEMPTS }),
  };
  #settings = { ...DEFAULTS };
  readonly #waiting = new Set<Delivery>();
  #ready: Delivery[] = [];
  #inFlight = 0;
  #counts = { delivered: 0, failed: 0, attempts: 0 };
  readonly #acknowledged = new Map<string, Acknowledged>();
  #isClosed = false;
  #generation = 0;
  readonly #requests = new Set<http.ClientRequest>();
  #idleWaiters: (() => void)[] = [];

  constructor(options: { random: () => number; now: () => number; endpoints: () => Iterable<Endpoint> }) {
    this.#random = options.random;
    this.#nowMs = options.now;
    this.#endpoints = options.endpoints;
  }

  get settings(): typeof DEFAULTS {
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
    this.#settings = { ...DEFAULTS };
  }

  close(): void {
    this.#isClosed = true;
    this.reset();
    for (const request of this.#requests) request.destroy();
    this.#agents['http:'].destroy();
    this.#agents['https:'].destroy();
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
      if (delivery) this.#attempt(delivery);
    }
    if (taken > 0) this.#ready.splice(0, taken);
  }

  #attempt(delivery: Delivery): void {
    this.#inFlight += 1;
    this.#counts.attempts += 1;
    delivery.attempts += 1;
    const generation = this.#generation;
    let isSettled = false;
    const settle = (isDelivered: boolean): void => {
      if (isSettled) return;
      isSettled = true;
      this.#inFlight -= 1;
      if (generation === this.#generation) this.#settle(delivery, isDelivered);
      const waiters = this.#idleWaiters;
      this.#idleWaiters = [];
      for (const wake of waiters) wake();
      this.#drain();
    };
    const { endpoint, record } = delivery;
    const timestamp = Math.floor((this.#nowMs() + this.#settings.clockSkewMs) / 1000);
    const signature = createHmac('sha256', endpoint.secret).update(`${timestamp}.`).update(record.body).digest('hex');
    const isSecure = endpoint.url.startsWith('https:');
    const request = (isSecure ? https : http).request(endpoint.url, {
      method: 'POST',
      agent: isSecure ? this.#agents['https:'] : this.#agents['http:'],
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': record.body.length,
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        accept: '*/*; q=0.5, application/xml',
        'cache-control': 'no-cache',
        'stripe-signature': `t=${timestamp},v1=${signature}`,
      },
    });
    this.#requests.add(request);
    request.on('close', () => this.#requests.delete(request));
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      response.on('end', () => settle(statusCode >= 200 && statusCode < 300));
      response.on('close', () => settle(false));
    });
    const deadline = setTimeout(() => request.destroy(), ATTEMPT_TIMEOUT_MS);
    deadline.unref();
    request.on('error', () => settle(false));
    request.on('close', () => {
      clearTimeout(deadline);
      settle(false);
    });
    request.end(record.body);
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
