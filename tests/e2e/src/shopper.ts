import { setTimeout as sleep } from 'node:timers/promises';

/** A transaction of a payment, as commercetools shows it. */
export interface Transaction {
  type: string;
  state: string;
  interactionId?: string;
  amount: { centAmount: number; currencyCode: string };
}
export interface Payment {
  id: string;
  key?: string;
  version: number;
  interfaceId?: string;
  amountPlanned: { centAmount: number; currencyCode: string };
  transactions: Transaction[];
}
export interface Checkout {
  cartId: string;
  sessionId: string;
  /** Of a shopper who is signed in. */
  customerId?: string;
}
export interface Opened {
  sClientSecret: string;
  paymentReference: string;
  cartId: string;
}

/** What a shopper, a merchant and the sandbox's switches do over HTTP, at the gateway's `origin`. */
export class Shopper {
  readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** One request; answers status, headers and body whatever the status. */
  async call(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const answer = await fetch(this.origin + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      // biome-ignore lint/suspicious/noExplicitAny: each caller knows what it asked for
      json: (isJson ? JSON.parse(text) : undefined) as any,
    };
  }

  async #ok<T>(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<T> {
    const { status, json, text } = await this.call(method, path, options);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 500)}`);
    return json as T;
  }

  checkout = (options: Record<string, unknown> = {}) =>
    this.#ok<Checkout>('POST', '/storefront/api/checkouts', { body: { currency: 'EUR', ...options } });

  open = ({ sessionId }: Checkout) => this.#ok<Opened>('GET', '/payments', { headers: { 'x-session-id': sessionId } });

  /** The shopper's card goes to Stripe, as it would from the page. */
  pay = (paymentIntentId: string, card = '4242424242424242') =>
    this.#ok('POST', `/_sandbox/stripe/payment_intents/${paymentIntentId}/pay`, { body: { card } });

  confirm = ({ sessionId }: Checkout, { paymentReference, sClientSecret }: Opened) =>
    this.call('POST', `/confirmPayments/${paymentReference}`, {
      body: { paymentIntent: paymentIntentOf(sClientSecret) },
      headers: { 'x-session-id': sessionId },
    });

  payment = (id: string) => this.#ok<Payment>('GET', `/storefront/api/payments/${id}`);

  /** capturePayment, refundPayment, cancelPayment or reversePayment, as Checkout's backend asks for it. */
  operate = (id: string, operation: { action: string; amount?: unknown; merchantReference?: string }) =>
    this.#ok<{ outcome: string }>('POST', `/storefront/api/payments/${id}/operations`, { body: operation });

  stripeState = () => this.#ok<Record<string, Record<string, unknown>[]>>('GET', '/_sandbox/stripe/state');
  commercetoolsState = () =>
    this.#ok<{ payments: Payment[]; carts: { id: string; paymentInfo?: { payments: { id: string }[] } }[] }>(
      'GET',
      '/_sandbox/commercetools/state',
    );
  commercetoolsLog = (match: string) =>
    this.#ok<{ path: string; method: string; traceparent?: string }[]>(
      'GET',
      `/_sandbox/commercetools/log?match=${encodeURIComponent(match)}`,
    );
  commercetoolsFaults = (faults: unknown[]) => this.#ok('PUT', '/_sandbox/commercetools/faults', { body: faults });
  stripeFaults = (faults: unknown[]) => this.#ok('PUT', '/_sandbox/stripe/faults', { body: faults });
  webhooks = (settings: Record<string, unknown>) => this.#ok('PUT', '/_sandbox/stripe/webhooks', { body: settings });

  /** The payment once it satisfies `shows`; throws with what it shows instead after `withinMs`. */
  async until(id: string, shows: (payment: Payment) => boolean, withinMs = 20_000): Promise<Payment> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const payment = await this.payment(id);
      if (shows(payment)) return payment;
      if (Date.now() > deadline) throw new Error(`payment ${id} still shows ${JSON.stringify(summary(payment))}`);
      await sleep(100);
    }
  }
}

export const paymentIntentOf = (clientSecret: string): string => clientSecret.split('_secret_')[0] as string;

/** A payment's transactions as `Type:State amount`. */
export const summary = ({ transactions }: Payment): string[] =>
  transactions.map(({ type, state, amount }) => `${type}:${state} ${amount.centAmount}`);

export const hasCharge = ({ transactions }: Payment): boolean =>
  transactions.some(({ type, state }) => type === 'Charge' && state === 'Success');

/** Runs `work` for each item, at most `atOnce` at a time, and answers the results in the items' order. */
export async function each<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      while (next < items.length) {
        const index = next;
        next += 1;
        results[index] = await work(items[index] as T, index);
      }
    }),
  );
  return results;
}

export const range = (count: number): number[] => [...Array(count).keys()];
