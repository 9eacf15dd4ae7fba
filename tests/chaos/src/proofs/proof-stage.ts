import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { paymentIntentOf, request, Shop } from '@connector/load-tests/shop';
import { PINNED_NODE, REPOSITORY, type Sandbox, startSandbox } from '@connector/sandbox';

export interface Transaction {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly interactionId?: string;
  readonly timestamp?: string;
  readonly amount: { readonly centAmount: number; readonly currencyCode: string };
}
export interface Payment {
  readonly id: string;
  readonly version: number;
  readonly key: string;
  readonly interfaceId: string;
  readonly amountPlanned: Transaction['amount'];
  readonly paymentMethodInfo: object;
  readonly transactions: readonly Transaction[];
}
/** A paid and recorded checkout. */
export interface Paid {
  readonly cartId: string;
  readonly paymentIntentId: string;
  readonly payment: Payment;
}
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly told: string;
}

const PATIENCE_MS = 120_000;
const AT_ONCE = 4;

/**
 * The stack of `npm start`, with the actors of a proof: shoppers who pay, and people who change things on either side.
 */
export class ProofStage {
  readonly sandbox: Sandbox;
  readonly shop: Shop;
  #token: Promise<string> | undefined;

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
    const stripe = { url: sandbox.urls.stripe ?? '', secretKey: this.#env('STRIPE_SECRET_KEY') };
    this.shop = new Shop({ url: sandbox.url, stripe, patienceMs: PATIENCE_MS });
  }

  static async start(build: boolean): Promise<ProofStage> {
    return new ProofStage(await startSandbox({ env: { PATH: process.env.PATH }, port: 0, build }));
  }

  stop = (): Promise<void> => this.sandbox.stop();

  /** Carts that shoppers paid by card through the connector; the ledger has recorded each. */
  paid = (count: number, capture: 'automatic' | 'manual' = 'automatic'): Promise<Paid[]> =>
    inParallel(count, async () => {
      const checkout = await this.shop.checkout({ currency: 'EUR', centAmount: 4_999, captureMethod: capture });
      const opened = await this.shop.open(checkout);
      const paymentIntentId = paymentIntentOf(opened.sClientSecret);
      await this.shop.pay(paymentIntentId, { card: '4242424242424242' });
      const wanted = capture === 'manual' ? 'Authorization' : 'Charge';
      const payment = await this.until(
        () => this.project<Payment>('GET', `/payments/${opened.paymentReference}`),
        ({ transactions }) => transactions.some(({ type, state }) => type === wanted && state === 'Success'),
        `the ${wanted} of ${opened.paymentReference}`,
      );
      return { cartId: checkout.cartId, paymentIntentId, payment };
    });

  /**
   * A call to the commercetools project with the connector's own API client. Throws when it is refused, with the
   * answer.
   */
  async project<T>(method: string, path: string, body?: object): Promise<T> {
    this.#token ??= this.#newToken();
    const url = `${this.#env('CTP_API_URL')}/${this.#env('CTP_PROJECT_KEY')}${path}`;
    const headers = { authorization: `Bearer ${await this.#token}` };
    return answerOf<T>(`${method} ${path}`, await request(method, url, { body, headers }));
  }

  /** A call to Stripe's API with the account's key. Throws when it is refused, with the answer. */
  async stripe<T>(path: string, params: Record<string, string>): Promise<T> {
    const headers = { authorization: `Bearer ${this.#env('STRIPE_SECRET_KEY')}` };
    const url = `${this.sandbox.urls.stripe}/v1/${path}`;
    return answerOf<T>(path, await request('POST', url, { body: new URLSearchParams(params), headers }));
  }

  /** A control of one of the simulators. */
  async control<T>(method: string, path: string, body?: object): Promise<T> {
    return answerOf<T>(path, await request(method, `${this.sandbox.url}/_sandbox/${path}`, { body }));
  }

  /** Runs a command of the ledger's image to its end, as the CronJob does. */
  async command(name: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    return ended(this.spawned(name, args, env));
  }

  spawned(name: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const command = join(REPOSITORY, `services/ledger/dist/commands/${name}.js`);
    return spawn(PINNED_NODE, [command, ...args], { env: { PATH: process.env.PATH, ...this.sandbox.env, ...env } });
  }

  /** Repeats a question until the answer is the wanted one. Throws after two minutes. */
  async until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, what: string): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await ask();
      if (isSo(answer)) return answer;
      if (Date.now() > deadline) throw new Error(`${what} did not come: ${JSON.stringify(answer).slice(0, 500)}`);
      await sleep(100);
    }
  }

  #env = (name: string): string => this.sandbox.env[name] ?? '';

  async #newToken(): Promise<string> {
    const basic = Buffer.from(`${this.#env('CTP_CLIENT_ID')}:${this.#env('CTP_CLIENT_SECRET')}`).toString('base64');
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    const url = `${this.#env('CTP_AUTH_URL')}/oauth/token`;
    const answer = await request('POST', url, { body, headers: { authorization: `Basic ${basic}` } });
    return answerOf<{ access_token: string }>('a token', answer).access_token;
  }
}

function answerOf<T>(what: string, { status, json, text }: Awaited<ReturnType<typeof request>>): T {
  if (status >= 300) throw new Error(`${what} was answered ${status}: ${text.slice(0, 500)}`);
  return json as T;
}

/** Waits for a process, and returns its output. */
export async function ended(child: ChildProcess): Promise<Ran> {
  let [out, told] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    told += chunk;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, out, told };
}

/** Runs `work` this many times, a few at a time. */
export async function inParallel<T>(
  count: number,
  work: (index: number) => Promise<T>,
  atOnce = AT_ONCE,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next; index < count; index = next) {
      next += 1;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
  return results;
}
