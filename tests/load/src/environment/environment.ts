import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createCommercetools, customTypes, ensureTypes } from '@connector/commercetools';
import { TOPICS } from '@connector/contracts';
import { createProducer, ensureTopics, type Kafka, type Producer } from '@connector/kafka';
import {
  freePort,
  makeRunDir,
  PINNED_NODE,
  REPOSITORY,
  type RunningCluster,
  startKafka,
  startKafkaCluster,
} from '@connector/sandbox';
import { createLogger } from '@connector/telemetry';
import { request } from '../shop.ts';
import { copyServices, type Service } from './built-services.ts';
import { Processes, type Running } from './processes.ts';
import { connectKafka } from './topics.ts';

export type { Running } from './processes.ts';

export const PROJECT = 'bench';

export interface EnvironmentOptions {
  /** Stripe sends its events to the webhook-ingest that is started later. */
  readonly webhooks?: boolean;
  /** How many brokers Kafka has; default 1. */
  readonly brokers?: number;
  /** The checkout whose built services are started; default this one. */
  readonly services?: string;
  /** Settings of the brokers, on top of the sandbox's. */
  readonly kafkaSettings?: Readonly<Record<string, string>>;
}

/** What Environment is made of. */
interface Parts {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cluster: RunningCluster | undefined;
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly processes: Processes;
  /** Where Stripe sends its events, if it does. */
  readonly webhookPort: number | undefined;
  readonly stops: AsyncDisposableStack;
}

/** Resolves when Kafka and the simulators are ready, with topics and custom types made. Nothing is left running when it throws. */
export async function startEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
  const stops = new AsyncDisposableStack();
  try {
    return await start(options, stops);
  } catch (error) {
    await stops.disposeAsync();
    throw error;
  }
}

async function start(options: EnvironmentOptions, stops: AsyncDisposableStack): Promise<Environment> {
  const dir = await makeRunDir();
  await copyServices(options.services ?? REPOSITORY, dir);
  const processes = new Processes(dir, stops);
  const { brokers, cluster } = await startBrokers(options, dir, processes, stops);
  const webhookPort = options.webhooks ? await freePort() : undefined;
  const env = { KAFKA_BROKERS: brokers, ...(await startSimulators(processes, webhookPort)), ...SETTINGS };
  const kafka = connectKafka(env);
  await ensureTopics(kafka, TOPICS);
  await makeTypes(env);
  const producer = createProducer(kafka);
  await producer.start?.();
  stops.defer(async () => producer.stop?.());
  return new Environment({ dir, env, cluster, kafka, producer, processes, webhookPort, stops });
}

/** Kafka, both simulators, and the services that a measurement starts; nothing else. */
export class Environment {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** For the files of a run. */
  get dir(): string {
    return this.#parts.dir;
  }

  /** What every service is started with. */
  get env(): Readonly<Record<string, string>> {
    return this.#parts.env;
  }

  get commercetools(): string {
    return this.#parts.env.CTP_API_URL as string;
  }

  get stripe(): string {
    return this.#parts.env.STRIPE_API_BASE as string;
  }

  get kafka(): Kafka {
    return this.#parts.kafka;
  }

  /** The brokers, when there are several. */
  get cluster(): RunningCluster | undefined {
    return this.#parts.cluster;
  }

  get producer(): Producer {
    return this.#parts.producer;
  }

  /** Processes of the environment that run now, this one among them. */
  pids(): readonly number[] {
    return [process.pid, ...this.#parts.processes.pids()];
  }

  /** The same by their names, without this one. */
  named(): Readonly<Record<string, number>> {
    return this.#parts.processes.named();
  }

  /** Starts a service from its build; `node` are options of Node itself. */
  async start(
    service: Service,
    env: Readonly<Record<string, string>> = {},
    node: readonly string[] = [],
  ): Promise<Running> {
    const { processes, webhookPort } = this.#parts;
    const port = (service === 'webhook-ingest' && webhookPort) || (await freePort());
    return processes.startService(service, { port, adminPort: await freePort() }, { ...this.env, ...env }, node);
  }

  /** Runs a command of a service's image to its end. Throws Error when it fails. */
  async run(service: Service, command: string, args: readonly string[]): Promise<void> {
    const options = { cwd: join(this.dir, service), env: { ...process.env, ...this.env } };
    await promisify(execFile)(PINNED_NODE, [`dist/commands/${command}.js`, ...args], options);
  }

  commercetoolsFaults(faults: readonly object[]): Promise<void> {
    return putFaults(this.commercetools, faults);
  }

  stripeFaults(faults: readonly object[]): Promise<void> {
    return putFaults(this.stripe, faults);
  }

  /** What every call to each side takes from now on, in ms; other faults are lifted. */
  async slow(latencyMs: { readonly commercetools: number; readonly stripe: number }): Promise<void> {
    const slowed = (ms: number) => (ms > 0 ? [{ latencyMs: ms }] : []);
    await this.commercetoolsFaults(slowed(latencyMs.commercetools));
    await this.stripeFaults(slowed(latencyMs.stripe));
  }

  stop(): Promise<void> {
    return this.#parts.stops.disposeAsync();
  }
}

const random = () => randomBytes(24).toString('hex');

const SETTINGS = {
  LOG_LEVEL: 'info',
  ALLOWED_ORIGINS: 'http://localhost:8080',
  MERCHANT_RETURN_URL: 'http://localhost:8080/',
  // One machine is every shopper here.
  RATE_LIMIT_REQUESTS_PER_ADDRESS: '0',
  RATE_LIMIT_OPENS_PER_SESSION: '0',
};

async function startBrokers(
  { brokers = 1, kafkaSettings }: EnvironmentOptions,
  dir: string,
  processes: Processes,
  stops: AsyncDisposableStack,
): Promise<{ brokers: string; cluster: RunningCluster | undefined }> {
  const options = { dir: join(dir, 'kafka'), ...(kafkaSettings && { settings: kafkaSettings }) };
  const cluster = brokers > 1 ? await startKafkaCluster({ ...options, brokers }) : undefined;
  const running = cluster ?? (await startKafka(options));
  stops.defer(() => running.stop());
  processes.add('nodes' in running ? running.nodes.map((node) => node.process) : [running.process]);
  return { brokers: running.brokers, cluster };
}

/** Answers how the services reach both sides. */
async function startSimulators(processes: Processes, webhookPort: number | undefined) {
  const credentials = { CTP_PROJECT_KEY: PROJECT, CTP_CLIENT_ID: 'bench-client', CTP_CLIENT_SECRET: random() };
  const STRIPE_WEBHOOK_SIGNING_SECRET = `whsec_${random()}`;
  const commercetools = await processes.startSimulator('commercetools', (port) => ({
    CT_SIM_PORT: String(port),
    CT_SIM_PROJECT_KEY: credentials.CTP_PROJECT_KEY,
    CT_SIM_CLIENT_ID: credentials.CTP_CLIENT_ID,
    CT_SIM_CLIENT_SECRET: credentials.CTP_CLIENT_SECRET,
  }));
  const stripe = await processes.startSimulator('stripe', (port) => ({
    STRIPE_SIM_PORT: String(port),
    ...(webhookPort && {
      STRIPE_SIM_WEBHOOK_URL: `http://127.0.0.1:${webhookPort}/stripe/webhooks`,
      STRIPE_SIM_WEBHOOK_SECRET: STRIPE_WEBHOOK_SIGNING_SECRET,
    }),
  }));
  return {
    ...credentials,
    CTP_AUTH_URL: commercetools,
    CTP_API_URL: commercetools,
    CTP_SESSION_URL: commercetools,
    CTP_CHECKOUT_URL: commercetools,
    CTP_JWKS_URL: `${commercetools}/.well-known/jwks.json`,
    CTP_JWT_ISSUER: commercetools,
    STRIPE_API_BASE: stripe,
    STRIPE_SECRET_KEY: `sk_test_${random()}`,
    STRIPE_PUBLISHABLE_KEY: `pk_test_${random()}`,
    STRIPE_WEBHOOK_SIGNING_SECRET,
  };
}

async function makeTypes(env: Parameters<typeof createCommercetools>[0]): Promise<void> {
  const client = createCommercetools(env, { log: createLogger('bench', 'silent') });
  const types = customTypes({
    customer: 'payment-connector-stripe-customer-id',
    purchaseOrder: 'payment-launchpad-purchase-order',
  });
  await ensureTypes(client, types);
  await client.close();
}

async function putFaults(side: string, faults: readonly object[]): Promise<void> {
  const { status, text } = await request('PUT', `${side}/_sandbox/faults`, { body: faults });
  if (status >= 300) throw new Error(`faults: ${status} ${text}`);
}
