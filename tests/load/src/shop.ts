import { setTimeout as sleep } from 'node:timers/promises';

export interface Checkout {
  cartId: string;
  sessionId: string;
}
export interface Opened {
  sClientSecret: string;
  paymentReference: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each caller knows what it asked for
  readonly json: any;
  readonly text: string;
}

/** Nobody would wait this long for one answer. */
const ANSWER_WITHIN_MS = 30_000;

/** One request over HTTP; answers whatever the status. Throws TypeError or TimeoutError when there is no answer. */
export async function request(
  method: string,
  url: string,
  { body, headers = {} }: { body?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const isForm = body instanceof URLSearchParams;
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body !== undefined && !isForm && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json');
  return { status: answer.status, text, json: isJson ? JSON.parse(text) : undefined };
}

/** The asked side refused for good, or did not answer within the patience. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';
}

export interface ShopOptions {
  /** Origin of the gateway. */
  readonly url: string;
  readonly stripe: { readonly url: string; readonly secretKey: string };
  /** How long one request is tried again before it is given up, in ms. */
  readonly patienceMs: number;
}

/**
 * The people around a payment: the shopper's browser, the merchant's backend, and someone in Stripe's dashboard. What fails with a 5xx
 * or 429, or gets no answer, is asked again as they would, with the same words.
 */
export class Shop {
  readonly #options: ShopOptions;
  retries = 0;
  /** Operations that the connector refused because it had not tied the payment to its PaymentIntent yet. */
  tooEarly = 0;
  /** What the connector or Stripe refused, with its answer; nothing that was asked ought to be. */
  readonly refusals: string[] = [];

  constructor(options: ShopOptions) {
    this.#options = options;
  }

  checkout = (body: { currency: string; centAmount: number; captureMethod: 'automatic' | 'manual' }) =>
    this.#ask<Checkout>('POST', '/storefront/api/checkouts', { body });

  open = ({ sessionId }: Checkout) => this.#ask<Opened>('GET', '/payments', { headers: { 'x-session-id': sessionId } });

  async confirm(
    { sessionId }: Checkout,
    { paymentReference, sClientSecret }: Opened,
    { mayBeRefused }: { mayBeRefused: boolean },
  ): Promise<void> {
    const url = `${this.#options.url}/confirmPayments/${paymentReference}`;
    const body = { paymentIntent: paymentIntentOf(sClientSecret) };
    const isAnswer = (status: number) => status < 300 || status === 400;
    const { status, text } = await this.#until('POST', url, { body, headers: { 'x-session-id': sessionId } }, isAnswer);
    if (status >= 300 && !mayBeRefused) this.refusals.push(`confirmation of ${paymentReference}: ${status} ${text}`);
  }

  /** An operation of the merchant's backend; the idempotency key makes the repetition the same operation. */
  async operate(
    paymentId: string,
    operation: { action: string; amount?: { centAmount: number; currencyCode: string }; merchantReference: string },
    idempotencyKey: string,
  ): Promise<void> {
    const url = `${this.#options.url}/storefront/api/payments/${paymentId}/operations`;
    const headers = { 'idempotency-key': idempotencyKey };
    // Before the connector has tied the payment to its PaymentIntent a back office would come back later.
    const isTooEarly = (text: string) => text.includes('The payment has no PaymentIntent.');
    const isAnswer = (status: number, text: string) => {
      if (status === 400 && isTooEarly(text)) this.tooEarly += 1;
      return status < 300 || (status === 400 && !isTooEarly(text));
    };
    const { status, json, text } = await this.#until('POST', url, { body: operation, headers }, isAnswer, isTooEarly);
    if (status >= 300 || json?.outcome === 'rejected') {
      this.refusals.push(`${operation.action} ${idempotencyKey} of ${paymentId}: ${status} ${text}`);
    }
  }

  /** The browser's talk with Stripe.js; answers whether Stripe took the payment. */
  async pay(paymentIntentId: string, how: Record<string, unknown>): Promise<boolean> {
    const { status } = await this.#sandbox('POST', `stripe/payment_intents/${paymentIntentId}/pay`, how, [402]);
    return status < 300;
  }

  settle = (paymentIntentId: string, outcome: 'succeeded' | 'failed') =>
    this.#sandbox('POST', `stripe/payment_intents/${paymentIntentId}/settle`, { outcome }, [400]);

  /** Answers undefined when there is nothing to dispute. */
  async openDispute(paymentIntentId: string, options: Record<string, unknown>): Promise<{ id: string } | undefined> {
    const body = { payment_intent: paymentIntentId, ...options };
    const { status, json } = await this.#sandbox('POST', 'stripe/disputes', body, [400]);
    return status < 300 ? json : undefined;
  }
  moveDispute = (disputeId: string, change: Record<string, unknown>) =>
    this.#sandbox('POST', `stripe/disputes/${disputeId}`, change);

  /** A call of Stripe's API as the dashboard makes it; answers also what Stripe refuses. */
  async dashboard(
    path: string,
    params: Readonly<Record<string, string | number | boolean>>,
    idempotencyKey: string,
  ): Promise<void> {
    const { url, secretKey } = this.#options.stripe;
    const body = new URLSearchParams(
      Object.entries(params).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const headers = { authorization: `Bearer ${secretKey}`, 'idempotency-key': idempotencyKey };
    const isAnswer = (status: number) => status < 500 && status !== 429 && status !== 409;
    const { status, text } = await this.#until('POST', `${url}/v1/${path}`, { body, headers }, isAnswer);
    if (status >= 300) this.refusals.push(`${idempotencyKey}, ${path}: ${status} ${text.slice(0, 300)}`);
  }

  #sandbox = (method: string, path: string, body: unknown, also: readonly number[] = []) =>
    this.#until(
      method,
      `${this.#options.url}/_sandbox/${path}`,
      { body },
      (status) => status < 300 || also.includes(status),
    );

  async #ask<T>(
    method: string,
    path: string,
    options: Parameters<typeof request>[2],
    isAnswer: (status: number) => boolean = (status) => status < 300,
  ): Promise<T> {
    return (await this.#until(method, this.#options.url + path, options, isAnswer)).json as T;
  }

  async #until(
    method: string,
    url: string,
    options: Parameters<typeof request>[2],
    isAnswer: (status: number, text: string) => boolean,
    isWorthAsking: (text: string) => boolean = () => false,
  ): Promise<Answer> {
    const deadline = Date.now() + this.#options.patienceMs;
    let last = '';
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await request(method, url, options);
        if (isAnswer(answer.status, answer.text)) return answer;
        last = `${answer.status} ${answer.text.slice(0, 300)}`;
        const mayPass = answer.status >= 500 || answer.status === 429 || answer.status === 404;
        if (!mayPass && !isWorthAsking(answer.text)) {
          throw new GaveUp(`${method} ${new URL(url).pathname} answered ${last}`);
        }
      } catch (error) {
        if (error instanceof GaveUp) throw error;
        // No answer: the side is down, or cut the connection.
        last = String((error as Error).cause ?? error);
      }
      if (Date.now() > deadline) throw new GaveUp(`${method} ${new URL(url).pathname}: ${last}`);
      this.retries += 1;
      await sleep(Math.min(2_000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2));
    }
  }
}

export const paymentIntentOf = (clientSecret: string): string => clientSecret.split('_secret_')[0] as string;
