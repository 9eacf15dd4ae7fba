import { MAX_MESSAGE_BYTES, TOPICS, type TopicSpec } from '@connector/contracts';
import { type GroupState, inspectCluster, inspectGroup, type Kafka, type TopicState } from '@connector/kafka';
import { type Check, type Finding, fail, ok, unknown, warn } from './checkup.ts';
import type { KafkaSide } from './config.ts';
import { reachable } from './reachable.ts';

const DAY_MS = 86_400_000;
const GROUP = 'ledger';

/** Findings about a topic that is below the requirements (replication 3, two in sync, records of 2 MiB, retention). */
export function topicFinding(spec: TopicSpec, state: TopicState | undefined): Finding {
  const name = `topic ${spec.name}`;
  if (!state)
    return fail(
      name,
      'is not there, or we may not see it',
      "Run ensure-topics, or make it as in the chart's files/topics.json; give our user Describe.",
    );
  const lacks = lacksOf(state);
  if (lacks.length > 0)
    return fail(
      name,
      lacks.join('; '),
      'Change the topic or its brokers; otherwise large webhooks, or all events, cannot be stored.',
    );
  const less = lessOf(spec, state);
  if (less.length > 0)
    return warn(
      name,
      less.join('; '),
      'Fine for a trial; in production an event could be lost with a broker, or by retention.',
    );
  const described = `${state.partitions} partitions, replication ${state.replicas}`;
  return state.config
    ? ok(name, described)
    : unknown(name, `${described}; its settings cannot be read (needs DescribeConfigs)`);
}

const numberOf = ({ config }: TopicState, key: string): number | undefined =>
  config?.[key] === undefined ? undefined : Number(config[key]);

/** Why the topic cannot store events at all. */
function lacksOf(state: TopicState) {
  const minInSync = numberOf(state, 'min.insync.replicas');
  const maxBytes = numberOf(state, 'max.message.bytes');
  return [
    state.inSync < (minInSync ?? 1) &&
      `only ${state.inSync} replicas in sync, min.insync.replicas is ${minInSync}: nothing can be written`,
    maxBytes !== undefined &&
      maxBytes < MAX_MESSAGE_BYTES &&
      `max.message.bytes ${maxBytes} below ${MAX_MESSAGE_BYTES}`,
  ].filter(Boolean);
}

/** Where the topic stores events less safely, or for a shorter time, than `spec` requires. */
function lessOf(spec: TopicSpec, state: TopicState) {
  const { partitions, replicas, config } = state;
  const minInSync = numberOf(state, 'min.insync.replicas');
  const retention = numberOf(state, 'retention.ms');
  const wanted = Number(spec.config['retention.ms']);
  return [
    partitions < spec.partitions && `${partitions} partitions instead of ${spec.partitions}`,
    replicas < 3 && `replication ${replicas} instead of 3`,
    minInSync !== undefined && minInSync < 2 && `min.insync.replicas ${minInSync} instead of 2`,
    // -1 = for ever; a compacted topic always keeps the last record of each key.
    spec.config['cleanup.policy'] === 'delete' &&
      retention !== undefined &&
      retention >= 0 &&
      retention < wanted &&
      `kept for ${(retention / DAY_MS).toFixed(1)} d instead of ${wanted / DAY_MS} d`,
    config?.['unclean.leader.election.enable'] === 'true' && 'unclean.leader.election.enable is true',
    config !== undefined &&
      config['cleanup.policy'] !== spec.config['cleanup.policy'] &&
      `cleanup.policy ${config['cleanup.policy']} instead of ${spec.config['cleanup.policy']}`,
  ].filter(Boolean);
}

/** Checks that the ledger may use its group, and that no other installation does. */
function groupFinding(state: GroupState | undefined, group: string): Finding {
  const name = `group ${GROUP}`;
  if (!state) return fail(name, 'refused', "Give the ledger's user Read on the group (the chart's files/acls.json).");
  const { clientIds, foreign } = state;
  if (foreign.length > 0)
    return fail(
      name,
      `another installation reads in ${group}, too: ${foreign.join(', ')}`,
      "Each handles the other's events. Give one of them another kafka.topicPrefix, then run reconcile in each, with --since the time when both began.",
    );
  return ok(name, clientIds.length === 0 ? 'may be used' : `${clientIds.length} members, all of this installation`);
}

export const kafkaChecks = (side: KafkaSide, kafka: Kafka): Check[] => [
  ...reachable(side.KAFKA_BROKERS),
  {
    name: 'brokers',
    run: async () => {
      const { brokers, topics } = await inspectCluster(
        kafka,
        TOPICS.map(({ name }) => name),
      );
      const by = [side.KAFKA_SSL_ENABLED && 'TLS', side.KAFKA_SASL_MECHANISM].filter(Boolean).join(' and ');
      return [
        ok('brokers', `${brokers} ${brokers === 1 ? 'broker' : 'brokers'}${by && `, by ${by}`}`),
        ...(side.KAFKA_SSL_ENABLED
          ? []
          : [
              warn(
                'encryption',
                'no TLS',
                'Events hold personal data: use KAFKA_SSL_ENABLED where the network is not yours alone.',
              ),
            ]),
        ...TOPICS.map((spec) => topicFinding(spec, topics.get(spec.name))),
      ];
    },
  },
  {
    name: `group ${GROUP}`,
    run: async () => groupFinding(await inspectGroup(kafka, GROUP), kafka.prefixed(GROUP)),
  },
];
