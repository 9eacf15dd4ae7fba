import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import { Part, type PartDied } from '../processes/part.ts';
import { removeAtEnd } from '../processes/reaper.ts';
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
  readonly onDeath?: (death: PartDied) => void;
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
  readonly process: Part;
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
 * Throws KafkaUnavailable when the machine has neither Java 17 with Maven nor Docker, PartDied when the broker does not come up.
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

  const part = new Part({
    name: 'kafka',
    ...start,
    logFile: join(dir, 'kafka.log'),
    isReady: (printed) => printed.includes('Kafka Server started'),
    readyWithinMs: 180_000,
    graceMs: 30_000,
    restart: options.restartOnDeath ?? false,
    onDeath: options.onDeath,
  });
  options.signal?.throwIfAborted();
  const giveUp = () => part.kill();
  options.signal?.addEventListener('abort', giveUp);
  try {
    await part.start();
  } catch (error) {
    if (!keep) await rm(dir, { recursive: true, force: true });
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }

  return {
    brokers: `127.0.0.1:${port}`,
    listeners,
    process: part,
    get pid() {
      return part.pid;
    },
    async stop() {
      // An orderly shutdown is for the data's sake; without data to keep it would only take time.
      await (keep || distribution.kind === 'docker' ? part.stop() : part.kill());
      if (!keep) await rm(dir, { recursive: true, force: true });
    },
    kill: () => part.kill(),
    async restart() {
      await part.stop();
      await part.start();
    },
    logs: () => part.logs(),
  };
}

/** Everything about the broker that does not depend on where it runs: small, one replica, no topics by accident. */
const settings = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'BROKER',
  'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'auto.create.topics.enable': 'false',
  'default.replication.factor': '1',
  'min.insync.replicas': '1',
  'unclean.leader.election.enable': 'false',
  // A webhook of 1 MiB with its headers must fit.
  'message.max.bytes': String(2 * 1024 * 1024),
  'replica.fetch.max.bytes': String(2 * 1024 * 1024),
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // Nobody else is about to join: a group of one need not wait for company.
  'group.initial.rebalance.delay.ms': '0',
  // After a kill the broker may register again only when its earlier life's session has run out (default 9 s).
  'broker.session.timeout.ms': '4000',
  'broker.heartbeat.interval.ms': '500',
  'num.network.threads': '2',
  'num.io.threads': '4',
  // The default of 128 MiB would be half of the heap.
  'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
} as const;

type Start = { command: string; args: string[]; env: NodeJS.ProcessEnv };

async function withJava(
  { classPath, template }: Extract<Distribution, { kind: 'java' }>,
  dir: string,
  data: string,
  port: number,
  more: Pick<KafkaOptions, 'listeners' | 'settings'> & { addresses: Readonly<Record<string, string>> },
): Promise<Start> {
  if (!existsSync(data)) await cp(template, data, { recursive: true });
  const controllerPort = await freePort();
  const protocols = Object.entries(more.listeners ?? {}).map((entry) => entry.join(':'));
  const further = Object.entries(more.addresses).map(([name, address]) => `${name}://${address}`);
  const properties = {
    ...settings,
    'listener.security.protocol.map': [settings['listener.security.protocol.map'], ...protocols].join(','),
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: [`BROKER://127.0.0.1:${port}`, `CONTROLLER://127.0.0.1:${controllerPort}`, ...further].join(','),
    'advertised.listeners': [`BROKER://127.0.0.1:${port}`, ...further].join(','),
    'log.dirs': data,
    ...more.settings,
  };
  const file = join(dir, 'server.properties');
  await writeFile(
    file,
    `${Object.entries(properties)
      .map((entry) => entry.join('='))
      .join('\n')}\n`,
  );
  return {
    command: 'java',
    args: [
      '-Xms128m',
      '-Xmx300m',
      // Starts in two thirds of the time; a sandbox's load never needs the second compiler.
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.yaml')}`,
      '-cp',
      classPath,
      'kafka.Kafka',
      file,
    ],
    env: process.env,
  };
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
