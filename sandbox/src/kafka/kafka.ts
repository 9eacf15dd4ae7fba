import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import { ManagedProcess, type ProcessDied, type ProcessOptions } from '../processes/managed-process.ts';
import { removeAtEnd } from '../processes/reaper.ts';
import { BROKER_SETTINGS, javaBroker, prepareData, replicationOf, serves } from './broker.ts';
import { type Distribution, DOCKER_IMAGE, kafkaDistribution } from './distribution.ts';

export interface KafkaOptions {
  /** Where the broker's data and its log file go; default a folder of its own under the cache, removed at the end. */
  readonly dir?: string;
  /** The broker's port on 127.0.0.1; 0 or absent = a free one. */
  readonly port?: number;
  /** Keeps `dir` when the broker stops, and starts on what it holds; else every start is clean. */
  readonly keep?: boolean;
  readonly onProgress?: (line: string) => void;
  /** Gives up starting; nothing is left then. */
  readonly signal?: AbortSignal;
  readonly onDeath?: (death: ProcessDied) => void;
  /** Starts the broker again when it dies unexpectedly. */
  readonly restartOnDeath?: boolean;
  /** Further listeners by name, with their security protocol (`SSL`, `SASL_PLAINTEXT`, …); needs Java, not Docker. */
  readonly listeners?: Readonly<Record<string, string>>;
  /** Broker settings on top of the sandbox's; needs Java, not Docker. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RunningKafka {
  /** `host:port` for KAFKA_BROKERS; the same over restarts. */
  readonly brokers: string;
  /** `host:port` of each further listener. */
  readonly listeners: Readonly<Record<string, string>>;
  /** The broker's process; stopping it here leaves its data. */
  readonly process: ManagedProcess;
  readonly pid: number | undefined;
  /** Ends the broker; without `keep` its data goes with it. */
  stop(): Promise<void>;
  /** SIGKILL, as when the machine dies; the data stays for restart(). */
  kill(): Promise<void>;
  /** Starts it again (after kill, or stopping it in order first) on the same port and data. */
  restart(): Promise<void>;
  logs(): Promise<string>;
}

export const CACHE_DIR = join(import.meta.dirname, '../../../.cache');

/**
 * A real single-node Apache Kafka broker (KRaft) on a port of its own. The first call on a machine downloads it.
 * Throws KafkaUnavailable when the machine has neither Java 17 with Maven nor Docker, ProcessDied when the broker does not come up.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const distribution = await kafkaDistribution(CACHE_DIR, options.onProgress, options.signal);
  const dir = options.dir ?? join(CACHE_DIR, 'run', `kafka-${process.pid}-${randomUUID().slice(0, 8)}`);
  const data = join(dir, 'data');
  const keep = options.keep ?? false;
  if (!keep) {
    removeAtEnd(dir);
    await rm(data, { recursive: true, force: true });
  }
  await mkdir(dir, { recursive: true });
  const port = options.port || (await freePort());
  const listeners: Record<string, string> = {};
  for (const name of Object.keys(options.listeners ?? {})) listeners[name] = `127.0.0.1:${await freePort()}`;
  if (distribution.kind === 'docker' && (options.listeners || options.settings)) {
    throw new Error('further listeners and settings of the broker need Java 17');
  }
  const start =
    distribution.kind === 'java'
      ? await withJava(distribution, dir, data, port, { ...options, addresses: listeners })
      : await withDocker(data, port);

  const broker = new ManagedProcess({
    name: 'kafka',
    ...start,
    logFile: join(dir, 'kafka.log'),
    isReady: serves,
    readyWithinMs: 180_000,
    graceMs: 30_000,
    restart: options.restartOnDeath ?? false,
    onDeath: options.onDeath,
  });
  options.signal?.throwIfAborted();
  const giveUp = () => broker.kill();
  options.signal?.addEventListener('abort', giveUp);
  try {
    await broker.start();
  } catch (error) {
    if (!keep) await rm(dir, { recursive: true, force: true });
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }

  return {
    brokers: `127.0.0.1:${port}`,
    listeners,
    process: broker,
    get pid() {
      return broker.pid;
    },
    async stop() {
      // An orderly shutdown is for the data's sake; without data to keep it would only take time.
      await (keep || distribution.kind === 'docker' ? broker.stop() : broker.kill());
      if (!keep) await rm(dir, { recursive: true, force: true });
    },
    kill: () => broker.kill(),
    async restart() {
      await broker.stop();
      await broker.start();
    },
    logs: () => broker.logs(),
  };
}

type Start = Pick<ProcessOptions, 'command' | 'args' | 'env'>;

const settings = {
  ...BROKER_SETTINGS,
  ...replicationOf(1),
  'node.id': '1',
  'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
};

async function withJava(
  distribution: Extract<Distribution, { kind: 'java' }>,
  dir: string,
  data: string,
  port: number,
  more: Pick<KafkaOptions, 'listeners' | 'settings'> & { addresses: Readonly<Record<string, string>> },
): Promise<Start> {
  await prepareData(distribution, data, 1);
  const controllerPort = await freePort();
  const protocols = Object.entries(more.listeners ?? {}).map((entry) => entry.join(':'));
  const further = Object.entries(more.addresses).map(([name, address]) => `${name}://${address}`);
  return javaBroker(distribution, dir, {
    ...settings,
    'listener.security.protocol.map': [settings['listener.security.protocol.map'], ...protocols].join(','),
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: [`BROKER://127.0.0.1:${port}`, `CONTROLLER://127.0.0.1:${controllerPort}`, ...further].join(','),
    'advertised.listeners': [`BROKER://127.0.0.1:${port}`, ...further].join(','),
    'log.dirs': data,
    ...more.settings,
  });
}

/** The image formats its log folder by itself; its settings are environment variables (dots become underscores). */
async function withDocker(data: string, port: number): Promise<Start> {
  await mkdir(data, { recursive: true });
  const properties = {
    ...settings,
    'controller.quorum.voters': '1@127.0.0.1:29093',
    listeners: 'BROKER://0.0.0.0:9092,CONTROLLER://127.0.0.1:29093',
    'advertised.listeners': `BROKER://127.0.0.1:${port}`,
    'log.dirs': '/tmp/kraft-data',
  };
  const variables = Object.entries(properties).flatMap(([name, value]) => [
    '-e',
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}=${value}`,
  ]);
  const user = `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`;
  return {
    command: 'docker',
    args: [
      'run',
      '--rm',
      '--user',
      user,
      '-p',
      `127.0.0.1:${port}:9092`,
      '-v',
      `${data}:/tmp/kraft-data`,
      ...variables,
      DOCKER_IMAGE,
    ],
    env: process.env,
  };
}
