/** The internals of kafkajs that we use. Therefore kafkajs's version is pinned exactly. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    pending: unknown[];
    throttledUntil: number;
    scheduleCheckPendingRequests(): void;
  }
  export default RequestQueue;
}

declare module 'kafkajs/src/network/connection.js' {
  import type { ISocketFactory, Logger, SASLOptions } from 'kafkajs';
  import type { Request, Response } from 'kafkajs/src/protocol/requests/index.js';

  /**
   * One connection to one broker. It cannot be used for a second socket, because it keeps a half-read answer of the
   * first.
   */
  class Connection {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly logger: Logger;
      readonly socketFactory: ISocketFactory;
      readonly clientId: string;
      readonly requestTimeout: number;
      readonly connectionTimeout: number;
      readonly enforceRequestTimeout: boolean;
      readonly ssl: unknown;
      readonly sasl: SASLOptions | null;
    });
    /** Its logger, which may be replaced. */
    logError: (message: string, extra?: object) => void;
    readonly logDebug: (message: string, extra?: object) => void;
    isConnected(): boolean;
    connect(): Promise<unknown>;
    authenticate(): Promise<void>;
    setVersions(versions: Record<number, { minVersion: number; maxVersion: number }>): void;
    setSupportAuthenticationProtocol(isSupported: boolean): void;
    disconnect(): Promise<unknown>;
    send<T>(of: {
      readonly request: Request;
      readonly response: Response<T>;
      readonly requestTimeout?: number;
      readonly logResponseError?: boolean;
    }): Promise<T>;
  }
  export default Connection;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  /** The encoded bytes are in `buffer`. */
  export interface Encoded {
    readonly buf: Buffer;
    readonly buffer: Buffer;
  }
  class Encoder implements Encoded {
    buf: Buffer;
    /** Number of written bytes in `buf`. */
    offset: number;
    readonly buffer: Buffer;
    writeEncoder(value: Encoded): this;
  }
  export default Encoder;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  class Decoder {
    constructor(bytes: Buffer);
    readInt8(): number;
    readInt16(): number;
    readInt32(): number;
    readInt64(): { toString(): string };
    readBoolean(): boolean;
    readString(): string | null;
    /** Preceded by their length in four bytes. */
    readBytes(length?: number): Buffer | null;
    readArray<T>(read: (decoder: Decoder) => T): T[];
    readAll(): Buffer;
    canReadBytes(length: number): boolean;
  }
  export default Decoder;
}

declare module 'kafkajs/src/protocol/error.js' {
  export function createErrorFromCode(code: number): Error & {
    readonly type: string;
    readonly code: number;
    readonly retriable: boolean;
  };
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { Encoded } from 'kafkajs/src/protocol/encoder.js';

  export interface Request {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    encode(): Promise<Encoded>;
  }
  export interface Response<T = unknown> {
    decode(payload: Buffer): Promise<unknown>;
    parse(decoded: never): Promise<T>;
  }
  export interface Definition {
    readonly versions: readonly string[];
    protocol(of: { readonly version: number }): (args: object) => {
      readonly request: Request;
      readonly response: Response;
      readonly requestTimeout?: number;
    };
  }
  export const requests: Readonly<
    Record<
      | 'Produce'
      | 'Fetch'
      | 'ListOffsets'
      | 'OffsetCommit'
      | 'OffsetFetch'
      | 'GroupCoordinator'
      | 'JoinGroup'
      | 'Heartbeat'
      | 'LeaveGroup'
      | 'SyncGroup'
      | 'ApiVersions',
      Definition
    >
  >;
  const protocol: { readonly requests: typeof requests };
  export default protocol;
}

declare module 'kafkajs/src/protocol/request.js' {
  import type { Encoded } from 'kafkajs/src/protocol/encoder.js';
  import type { Request } from 'kafkajs/src/protocol/requests/index.js';

  export default function createRequest(of: {
    readonly correlationId: number;
    readonly clientId: string;
    readonly request: Request;
  }): Promise<Encoded>;
}

declare module 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js' {
  import type { KafkaMessage } from 'kafkajs';
  import type Decoder from 'kafkajs/src/protocol/decoder.js';

  export default function decodeMessages(decoder: Decoder): Promise<KafkaMessage[]>;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js' {
  export default function crc32C(bytes: Buffer): number;
}

declare module 'kafkajs/src/consumer/filterAbortedMessages.js' {
  export default function filterAbortedMessages<T>(of: {
    readonly messages: readonly T[];
    readonly abortedTransactions: readonly unknown[];
  }): T[];
}
