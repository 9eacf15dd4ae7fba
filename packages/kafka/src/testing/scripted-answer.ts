import type { Decoder } from '../kafkajs-internals/protocol.ts';
import type { ByteWriter } from '../produce/record-batch.ts';

/** A partition of the scripted brokers. Written batches are in one log, whichever broker leads. */
export interface ScriptedPartition {
  leader: number;
  epoch: number;
  /** Received batches, with the offset of their first record. */
  readonly batches: { readonly base: number; readonly records: number; readonly bytes: Buffer }[];
  next: number;
  /** The first existing offset; older records were deleted. */
  start: number;
}

/** State that the scripted brokers share. */
export interface ScriptedBrokers {
  readonly partitions: ReadonlyMap<string, readonly ScriptedPartition[]>;
  /** By node id. */
  readonly ports: readonly number[];
  /** Requests that they answer: API key, oldest and newest version. */
  readonly versions: readonly (readonly [number, number, number])[];
  partition(topic: string, partition: number): ScriptedPartition;
  /** The broker that is named as a partition's leader; undefined = the real leader. */
  told(topic: string, partition: number): { leader: number; epoch: number } | undefined;
}

export interface Handling {
  readonly cluster: ScriptedBrokers;
  readonly nodeId: number;
  readonly version: number;
  readonly body: Decoder;
  readonly to: ByteWriter;
  /** The error code that the script wants, 0 = none. */
  readonly error: number;
  readonly isUnnamed: boolean;
}

/** Writes the answer to one kind of request. A promise for requests that a broker answers later. */
export type Answer = (handling: Handling) => void | Promise<void>;
