import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kafka } from '@connector/kafka';
import { chartRules, scaledRules } from '@connector/monitoring';
import { buildAll, PINNED_NODE, REPOSITORY } from './build.ts';
import {
  commercetoolsSimulatorEnvironment,
  type Environment,
  type Plan,
  planSandbox,
  serviceEnvironment,
  stripeSimulatorEnvironment,
  throwAwaySecrets,
} from './environment.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import { readRoutes } from './gateway/routes.ts';
import { type RunningCluster, startKafkaCluster } from './kafka/cluster.ts';
import { CACHE_DIR, type RunningKafka, startKafka } from './kafka/kafka.ts';
import { connectKafka, createTopics } from './kafka/topics.ts';
import { collectTraces, INSTALLATION, type Traces } from './observe/observation.ts';
import { prometheus } from './observe/prometheus.ts';
import type { TraceStore } from './observe/trace-store.ts';
import { followLines } from './processes/follow.ts';
import { freePort } from './processes/free-port.ts';
import { answers, ManagedProcess, ProcessDied } from './processes/managed-process.ts';
import { makeRunDir } from './processes/run-dir.ts';
import { setUpProject } from './project-setup.ts';
import { openShop, type Shop } from './shop/open-shop.ts';

/** In the order of what they need: intent asks session-auth. */
export const SERVICES = ['session-auth', 'intent', 'webhook-ingest', 'ledger'] as const;
export type ServiceName = (typeof SERVICES)[number];
export const SIMULATORS = ['commercetools', 'stripe'] as const;
export type SimulatorName = (typeof SIMULATORS)[number];
export type ProcessName = ServiceName | SimulatorName | 'kafka' | `kafka-${number}` | 'prometheus';

export interface ObserveOptions {
  /** How often Prometheus scrapes and evaluates, in ms. */
  readonly scrapeIntervalMs?: number;
  /** The rules' time runs this many times as fast; absent = the chart's own rules. */
  readonly timeFactor?: number;
}

/** What `observe` adds. */
export interface Observed {
  readonly prometheusUrl: string;
  /** The traces of all services, every one sampled. */
  readonly traces: TraceStore;
}

export interface SandboxOptions {
  /** The variables that choose what runs (credentials, brokers, PORT, services' settings); default the process's own. */
  readonly env?: Environment;
  /** The gateway's port, instead of PORT; 0 = a free one. */
  readonly port?: number;
  /** Address to listen on; default loopback. */
  readonly host?: string;
  /** Keeps Kafka's log for the next start with `keep`; else every start is clean. */
  readonly keep?: boolean;
  /** Starts a part again that dies unexpectedly. */
  readonly restart?: boolean;
  /** False when services and enabler are built already. */
  readonly build?: boolean;
  /** Settings of the sandbox's own brokers, on top of theirs. */
  readonly kafkaSettings?: Readonly<Record<string, string>>;
  /** Adds a Prometheus with the chart's rules, and collects the services' traces. */
  readonly observe?: boolean | ObserveOptions;
  /** Variables of single services, on top of what all get. */
  readonly serviceEnv?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
  /** Gives up starting; everything that had come up is stopped. */
  readonly signal?: AbortSignal;
  /** Each part as it comes up, and what takes long. */
  readonly onProgress?: (part: string, line: string) => void;
  readonly onDeath?: (death: ProcessDied) => void;
  /** Each line that a part logs. */
  readonly onLog?: (part: string, line: string) => void;
}

export interface Sandbox {
  /** Origin of the gateway, as a browser uses it. */
  readonly url: string;
  /** Origins of the services and of the simulators that run. */
  readonly urls: Readonly<Record<ServiceName, string> & Partial<Record<SimulatorName, string>>>;
  /** Origins of the services' /livez, /readyz and /metrics. */
  readonly adminUrls: Readonly<Record<ServiceName, string>>;
  /** What every service was started with: addresses and credentials of each side, brokers. */
  readonly env: Readonly<Record<string, string>>;
  /** The broker, unless there are several or an existing cluster is used. */
  readonly kafka: RunningKafka | undefined;
  /** The brokers, when there are several; their parts are `kafka-1` and so on. */
  readonly cluster: RunningCluster | undefined;
  /** Only with `observe`. */
  readonly observed: Observed | undefined;
  /** Names of the parts that are not ready now; empty = all are. */
  notReady(): Promise<readonly string[]>;
  /** SIGKILL, as when a machine dies; the part stays down until startService. */
  kill(part: ProcessName): Promise<void>;
  /** SIGTERM and waits, as in a rollout; the part stays down until startService. */
  stopService(part: ProcessName): Promise<void>;
  /** Holds a part as it is (SIGSTOP) until thaw(): its connections stay open, nothing answers. */
  freeze(part: ProcessName): void;
  thaw(part: ProcessName): void;
  /** Starts a part that was killed or stopped, on its old port, and resolves when it is ready. */
  startService(part: ProcessName): Promise<void>;
  /** Everything the part has printed. */
  logs(part: ProcessName): Promise<string>;
  /** Stops everything in order: services drain, then gateway, simulators, Kafka. Leaves no process and no folder. */
  stop(): Promise<void>;
}

/**
 * Starts the whole system on this machine and resolves when all of it is ready. Throws ConfigProblem, PortUnavailable,
 * KafkaUnavailable, PrometheusUnavailable, or ProcessDied with a part's last lines; nothing is left running then.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const plan = planSandbox(options.env ?? process.env);
  for (let attempt = 1; ; attempt += 1) {
    const run = new Run(plan, options, await makeRunDir(join(CACHE_DIR, 'run')));
    try {
      await run.start();
      return run;
    } catch (error) {
      await run.stop();
      // Another process can take a free port between its choice and its use; other ports are chosen then.
      if (!(error instanceof ProcessDied && error.message.includes('EADDRINUSE')) || attempt >= 3) throw error;
    }
  }
}

const eachService = <T>(of: (name: ServiceName) => T) =>
  Object.fromEntries(SERVICES.map((name) => [name, of(name)])) as Record<ServiceName, T>;
const loopback = (port: number): string => `http://127.0.0.1:${port}`;

class Run implements Sandbox {
  url = '';
  urls: Sandbox['urls'] = eachService(() => '');
  adminUrls: Sandbox['adminUrls'] = eachService(() => '');
  env: Sandbox['env'] = {};
  kafka: RunningKafka | undefined;
  cluster: RunningCluster | undefined;
  observed: Observed | undefined;

  readonly #plan: Plan;
  readonly #options: SandboxOptions;
  readonly #dir: string;
  readonly #secrets = throwAwaySecrets();
  readonly #parts = new Map<ProcessName, ManagedProcess>();
  readonly #giveUp = new AbortController();
  readonly #signal: AbortSignal;
  /** What is coming up; none is left in the middle of it when the run stops. */
  readonly #starts: Promise<unknown>[] = [];
  readonly #unfollow: (() => void)[] = [];
  #gateway: Gateway | undefined;
  #shop: Shop | undefined;
  #traces: Traces | undefined;
  #isUp = false;

  constructor(plan: Plan, options: SandboxOptions, dir: string) {
    this.#plan = plan;
    this.#options = options;
    this.#dir = dir;
    this.#signal = options.signal ? AbortSignal.any([this.#giveUp.signal, options.signal]) : this.#giveUp.signal;
  }

  async start(): Promise<void> {
    const servicePorts = eachService(() => 0);
    const adminPorts = eachService(() => 0);
    for (const name of SERVICES) {
      servicePorts[name] = await freePort();
      adminPorts[name] = await freePort();
    }
    this.urls = eachService((name) => loopback(servicePorts[name]));
    this.adminUrls = eachService((name) => loopback(adminPorts[name]));

    // First, so that a taken port is reported before minutes of work; until all is up it answers 503.
    const gateway = await startGateway(
      {
        routes: readRoutes(),
        services: this.urls,
        enablerFolder: join(REPOSITORY, 'enabler/public'),
        notReady: () => this.notReady(),
      },
      this.#options.port ?? this.#plan.port,
      this.#options.host,
    );
    this.#gateway = gateway;
    this.url = `http://localhost:${gateway.port}`;

    if (this.#options.observe) this.#traces = await collectTraces();
    const { isCommercetoolsSimulated, isStripeSimulated, given } = this.#plan;
    const [kafka, commercetools, stripe] = await Promise.all([
      this.#comingUp(
        'kafka',
        () => this.#startKafka(),
        ({ brokers }) => `${this.kafka || this.cluster ? 'running at' : 'using'} ${brokers}`,
      ),
      isCommercetoolsSimulated
        ? this.#startSimulator('commercetools', (port) => commercetoolsSimulatorEnvironment(this.#secrets, port))
        : this.#tell('commercetools', `using the project ${given.CTP_PROJECT_KEY}`),
      isStripeSimulated
        ? this.#startSimulator('stripe', (port) => stripeSimulatorEnvironment(this.#secrets, port, gateway.port))
        : this.#tell('stripe', `using ${given.STRIPE_API_BASE ?? 'api.stripe.com'}`),
      this.#options.build === false
        ? undefined
        : this.#comingUp(
            'build',
            () => buildAll(this.#signal),
            () => 'services and enabler built',
          ),
    ]);
    this.urls = { ...this.urls, ...(commercetools && { commercetools }), ...(stripe && { stripe }) };
    this.env = serviceEnvironment(this.#plan, this.#secrets, {
      publicUrl: this.url,
      brokers: kafka.brokers,
      sessionAuth: this.urls['session-auth'],
      commercetools,
      stripe,
    });

    if (this.#traces) this.env = { ...this.env, ...this.#traces.env };
    await this.#observe();
    if (commercetools) await setUpProject(this.env);
    const brokers = this.cluster?.nodes.map((node) => node.process) ?? (this.kafka ? [this.kafka.process] : []);
    const setKafkaDown = async (isDown: boolean) => {
      await Promise.all(brokers.map((each) => (isDown ? each.kill() : each.start())));
    };
    const { url, urls, adminUrls, env } = this;
    const shop = await openShop(
      {
        url,
        urls,
        adminUrls,
        env,
        isObserved: this.observed !== undefined,
        ...(brokers.length > 0 && { setKafkaDown }),
      },
      kafka.client,
    );
    this.#shop = shop;
    gateway.fallback = async (req, res) => this.#traces?.handle(req, res) || shop.handle(req, res);

    await Promise.all(SERVICES.map((name) => this.#startService(name, servicePorts[name], adminPorts[name])));
    this.#isUp = true;
    this.#tell('gateway', `serving ${this.url}`);
  }

  async notReady(): Promise<string[]> {
    const down = [...this.#parts.values()].filter((part) => !part.ready).map(({ name }) => name);
    const services = await Promise.all(
      SERVICES.map(async (name) => ((await answers(`${this.adminUrls[name]}/readyz`)) ? [] : [name])),
    );
    return [...new Set([...(this.#isUp ? [] : ['gateway']), ...down, ...services.flat()])];
  }

  kill = (name: ProcessName): Promise<void> => this.#part(name).kill();
  freeze = (name: ProcessName): void => this.#part(name).freeze();
  thaw = (name: ProcessName): void => this.#part(name).thaw();
  stopService = (name: ProcessName): Promise<void> => this.#part(name).stop();
  startService = (name: ProcessName): Promise<void> => this.#part(name).start();
  logs = (name: ProcessName): Promise<string> => this.#part(name).logs();

  async stop(): Promise<void> {
    this.#isUp = false;
    this.#giveUp.abort();
    await Promise.allSettled(this.#starts);
    const stopParts = (names: readonly ProcessName[]) =>
      Promise.all(names.map((name) => this.#parts.get(name)?.stop()));
    const steps = [
      () => stopParts(SERVICES),
      () => stopParts(['prometheus']),
      () => this.#traces?.stop(),
      () => this.#shop?.close(),
      () => this.#gateway?.stop(),
      () => stopParts(SIMULATORS),
      () => this.kafka?.stop(),
      () => this.cluster?.stop(),
      () => rm(this.#dir, { recursive: true, force: true }),
    ];
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        // One part that does not stop cleanly must not keep the others.
        failures.push(error);
      }
    }
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
    if (failures.length > 0) throw failures[0];
  }

  async #startKafka(): Promise<{ brokers: string; client: Kafka }> {
    const brokers = this.#plan.brokers ?? (await this.#startBrokers(this.#plan.ownBrokers));
    const client = connectKafka({ ...this.#plan.given, KAFKA_BROKERS: brokers });
    await createTopics(client, brokers);
    return { brokers, client };
  }

  /** Answers where they are. */
  async #startBrokers(count: number): Promise<string> {
    const { keep = false, restart = false, onDeath, kafkaSettings } = this.#options;
    const name = count === 1 ? 'kafka' : `kafka-${count}`;
    const dir = keep ? join(CACHE_DIR, 'kept', name) : join(this.#dir, name);
    await mkdir(dir, { recursive: true });
    const options = {
      dir,
      keep,
      signal: this.#signal,
      restartOnDeath: restart,
      onProgress: (line: string) => this.#tell('kafka', line),
      ...(kafkaSettings && { settings: kafkaSettings }),
      ...(onDeath && { onDeath }),
    };
    if (count === 1) {
      this.#follow('kafka', join(dir, 'kafka.log'));
      this.kafka = await startKafka(options);
      this.#parts.set('kafka', this.kafka.process);
      return this.kafka.brokers;
    }
    this.cluster = await startKafkaCluster({ ...options, brokers: count });
    for (const node of this.cluster.nodes) {
      this.#follow(node.name, node.process.logFile);
      this.#parts.set(node.name, node.process);
    }
    return this.cluster.brokers;
  }

  async #observe(): Promise<void> {
    const { observe, restart = false, onDeath } = this.#options;
    if (!observe || !this.#traces) return;
    const { scrapeIntervalMs = 5_000, timeFactor } = observe === true ? {} : observe;
    const { namespace, release } = INSTALLATION;
    const started = await this.#comingUp(
      'prometheus',
      async () => {
        const part = await prometheus({
          dir: join(this.#dir, 'prometheus'),
          port: await freePort(),
          targets: SERVICES.map((name) => ({ job: `${release}-${name}`, namespace, adminUrl: this.adminUrls[name] })),
          rules: timeFactor ? scaledRules(INSTALLATION, timeFactor) : chartRules(INSTALLATION),
          scrapeIntervalMs,
          restart,
          onDeath,
        });
        this.#parts.set('prometheus', part);
        await this.#startPart(part);
        return part;
      },
      ({ url }) => `with the chart's alerts at ${url}`,
    );
    this.observed = { prometheusUrl: started.url, traces: this.#traces.store };
  }

  async #startSimulator(name: SimulatorName, environment: (port: number) => Record<string, string>): Promise<string> {
    const port = await freePort();
    const url = loopback(port);
    const part = this.#addPart(name, {
      args: [join(REPOSITORY, 'simulators', name, 'src/main.ts')],
      env: { ...process.env, ...environment(port) },
      isReady: (printed) => printed.includes(`ready ${url}`),
      graceMs: 5_000,
    });
    await this.#comingUp(
      name,
      () => this.#startPart(part),
      () => `simulated at ${url}`,
    );
    return url;
  }

  async #startService(name: ServiceName, port: number, adminPort: number): Promise<void> {
    const part = this.#addPart(name, {
      args: ['dist/main.js'],
      cwd: join(REPOSITORY, 'services', name),
      env: {
        ...this.env,
        ...this.#options.serviceEnv?.[name],
        HTTP_PORT: String(port),
        METRICS_PORT: String(adminPort),
        METRICS_HOST: '127.0.0.1',
      },
      isReady: () => answers(`${this.adminUrls[name]}/readyz`),
      // After a kill Kafka lets a consumer in again only when its earlier session has run out, 45 s.
      readyWithinMs: 120_000,
    });
    await this.#comingUp(
      name,
      () => this.#startPart(part),
      () => 'ready',
    );
  }

  #addPart(
    name: ServiceName | SimulatorName,
    options: Pick<
      ConstructorParameters<typeof ManagedProcess>[0],
      'args' | 'cwd' | 'env' | 'isReady' | 'readyWithinMs' | 'graceMs'
    >,
  ): ManagedProcess {
    const { restart = false, onDeath } = this.#options;
    const logFile = join(this.#dir, `${name}.log`);
    this.#follow(name, logFile);
    const part = new ManagedProcess({
      ...options,
      name,
      command: PINNED_NODE,
      logFile,
      restart,
      ...(onDeath && { onDeath }),
    });
    this.#parts.set(name, part);
    return part;
  }

  async #startPart(part: ManagedProcess): Promise<void> {
    const giveUp = () => void part.kill();
    this.#signal.addEventListener('abort', giveUp);
    try {
      await part.start();
    } finally {
      this.#signal.removeEventListener('abort', giveUp);
    }
  }

  /** Runs one start, tells when it is done and how long it took. */
  #comingUp<T>(name: string, start: () => Promise<T>, describe: (result: T) => string): Promise<T> {
    const began = performance.now();
    const run = async () => {
      this.#signal.throwIfAborted();
      const result = await start();
      this.#tell(name, `${describe(result)} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
      return result;
    };
    const started = run();
    this.#starts.push(started);
    return started;
  }

  #tell(part: string, line: string): undefined {
    this.#options.onProgress?.(part, line);
  }

  #follow(name: string, logFile: string): void {
    const { onLog } = this.#options;
    if (onLog) this.#unfollow.push(followLines(logFile, (line) => onLog(name, line)));
  }

  #part(name: ProcessName): ManagedProcess {
    const part = this.#parts.get(name);
    if (!part) throw new Error(`${name} is not run by this sandbox`);
    return part;
  }
}
