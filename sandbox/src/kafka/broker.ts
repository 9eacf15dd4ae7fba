import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManagedProcess, ProcessDied, ProcessOptions } from '../processes/managed-process.ts';
import type { Distribution } from './distribution.ts';
import { kafkaUuid } from './uuid.ts';

/** The settings of every broker, wherever it runs and however many there are: small, and without automatic topics. */
export const BROKER_SETTINGS = {
  'process.roles': 'broker,controller',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'BROKER',
  'auto.create.topics.enable': 'false',
  'unclean.leader.election.enable': 'false',
  // In bytes: a webhook of 1 MiB fits with its headers.
  'message.max.bytes': String(2 * 1024 * 1024),
  'replica.fetch.max.bytes': String(2 * 1024 * 1024),
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '1',
  // No further member is expected, so a group of one need not wait.
  'group.initial.rebalance.delay.ms': '0',
  // After a kill the broker may register again only after the session of its earlier life has expired (default 9 s).
  'broker.session.timeout.ms': '4000',
  'broker.heartbeat.interval.ms': '500',
  'num.network.threads': '2',
  'num.io.threads': '4',
  // The default of 128 MiB would be half of the heap.
  'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
} as const;

/** Copies of each record, and how many are needed before it is acknowledged: 3 and 2 from three brokers on. */
export function replicationOf(brokers: number): Record<string, string> {
  const replicas = String(Math.min(3, brokers));
  const inSync = String(Math.min(2, brokers));
  return {
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
  };
}

type Java = Extract<Distribution, { kind: 'java' }>;

/**
 * A log folder for broker `nodeId` at `data`, unless there is one. Kafka requires that each broker and each folder has
 * a unique id.
 */
export async function prepareData({ template }: Java, data: string, nodeId: number): Promise<void> {
  if (existsSync(data)) return;
  await cp(template, data, { recursive: true });
  const file = join(data, 'meta.properties');
  const directoryId = kafkaUuid();
  const meta = (await readFile(file, 'utf8'))
    .replace(/^node\.id=.*$/m, `node.id=${nodeId}`)
    .replace(/^directory\.id=.*$/m, `directory.id=${directoryId}`);
  await writeFile(file, meta);
}

/** How a broker is started: from the jars, or in a container. */
export type BrokerCommand = Pick<ProcessOptions, 'command' | 'args' | 'env'>;

/** How a broker is started from the jars, with these properties written into `dir`. */
export async function javaBroker(
  { classPath }: Java,
  dir: string,
  properties: Readonly<Record<string, string>>,
): Promise<BrokerCommand> {
  const file = join(dir, 'server.properties');
  const lines = Object.entries(properties).map((entry) => entry.join('='));
  await writeFile(file, `${lines.join('\n')}\n`);
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

/** A broker's process, with its log in `dir`. */
export const brokerProcess = (
  name: string,
  command: BrokerCommand,
  dir: string,
  { restartOnDeath = false, onDeath }: { restartOnDeath?: boolean; onDeath?: (death: ProcessDied) => void },
): ProcessOptions => ({
  name,
  ...command,
  logFile: join(dir, 'kafka.log'),
  isReady: (printed) => printed.includes('Kafka Server started'),
  readyWithinMs: 180_000,
  graceMs: 30_000,
  restart: restartOnDeath,
  ...(onDeath && { onDeath }),
});

/**
 * Starts brokers in parallel: none serves before there is a controller, which needs a majority of them. When one does
 * not start, or `signal` aborts, `end` removes all of them and the error is thrown.
 */
export async function startTogether(
  brokers: readonly ManagedProcess[],
  end: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const giveUp = () => void end();
  signal?.addEventListener('abort', giveUp);
  try {
    await Promise.all(brokers.map((broker) => broker.start()));
  } catch (error) {
    await end();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}
