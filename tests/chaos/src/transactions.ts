import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '@connector/load-tests/random';
import { type Answer, GaveUp, request } from '@connector/load-tests/shop';
import type { Finding } from './consistency-check.ts';
import type { CommercetoolsTruth, StripeTruth } from './truths.ts';

/** One scenario of this many is followed by a transaction. */
const EVERY = 6;
/** Time limit for repetitions of one request, in ms. */
const PATIENCE_MS = 180_000;

interface Environment {
  /** Origin of the gateway. */
  readonly url: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * A customer's stored card, charged without the customer: a scheduler of recurring orders does this again and again
 * until it gets an answer.
 */
export class Transactions {
  readonly #at: Environment;
  readonly #customerId: string;
  readonly #paymentMethodId: string;
  readonly #authorization: string;
  made = 0;
  repeated = 0;
  readonly findings: Finding[] = [];

  /** Stores the card before anything fails. */
  static async begin(at: Environment): Promise<Transactions> {
    const { env } = at;
    const project = `${env.CTP_API_URL}/${env.CTP_PROJECT_KEY}`;
    const client = Buffer.from(`${env.CTP_CLIENT_ID}:${env.CTP_CLIENT_SECRET}`).toString('base64');
    const token = await done('POST', `${env.CTP_AUTH_URL}/oauth/token`, {
      headers: { authorization: `Basic ${client}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const authorization = `Bearer ${token.access_token}`;
    const headers = { authorization };
    const draft = { email: `recurring-${Date.now()}@example.com`, password: 'secret' };
    const { customer } = await done('POST', `${project}/customers`, { headers, body: draft });
    const stripe = { authorization: `Bearer ${env.STRIPE_SECRET_KEY}` };
    const ask = (path: string, params: Record<string, string>) =>
      done('POST', `${env.STRIPE_API_BASE}/v1/${path}`, { headers: stripe, body: new URLSearchParams(params) });
    const owner = await ask('customers', { 'metadata[ct_customer_id]': customer.id });
    const method = await ask('payment_methods/pm_card_visa/attach', { customer: owner.id });
    const stored = await done('POST', `${project}/payment-methods`, {
      headers,
      body: {
        customer: { typeId: 'customer', id: customer.id },
        paymentInterface: 'checkout-stripe',
        method: 'card',
        default: true,
        token: { value: method.id },
      },
    });
    return new Transactions(at, { customerId: customer.id, paymentMethodId: stored.id, authorization });
  }

  private constructor(at: Environment, given: { customerId: string; paymentMethodId: string; authorization: string }) {
    this.#at = at;
    this.#customerId = given.customerId;
    this.#paymentMethodId = given.paymentMethodId;
    this.#authorization = given.authorization;
  }

  /**
   * The transaction that follows scenario `index`, if any: requested by two schedulers at the same time, and once more
   * later. Throws GaveUp.
   */
  async follow(seed: number, index: number): Promise<void> {
    if (index % EVERY !== EVERY - 1) return;
    const random = randomOf(seed, index);
    const centAmount = random.between(100, 2_000) * 10;
    const checkout = await this.#until('/storefront/api/checkouts', {
      currency: 'EUR',
      centAmount,
      customer: this.#customerId,
    });
    const body = {
      type: 'Recurring',
      cartId: checkout.json.cartId,
      checkoutTransactionItemId: crypto.randomUUID(),
      paymentMethodId: this.#paymentMethodId,
      ...(random.chance(0.5) && { idempotencyKey: `cycle-${seed}-${index}` }),
    };
    const charge = () => this.#until('/operations/transactions', body);
    const told = await Promise.all(random.chance(0.5) ? [charge(), charge()] : [charge()]);
    await sleep(random.between(0, 2_000));
    told.push(await charge());
    this.made += 1;
    this.repeated += told.length - 1;
    const answers = new Set(told.map(({ json }) => `${json.transactionStatus?.state} ${json.paymentId}`));
    const paymentId: string = told[0]?.json.paymentId;
    if (answers.size > 1 || ![...answers][0]?.startsWith('Completed')) {
      this.findings.push({
        verdict: 'wrong',
        paymentId,
        what: `a transaction was told ${[...answers].join(', then ')}`,
      });
    }
  }

  async #until(path: string, body: object): Promise<Answer> {
    const deadline = Date.now() + PATIENCE_MS;
    for (let attempt = 0; ; attempt += 1) {
      let last: string;
      try {
        const headers = { authorization: this.#authorization };
        const answer = await request('POST', `${this.#at.url}${path}`, { body, headers });
        if (answer.status < 300) return answer;
        last = `${answer.status} ${answer.text.slice(0, 300)}`;
        if (answer.status < 500 && answer.status !== 429 && answer.status !== 404) {
          throw new GaveUp(`POST ${path} answered ${last}`);
        }
      } catch (error) {
        if (error instanceof GaveUp) throw error;
        last = String((error as Error).cause ?? error);
      }
      if (Date.now() > deadline) throw new GaveUp(`POST ${path}: ${last}`);
      await sleep(Math.min(2_000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2));
    }
  }
}

async function done(method: string, url: string, options: Parameters<typeof request>[2]): Promise<Answer['json']> {
  const { status, text, json } = await request(method, url, options);
  if (status >= 300) throw new GaveUp(`${method} ${new URL(url).pathname} answered ${status} ${text.slice(0, 300)}`);
  return json;
}

const HOLDS_MONEY = new Set(['processing', 'requires_capture', 'succeeded']);

/** Carts for which more than one PaymentIntent took or holds money; a scenario pays each cart once. */
export function chargedTwice(stripe: StripeTruth, { carts }: Pick<CommercetoolsTruth, 'carts'>): Finding[] {
  const known = new Set(carts.map(({ id }) => id));
  const taken = stripe.payment_intents.filter(({ status }) => HOLDS_MONEY.has(status));
  return [...Map.groupBy(taken, ({ metadata }) => metadata.cart_id ?? '')].flatMap(([cartId, [first, ...more]]) =>
    known.has(cartId) && first
      ? more.map(
          ({ id }): Finding => ({
            verdict: 'duplicated',
            paymentIntentId: id,
            what: `cart ${cartId} is paid by ${first.id} too`,
          }),
        )
      : [],
  );
}
