import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  answers,
  freePort,
  ManagedProcess,
  makeRunDir,
  PINNED_NODE,
  REPOSITORY,
  type SandboxOptions,
  startSandbox,
} from '@connector/sandbox';
import {
  type CommercetoolsSimulator,
  createCart,
  createCustomer,
  createSession,
  startCommercetoolsSimulator,
} from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { Shopper } from '../shopper.ts';
import { startRelay } from './relay.ts';

const random = (bytes = 12) => randomBytes(bytes).toString('hex');

export interface TestSystemOptions {
  readonly serviceEnv?: SandboxOptions['serviceEnv'];
  /** A second Stripe that sees every request as well; its answers are noted in `stripeRelay.calls`. */
  readonly stripeMirror?: string;
  /** Whether sessions, jobs, tokens and keys of commercetools go through its relay, too; by default its HTTP API alone does. */
  readonly relayAll?: boolean;
}

export interface CartWishes {
  readonly centAmount?: number;
  readonly currency?: string;
  readonly country?: string;
  readonly customerId?: string;
  /** Anything else of a CartDraft. */
  readonly draft?: Record<string, unknown>;
  /** Anything else of the session's metadata. */
  readonly metadata?: Record<string, unknown>;
}

export type Answer = Awaited<ReturnType<Shopper['call']>>;

/** What one request carries; `token` becomes `Authorization: Bearer`. */
export interface Ask {
  readonly session?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Origin to ask instead of the gateway's. */
  readonly at?: string;
}

/** All services on simulators of this process, behind relays, so that a test sees and bends what both sides answer. */
export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>;

/** Resolves when every service is ready; nothing is left running when it throws. */
export async function startTestSystem({ serviceEnv, stripeMirror, relayAll = false }: TestSystemOptions = {}) {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const secrets = {
      CTP_CLIENT_SECRET: random(),
      STRIPE_SECRET_KEY: `sk_test_${random()}`,
      STRIPE_WEBHOOK_SIGNING_SECRET: `whsec_${random()}`,
    };
    const commercetools = await startCommercetoolsSimulator({
      projectKey: 'shop',
      clientId: 'connector',
      clientSecret: secrets.CTP_CLIENT_SECRET,
    });
    stops.push(() => commercetools.close());
    const stripe = await startStripeSimulator({ secretKey: secrets.STRIPE_SECRET_KEY });
    stops.push(() => stripe.close());
    const commercetoolsRelay = await startRelay(commercetools.url);
    stops.push(() => commercetoolsRelay.close());
    const stripeRelay = await startRelay(stripe.url, stripeMirror ? { mirror: stripeMirror } : {});
    stops.push(() => stripeRelay.close());

    await makeTypes(commercetools);
    const besideApi = relayAll ? commercetoolsRelay.url : commercetools.url;
    const sandbox = await startSandbox({
      port: 0,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...secrets,
        CTP_PROJECT_KEY: commercetools.projectKey,
        CTP_CLIENT_ID: commercetools.clientId,
        CTP_AUTH_URL: besideApi,
        CTP_API_URL: commercetoolsRelay.url,
        CTP_SESSION_URL: besideApi,
        CTP_CHECKOUT_URL: besideApi,
        CTP_JWKS_URL: `${besideApi}/.well-known/jwks.json`,
        CTP_JWT_ISSUER: commercetools.url,
        STRIPE_API_BASE: stripeRelay.url,
        STRIPE_PUBLISHABLE_KEY: `pk_test_${random()}`,
      },
      ...(serviceEnv && { serviceEnv }),
    });
    stops.push(() => sandbox.stop());
    stripe.setWebhook({ url: `${sandbox.url}/stripe/webhooks`, secret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET });
    const shopper = new Shopper(sandbox.url);

    const call = (method: string, path: string, { session, token, body, headers = {}, at }: Ask = {}) =>
      (at ? new Shopper(at) : shopper).call(method, path, {
        ...(body !== undefined && { body }),
        headers: {
          ...(session !== undefined && { 'x-session-id': session }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
      });

    /** One more process of a service beside the sandbox's, with no gateway in front; answers its origins. */
    const startBeside = async (service: string, env: Record<string, string>) => {
      const dir = await makeRunDir();
      const [port, adminPort] = [await freePort(), await freePort()];
      const running = new ManagedProcess({
        name: service,
        command: PINNED_NODE,
        args: ['dist/main.js'],
        cwd: join(REPOSITORY, 'services', service),
        env: { ...sandbox.env, ...env, HTTP_PORT: String(port), METRICS_PORT: String(adminPort) },
        logFile: join(dir, `${service}.log`),
        isReady: () => answers(`http://127.0.0.1:${adminPort}/readyz`),
      });
      stops.push(() => rm(dir, { recursive: true, force: true }));
      stops.push(() => running.stop());
      await running.start();
      return { url: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` };
    };

    return {
      sandbox,
      shopper,
      commercetools,
      stripe,
      commercetoolsRelay,
      stripeRelay,
      secrets,
      stop,
      call,
      ...shopOf(commercetools, stripe, secrets.STRIPE_SECRET_KEY, sandbox.url),
      /** Takes both sides' faults and bends away. */
      heal() {
        commercetools.setFaults([]);
        stripe.controls.setFaults([]);
        commercetoolsRelay.bends = [];
        stripeRelay.bends = [];
      },
      /** Opens a checkout's payment and, with `pay`, has the shopper's card accepted. */
      async opened({ pay = false, at, ...wishes }: CartWishes & { pay?: boolean; at?: string } = {}) {
        const checkout = await this.checkout(wishes);
        const { status, json, text } = await call('GET', '/payments', {
          session: checkout.session,
          ...(at !== undefined && { at }),
        });
        if (status !== 200) throw new Error(`GET /payments answered ${status}: ${text}`);
        const payment: string = json.paymentReference;
        const paymentIntent: string = json.sClientSecret.split('_secret_')[0];
        if (pay) stripe.controls.pay(paymentIntent);
        return { ...checkout, payment, paymentIntent, answer: json as Record<string, string> };
      },
      /** One more intent beside the sandbox's, with other settings and no gateway in front; answers its origin. */
      startIntent: async (env: Record<string, string>): Promise<string> => (await startBeside('intent', env)).url,
      startBeside,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a shop and its customers have at commercetools and Stripe before and beside the connector. */
function shopOf(
  commercetools: CommercetoolsSimulator,
  stripe: StripeSimulator,
  stripeKey: string,
  processorUrl: string,
) {
  const { url, projectKey } = commercetools;
  const api = () => ({ ctUrl: url, projectKey, token: commercetools.issueToken() });

  /** A call below the project, with the merchant's token. Throws on any answer but 2xx. */
  const merchant = async <T = { id: string; version: number }>(method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${url}/${projectKey}${path}`, {
      method,
      headers: { authorization: `Bearer ${api().token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };

  const stripeCall = async <T = { id: string }>(
    path: string,
    form: Record<string, string>,
    method: 'POST' | 'DELETE' = 'POST',
  ) => {
    const answer = await fetch(`${stripe.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${stripeKey}` },
      body: new URLSearchParams(form),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };

  const session = async (cartId: string, metadata: Record<string, unknown> = {}): Promise<string> => {
    const options = { sessionUrl: url, projectKey, token: api().token, processorUrl };
    return (await createSession(cartId, { ...options, returnUrl: `${processorUrl}/`, metadata })).id;
  };

  return {
    merchant,
    /** A POST or DELETE at Stripe, beside the connector. Throws on any answer but 2xx. */
    stripeCall,
    session,
    async checkout({
      centAmount = 2400,
      currency = 'EUR',
      country = 'DE',
      customerId,
      draft,
      metadata,
    }: CartWishes = {}) {
      const wishes = { centAmount, currency, country, ...(customerId && { customerId }), ...(draft && { draft }) };
      const { id: cart } = await createCart(api(), wishes);
      return { cart, session: await session(cart, metadata) };
    },
    customer: async (draft: Record<string, unknown> = {}) =>
      (await createCustomer(api(), { email: `shopper-${randomUUID()}@example.com`, draft })).id,
    /** A card that the customer stored, at Stripe and at commercetools. */
    async storedMethod(customerId: string, { paymentMethod = 'pm_card_visa' } = {}) {
      const owner = await stripeCall('/customers', { 'metadata[ct_customer_id]': customerId });
      const { id: token } = await stripeCall(`/payment_methods/${paymentMethod}/attach`, { customer: owner.id });
      const method = await merchant('POST', '/payment-methods', {
        customer: { typeId: 'customer', id: customerId },
        paymentInterface: 'checkout-stripe',
        method: 'card',
        default: true,
        token: { value: token },
      });
      return { ...method, token, stripeCustomer: owner.id };
    },
    async deleteCart(id: string) {
      const { version } = await merchant('GET', `/carts/${id}`);
      await merchant('DELETE', `/carts/${id}?version=${version}`);
    },
    /** A token of an API client with exactly these scopes; without `:` they are the project's. */
    token: (...scopes: string[]) => commercetools.issueToken(scopes),
    jwt: (options?: Parameters<CommercetoolsSimulator['mintJwt']>[0]) => commercetools.mintJwt(options),
  };
}

/** The custom types that a deployment creates, and the field that the Stripe Tax connector keeps on a cart. */
async function makeTypes({ url, projectKey, issueToken }: CommercetoolsSimulator): Promise<void> {
  const string = { name: 'String' };
  const types = [
    ['payment-connector-stripe-customer-id', 'customer', 'stripeConnector_stripeCustomerId', string],
    ['stripe-tax', 'order', 'connectorStripeTax_calculationReferences', { name: 'Set', elementType: string }],
  ] as const;
  for (const [key, resource, name, type] of types) {
    const answer = await fetch(`${url}/${projectKey}/types`, {
      method: 'POST',
      headers: { authorization: `Bearer ${issueToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        key,
        name: { en: key },
        resourceTypeIds: [resource],
        fieldDefinitions: [{ name, label: { en: name }, required: false, type }],
      }),
    });
    if (!answer.ok) throw new Error(`type ${key}: ${answer.status} ${await answer.text()}`);
  }
}
