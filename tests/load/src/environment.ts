import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { createCommercetools, customTypes, ensureTypes } from '@connector/commercetools';
import { TOPICS } from '@connector/contracts';
import { createKafka, createProducer, ensureTopics, type Kafka, kafkaConfig, type Producer } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import {
  answers,
  freePort,
  ManagedProcess,
  makeRunDir,
  PINNED_NODE,
  REPOSITORY,
  type RunningCluster,
  startKafka,
  startKafkaCluster,
} from '@connector/sandbox';
import { createLogger } from '@connector/telemetry';
import * as z from 'zod';
import { request } from './shop.ts';

export const PROJECT = 'bench';

/** A running process of the project, and what it tells of itself. */
export interface Running {
  readonly url: string;
  readonly adminUrl: string;
  readonly pid: number;
  /** From its start to its readiness, in ms; asked every 50 ms. */
  readonly readyMs: number;
  /** Sum of a counter's samples on /metrics whose labels contain all of `having`; 0 when there is none. */
  count(metric: string, ...having: string[]): Promise<number>;
  logs(): Promise<string>;
  kill(): Promise<void>;
}

/** What a environment can start; all have to be built. */
export const SERVICES = ['session-auth', 'intent', 'webhook-ingest', 'ledger'] as const;
export type Service = (typeof SERVICES)[number];

/** Builds every service of a checkout from its sources. Throws Error when one does not build. */
export async function buildServices(checkout = REPOSITORY): Promise<void> {
  for (const service of SERVICES) {
    const cwd = join(checkout, 'services', service);
    await promisify(execFile)(PINNED_NODE, [join(checkout, 'scripts/build-service.mjs')], { cwd });
  }
}

/** Kafka, both simulators, and the services that a measurement starts; nothing else. */
export interface Environment {
  /** For the files of a run. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly commercetools: string;
  readonly stripe: string;
  readonly kafka: Kafka;
  /** The brokers, when there are several. */
  readonly cluster: RunningCluster | undefined;
  readonly producer: Producer;
  /** Processes of the environment that run now, this one among them. */
  pids(): readonly number[];
  /** The same by their names, without this one. */
  named(): Readonly<Record<string, number>>;
  /** Starts a service from its build; `node` are options of Node itself. */
  start(service: Service, env?: Readonly<Record<string, string>>, node?: readonly string[]): Promise<Running>;
  /** Runs a command of a service's image to its end. Throws Error when it fails. */
  run(service: Service, command: string, args: readonly string[]): Promise<void>;
  commercetoolsFaults(faults: readonly object[]): Promise<void>;
  stripeFaults(faults: readonly object[]): Promise<void>;
  /** What every call to each side takes from now on, in ms; other faults are lifted. */
  slow(latencyMs: { readonly commercetools: number; readonly stripe: number }): Promise<void>;
  stop(): Promise<void>;
}

const random = (bytes: number) => randomBytes(bytes).toString('hex');

export interface RigOptions {
  /** Stripe sends its events to the webhook-ingest that is started later. */
  readonly webhooks?: boolean;
  /** How many brokers Kafka has; default 1. */
  readonly brokers?: number;
  /** The checkout whose built services are started; default this one. */
  readonly services?: string;
  /** Settings of the brokers, on top of the sandbox's. */
  readonly kafkaSettings?: Readonly<Record<string, string>>;
}

/** Resolves when Kafka and the simulators are ready, with topics and custom types made. Nothing is left running when it throws. */
export async function startEnvironment({
  webhooks = false,
  brokers = 1,
  services = REPOSITORY,
  kafkaSettings,
}: RigOptions = {}): Promise<Environment> {
  const dir = await makeRunDir();
  const stops: (() => Promise<unknown>)[] = [];
  const processes: ManagedProcess[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  const startProcess = async (
    name: string,
    options: Omit<ConstructorParameters<typeof ManagedProcess>[0], 'name' | 'command' | 'logFile'>,
  ) => {
    const logFile = join(dir, `${name}-${random(3)}.log`);
    const started = new ManagedProcess({ name, command: PINNED_NODE, logFile, graceMs: 20_000, ...options });
    stops.push(() => started.stop());
    processes.push(started);
    await started.start();
    return started;
  };
  const simulator = async (name: string, env: (port: number) => Record<string, string>) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await startProcess(name, {
      // They keep everything that they are told, for an hour if need be.
      args: ['--max-old-space-size=8192', join(REPOSITORY, 'simulators', name, 'src/main.ts')],
      env: { ...process.env, ...env(port) },
      isReady: (printed) => printed.includes('ready '),
    });
    return url;
  };
  // A copy of the build, so that one that is made meanwhile does not pull it away.
  const builtOf = (service: string) => join(dir, service, 'dist');
  for (const service of SERVICES)
    await cp(join(services, 'services', service, 'dist'), builtOf(service), { recursive: true });
  try {
    const secret = random(24);
    const kafkaOptions = { dir: join(dir, 'kafka'), ...(kafkaSettings && { settings: kafkaSettings }) };
    const cluster = brokers > 1 ? await startKafkaCluster({ ...kafkaOptions, brokers }) : undefined;
    const running = cluster ?? (await startKafka(kafkaOptions));
    stops.push(() => running.stop());
    const brokerProcesses = 'nodes' in running ? running.nodes.map((node) => node.process) : [running.process];
    const commercetools = await simulator('commercetools', (port) => ({
      CT_SIM_PORT: String(port),
      CT_SIM_PROJECT_KEY: PROJECT,
      CT_SIM_CLIENT_ID: 'bench-client',
      CT_SIM_CLIENT_SECRET: secret,
    }));
    const webhookSecret = `whsec_${random(24)}`;
    const ingestPort = await freePort();
    const stripe = await simulator('stripe', (port) => ({
      STRIPE_SIM_PORT: String(port),
      ...(webhooks && {
        STRIPE_SIM_WEBHOOK_URL: `http://127.0.0.1:${ingestPort}/stripe/webhooks`,
        STRIPE_SIM_WEBHOOK_SECRET: webhookSecret,
      }),
    }));
    const env = {
      KAFKA_BROKERS: running.brokers,
      CTP_PROJECT_KEY: PROJECT,
      CTP_CLIENT_ID: 'bench-client',
      CTP_CLIENT_SECRET: secret,
      CTP_AUTH_URL: commercetools,
      CTP_API_URL: commercetools,
      CTP_SESSION_URL: commercetools,
      CTP_CHECKOUT_URL: commercetools,
      STRIPE_API_BASE: stripe,
      CTP_JWKS_URL: `${commercetools}/.well-known/jwks.json`,
      CTP_JWT_ISSUER: commercetools,
      STRIPE_SECRET_KEY: `sk_test_${random(24)}`,
      STRIPE_PUBLISHABLE_KEY: `pk_test_${random(24)}`,
      STRIPE_WEBHOOK_SIGNING_SECRET: webhookSecret,
      LOG_LEVEL: 'info',
      ALLOWED_ORIGINS: 'http://localhost:8080',
      MERCHANT_RETURN_URL: 'http://localhost:8080/',
      // One machine is every shopper here.
      RATE_LIMIT_REQUESTS_PER_ADDRESS: '0',
      RATE_LIMIT_OPENS_PER_SESSION: '0',
    };
    const putFaults = async (side: string, faults: readonly object[]) => {
      const { status, text } = await request('PUT', `${side}/_sandbox/faults`, { body: faults });
      if (status >= 300) throw new Error(`faults: ${status} ${text}`);
    };
    const log = createLogger('bench', 'silent');
    const kafka = createKafka(parseConfig(z.object(kafkaConfig), env), { clientId: 'bench', log });
    await ensureTopics(kafka, TOPICS);
    const client = createCommercetools(env, { log });
    await ensureTypes(
      client,
      customTypes({
        customer: 'payment-connector-stripe-customer-id',
        purchaseOrder: 'payment-launchpad-purchase-order',
      }),
    );
    await client.close();
    const producer = createProducer(kafka);
    await producer.start?.();
    stops.push(async () => producer.stop?.());
    return {
      dir,
      env,
      commercetools,
      stripe,
      kafka,
      cluster,
      producer,
      stop,
      pids: () =>
        [process.pid, ...[...brokerProcesses, ...processes].map(({ pid }) => pid)].filter((pid) => pid !== undefined),
      named: () =>
        Object.fromEntries(
          [...processes, ...brokerProcesses].flatMap(({ name, pid }) =>
            pid === undefined ? [] : [[name, pid] as const],
          ),
        ),
      async start(service, extra = {}, node = []) {
        const isForWebhooks = webhooks && service === 'webhook-ingest';
        const [port, adminPort] = [isForWebhooks ? ingestPort : await freePort(), await freePort()];
        const adminUrl = `http://127.0.0.1:${adminPort}`;
        const began = performance.now();
        const running = await startProcess(service, {
          args: [...node, 'dist/main.js'],
          cwd: join(dir, service),
          env: { ...process.env, ...env, ...extra, HTTP_PORT: String(port), METRICS_PORT: String(adminPort) },
          isReady: () => answers(`${adminUrl}/readyz`),
        });
        return {
          url: `http://127.0.0.1:${port}`,
          adminUrl,
          pid: running.pid as number,
          readyMs: performance.now() - began,
          logs: () => running.logs(),
          kill: () => running.stop(),
          count: (metric, ...having) => counted(adminUrl, metric, having),
        };
      },
      async run(service, command, args) {
        const cwd = join(dir, service);
        await promisify(execFile)(PINNED_NODE, [`dist/commands/${command}.js`, ...args], {
          cwd,
          env: { ...process.env, ...env },
        });
      },
      commercetoolsFaults: (faults) => putFaults(commercetools, faults),
      stripeFaults: (faults) => putFaults(stripe, faults),
      async slow(latencyMs) {
        await putFaults(commercetools, latencyMs.commercetools > 0 ? [{ latencyMs: latencyMs.commercetools }] : []);
        await putFaults(stripe, latencyMs.stripe > 0 ? [{ latencyMs: latencyMs.stripe }] : []);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function counted(adminUrl: string, metric: string, having: readonly string[]): Promise<number> {
  const { text } = await request('GET', `${adminUrl}/metrics`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(metric) && having.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Memory and processor time of a process, from /proc; Linux alone. */
export async function resourcesOf(pid: number): Promise<{ rssMb: number; peakRssMb: number; cpuSeconds: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // The kernel counts in hundredths of a second.
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
  return { rssMb: kb('VmRSS') / 1024, peakRssMb: kb('VmHWM') / 1024, cpuSeconds };
}

/** Processor time since the machine started: all that was used, and what these processes used of it, in seconds. */
export async function processorTime(pids: readonly number[]): Promise<{ all: number; theirs: number }> {
  const [total = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = total.split(/\s+/).slice(1).map(Number);
  const each = await Promise.all(pids.map(async (pid) => (await resourcesOf(pid)).cpuSeconds));
  return { all: (user + nice + system + irq + softirq) / 100, theirs: each.reduce((sum, seconds) => sum + seconds, 0) };
}

/** Topics beside those of the environment, under a prefix. */
export interface OwnTopics {
  readonly producer: Producer;
  /** What a service is started with to use them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Makes all topics once more, with this many partitions each. */
export async function ownTopics(environment: Environment, prefix: string, partitions: number): Promise<OwnTopics> {
  const env = { KAFKA_TOPIC_PREFIX: prefix };
  const log = createLogger('bench', 'silent');
  const config = parseConfig(z.object(kafkaConfig), { ...environment.env, ...env });
  const kafka = createKafka(config, { clientId: 'bench', log });
  await ensureTopics(kafka, TOPICS, { partitions: () => partitions });
  const producer = createProducer(kafka);
  await producer.start?.();
  return { producer, env, stop: async () => producer.stop?.() };
}

/** Starts a script of this folder that listens on HTTP_PORT and prints `ready `: a baseline. */
export async function startScript(
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Pick<Running, 'url' | 'pid' | 'kill'>> {
  const port = await freePort();
  const dir = await makeRunDir();
  const script = new ManagedProcess({
    name,
    command: PINNED_NODE,
    args: [join(import.meta.dirname, `${name}.ts`)],
    env: { ...process.env, ...env, HTTP_PORT: String(port) },
    logFile: join(dir, `${basename(name)}.log`),
    isReady: (printed) => printed.includes('ready '),
  });
  await script.start();
  return { url: `http://127.0.0.1:${port}`, pid: script.pid as number, kill: () => script.stop() };
}
