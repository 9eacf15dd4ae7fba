import kafkajs from 'kafkajs';
import { instanceOf, type Kafka, withAdmin } from './client.ts';

/** A topic as the cluster has it. */
export interface TopicState {
  readonly partitions: number;
  /** Fewest replicas of any partition. */
  readonly replicas: number;
  /** Fewest replicas in sync of any partition. */
  readonly inSync: number;
  /** Its settings; undefined when we may not read them. */
  readonly config: Readonly<Record<string, string>> | undefined;
}

const { ConfigResourceTypes } = kafkajs;

/** Brokers of the cluster, and the topics of `names` (without prefix) that we can see. Throws kafkajs's errors. */
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
        // Describe is enough for the services; DescribeConfigs is a right of its own.
        if (isRefusal(error)) return undefined;
        throw error;
      }
    }
  });
}

/** A consumer group as the cluster has it now. */
export interface GroupState {
  /** Client ids of its members. */
  readonly clientIds: readonly string[];
  /** Other installations that have members in it: they would take each other's records. A client id without a name is not one. */
  readonly foreign: readonly string[];
}

/** The consumer group `group` (without prefix); undefined when we may not read as it. Throws kafkajs's errors, besides the refusal. */
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
