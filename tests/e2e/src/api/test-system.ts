import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  freePort,
  ManagedProcess,
  makeRunDir,
  PINNED_NODE,
  type Sandbox,
  type SandboxOptions,
  serviceProcess,
  startSandbox,
} from '@connector/sandbox';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { Shopper } from '../shopper.ts';
import { Relay } from './relay.ts';
import { type CartWishes, makeTypes, TestShop } from './test-shop.ts';

const random = () => randomBytes(12).toString('hex');

export interface TestSystemOptions {
  readonly serviceEnv?: SandboxOptions['serviceEnv'];
  /** Whether sessions, jobs, tokens and keys of commercetools go through its relay, too; by default its HTTP API alone does. */
  readonly relayAll?: boolean;
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

interface Secrets {
  readonly CTP_CLIENT_SECRET: string;
  readonly STRIPE_SECRET_KEY: string;
  readonly STRIPE_WEBHOOK_SIGNING_SECRET: string;
}

/** Both sides, in this process, and the relays before them. */
interface Sides {
  readonly commercetools: CommercetoolsSimulator;
  readonly stripe: StripeSimulator;
  readonly commercetoolsRelay: Relay;
  readonly stripeRelay: Relay;
}

/** Resolves when every service is ready; nothing is left running when it throws. */
export async function startTestSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  await using stops = new AsyncDisposableStack();
  const secrets = {
    CTP_CLIENT_SECRET: random(),
    STRIPE_SECRET_KEY: `sk_test_${random()}`,
    STRIPE_WEBHOOK_SIGNING_SECRET: `whsec_${random()}`,
  };
  const sides = await startSides(secrets, stops);
  await makeTypes(sides.commercetools);
  const sandbox = await startSandbox({
    port: 0,
    env: sandboxEnv(sides, secrets, options.relayAll ?? false),
    ...(options.serviceEnv && { serviceEnv: options.serviceEnv }),
  });
  stops.defer(() => sandbox.stop());
  const webhook = { url: `${sandbox.url}/stripe/webhooks`, secret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET };
  sides.stripe.setWebhook(webhook);
  return new TestSystem(sides, sandbox, secrets, stops.move());
}

async function startSides(
  { CTP_CLIENT_SECRET: clientSecret, STRIPE_SECRET_KEY: secretKey }: Secrets,
  stops: AsyncDisposableStack,
): Promise<Sides> {
  const closing = <T extends { close(): Promise<void> }>(side: T) => stops.adopt(side, () => side.close());
  const access = { projectKey: 'shop', clientId: 'connector', clientSecret };
  const commercetools = closing(await startCommercetoolsSimulator(access));
  const stripe = closing(await startStripeSimulator({ secretKey }));
  const commercetoolsRelay = closing(await Relay.start(commercetools.url));
  const stripeRelay = closing(await Relay.start(stripe.url));
  return { commercetools, stripe, commercetoolsRelay, stripeRelay };
}

function sandboxEnv({ commercetools, commercetoolsRelay, stripeRelay }: Sides, secrets: Secrets, relayAll: boolean) {
  const besideApi = relayAll ? commercetoolsRelay.url : commercetools.url;
  return {
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
  };
}

/** All services on simulators of this process, behind relays, so that a test sees and bends what both sides answer. */
export class TestSystem extends TestShop {
  readonly sandbox: Sandbox;
  /** Asks at the gateway, as a browser does. */
  readonly shopper: Shopper;
  readonly commercetoolsRelay: Relay;
  readonly stripeRelay: Relay;
  readonly secrets: Secrets;
  readonly #stops: AsyncDisposableStack;
  /** Of the processes beside the sandbox's. */
  #beside = new AsyncDisposableStack();

  constructor(sides: Sides, sandbox: Sandbox, secrets: Secrets, stops: AsyncDisposableStack) {
    const access = { stripeKey: secrets.STRIPE_SECRET_KEY, processorUrl: sandbox.url };
    super(sides.commercetools, sides.stripe, access);
    this.sandbox = sandbox;
    this.shopper = new Shopper(sandbox.url);
    this.commercetoolsRelay = sides.commercetoolsRelay;
    this.stripeRelay = sides.stripeRelay;
    this.secrets = secrets;
    this.#stops = stops;
  }

  call(method: string, path: string, { session, token, body, headers = {}, at }: Ask = {}): Promise<Answer> {
    return (at ? new Shopper(at) : this.shopper).call(method, path, {
      ...(body !== undefined && { body }),
      headers: {
        ...(session !== undefined && { 'x-session-id': session }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
  }

  /** Opens a checkout's payment and, with `pay`, has the shopper's card accepted. */
  async opened({ pay = false, at, ...wishes }: CartWishes & { pay?: boolean; at?: string } = {}) {
    const checkout = await this.checkout(wishes);
    const ask = { session: checkout.session, ...(at !== undefined && { at }) };
    const { status, json, text } = await this.call('GET', '/payments', ask);
    if (status !== 200) throw new Error(`GET /payments answered ${status}: ${text}`);
    const payment: string = json.paymentReference;
    const paymentIntent: string = json.sClientSecret.split('_secret_')[0];
    if (pay) this.stripe.controls.pay(paymentIntent);
    return { ...checkout, payment, paymentIntent, answer: json as Record<string, string> };
  }

  /** Takes both sides' faults and bends away. */
  heal(): void {
    this.commercetools.setFaults([]);
    this.stripe.controls.setFaults([]);
    this.commercetoolsRelay.bends = [];
    this.stripeRelay.bends = [];
  }

  /** One more process of a service beside the sandbox's, with no gateway in front; answers its origins. */
  async startBeside(service: string, env: Record<string, string>): Promise<{ url: string; adminUrl: string }> {
    const dir = await makeRunDir();
    const ports = { port: await freePort(), adminPort: await freePort() };
    const running = new ManagedProcess({
      ...serviceProcess(service, ports, { ...this.sandbox.env, ...env }),
      name: service,
      command: PINNED_NODE,
      logFile: join(dir, `${service}.log`),
    });
    this.#beside.defer(() => rm(dir, { recursive: true, force: true }));
    this.#beside.defer(() => running.stop());
    await running.start();
    return { url: `http://127.0.0.1:${ports.port}`, adminUrl: `http://127.0.0.1:${ports.adminPort}` };
  }

  /** One more intent beside the sandbox's, with other settings and no gateway in front; answers its origin. */
  async startIntent(env: Record<string, string>): Promise<string> {
    return (await this.startBeside('intent', env)).url;
  }

  /** Ends every process that was started beside. */
  async stopBeside(): Promise<void> {
    const running = this.#beside;
    this.#beside = new AsyncDisposableStack();
    await running.disposeAsync();
  }

  async stop(): Promise<void> {
    await this.stopBeside();
    await this.#stops.disposeAsync();
  }
}
