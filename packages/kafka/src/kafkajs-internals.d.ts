/** The internals of kafkajs that are touched; its version is pinned exactly for that reason. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    pending: unknown[];
    throttledUntil: number;
    scheduleCheckPendingRequests(): void;
  }
  export default RequestQueue;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  /** What was encoded, in `buffer`. */
  export interface Encoded {
    readonly buf: Buffer;
    readonly buffer: Buffer;
  }
  class Encoder implements Encoded {
    buf: Buffer;
    /** Bytes of `buf` that are written. */
    offset: number;
    readonly buffer: Buffer;
    writeEncoder(value: Encoded): this;
  }
  export default Encoder;
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { Encoded } from 'kafkajs/src/protocol/encoder.js';
  import type { KafkaMessage } from './record-batch.ts';

  export interface ProduceArguments {
    readonly acks: number;
    /** For the broker, in ms. */
    readonly timeout: number;
    readonly compression?: number;
    readonly transactionalId?: string | null;
    readonly producerId?: unknown;
    readonly producerEpoch?: number;
    readonly topicData: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number | string;
        readonly firstSequence?: number;
        readonly messages: readonly KafkaMessage[];
      }[];
    }[];
  }
  export interface ProduceProtocol {
    readonly request: { readonly apiVersion: number; encode(): Promise<Encoded> };
    readonly response: unknown;
  }
  const protocol: {
    readonly requests: {
      readonly Produce: {
        protocol(of: { readonly version: number }): (given: ProduceArguments) => ProduceProtocol;
      };
    };
  };
  export default protocol;
}

declare module 'kafkajs/src/protocol/request.js' {
  import type { Encoded } from 'kafkajs/src/protocol/encoder.js';
  import type { ProduceProtocol } from 'kafkajs/src/protocol/requests/index.js';

  export default function createRequest(of: {
    readonly correlationId: number;
    readonly clientId: string;
    readonly request: ProduceProtocol['request'];
  }): Promise<Encoded>;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js' {
  export default function crc32C(bytes: Buffer): number;
}
