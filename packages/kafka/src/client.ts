import type { Logger } from '@connector/telemetry';
import kafkajs, { type Admin, type ISocketFactory, type LogEntry, type SASLOptions } from 'kafkajs';
import { checkKafkaEnvironment, type KafkaEnvironment } from './config.ts';
import { stopIdleTimers } from './idle-fix.ts';
import { cachedTokens, mskTokens, oidcTokens } from './oauth.ts';
import { useOwnProduceRequest } from './produce-request.ts';
import { brokerSockets, tlsOptions } from './tls.ts';

export interface Kafka {
  readonly client: kafkajs.Kafka;
  readonly log: Logger;
  readonly clientId: string;
  /** Name of this installation, as `instanceOf` reads it from a client id. */
  readonly instance?: string | undefined;
  /** Headers of every record that does not carry them already. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where this process runs, for consumers to read near by. */
  readonly rackId?: string | undefined;
  /** A topic's or group's name in the cluster. */
  prefixed(name: string): string;
}

/** A consumer that kafkajs gave up is begun anew after this pause, in ms: it may be given up again at once. */
export const ANEW_AFTER_MS = 1_000;

const { Kafka: KafkaClient, logLevel } = kafkajs;

stopIdleTimers();
useOwnProduceRequest();

/** The connection's settings; nothing connects yet. Throws Error when settings that belong together are not together. */
export function createKafka(
  env: KafkaEnvironment,
  {
    clientId,
    log,
    socketFactory,
    headers = {},
  }: { clientId: string; log: Logger; socketFactory?: ISocketFactory; headers?: Readonly<Record<string, string>> },
): Kafka {
  const problems = checkKafkaEnvironment(env);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const id = withInstance(env.KAFKA_CLIENT_ID ?? clientId, env.KAFKA_INSTANCE);
  const client = new KafkaClient({
    clientId: id,
    brokers: env.KAFKA_BROKERS,
    connectionTimeout: 3_000,
    requestTimeout: 6_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 5 },
    socketFactory: socketFactory ?? brokerSockets(env, log),
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => forward(log, entry),
    ...(env.KAFKA_SSL_ENABLED && { ssl: tlsOptions(env) }),
    ...(env.KAFKA_SASL_MECHANISM && { sasl: saslOf(env) }),
  });
  return {
    client,
    log,
    clientId: id,
    instance: env.KAFKA_INSTANCE,
    headers,
    rackId: env.KAFKA_RACK_ID,
    prefixed: (name) => `${env.KAFKA_TOPIC_PREFIX}${name}`,
  };
}

const withInstance = (clientId: string, instance: string | undefined): string =>
  instance ? `${clientId}@${instance}` : clientId;

/** The installation that a client id names; undefined for one that names none. */
export const instanceOf = (clientId: string): string | undefined =>
  /@(?<instance>.+)$/.exec(clientId)?.groups?.instance;

function saslOf(env: KafkaEnvironment): SASLOptions {
  const mechanism = env.KAFKA_SASL_MECHANISM;
  if (mechanism === 'oauthbearer' || mechanism === 'aws-msk-iam') {
    const source = mechanism === 'oauthbearer' ? oidcTokens(env) : mskTokens(env.KAFKA_SASL_AWS_REGION ?? '');
    return { mechanism: 'oauthbearer', oauthBearerProvider: cachedTokens(source) };
  }
  const { KAFKA_SASL_USERNAME: username = '', KAFKA_SASL_PASSWORD: password = '' } = env;
  return { mechanism, username, password } as SASLOptions;
}

/** kafkajs's own lines, as debug or warn: what matters is reported by the parts that use it. */
function forward(log: Logger, { level, log: { message, error, groupId, broker } }: LogEntry): void {
  log[level <= logLevel.WARN ? 'warn' : 'debug']({ kafka: { error, groupId, broker } }, `kafka: ${message}`);
}

/** Runs `work` with an admin client that is connected for it alone. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
