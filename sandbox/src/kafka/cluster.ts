import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import { ManagedProcess, type ProcessDied, type ProcessOptions } from '../processes/managed-process.ts';
import { removeAtEnd } from '../processes/reaper.ts';
import { BROKER_SETTINGS, javaBroker, prepareData, replicationOf, serves } from './broker.ts';
import { BrokerLink } from './broker-link.ts';
import { KafkaUnavailable, kafkaDistribution } from './distribution.ts';
import { CACHE_DIR, type KafkaOptions } from './kafka.ts';

export interface ClusterOptions extends Omit<KafkaOptions, 'port' | 'listeners' | 'onDeath'> {
  /** How many; default 3. */
  readonly brokers?: number;
  readonly onDeath?: (death: ProcessDied) => void;
}

/** One broker of a cluster, which is a controller as well. */
export interface ClusterNode {
  /** From 1. */
  readonly id: number;
  readonly name: `kafka-${number}`;
  /** `host:port` for clients, through `link`; the same over restarts. */
  readonly address: string;
  readonly link: BrokerLink;
  /** Its process; ending it here leaves its data, and its port refuses connections then. */
  readonly process: ManagedProcess;
}

export interface RunningCluster {
  /** Every broker's address for KAFKA_BROKERS. */
  readonly brokers: string;
  readonly nodes: readonly ClusterNode[];
  /** The broker of this id. Throws Error when there is none. */
  node(id: number): ClusterNode;
  /** Id of the controller that leads now, as the live brokers know it. Throws Error while there is none. */
  controller(): Promise<number>;
  /** Ends all; without `keep` their data goes with them. */
  stop(): Promise<void>;
}

/** A broker whose port refuses connections while it is down, as its machine's would. */
class BrokerProcess extends ManagedProcess {
  readonly #link: BrokerLink;

  constructor(link: BrokerLink, options: ProcessOptions) {
    super({
      ...options,
      onDeath: (death) => {
        link.close();
        options.onDeath?.(death);
      },
    });
    this.#link = link;
  }

  override async start(): Promise<void> {
    await this.#link.open();
    await super.start();
  }
  override async stop(): Promise<void> {
    await super.stop();
    this.#link.close();
  }
  override async kill(): Promise<void> {
    await super.kill();
    this.#link.close();
  }
}

/**
 * A real Apache Kafka cluster (KRaft): from three brokers on every record is on three of them and acknowledged by two at least. Clients
 * reach each broker through a link that can be cut or slowed. Throws KafkaUnavailable without Java 17, ProcessDied when a broker does not come up.
 */
export async function startKafkaCluster(options: ClusterOptions = {}): Promise<RunningCluster> {
  const { brokers: count = 3, keep = false, onProgress, signal, onDeath, restartOnDeath = false } = options;
  const distribution = await kafkaDistribution(CACHE_DIR, onProgress, signal);
  if (distribution.kind === 'docker')
    throw new KafkaUnavailable('Several brokers need Java 17; Docker runs one alone.');
  const dir = options.dir ?? join(CACHE_DIR, 'run', `kafka-${process.pid}-${randomUUID().slice(0, 8)}`);
  if (!keep) removeAtEnd(dir);
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const controllers = await Promise.all(ids.map(async (id) => ({ id, port: await freePort() })));
  const voters = controllers.map(({ id, port }) => `${id}@127.0.0.1:${port}`).join(',');

  const nodes = await Promise.all(
    controllers.map(async ({ id, port: controllerPort }): Promise<ClusterNode> => {
      const [brokerPort, clientPort, linkPort] = [await freePort(), await freePort(), await freePort()];
      const home = join(dir, String(id));
      const data = join(home, 'data');
      if (!keep) await rm(data, { recursive: true, force: true });
      await mkdir(home, { recursive: true });
      await prepareData(distribution, data, id);
      const start = await javaBroker(distribution, home, {
        ...BROKER_SETTINGS,
        ...replicationOf(count),
        'node.id': String(id),
        'controller.quorum.voters': voters,
        'listener.security.protocol.map': 'BROKER:PLAINTEXT,CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        listeners: `BROKER://127.0.0.1:${brokerPort},CLIENT://127.0.0.1:${clientPort},CONTROLLER://127.0.0.1:${controllerPort}`,
        'advertised.listeners': `BROKER://127.0.0.1:${brokerPort},CLIENT://127.0.0.1:${linkPort}`,
        'log.dirs': data,
        ...options.settings,
      });
      const link = new BrokerLink(linkPort, clientPort);
      const name = `kafka-${id}` as const;
      const broker = new BrokerProcess(link, {
        name,
        ...start,
        logFile: join(home, 'kafka.log'),
        isReady: serves,
        readyWithinMs: 180_000,
        graceMs: 30_000,
        restart: restartOnDeath,
        ...(onDeath && { onDeath }),
      });
      return { id, name, address: `127.0.0.1:${linkPort}`, link, process: broker };
    }),
  );

  const end = async () => {
    // An orderly shutdown of the last ones would wait for a controller that has gone already.
    await Promise.all(nodes.map(({ process: broker }) => broker.kill()));
    if (!keep) await rm(dir, { recursive: true, force: true });
  };
  signal?.throwIfAborted();
  const giveUp = () => void end();
  signal?.addEventListener('abort', giveUp);
  try {
    // None serves before it has a controller, which takes a majority of them.
    await Promise.all(nodes.map(({ process: broker }) => broker.start()));
  } catch (error) {
    await end();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }

  return {
    brokers: nodes.map(({ address }) => address).join(','),
    nodes,
    node(id) {
      const found = nodes.find((node) => node.id === id);
      if (!found) throw new Error(`there is no broker ${id}`);
      return found;
    },
    controller: () => leadingController(nodes, dir),
    stop: end,
  };
}

/** Each controller writes down whom it last elected or followed; the latest election counts. */
async function leadingController(nodes: readonly ClusterNode[], dir: string): Promise<number> {
  const live = nodes.filter(({ process: broker }) => broker.ready);
  const states = await Promise.all(
    live.map(async ({ id }) => {
      const file = join(dir, String(id), 'data/__cluster_metadata-0/quorum-state');
      return JSON.parse(await readFile(file, 'utf8')) as { leaderId: number; leaderEpoch: number };
    }),
  );
  const latest = states.toSorted((a, b) => b.leaderEpoch - a.leaderEpoch)[0];
  if (!latest || latest.leaderId < 1) throw new Error('no controller leads now');
  return latest.leaderId;
}
