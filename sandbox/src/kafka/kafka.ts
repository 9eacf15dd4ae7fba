import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import { ManagedProcess, type ProcessDied } from '../processes/managed-process.ts';
import { removeAtEnd } from '../processes/reaper.ts';
import { CACHE_DIR, makeRunDir } from '../processes/run-dir.ts';
import {
  BROKER_SETTINGS,
  type BrokerCommand,
  brokerProcess,
  javaBroker,
  prepareData,
  replicationOf,
  startTogether,
} from './broker.ts';
import { type Distribution, DOCKER_IMAGE, kafkaDistribution } from './distribution.ts';

export interface KafkaOptions {
  /** Folder of the broker's data and log file; default a folder of its own under the cache, removed at the end. */
  readonly dir?: string;
  /** The broker's port on 127.0.0.1; 0 or absent = a free one. */
  readonly port?: number;
  /** Keeps `dir` when the broker stops, and starts with its content; otherwise every start is clean. */
  readonly keep?: boolean;
  readonly onProgress?: (line: string) => void;
  /** Aborts the start; nothing is left then. */
  readonly signal?: AbortSignal;
  readonly onDeath?: (death: ProcessDied) => void;
  /** Starts the broker again when it dies unexpectedly. */
  readonly restartOnDeath?: boolean;
  /** Further listeners by name, with their security protocol (`SSL`, `SASL_PLAINTEXT`, …); needs Java, not Docker. */
  readonly listeners?: Readonly<Record<string, string>>;
  /** Broker settings in addition to the sandbox's; needs Java, not Docker. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RunningKafka {
  /** `host:port` for KAFKA_BROKERS; the same over restarts. */
  readonly brokers: string;
  /** `host:port` of each further listener. */
  readonly listeners: Readonly<Record<string, string>>;
  /** The broker's process; stopping it here keeps its data. */
  readonly process: ManagedProcess;
  readonly pid: number | undefined;
  /** Ends the broker, and removes its data unless `keep` is set. */
  stop(): Promise<void>;
  /** SIGKILL, like the death of a machine; the data stays for restart(). */
  kill(): Promise<void>;
  /** Starts the broker again (after kill, or after an orderly stop) on the same port and data. */
  restart(): Promise<void>;
  logs(): Promise<string>;
}

/**
 * A real single-node Apache Kafka broker (KRaft) on its own port. The first call on a machine downloads it. Throws
 * KafkaUnavailable when the machine has neither Java 17 with Maven nor Docker, ProcessDied when the broker does not
 * start.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const { keep = false, signal } = options;
  const distribution = await kafkaDistribution(CACHE_DIR, options.onProgress, signal);
  const dir = options.dir ?? (await makeRunDir());
  const data = join(dir, 'data');
  if (!keep) {
    removeAtEnd(dir);
    await rm(data, { recursive: true, force: true });
  }
  await mkdir(dir, { recursive: true });
  const port = options.port || (await freePort());
  const listeners = await addressesOf(options.listeners);
  const command =
    distribution.kind === 'java'
      ? await withJava(distribution, dir, data, port, { ...options, addresses: listeners })
      : await withDocker(data, port, options);
  const broker = new ManagedProcess(brokerProcess('kafka', command, dir, options));
  const end = async (how: 'stop' | 'kill') => {
    await broker[how]();
    if (!keep) await rm(dir, { recursive: true, force: true });
  };
  await startTogether([broker], () => end('kill'), signal);

  return {
    brokers: `127.0.0.1:${port}`,
    listeners,
    process: broker,
    get pid() {
      return broker.pid;
    },
    // An orderly shutdown only protects the data; without data to keep it would waste time.
    stop: () => end(keep || distribution.kind === 'docker' ? 'stop' : 'kill'),
    kill: () => broker.kill(),
    async restart() {
      await broker.stop();
      await broker.start();
    },
    logs: () => broker.logs(),
  };
}

/** A free port for each further listener. */
async function addressesOf(listeners: KafkaOptions['listeners'] = {}): Promise<Record<string, string>> {
  const addresses: Record<string, string> = {};
  for (const name of Object.keys(listeners)) addresses[name] = `127.0.0.1:${await freePort()}`;
  return addresses;
}

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
): Promise<BrokerCommand> {
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

/** The image formats its log folder itself; its settings are environment variables (dots become underscores). */
async function withDocker(data: string, port: number, options: KafkaOptions): Promise<BrokerCommand> {
  if (options.listeners || options.settings)
    throw new Error('further listeners and settings of the broker need Java 17');
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
