/// <reference path="./types.d.ts" />
import type { KafkaMessage } from 'kafkajs';
import filterAbortedMessages from 'kafkajs/src/consumer/filterAbortedMessages.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import protocol, { type Definition } from 'kafkajs/src/protocol/requests/index.js';
import { readEveryCompression } from '../compression/index.ts';

readEveryCompression();

export { createErrorFromCode, Decoder };

/** kafkajs's requests, each in the versions that kafkajs knows. */
export const { requests } = protocol;
export type { Definition };

/** API keys of Kafka's protocol. */
export const API = { produce: 0, metadata: 3, saslAuthenticate: 36 } as const;

/** Records as stored in a partition, after their size in four bytes. */
export { default as decodeRecords } from 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js';

/** The error codes of Kafka that we distinguish. */
export const ERROR = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  coordinatorLoading: 14,
  illegalGeneration: 22,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  memberIdRequired: 79,
  fencedInstanceId: 82,
} as const;

export type FetchedMessage = KafkaMessage & { readonly isControlRecord?: boolean };

/** A partition's fetched messages without control records and without messages of aborted transactions. */
export const readable = (fetched: {
  readonly messages: readonly FetchedMessage[];
  readonly abortedTransactions?: readonly unknown[];
}): FetchedMessage[] =>
  filterAbortedMessages({
    messages: fetched.messages,
    abortedTransactions: fetched.abortedTransactions ?? [],
  }).filter(({ isControlRecord }) => !isControlRecord);
