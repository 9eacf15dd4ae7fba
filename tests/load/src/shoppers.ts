import { createCart, createSession, type ProjectApi } from '@connector/simulator-commercetools';
import { Agent, request } from 'undici';
import { type Environment, PROJECT } from './environment/environment.ts';
import { atOnce } from './load.ts';
import { tokenOf } from './payments.ts';
import { paymentIntentOf } from './shop.ts';

export interface Shopper {
  readonly cart: string;
  readonly session: string;
}

/** A shopper who has paid at Stripe, and whom nobody has told commercetools of. */
export interface Paid extends Shopper {
  readonly paymentId: string;
  readonly paymentIntentId: string;
}

export interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly text: string;
  /** The header Retry-After, where there is one. */
  readonly retryAfter?: string | undefined;
}

const dispatcher = new Agent({ connections: 128 });
const TOTAL = 2_400;
const CARD = '4242424242424242';

/** A cheap request over kept-alive connections; answers whatever the status. */
export async function call(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answered> {
  const answer = await request(url, {
    method: method as 'GET',
    headers,
    dispatcher,
    ...(body !== undefined && { body }),
  });
  const text = await answer.body.text();
  const retryAfter = answer.headers['retry-after']?.toString();
  return { status: answer.statusCode, text, json: text.startsWith('{') ? JSON.parse(text) : {}, retryAfter };
}

/** Throws Error unless the answer is 2xx. */
export async function done(answered: Promise<Answered>): Promise<Answered> {
  const answer = await answered;
  if (answer.status >= 300) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer;
}

/** The people who open and confirm payments at one processor, and the bare calls that neither can do without. */
export class Shoppers {
  readonly api: ProjectApi;
  readonly #environment: Environment;
  readonly #intent: string;
  readonly #json: Record<string, string>;
  readonly #form: Record<string, string>;

  /** Those of a processor at this origin. */
  static async of(environment: Environment, intent: string): Promise<Shoppers> {
    return new Shoppers(environment, intent, await tokenOf(environment));
  }

  private constructor(environment: Environment, intent: string, token: string) {
    this.#environment = environment;
    this.#intent = intent;
    this.api = { ctUrl: environment.commercetools, projectKey: PROJECT, token };
    this.#json = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    this.#form = {
      authorization: `Bearer ${environment.env.STRIPE_SECRET_KEY}`,
      'content-type': 'application/x-www-form-urlencoded',
    };
  }

  /** Carts and sessions of shoppers who have not seen the form yet. */
  async arrive(
    count: number,
    { customerId, country = 'DE' }: { customerId?: string | undefined; country?: string } = {},
  ): Promise<Shopper[]> {
    const made: Shopper[] = [];
    await atOnce(16, count, async () => {
      const wishes = { currency: 'EUR', centAmount: TOTAL, country, ...(customerId && { customerId }) };
      const { id: cart } = await createCart(this.api, wishes);
      const session = { ...this.api, sessionUrl: this.#environment.commercetools, processorUrl: this.#intent };
      made.push({ cart, session: (await createSession(cart, session)).id });
    });
    return made;
  }

  /** What a page asks the processor for before its form shows: session-auth then knows the session, and the processor the cart. */
  async showForm({ session }: Shopper, at = this.#intent): Promise<void> {
    await done(call('GET', `${at}/operations/config`, { 'x-session-id': session }));
    await done(call('GET', `${at}/config-element/payment`, { 'x-session-id': session }));
  }

  /** Shoppers whose pages show the payment form. */
  async ready(count: number, customerId?: string): Promise<Shopper[]> {
    const arrived = await this.arrive(count, { customerId });
    await atOnce(16, count, (index) => this.showForm(arrived[index] as Shopper));
    return arrived;
  }

  open = ({ session }: Shopper, at = this.#intent): Promise<Answered> =>
    done(call('GET', `${at}/payments`, { 'x-session-id': session }));

  /** Shoppers who have opened a payment and paid it at Stripe. */
  async paid(count: number): Promise<Paid[]> {
    const ready = await this.ready(count);
    const made: Paid[] = [];
    await atOnce(16, count, async (index) => {
      const shopper = ready[index] as Shopper;
      const { json } = await this.open(shopper);
      const paymentIntentId = paymentIntentOf(json.sClientSecret as string);
      await this.pay(paymentIntentId);
      made.push({ ...shopper, paymentId: json.paymentReference as string, paymentIntentId });
    });
    return made;
  }

  /** The browser's talk with Stripe.js. */
  pay = (paymentIntentId: string): Promise<Answered> =>
    done(
      call(
        'POST',
        `${this.#environment.stripe}/_sandbox/payment_intents/${paymentIntentId}/pay`,
        { 'content-type': 'application/json' },
        JSON.stringify({ card: CARD }),
      ),
    );

  /** Answers the outcome; throws Error unless it is approved or pending. */
  async confirm({ session, paymentId, paymentIntentId }: Paid, at = this.#intent): Promise<string> {
    const headers = { 'x-session-id': session, 'content-type': 'application/json' };
    const body = JSON.stringify({ paymentIntent: paymentIntentId });
    const { json } = await done(call('POST', `${at}/confirmPayments/${paymentId}`, headers, body));
    return json.outcome as string;
  }

  /** The calls that an opening cannot do without, by a plain script: the cart; then the PaymentIntent beside the payment and its cart. */
  async bareOpen({ cart }: Shopper): Promise<void> {
    const project = `${this.#environment.commercetools}/${PROJECT}`;
    const { json: read } = await done(
      call('GET', `${project}/carts/${cart}?expand=paymentInfo.payments%5B*%5D`, this.#json),
    );
    const createPayment = async () => {
      const draft = { key: `${cart}-bare`, amountPlanned: { centAmount: TOTAL, currencyCode: 'EUR' } };
      const { json: made } = await done(call('POST', `${project}/payments`, this.#json, JSON.stringify(draft)));
      const actions = [{ action: 'addPayment', payment: { typeId: 'payment', id: made.id } }];
      const update = JSON.stringify({ version: read.version, actions });
      await done(call('POST', `${project}/carts/${cart}`, this.#json, update));
    };
    const params = new URLSearchParams({
      amount: String(TOTAL),
      currency: 'eur',
      'automatic_payment_methods[enabled]': 'true',
    });
    const headers = { ...this.#form, 'idempotency-key': `bare-${cart}` };
    const create = call('POST', `${this.#environment.stripe}/v1/payment_intents`, headers, params.toString());
    await Promise.all([done(create), createPayment()]);
  }

  /** The calls that a confirmation cannot do without: cart, payment and PaymentIntent at once, then one write. */
  async bareConfirm({ cart, paymentId, paymentIntentId }: Paid): Promise<void> {
    const project = `${this.#environment.commercetools}/${PROJECT}`;
    const [, { json: payment }] = await Promise.all([
      done(call('GET', `${project}/carts/${cart}`, this.#json)),
      done(call('GET', `${project}/payments/${paymentId}`, this.#json)),
      done(call('GET', `${this.#environment.stripe}/v1/payment_intents/${paymentIntentId}`, this.#form)),
    ]);
    const amount = { centAmount: TOTAL, currencyCode: 'EUR' };
    const transaction = (type: string) => ({
      action: 'addTransaction',
      transaction: { type, state: 'Success', amount, interactionId: paymentIntentId },
    });
    const update = { version: payment.version, actions: [transaction('Authorization'), transaction('Charge')] };
    await done(call('POST', `${project}/payments/${paymentId}`, this.#json, JSON.stringify(update)));
  }
}

/** session-auth and a processor that asks it, without a gateway in front. */
export async function startProcessor(
  environment: Environment,
  { node = [], env = {} }: { node?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
) {
  // Sessions stay warm for as long as a measurement takes.
  const sessionAuth = await environment.start('session-auth', { SESSION_CACHE_TTL_MS: '300000' });
  const intent = await environment.start('intent', { SESSION_AUTH_URL: sessionAuth.url, ...env }, node);
  const stop = async () => {
    await intent.kill();
    await sessionAuth.kill();
  };
  return { sessionAuth, intent, stop, shoppers: await Shoppers.of(environment, intent.url) };
}
