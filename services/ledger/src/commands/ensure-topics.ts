import { HELP_OPTION, optionsOrExit, parseOptions } from '@connector/cli';
import { TOPICS } from '@connector/contracts';
import { checkKafkaEnvironment, createKafka, ensureTopics, inspectGroup } from '@connector/kafka';
import { readConfig } from '@connector/lifecycle';
import { createLogger, describeError } from '@connector/telemetry';
import { ensureTopicsConfigSchema } from '../topics-config.ts';

const HELP = `ensure-topics: creates the topics that the cluster lacks

Topics that exist are left as they are, so it may be run at any time. It refuses to go on while another installation, by the name
in its client id (KAFKA_INSTANCE), reads in the ledger's group: each would take the other's events. It waits up to a minute for a cluster that is starting.

Configuration: KAFKA_*, as the services have them; KAFKA_TOPICS_REPLICATION, KAFKA_TOPICS_PARTITIONS, KAFKA_TOPICS_CONFIG.
Exit code: 0 when every topic exists and is ours alone, 1 when not, 78 for a wrong configuration.
`;
const NAME = 'ensure-topics';
const PATIENCE_MS = 60_000;

optionsOrExit((argv) => (parseOptions(argv, HELP_OPTION).help ? 'help' : undefined), HELP);
const config = readConfig(ensureTopicsConfigSchema, process.env, checkKafkaEnvironment);
const log = createLogger(NAME, config.LOG_LEVEL ?? config.LOGGER_LEVEL ?? 'warn', process.stderr);
const kafka = createKafka(config, { clientId: NAME, log });

const began = performance.now();
for (;;) {
  try {
    const foreign = (await inspectGroup(kafka, 'ledger'))?.foreign ?? [];
    if (foreign.length > 0) {
      process.stderr.write(`${foreignAdvice(foreign)}\n`);
      process.exitCode = 1;
      break;
    }
    const created = await ensureTopics(kafka, TOPICS, {
      replication: config.KAFKA_TOPICS_REPLICATION,
      partitions: ({ name, partitions }) => config.KAFKA_TOPICS_PARTITIONS[name] ?? partitions,
      config: config.KAFKA_TOPICS_CONFIG,
    });
    process.stdout.write(created.length > 0 ? `created: ${created.join(', ')}\n` : 'every topic exists\n');
    break;
  } catch (error) {
    const { message } = describeError(error);
    if (performance.now() - began > PATIENCE_MS) {
      process.stderr.write(`The topics could not be created: ${message}\n`);
      process.exitCode = 1;
      break;
    }
    process.stderr.write(`Kafka does not take the topics yet: ${message}\n`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

function foreignAdvice(foreign: readonly string[]): string {
  return (
    `Another installation (${foreign.join(', ')}) reads in the group ${kafka.prefixed('ledger')}, and this one is ${config.KAFKA_INSTANCE}: ` +
    "each would take the other's events. Give this one names of its own by KAFKA_TOPIC_PREFIX (kafka.topicPrefix in the chart; unset, the " +
    'chart makes one of project, namespace and release). Two releases that are meant to be one have the same KAFKA_INSTANCE (kafka.instance).'
  );
}
