import type { TopicSpec } from '@connector/contracts';
import { type Kafka, withAdmin } from './client.ts';

export interface TopicLayout {
  replication?: number;
  /** Partitions of a topic, where they differ from its default. */
  partitions?: (spec: TopicSpec) => number;
  /** Settings in addition to the topic's own. */
  config?: Record<string, string>;
}

/** Creates the topics that do not exist, and returns their names. Existing topics stay unchanged. */
export async function ensureTopics(
  kafka: Kafka,
  specs: readonly TopicSpec[],
  layout: TopicLayout = {},
): Promise<string[]> {
  const { replication = -1, partitions = (spec) => spec.partitions, config = {} } = layout;
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = specs.filter((spec) => !existing.has(kafka.prefixed(spec.name)));
    if (missing.length === 0) return [];
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((spec) => ({
        topic: kafka.prefixed(spec.name),
        numPartitions: partitions(spec),
        replicationFactor: replication,
        configEntries: Object.entries({ ...spec.config, ...config }).map(([name, value]) => ({ name, value })),
      })),
    });
    return missing.map((spec) => kafka.prefixed(spec.name));
  });
}

/** The given topics that the cluster lacks, by their names without prefix. */
export async function missingTopics(kafka: Kafka, names: readonly string[]): Promise<string[]> {
  const existing = new Set(await withAdmin(kafka, (admin) => admin.listTopics()));
  return names.filter((name) => !existing.has(kafka.prefixed(name)));
}
