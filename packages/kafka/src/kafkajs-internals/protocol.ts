/// <reference path="./types.d.ts" />
import Decoder from 'kafkajs/src/protocol/decoder.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import protocol, { type Definition } from 'kafkajs/src/protocol/requests/index.js';

export { createErrorFromCode, Decoder };

/** kafkajs's requests, each in the versions that it knows. */
export const { requests } = protocol;
export type { Definition };

/** Numbers of Kafka's requests, as its protocol has them. */
export const API = { produce: 0, metadata: 3, saslAuthenticate: 36 } as const;

/** Records as they lie in a partition, behind their size in four bytes. */
export { default as decodeRecords } from 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js';
