import { createHmac } from 'node:crypto';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StripeEvent } from '@connector/testing';

/** One try to deliver a webhook. Times in ms since the epoch; status 0 = no answer. */
export interface Attempt {
  readonly at: number;
  readonly answeredAt: number;
  readonly status: number;
}

/** An event, and every try to deliver it. */
export interface Sent {
  readonly event: StripeEvent;
  readonly attempts: Attempt[];
}

/** Stripe waits this long for an answer, in ms. */
const ANSWER_WITHIN_MS = 20_000;
/** In ms; far sooner than Stripe, so that a trial ends. */
const AGAIN_AFTER_MS = 1_000;

export interface LoadOptions {
  readonly url: string;
  readonly secret: string;
  readonly perSecond: number;
  /** Creates the next event; it may be slow. */
  readonly nextEvent: () => Promise<StripeEvent>;
}

/**
 * Posts signed webhooks at a steady rate, whether or not earlier ones are answered, and repeats each until its answer
 * is 200.
 */
export class WebhookLoad {
  readonly sent: Sent[] = [];
  readonly #options: LoadOptions;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 4_096 });
  readonly #open = new Set<Promise<void>>();
  #isOver = false;
  #pacing: Promise<void> | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#pacing = this.#pace();
  }

  /**
   * Sends no new webhooks, and resolves when all were answered with 200. After `withinMs` the unanswered ones are left.
   */
  async finish(withinMs: number): Promise<void> {
    this.#isOver = true;
    await this.#pacing;
    const patience = new AbortController();
    await Promise.race([
      Promise.all(this.#open),
      sleep(withinMs, undefined, { signal: patience.signal }).catch(() => {}),
    ]);
    patience.abort();
    this.#agent.destroy();
  }

  /** Answers of 200 by event. */
  acknowledged(): { id: string; type: string; count: number }[] {
    return this.sent.map(({ event, attempts }) => ({
      id: event.id,
      type: event.type,
      count: attempts.filter(({ status }) => status === 200).length,
    }));
  }

  async #pace(): Promise<void> {
    const began = performance.now();
    for (let offered = 0; !this.#isOver; ) {
      for (; offered < ((performance.now() - began) / 1000) * this.#options.perSecond; offered += 1) {
        const delivered = this.#deliver();
        this.#open.add(delivered);
        void delivered.finally(() => this.#open.delete(delivered));
      }
      await sleep(5);
    }
  }

  async #deliver(): Promise<void> {
    const sent: Sent = { event: await this.#options.nextEvent(), attempts: [] };
    this.sent.push(sent);
    const body = JSON.stringify(sent.event);
    for (;;) {
      const at = Date.now();
      const status = await this.#post(body);
      sent.attempts.push({ at, answeredAt: Date.now(), status });
      if (status === 200) return;
      await sleep(AGAIN_AFTER_MS, undefined, { ref: false });
    }
  }

  #post(body: string): Promise<number> {
    const { url, secret } = this.#options;
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    return new Promise((resolve) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'stripe-signature': `t=${timestamp},v1=${signature}`,
      };
      const options = { method: 'POST', agent: this.#agent, headers, timeout: ANSWER_WITHIN_MS };
      const request = http.request(`${url}/stripe/webhooks`, options, (response) => {
        response.resume();
        response.on('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(0));
      request.end(body);
    });
  }
}
