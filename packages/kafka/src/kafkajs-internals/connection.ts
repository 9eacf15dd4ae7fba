/// <reference path="./types.d.ts" />
import type { ISocketFactory, Logger, SASLOptions } from 'kafkajs';
// The bundler and Node must both find the very class that kafkajs itself uses.
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
  /** For the socket, and for each answer of the authentication, in ms. */
  readonly connectTimeoutMs: number;
  /** For the socket, the broker's versions and the authentication together, in ms. */
  readonly openTimeoutMs: number;
}

/**
 * A request that is encoded here; `decode` gets the answer's bytes behind the correlation id. `body` is copied at once. When the
 * decoded answer has `clientSideThrottleTime` (ms), kafkajs holds the connection's next request for so long, as brokers with
 * quotas ask.
 */
export interface OwnRequest<T> {
  readonly apiKey: number;
  readonly name: string;
  readonly version: number;
  readonly body: Buffer;
  decode(payload: Buffer): T;
}

/** One authenticated connection to one broker, used until it fails once. */
export interface BrokerConnection {
  readonly address: BrokerAddress;
  /** False once it was closed by either side. */
  readonly isOpen: boolean;
  /** The newest version of a request that the broker and we (up to `newest`) know. Throws Error when there is none. */
  version(apiKey: number, oldest: number, newest: number): number;
  /** Throws kafkajs's errors of the connection, and when no answer comes within `timeoutMs`. */
  send<T>(request: OwnRequest<T>, timeoutMs: number): Promise<T>;
  /** The same with a request and its answer as kafkajs has them; an answer that names an error is thrown as kafkajs's error. */
  call<T>(definition: Definition, args: object, timeoutMs: number): Promise<T>;
  /** The same, but an answer that names errors is returned as it is. */
  ask<T>(definition: Definition, args: object, timeoutMs: number): Promise<T>;
  /** Ends it now, for a fault that kafkajs then logs; what waits for an answer fails. */
  destroy(fault: string): void;
  /** The same where nothing is wrong: it is not needed any more. */
  close(reason: string): void;
}

/** The shortest time-out of a request, in ms; each names its own. */
const SHORTEST_TIMEOUT_MS = 100;
/**
 * kafkajs's time-outs go by the system's clock, which may be put back, and do not begin while a broker's quota holds a request. This
 * long after a request's time its connection is ended, in ms.
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
      // kafkajs's own way to end a connection waits for the answers that do not come.
      destroy = (fault) => socket.destroy(new Error(fault));
      return socket;
    },
  });
  const sendAsKafkajs = connection.send.bind(connection);
  // kafkajs's own requests, to authenticate, name no time-out: the shortest one would hold for them.
  connection.send = (of) => sendAsKafkajs({ ...of, requestTimeout: of.requestTimeout ?? settings.connectTimeoutMs });
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('the broker does not answer')), settings.openTimeoutMs);
  try {
    // Brokers that authenticate without requests of Kafka's are waited for without an end by kafkajs.
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
    if (best < oldest || best < minVersion) throw new Error(`the broker does not know request ${apiKey} as we do`);
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
    // kafkajs takes whatever ends a socket for an error, and logs it.
    this.#connection.logError = this.#connection.logDebug;
    this.#destroy(reason);
  }

  #protocolOf(definition: Definition, args: object) {
    const known = definition.versions.map(Number);
    const { apiKey } = definition.protocol({ version: known.at(-1) as number })(args).request;
    return definition.protocol({ version: this.version(apiKey, Math.min(...known), Math.max(...known)) })(args);
  }

  /** Ends when `work` does, at the latest OVERDUE_MS after its time. */
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
