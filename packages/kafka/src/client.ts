import { followSecrets } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';
import kafkajs, { type Admin, type ISocketFactory, type LogEntry, type SASLOptions } from 'kafkajs';
import { addressOf, checkKafkaEnvironment, type KafkaEnvironment } from './config.ts';
import { putHeadsInFront } from './kafkajs-internals/bodies.ts';
import { type BrokerAddress, type BrokerConnection, openConnection } from './kafkajs-internals/connection.ts';
import { stopIdleTimers } from './kafkajs-internals/idle-timers.ts';
import { cachedTokens, mskTokens, oidcTokens } from './oauth.ts';
import { brokerSockets, tlsOptions } from './tls.ts';

export interface Kafka {
  readonly client: kafkajs.Kafka;
  readonly log: Logger;
  readonly clientId: string;
  /** Name of this installation, as `instanceOf` reads it from a client id. */
  readonly instance?: string | undefined;
  /** Headers that are added to every record that does not have them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where this process runs, so that consumers can read from a near replica. */
  readonly rackId?: string | undefined;
  /** The first addresses to ask about the cluster. */
  readonly bootstrap: readonly BrokerAddress[];
  /**
   * Opens a connection of its own to a broker, authenticated. Throws kafkajs's errors, and Error when the broker does
   * not answer within its time-out.
   */
  open(address: BrokerAddress): Promise<BrokerConnection>;
  /** A topic's or group's name in the cluster. */
  prefixed(name: string): string;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** In ms. An authentication may have to ask a token server first, which has a time-out of about 5 s. */
const OPEN_TIMEOUT_MS = 10_000;

const { Kafka: KafkaClient, logLevel } = kafkajs;

/** Time-out of kafkajs's own requests, in ms. */
const DEFAULTS = {
  connectionTimeout: CONNECT_TIMEOUT_MS,
  requestTimeout: 6_000,
  enforceRequestTimeout: true,
  retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 5 },
  logLevel: logLevel.WARN,
};

stopIdleTimers();
putHeadsInFront();

export interface KafkaOptions {
  clientId: string;
  log: Logger;
  /** Opens the sockets, in place of Node's own functions. */
  socketFactory?: ISocketFactory;
  /** Added to every record that does not have them. */
  headers?: Readonly<Record<string, string>>;
}

/**
 * The connection's settings, without a connection yet. Throws Error when settings that belong together are incomplete.
 */
export function createKafka(
  env: KafkaEnvironment,
  { clientId, log, socketFactory, headers = {} }: KafkaOptions,
): Kafka {
  const problems = checkKafkaEnvironment(env);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const id = withInstance(env.KAFKA_CLIENT_ID ?? clientId, env.KAFKA_INSTANCE);
  const sockets = unhidden(socketFactory ?? brokerSockets(env, log));
  const bootstrap = env.KAFKA_BROKERS.flatMap((broker) => addressOf(broker) ?? []);
  const security = {
    ...(env.KAFKA_SSL_ENABLED && { ssl: tlsOptions(env) }),
    ...(env.KAFKA_SASL_MECHANISM && { sasl: saslOf(env, log) }),
  };
  const client = new KafkaClient({
    clientId: id,
    brokers: bootstrap.map(forKafkajs),
    socketFactory: sockets,
    logCreator: () => (entry) => forward(log, entry),
    ...DEFAULTS,
    ...security,
  });
  const connection = {
    clientId: id,
    logger: client.logger(),
    socketFactory: sockets,
    ssl: security.ssl,
    sasl: security.sasl,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    openTimeoutMs: OPEN_TIMEOUT_MS,
  };
  return {
    client,
    log,
    clientId: id,
    instance: env.KAFKA_INSTANCE,
    headers,
    rackId: env.KAFKA_RACK_ID,
    bootstrap,
    open: (address) => openConnection(address, connection),
    prefixed: (name) => `${env.KAFKA_TOPIC_PREFIX}${name}`,
  };
}

const withInstance = (clientId: string, instance: string | undefined): string =>
  instance ? `${clientId}@${instance}` : clientId;

/** The installation in a client id; undefined if the client id has none. */
export const instanceOf = (clientId: string): string | undefined =>
  /@(?<instance>.+)$/.exec(clientId)?.groups?.instance;

/**
 * kafkajs splits a bootstrap address at its first colon, of which an IPv6 address has several. The address is therefore
 * hidden until a socket is opened.
 */
const forKafkajs = ({ host, port }: BrokerAddress): string => `${encodeURIComponent(host)}:${port}`;
const unhidden =
  (sockets: ISocketFactory): ISocketFactory =>
  (to) =>
    sockets({ ...to, host: to.host.includes('%3A') ? decodeURIComponent(to.host) : to.host });

function saslOf(env: KafkaEnvironment, log: Logger): SASLOptions {
  const mechanism = env.KAFKA_SASL_MECHANISM;
  if (mechanism === 'oauthbearer' || mechanism === 'aws-msk-iam') {
    const source = mechanism === 'oauthbearer' ? oidcTokens(env, log) : mskTokens(env.KAFKA_SASL_AWS_REGION ?? '');
    return { mechanism: 'oauthbearer', oauthBearerProvider: cachedTokens(source) };
  }
  const secrets = followSecrets(env, ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'], {
    log,
    isUsable: ({ KAFKA_SASL_USERNAME: user, KAFKA_SASL_PASSWORD: password }) => user !== '' && password !== '',
  });
  // Called for each new connection.
  return {
    mechanism,
    get username() {
      return secrets().KAFKA_SASL_USERNAME;
    },
    get password() {
      return secrets().KAFKA_SASL_PASSWORD;
    },
  } as SASLOptions;
}

/** kafkajs's own log lines, as debug or warn. Important events are reported by the components that use kafkajs. */
function forward(log: Logger, { level, log: { message, error, groupId, broker } }: LogEntry): void {
  log[level <= logLevel.WARN ? 'warn' : 'debug']({ kafka: { error, groupId, broker } }, `kafka: ${message}`);
}

/** Runs `work` with an admin client that is connected only for it. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
