/// <reference path="./types.d.ts" />
import type { KafkaMessage } from 'kafkajs';
import filterAbortedMessages from 'kafkajs/src/consumer/filterAbortedMessages.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import protocol, { type Definition } from 'kafkajs/src/protocol/requests/index.js';
import { readEveryCompression } from '../compression/index.ts';

readEveryCompression();

export { createErrorFromCode, Decoder };

/** kafkajs's requests, each in the versions that it knows. */
export const { requests } = protocol;
export type { Definition };

/** Numbers of Kafka's requests, as its protocol has them. */
export const API = { produce: 0, metadata: 3, saslAuthenticate: 36 } as const;

/** Records as they lie in a partition, behind their size in four bytes. */
export { default as decodeRecords } from 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js';

/** Numbers of Kafka's errors that are distinguished. */
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

/** What of a partition's fetched messages is for readers: no control records, and nothing of transactions that were given up. */
export const readable = (fetched: {
  readonly messages: readonly FetchedMessage[];
  readonly abortedTransactions?: readonly unknown[];
}): FetchedMessage[] =>
  filterAbortedMessages({
    messages: fetched.messages,
    abortedTransactions: fetched.abortedTransactions ?? [],
  }).filter(({ isControlRecord }) => !isControlRecord);
