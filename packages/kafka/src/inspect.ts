import kafkajs from 'kafkajs';
import { instanceOf, type Kafka, withAdmin } from './client.ts';

/** A topic's state in the cluster. */
export interface TopicState {
  readonly partitions: number;
  /** The smallest number of replicas of any partition. */
  readonly replicas: number;
  /** The smallest number of replicas in sync of any partition. */
  readonly inSync: number;
  /** The topic's settings; undefined when we may not read them. */
  readonly config: Readonly<Record<string, string>> | undefined;
}

const { ConfigResourceTypes } = kafkajs;

/** Brokers of the cluster, and the topics of `names` (without prefix) that we may see. Throws kafkajs's errors. */
export function inspectCluster(
  kafka: Kafka,
  names: readonly string[],
): Promise<{ brokers: number; topics: ReadonlyMap<string, TopicState> }> {
  return withAdmin(kafka, async (admin) => {
    const [{ brokers }, visible] = await Promise.all([admin.describeCluster(), admin.listTopics()]);
    const present = names.filter((name) => visible.includes(kafka.prefixed(name)));
    const topics = new Map<string, TopicState>();
    if (present.length === 0) return { brokers: brokers.length, topics };
    const metadata = await admin.fetchTopicMetadata({ topics: present.map(kafka.prefixed) });
    for (const name of present) {
      const partitions = metadata.topics.find((topic) => topic.name === kafka.prefixed(name))?.partitions ?? [];
      topics.set(name, {
        partitions: partitions.length,
        replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        inSync: Math.min(...partitions.map(({ isr }) => isr.length)),
        config: await configOf(kafka.prefixed(name)),
      });
    }
    return { brokers: brokers.length, topics };

    async function configOf(name: string): Promise<Record<string, string> | undefined> {
      try {
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: ConfigResourceTypes.TOPIC, name }],
        });
        return Object.fromEntries(
          (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
        );
      } catch (error) {
        // The services need Describe only; DescribeConfigs is a separate right.
        if (isRefusal(error)) return undefined;
        throw error;
      }
    }
  });
}

/** A consumer group's present state in the cluster. */
export interface GroupState {
  /** Client ids of the members. */
  readonly clientIds: readonly string[];
  /**
   * Other installations with members in the group: they would take each other's records. A client id without an
   * installation does not count.
   */
  readonly foreign: readonly string[];
}

/** The consumer group `group` (without prefix); undefined when we may not read it. Throws kafkajs's other errors. */
export async function inspectGroup(kafka: Kafka, group: string): Promise<GroupState | undefined> {
  try {
    const { groups } = await withAdmin(kafka, (admin) => admin.describeGroups([kafka.prefixed(group)]));
    const clientIds = groups.flatMap(({ members }) => members.map(({ clientId }) => clientId));
    const instances = new Set(clientIds.flatMap((id) => instanceOf(id) ?? []));
    return { clientIds, foreign: kafka.instance ? [...instances].filter((name) => name !== kafka.instance) : [] };
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

const isRefusal = (error: unknown): boolean => /AUTHORIZATION_FAILED$/.test((error as { type?: string }).type ?? '');
