import { X509Certificate } from 'node:crypto';
import { type Logger, metrics } from '@connector/telemetry';
import kafkajs, { type Admin, type ISocketFactory, type LogEntry, type SASLOptions } from 'kafkajs';
import { checkKafkaEnvironment, type KafkaEnvironment, pem } from './config.ts';
import { stopIdleTimers } from './idle-fix.ts';

export interface Kafka {
  readonly client: kafkajs.Kafka;
  readonly log: Logger;
  readonly clientId: string;
  /** A topic's or group's name in the cluster. */
  prefixed(name: string): string;
}

const { Kafka: KafkaClient, logLevel } = kafkajs;

stopIdleTimers();

/** The connection's settings; nothing connects yet. Throws Error when settings that belong together are not together. */
export function createKafka(
  env: KafkaEnvironment,
  { clientId, log, socketFactory }: { clientId: string; log: Logger; socketFactory?: ISocketFactory },
): Kafka {
  const problems = checkKafkaEnvironment(env);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const id = env.KAFKA_CLIENT_ID ?? clientId;
  const client = new KafkaClient({
    clientId: id,
    brokers: env.KAFKA_BROKERS,
    connectionTimeout: 3_000,
    requestTimeout: 6_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 5 },
    ...(socketFactory && { socketFactory }),
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => forward(log, entry),
    ...(env.KAFKA_SSL_ENABLED && { ssl: tlsOf(env) }),
    ...(env.KAFKA_SASL_MECHANISM && { sasl: saslOf(env) }),
  });
  return { client, log, clientId: id, prefixed: (name) => `${env.KAFKA_TOPIC_PREFIX}${name}` };
}

const tlsOf = (env: KafkaEnvironment) => {
  const [ca, cert, key] = [pem(env.KAFKA_SSL_CA), pem(env.KAFKA_SSL_CERT), pem(env.KAFKA_SSL_KEY)];
  tellExpiry('kafka_ca', ca);
  tellExpiry('kafka_client', cert);
  return {
    rejectUnauthorized: true,
    ...(ca && { ca: [ca] }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(env.KAFKA_SSL_SERVERNAME && { servername: env.KAFKA_SSL_SERVERNAME }),
  };
};

const ONE_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Exports when the first of a PEM text's certificates ends; one that cannot be read is told by the connection, which fails. */
function tellExpiry(certificate: 'kafka_ca' | 'kafka_client', text: string | undefined): void {
  const ends = (text?.match(ONE_CERTIFICATE) ?? []).flatMap((one) => {
    try {
      return [new X509Certificate(one).validToDate.getTime()];
    } catch {
      return [];
    }
  });
  if (ends.length > 0) metrics.certificateExpiry.set({ certificate }, Math.min(...ends) / 1000);
}

const saslOf = (env: KafkaEnvironment) =>
  ({
    mechanism: env.KAFKA_SASL_MECHANISM,
    username: env.KAFKA_SASL_USERNAME ?? '',
    password: env.KAFKA_SASL_PASSWORD ?? '',
  }) as SASLOptions;

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
