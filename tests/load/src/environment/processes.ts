import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import {
  freePort,
  ManagedProcess,
  makeRunDir,
  PINNED_NODE,
  type ProcessOptions,
  type ServicePorts,
  serviceProcess,
  simulatorProcess,
} from '@connector/sandbox';
import { request } from '../shop.ts';
import type { Service } from './built-services.ts';

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

/** The processes of one environment: its brokers, simulators and services. */
export class Processes {
  readonly #dir: string;
  readonly #stops: AsyncDisposableStack;
  readonly #all: ManagedProcess[] = [];

  /** Logs are written into `dir`, where the copies of the services are; `stops` ends what is started here. */
  constructor(dir: string, stops: AsyncDisposableStack) {
    this.#dir = dir;
    this.#stops = stops;
  }

  /** Counts processes among these that are started and ended elsewhere. */
  add(processes: readonly ManagedProcess[]): void {
    this.#all.push(...processes);
  }

  /** The pids of those that run, by their names; of several with one name the last. */
  named(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#all.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])));
  }

  pids(): readonly number[] {
    return this.#all.flatMap(({ pid }) => pid ?? []);
  }

  /** Starts a simulator with the variables that `envAt` its port; answers its origin. */
  async startSimulator(name: string, envAt: (port: number) => Record<string, string>): Promise<string> {
    const port = await freePort();
    const { args, ...simulator } = simulatorProcess(name, envAt(port));
    // They keep everything that they are told, for an hour if need be.
    await this.#start(name, { ...simulator, args: ['--max-old-space-size=8192', ...args] });
    return `http://127.0.0.1:${port}`;
  }

  /** Starts a service from its copy; `node` are options of Node itself. */
  async startService(
    service: Service,
    ports: ServicePorts,
    env: Readonly<Record<string, string>>,
    node: readonly string[],
  ): Promise<Running> {
    const adminUrl = `http://127.0.0.1:${ports.adminPort}`;
    const began = performance.now();
    const how = serviceProcess(service, ports, { ...process.env, ...env }, join(this.#dir, service));
    const started = await this.#start(service, { ...how, args: [...node, ...how.args] });
    return {
      url: `http://127.0.0.1:${ports.port}`,
      adminUrl,
      pid: started.pid as number,
      readyMs: performance.now() - began,
      logs: () => started.logs(),
      kill: () => started.stop(),
      count: (metric, ...having) => counted(adminUrl, metric, having),
    };
  }

  async #start(
    name: string,
    options: Omit<ProcessOptions, 'name' | 'command' | 'logFile' | 'graceMs'>,
  ): Promise<ManagedProcess> {
    const logFile = join(this.#dir, `${name}-${randomBytes(3).toString('hex')}.log`);
    const started = new ManagedProcess({ name, command: PINNED_NODE, logFile, graceMs: 20_000, ...options });
    this.#stops.defer(() => started.stop());
    this.#all.push(started);
    await started.start();
    return started;
  }
}

async function counted(adminUrl: string, metric: string, having: readonly string[]): Promise<number> {
  const { text } = await request('GET', `${adminUrl}/metrics`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(metric) && having.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Starts a script of the load tests that listens on HTTP_PORT and prints `ready `: a baseline. */
export async function startScript(
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Pick<Running, 'url' | 'pid' | 'kill'>> {
  const port = await freePort();
  const script = new ManagedProcess({
    name,
    command: PINNED_NODE,
    args: [join(import.meta.dirname, '..', `${name}.ts`)],
    env: { ...process.env, ...env, HTTP_PORT: String(port) },
    logFile: join(await makeRunDir(), `${basename(name)}.log`),
    isReady: (printed) => printed.includes('ready '),
  });
  await script.start();
  return { url: `http://127.0.0.1:${port}`, pid: script.pid as number, kill: () => script.stop() };
}
