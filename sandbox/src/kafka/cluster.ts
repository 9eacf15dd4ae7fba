import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import { ManagedProcess, type ProcessDied, type ProcessOptions } from '../processes/managed-process.ts';
import { removeAtEnd } from '../processes/reaper.ts';
import { CACHE_DIR, makeRunDir } from '../processes/run-dir.ts';
import { BROKER_SETTINGS, brokerProcess, javaBroker, prepareData, replicationOf, startTogether } from './broker.ts';
import { BrokerLink } from './broker-link.ts';
import { type Distribution, KafkaUnavailable, kafkaDistribution } from './distribution.ts';
import type { KafkaOptions } from './kafka.ts';

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
  const { brokers: count = 3, keep = false, onProgress, signal } = options;
  const distribution = await kafkaDistribution(CACHE_DIR, onProgress, signal);
  if (distribution.kind === 'docker')
    throw new KafkaUnavailable('Several brokers need Java 17; Docker runs one alone.');
  const dir = options.dir ?? (await makeRunDir());
  if (!keep) removeAtEnd(dir);
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const controllers = await Promise.all(ids.map(async (id) => ({ id, port: await freePort() })));
  const nodes = await Promise.all(ids.map((id) => prepareNode(id, controllers, distribution, dir, options)));
  const end = async () => {
    // An orderly shutdown of the last ones would wait for a controller that has gone already.
    await Promise.all(nodes.map(({ process: broker }) => broker.kill()));
    if (!keep) await rm(dir, { recursive: true, force: true });
  };
  await startTogether(
    nodes.map((node) => node.process),
    end,
    signal,
  );

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

/** A broker that is also a controller, with its data and its link; started later, with the others. */
async function prepareNode(
  id: number,
  controllers: readonly { id: number; port: number }[],
  distribution: Extract<Distribution, { kind: 'java' }>,
  dir: string,
  options: ClusterOptions,
): Promise<ClusterNode> {
  const [brokerPort, clientPort, linkPort] = [await freePort(), await freePort(), await freePort()];
  const home = join(dir, String(id));
  const data = join(home, 'data');
  if (!options.keep) await rm(data, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await prepareData(distribution, data, id);
  const voters = controllers.map((controller) => `${controller.id}@127.0.0.1:${controller.port}`);
  const command = await javaBroker(distribution, home, {
    ...BROKER_SETTINGS,
    ...replicationOf(controllers.length),
    'node.id': String(id),
    'controller.quorum.voters': voters.join(','),
    'listener.security.protocol.map': 'BROKER:PLAINTEXT,CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    listeners: `BROKER://127.0.0.1:${brokerPort},CLIENT://127.0.0.1:${clientPort},CONTROLLER://127.0.0.1:${controllers[id - 1]?.port}`,
    'advertised.listeners': `BROKER://127.0.0.1:${brokerPort},CLIENT://127.0.0.1:${linkPort}`,
    'log.dirs': data,
    ...options.settings,
  });
  const name = `kafka-${id}` as const;
  const link = new BrokerLink(linkPort, clientPort);
  const broker = new BrokerProcess(link, brokerProcess(name, command, home, options));
  return { id, name, address: `127.0.0.1:${linkPort}`, link, process: broker };
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
