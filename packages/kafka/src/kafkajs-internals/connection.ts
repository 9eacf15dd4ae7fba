/// <reference path="./types.d.ts" />
import type { ISocketFactory, Logger, SASLOptions } from 'kafkajs';
// Both the bundler and Node must find the same class that kafkajs itself uses.
import Connection from 'kafkajs/src/network/connection.js';
import { bodyOf } from './bodies.ts';
import { API, type Definition, requests } from './protocol.ts';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionSettings {
  readonly clientId: string;
  readonly logger: Logger;
  readonly socketFactory: ISocketFactory;
  readonly ssl: unknown;
  readonly sasl: SASLOptions | undefined;
  /** Time-out of the socket, and of each answer of the authentication, in ms. */
  readonly connectTimeoutMs: number;
  /** Time-out of the socket, the broker's versions and the authentication together, in ms. */
  readonly openTimeoutMs: number;
}

/**
 * A request that is encoded here. `body` is copied at once. `decode` gets the answer's bytes after the correlation id.
 * When the decoded answer has `clientSideThrottleTime` (ms), kafkajs holds the connection's next request for so long,
 * as brokers with quotas require.
 */
export interface OwnRequest<T> {
  readonly apiKey: number;
  readonly name: string;
  readonly version: number;
  readonly body: Buffer;
  decode(payload: Buffer): T;
}

/** One authenticated connection to one broker, used until its first failure. */
export interface BrokerConnection {
  readonly address: BrokerAddress;
  /** False after either side closed it. */
  readonly isOpen: boolean;
  /**
   * The newest version of a request, up to `newest`, that the broker knows as well. Throws Error when there is none.
   */
  version(apiKey: number, oldest: number, newest: number): number;
  /** Throws kafkajs's connection errors, and Error when no answer comes within `timeoutMs`. */
  send<T>(request: OwnRequest<T>, timeoutMs: number): Promise<T>;
  /** The same, with kafkajs's request and answer. An answer with an error code is thrown as kafkajs's error. */
  call<T>(definition: Definition, args: object, timeoutMs: number): Promise<T>;
  /** The same, but an answer with error codes is returned. */
  ask<T>(definition: Definition, args: object, timeoutMs: number): Promise<T>;
  /** Ends the connection because of a fault, which kafkajs then logs. Open requests fail. */
  destroy(fault: string): void;
  /** Ends the connection without a fault, because it is no longer needed. */
  close(reason: string): void;
}

/** The shortest time-out of a request, in ms; each request has its own. */
const SHORTEST_TIMEOUT_MS = 100;
/**
 * kafkajs's time-outs use the system's clock, which may be set back, and do not begin while a broker's quota holds a
 * request. A connection is therefore ended this long after the time-out of its request, in ms.
 */
const OVERDUE_MS = 10_000;

/** Opens a connection. Throws kafkajs's errors, and Error when the broker does not answer in time. */
export async function openConnection(address: BrokerAddress, settings: ConnectionSettings): Promise<BrokerConnection> {
  let destroy: (fault: string) => void = () => {};
  const connection = new Connection({
    ...address,
    clientId: settings.clientId,
    logger: settings.logger,
    ssl: settings.ssl ?? null,
    sasl: settings.sasl ?? null,
    connectionTimeout: settings.connectTimeoutMs,
    requestTimeout: SHORTEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    socketFactory: (of) => {
      const socket = settings.socketFactory(of);
      // kafkajs's own way to end a connection waits for answers that do not come.
      destroy = (fault) => socket.destroy(new Error(fault));
      return socket;
    },
  });
  const sendAsKafkajs = connection.send.bind(connection);
  // kafkajs's own authentication requests have no time-out, so the shortest one would apply to them.
  connection.send = (of) => sendAsKafkajs({ ...of, requestTimeout: of.requestTimeout ?? settings.connectTimeoutMs });
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('the broker does not answer')), settings.openTimeoutMs);
  try {
    // kafkajs waits without limit for brokers that authenticate without Kafka requests.
    const versions = await Promise.race([introduce(connection, settings), timeout.promise]);
    return new OpenConnection(connection, address, versions, (fault) => destroy(fault));
  } catch (error) {
    destroy('it could not be opened');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

type Versions = Record<number, { minVersion: number; maxVersion: number }>;

async function introduce(connection: Connection, settings: ConnectionSettings): Promise<Versions> {
  await connection.connect();
  const { apiVersions } = (await connection.send({
    ...requests.ApiVersions.protocol({ version: 0 })({}),
    requestTimeout: settings.connectTimeoutMs,
  })) as { apiVersions: { apiKey: number; minVersion: number; maxVersion: number }[] };
  const versions: Versions = Object.fromEntries(apiVersions.map(({ apiKey, ...range }) => [apiKey, range]));
  connection.setVersions(versions);
  connection.setSupportAuthenticationProtocol(versions[API.saslAuthenticate] !== undefined);
  await connection.authenticate();
  return versions;
}

class OpenConnection implements BrokerConnection {
  readonly address: BrokerAddress;
  readonly #connection: Connection;
  readonly #versions: Versions;
  readonly #destroy: (fault: string) => void;

  constructor(connection: Connection, address: BrokerAddress, versions: Versions, destroy: (fault: string) => void) {
    this.address = address;
    this.#connection = connection;
    this.#versions = versions;
    this.#destroy = destroy;
  }

  get isOpen(): boolean {
    return this.#connection.isConnected();
  }

  version(apiKey: number, oldest: number, newest: number): number {
    const { minVersion = 0, maxVersion = -1 } = this.#versions[apiKey] ?? {};
    const best = Math.min(newest, maxVersion);
    if (best < oldest || best < minVersion)
      throw new Error(`the broker has no common version with us for request ${apiKey}`);
    return best;
  }

  send<T>({ apiKey, name, version: apiVersion, body, decode }: OwnRequest<T>, timeoutMs: number): Promise<T> {
    const encoded = bodyOf(body);
    const sent = this.#connection.send({
      request: { apiKey, apiName: name, apiVersion, encode: async () => encoded },
      response: { decode: async (payload) => decode(payload), parse: async (decoded: T) => decoded },
      requestTimeout: timeoutMs,
    });
    return this.#inTime(sent, timeoutMs);
  }

  call<T>(definition: Definition, args: object, timeoutMs: number): Promise<T> {
    const { request, response } = this.#protocolOf(definition, args);
    const sent = this.#connection.send({ request, response, requestTimeout: timeoutMs, logResponseError: false });
    return this.#inTime(sent as Promise<T>, timeoutMs);
  }

  ask<T>(definition: Definition, args: object, timeoutMs: number): Promise<T> {
    const { request, response } = this.#protocolOf(definition, args);
    const sent = this.#connection.send<T>({
      request,
      response: { decode: response.decode, parse: async (decoded: T) => decoded },
      requestTimeout: timeoutMs,
    });
    return this.#inTime(sent, timeoutMs);
  }

  destroy(fault: string): void {
    this.#destroy(fault);
  }

  close(reason: string): void {
    // kafkajs treats any end of a socket as an error, and logs it.
    this.#connection.logError = this.#connection.logDebug;
    this.#destroy(reason);
  }

  #protocolOf(definition: Definition, args: object) {
    const known = definition.versions.map(Number);
    const { apiKey } = definition.protocol({ version: known.at(-1) as number })(args).request;
    return definition.protocol({ version: this.version(apiKey, Math.min(...known), Math.max(...known)) })(args);
  }

  /** Ends with `work`, or at the latest OVERDUE_MS after its time-out. */
  async #inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
    const overdue = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const error = new Error('the broker does not answer');
      overdue.reject(error);
      this.#destroy(error.message);
    }, timeoutMs + OVERDUE_MS);
    try {
      return await Promise.race([work, overdue.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
