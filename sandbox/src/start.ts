import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kafka } from '@connector/kafka';
import { buildAll, REPOSITORY } from './build.ts';
import {
  commercetoolsSimulatorEnvironment,
  type Plan,
  planSandbox,
  serviceEnvironment,
  stripeSimulatorEnvironment,
  throwAwaySecrets,
} from './environment.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import { readRoutes } from './gateway/routes.ts';
import { type Brokers, startBrokers } from './kafka/start-brokers.ts';
import { connectKafka, createTopics } from './kafka/topics.ts';
import { collectTraces, type Traces } from './observe/observation.ts';
import { startPrometheus } from './observe/start-prometheus.ts';
import { Children } from './processes/children.ts';
import { freePort } from './processes/free-port.ts';
import { answers, ProcessDied } from './processes/managed-process.ts';
import { makeRunDir } from './processes/run-dir.ts';
import { type ServicePorts, serviceProcess, simulatorProcess } from './processes/service-process.ts';
import { setUpProject } from './project-setup.ts';
import {
  eachService,
  type Observed,
  type ProcessName,
  type Sandbox,
  type SandboxOptions,
  SERVICES,
  type ServiceName,
  SIMULATORS,
  type SimulatorName,
} from './sandbox.ts';
import { openShop, type Shop } from './shop/open-shop.ts';

/**
 * Starts the whole system on this machine and resolves when all of it is ready. Throws ConfigProblem, PortUnavailable,
 * KafkaUnavailable, PrometheusUnavailable, or ProcessDied with a part's last log lines; nothing is left running then.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const plan = planSandbox(options.env ?? process.env);
  for (let attempt = 1; ; attempt += 1) {
    const run = new Run(plan, options, await makeRunDir());
    try {
      await run.start();
      return run;
    } catch (error) {
      await run.stop();
      // Another process can take a free port between its choice and its use; then other ports are chosen.
      if (!(error instanceof ProcessDied && error.message.includes('EADDRINUSE')) || attempt >= 3) throw error;
    }
  }
}

const loopback = (port: number): string => `http://127.0.0.1:${port}`;

class Run implements Sandbox {
  url = '';
  urls: Sandbox['urls'] = eachService(() => '');
  adminUrls: Sandbox['adminUrls'] = eachService(() => '');
  env: Sandbox['env'] = {};
  observed: Observed | undefined;

  readonly #plan: Plan;
  readonly #options: SandboxOptions;
  readonly #dir: string;
  readonly #secrets = throwAwaySecrets();
  readonly #giveUp = new AbortController();
  readonly #signal: AbortSignal;
  readonly #children: Children;
  #brokers: Brokers | undefined;
  #gateway: Gateway | undefined;
  #shop: Shop | undefined;
  #traces: Traces | undefined;
  #isUp = false;

  constructor(plan: Plan, options: SandboxOptions, dir: string) {
    this.#plan = plan;
    this.#options = options;
    this.#dir = dir;
    this.#signal = options.signal ? AbortSignal.any([this.#giveUp.signal, options.signal]) : this.#giveUp.signal;
    this.#children = new Children(options, dir, this.#signal);
  }

  get kafka(): Sandbox['kafka'] {
    return this.#brokers?.kafka;
  }

  get cluster(): Sandbox['cluster'] {
    return this.#brokers?.cluster;
  }

  async start(): Promise<void> {
    const [ports, adminPorts] = [await freePorts(), await freePorts()];
    this.urls = eachService((name) => loopback(ports[name]));
    this.adminUrls = eachService((name) => loopback(adminPorts[name]));
    // First, so that a taken port is reported before minutes of work. It answers 503 until everything is ready.
    const gateway = await this.#startGateway();
    if (this.#options.observe) this.#traces = await collectTraces();
    const kafka = await this.#startSides(gateway.port);
    if (this.#traces) {
      const prometheusUrl = await startPrometheus(this.#children, this.#options, this.#dir, this.adminUrls);
      this.observed = { prometheusUrl, traces: this.#traces.store };
    }
    if (this.urls.commercetools) await setUpProject(this.env);
    const shop = await this.#openShop(kafka);
    gateway.fallback = async (req, res) => this.#traces?.handle(req, res) || shop.handle(req, res);
    await Promise.all(
      SERVICES.map((name) => this.#startService(name, { port: ports[name], adminPort: adminPorts[name] })),
    );
    this.#isUp = true;
    this.#children.report('gateway', `serving ${this.url}`);
  }

  async notReady(): Promise<string[]> {
    const services = await Promise.all(
      SERVICES.map(async (name) => ((await answers(`${this.adminUrls[name]}/readyz`)) ? [] : [name])),
    );
    return [...new Set([...(this.#isUp ? [] : ['gateway']), ...this.#children.down, ...services.flat()])];
  }

  kill = (name: ProcessName): Promise<void> => this.#children.get(name).kill();
  freeze = (name: ProcessName): void => this.#children.get(name).freeze();
  thaw = (name: ProcessName): void => this.#children.get(name).thaw();
  stopService = (name: ProcessName): Promise<void> => this.#children.get(name).stop();
  startService = (name: ProcessName): Promise<void> => this.#children.get(name).start();
  logs = (name: ProcessName): Promise<string> => this.#children.get(name).logs();

  async stop(): Promise<void> {
    this.#isUp = false;
    this.#giveUp.abort();
    await this.#children.settled();
    const steps = [
      () => this.#children.stop(SERVICES),
      () => this.#children.stop(['prometheus']),
      () => this.#traces?.stop(),
      () => this.#shop?.close(),
      () => this.#gateway?.stop(),
      () => this.#children.stop(SIMULATORS),
      () => this.#brokers?.stop(),
      () => rm(this.#dir, { recursive: true, force: true }),
    ];
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        // One process that does not stop cleanly must not keep the others running.
        failures.push(error);
      }
    }
    this.#children.unfollow();
    if (failures.length > 0) throw failures[0];
  }

  async #startGateway(): Promise<Gateway> {
    const options = {
      routes: readRoutes(),
      services: this.urls,
      enablerFolder: join(REPOSITORY, 'enabler/public'),
      notReady: () => this.notReady(),
    };
    this.#gateway = await startGateway(options, this.#options.port ?? this.#plan.port, this.#options.host);
    this.url = `http://localhost:${this.#gateway.port}`;
    return this.#gateway;
  }

  /**
   * Starts Kafka, the simulators and the build in parallel; then the services' environment is known. Returns a client
   * of Kafka.
   */
  async #startSides(gatewayPort: number): Promise<Kafka> {
    const { isCommercetoolsSimulated, isStripeSimulated, given } = this.#plan;
    const children = this.#children;
    const [kafka, commercetools, stripe] = await Promise.all([
      children.comingUp(
        'kafka',
        () => this.#startKafka(),
        ({ brokers }) => `${this.#brokers ? 'running at' : 'using'} ${brokers}`,
      ),
      isCommercetoolsSimulated
        ? this.#startSimulator('commercetools', (port) => commercetoolsSimulatorEnvironment(this.#secrets, port))
        : children.report('commercetools', `using the project ${given.CTP_PROJECT_KEY}`),
      isStripeSimulated
        ? this.#startSimulator('stripe', (port) => stripeSimulatorEnvironment(this.#secrets, port, gatewayPort))
        : children.report('stripe', `using ${given.STRIPE_API_BASE ?? 'api.stripe.com'}`),
      this.#options.build !== false &&
        children.comingUp(
          'build',
          () => buildAll(this.#signal),
          () => 'services and enabler built',
        ),
    ]);
    this.urls = { ...this.urls, ...(commercetools && { commercetools }), ...(stripe && { stripe }) };
    const env = serviceEnvironment(this.#plan, this.#secrets, {
      publicUrl: this.url,
      brokers: kafka.brokers,
      sessionAuth: this.urls['session-auth'],
      commercetools,
      stripe,
    });
    this.env = { ...env, ...this.#traces?.env };
    return kafka.client;
  }

  async #startKafka(): Promise<{ brokers: string; client: Kafka }> {
    const count = this.#plan.ownBrokers;
    const own = { ...this.#options, count, dir: this.#dir, signal: this.#signal };
    if (!this.#plan.brokers) this.#brokers = await startBrokers(this.#children, own);
    const brokers = this.#plan.brokers ?? this.#brokers?.addresses ?? '';
    const client = connectKafka({ ...this.#plan.given, KAFKA_BROKERS: brokers });
    await createTopics(client, brokers);
    return { brokers, client };
  }

  async #openShop(kafka: Kafka): Promise<Shop> {
    const brokers = this.#brokers?.processes ?? [];
    const setKafkaDown = async (isDown: boolean) => {
      await Promise.all(brokers.map((each) => (isDown ? each.kill() : each.start())));
    };
    const { url, urls, adminUrls, env } = this;
    const isObserved = this.observed !== undefined;
    const system = { url, urls, adminUrls, env, isObserved, ...(brokers.length > 0 && { setKafkaDown }) };
    this.#shop = await openShop(system, kafka);
    return this.#shop;
  }

  async #startSimulator(name: SimulatorName, environment: (port: number) => Record<string, string>): Promise<string> {
    const port = await freePort();
    const url = loopback(port);
    const simulator = this.#children.addNode(name, { ...simulatorProcess(name, environment(port)), graceMs: 5_000 });
    await this.#children.comingUp(
      name,
      () => this.#children.start(simulator),
      () => `simulated at ${url}`,
    );
    return url;
  }

  async #startService(name: ServiceName, ports: ServicePorts): Promise<void> {
    const env = { ...this.env, ...this.#options.serviceEnv?.[name] };
    const service = this.#children.addNode(name, {
      ...serviceProcess(name, ports, env),
      // After a kill, Kafka admits a consumer again only when its earlier session has expired, 45 s.
      readyWithinMs: 120_000,
    });
    await this.#children.comingUp(
      name,
      () => this.#children.start(service),
      () => 'ready',
    );
  }
}

async function freePorts(): Promise<Record<ServiceName, number>> {
  const ports = eachService(() => 0);
  for (const name of SERVICES) ports[name] = await freePort();
  return ports;
}
