import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Children } from '../processes/children.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import { CACHE_DIR } from '../processes/run-dir.ts';
import type { SandboxOptions } from '../sandbox.ts';
import { type RunningCluster, startKafkaCluster } from './cluster.ts';
import { type RunningKafka, startKafka } from './kafka.ts';

/** The sandbox's own brokers: one, or a cluster of several. */
export interface Brokers {
  /** Their addresses, for KAFKA_BROKERS. */
  readonly addresses: string;
  readonly kafka?: RunningKafka;
  readonly cluster?: RunningCluster;
  readonly processes: readonly ManagedProcess[];
  stop(): Promise<void>;
}

export interface BrokerOptions extends Pick<SandboxOptions, 'keep' | 'restart' | 'onDeath' | 'kafkaSettings'> {
  readonly count: number;
  /** The folder of their log, unless it is kept. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** Starts `count` brokers and resolves when they are ready. Throws KafkaUnavailable, or ProcessDied. */
export async function startBrokers(children: Children, options: BrokerOptions): Promise<Brokers> {
  const { count, keep = false, restart = false, signal, onDeath, kafkaSettings } = options;
  const name = count === 1 ? 'kafka' : `kafka-${count}`;
  const dir = keep ? join(CACHE_DIR, 'kept', name) : join(options.dir, name);
  await mkdir(dir, { recursive: true });
  const settings = {
    dir,
    keep,
    signal,
    restartOnDeath: restart,
    onProgress: (line: string) => children.report('kafka', line),
    ...(kafkaSettings && { settings: kafkaSettings }),
    ...(onDeath && { onDeath }),
  };
  if (count === 1) {
    children.follow('kafka', join(dir, 'kafka.log'));
    const kafka = await startKafka(settings);
    children.add('kafka', kafka.process);
    return { addresses: kafka.brokers, kafka, processes: [kafka.process], stop: () => kafka.stop() };
  }
  const cluster = await startKafkaCluster({ ...settings, brokers: count });
  for (const node of cluster.nodes) {
    children.follow(node.name, node.process.logFile);
    children.add(node.name, node.process);
  }
  const processes = cluster.nodes.map((node) => node.process);
  return { addresses: cluster.brokers, cluster, processes, stop: () => cluster.stop() };
}
