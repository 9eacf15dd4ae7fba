import type { Decoder } from '../kafkajs-internals/protocol.ts';
import type { ByteWriter } from '../produce/record-batch.ts';

/** A partition as the scripted brokers have it: what was written lies in one log, whoever leads. */
export interface ScriptedPartition {
  leader: number;
  epoch: number;
  /** Batches as they came, with the offset of their first record. */
  readonly batches: { readonly base: number; readonly records: number; readonly bytes: Buffer }[];
  next: number;
  /** What was deleted: the first offset that is still there. */
  start: number;
}

/** What the scripted brokers know together. */
export interface ScriptedBrokers {
  readonly partitions: ReadonlyMap<string, readonly ScriptedPartition[]>;
  /** By node id. */
  readonly ports: readonly number[];
  /** Requests that they answer: API key, oldest and newest version. */
  readonly versions: readonly (readonly [number, number, number])[];
  partition(topic: string, partition: number): ScriptedPartition;
  /** Who is named as a partition's leader; undefined = who leads. */
  told(topic: string, partition: number): { leader: number; epoch: number } | undefined;
}

export interface Handling {
  readonly cluster: ScriptedBrokers;
  readonly nodeId: number;
  readonly version: number;
  readonly body: Decoder;
  readonly to: ByteWriter;
  /** The error that the script wants, 0 = none. */
  readonly error: number;
  readonly isUnnamed: boolean;
}

/** Writes the answer to one kind of request; a promise for those that a broker answers later. */
export type Answer = (handling: Handling) => void | Promise<void>;
