import { setTimeout as sleep } from 'node:timers/promises';
import { toRecord } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import { contextFrom, inSpan, SpanKind } from '@connector/telemetry';
import { type Kafka, withAdmin } from './client.ts';
import {
  byAge,
  byPlace,
  type DeadLetter,
  type DeadLetterFilter,
  idOf,
  letterOf,
  matches,
  REDRIVEN_FROM,
  RESOLUTION,
  RESOLVES,
  type Resolution,
  resolutionOf,
} from './dead-letter.ts';
import type { Producer } from './producer.ts';
import { type StoredMessage, scanTopic } from './scan.ts';

/** The result for one selected dead letter. */
export interface Handled {
  readonly letter: DeadLetter;
  /** `failed`: still listed; `left`: not tried, because Kafka did not accept the one before. */
  readonly outcome: Resolution['kind'] | 'failed' | 'left';
  readonly problem?: string;
}

export interface HandleOptions {
  /** Messages per second; default 50. */
  readonly perSecond?: number;
  readonly onProgress?: (handled: Handled, done: number, total: number) => void;
  /** Stops between two messages; the remaining ones are `left`. */
  readonly signal?: AbortSignal;
}

export interface DeadLetterQueue {
  /** The matching dead letters, oldest first. Reads the whole topic. */
  list(filter?: DeadLetterFilter): Promise<DeadLetter[]>;
  /**
   * The dead letters of one partition key, resolved or not, oldest first. Reads only that key's partition: letters from
   * before partitions were added to the topic may be in another one.
   */
  ofKey(key: string): Promise<DeadLetter[]>;
  /**
   * One dead letter, resolved or not, with its value; undefined when the topic does not (or no longer) have this id.
   */
  read(id: string): Promise<{ letter: DeadLetter; value: Buffer } | undefined>;
  /**
   * Returns messages to their original topics, in the order in which they became dead letters: with unchanged key,
   * value and headers, and `dlq-redriven-from`. The resolution is appended after the broker has acknowledged the
   * message, so a crash between the two leaves the dead letter listed. Redriving twice is harmless, because all readers
   * of these topics accept duplicates.
   */
  redrive(selected: readonly DeadLetter[], options?: HandleOptions): Promise<Handled[]>;
  /** Marks dead letters as not to be redriven. The messages stay in the topic until its retention ends. */
  discard(selected: readonly DeadLetter[], reason: string, options?: HandleOptions): Promise<Handled[]>;
  /** The number of waiting dead letters. Reads only the topic's ends while nothing was added. */
  depth(): Promise<number>;
}

export interface DeadLetterQueueOptions {
  /** The dead letter topic, without the configured prefix. */
  topic: string;
  producer: Producer;
  /** The user who is responsible, for the audit trail. */
  by: string;
}

/** Limit of values in memory during a redrive, in bytes. */
const CHUNK_BYTES = 32 * 1024 * 1024;

/** The dead letters of one topic. Kafka cannot remove a message from a topic, so a resolution is a further record. */
export const createDeadLetterQueue = (kafka: Kafka, options: DeadLetterQueueOptions): DeadLetterQueue =>
  new TopicDeadLetterQueue(kafka, options);

class TopicDeadLetterQueue implements DeadLetterQueue {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #producer: Producer;
  readonly #by: string;
  #counted: { ends: string; waiting: number } | undefined;

  constructor(kafka: Kafka, { topic, producer, by }: DeadLetterQueueOptions) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#producer = producer;
    this.#by = by;
  }

  async list(filter: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    return (await this.#index()).filter((letter) => matches(letter, filter)).toSorted(byAge);
  }

  async ofKey(key: string): Promise<DeadLetter[]> {
    return (await this.#index(key)).toSorted(byAge);
  }

  async read(id: string): Promise<{ letter: DeadLetter; value: Buffer } | undefined> {
    let found: StoredMessage | undefined;
    let resolution: Resolution | undefined;
    await scanTopic(this.#kafka, this.#topic, (message) => {
      const resolved = resolutionOf(message);
      if (resolved?.id === id) resolution = resolved.resolution;
      if (!resolved && idOf(message) === id) found = message;
    });
    if (!found) return undefined;
    const letter = { ...letterOf(found), headers: found.headers, ...(resolution && { resolution }) };
    return { letter, value: found.value };
  }

  async redrive(selected: readonly DeadLetter[], options: HandleOptions = {}): Promise<Handled[]> {
    const ordered = selected.toSorted(byPlace);
    const chunks = new Map(inChunks(ordered).flatMap((chunk) => chunk.map(({ id }) => [id, chunk])));
    let loaded: { chunk: DeadLetter[]; values: Map<string, Buffer> } | undefined;
    return oneByOne(ordered, 'redriven', options, async (letter) => {
      const chunk = chunks.get(letter.id) ?? [letter];
      if (loaded?.chunk !== chunk) loaded = { chunk, values: await this.#valuesOf(chunk) };
      const value = loaded.values.get(letter.id);
      if (!value) throw new PermanentError('it is no longer in the topic', { reason: 'gone' });
      await this.#putBack(letter, value);
      try {
        await this.#resolve(letter, 'redriven');
      } catch (cause) {
        const message =
          'it was put back on its topic, but this could not be recorded: it stays listed, and may be redriven again';
        throw new TransientError(message, { cause });
      }
    });
  }

  async discard(selected: readonly DeadLetter[], reason: string, options: HandleOptions = {}): Promise<Handled[]> {
    if (!reason.trim()) throw new PermanentError('a discarded dead letter needs a reason');
    const work = (letter: DeadLetter) => this.#resolve(letter, 'discarded', reason);
    return oneByOne(selected.toSorted(byPlace), 'discarded', options, work);
  }

  async depth(): Promise<number> {
    const offsets = await withAdmin(this.#kafka, (admin) => admin.fetchTopicOffsets(this.#kafka.prefixed(this.#topic)));
    const ends = JSON.stringify(offsets.map(({ partition, low, high }) => [partition, low, high]).toSorted());
    if (this.#counted?.ends !== ends) {
      const waiting = (await this.#index()).filter(({ resolution }) => !resolution).length;
      this.#counted = { ends, waiting };
    }
    return this.#counted.waiting;
  }

  /** All letters, or those of a key. A resolution has the key of its letter. */
  async #index(key?: string): Promise<DeadLetter[]> {
    // By id, because Kafka may deliver a message more than once.
    const letters = new Map<string, DeadLetter>();
    const resolutions = new Map<string, Resolution>();
    const note = (message: StoredMessage) => {
      const resolved = resolutionOf(message);
      if (resolved) resolutions.set(resolved.id, resolved.resolution);
      else letters.set(idOf(message), letterOf(message));
    };
    await scanTopic(this.#kafka, this.#topic, note, { key });
    return [...letters.values()].map((letter) => {
      const resolution = resolutions.get(letter.id);
      return resolution ? { ...letter, resolution } : letter;
    });
  }

  async #valuesOf(letters: readonly DeadLetter[]): Promise<Map<string, Buffer>> {
    const wanted = new Set(letters.map(({ id }) => id));
    const values = new Map<string, Buffer>();
    await scanTopic(this.#kafka, this.#topic, (message) => {
      if (wanted.has(idOf(message))) values.set(idOf(message), message.value);
    });
    return values;
  }

  async #putBack(letter: DeadLetter, value: Buffer): Promise<void> {
    const original = letter.origin.topic;
    if (!original) throw new PermanentError('it has no header with its original topic', { reason: 'unreadable' });
    const headers = Object.fromEntries(Object.entries(letter.headers).filter(([name]) => !name.startsWith('dlq-')));
    headers[REDRIVEN_FROM] = letter.id;
    // Continues the trace of the failed handling.
    const attributes = { 'messaging.destination.name': original, 'messaging.message.id': letter.event.id ?? '' };
    const start = { kind: SpanKind.INTERNAL, attributes, parent: contextFrom(headers) };
    await inSpan('redrive', start, () => this.#producer.send(original, { key: letter.key, value, headers }));
  }

  async #resolve(letter: DeadLetter, kind: Resolution['kind'], reason?: string): Promise<void> {
    const by = this.#by;
    const at = new Date().toISOString();
    const note = { resolution: kind, resolves: letter.id, at, by, ...(reason && { reason }), event: letter.event };
    const attributes = {
      id: `${letter.id}/${kind}/${at}`,
      source: `/stripe-connector/${this.#topic}`,
      type: `deadletter.${kind}`,
      time: at,
      subject: letter.key,
    };
    const record = toRecord(letter.key, attributes, note, {
      [RESOLUTION]: kind,
      [RESOLVES]: letter.id,
      'dlq-resolved-at': at,
      'dlq-resolved-by': by,
      ...(reason && { 'dlq-resolution-reason': reason }),
    });
    await this.#producer.send(this.#topic, record);
  }
}

/**
 * Runs `work` for one letter after another, until Kafka does not accept one: it would not accept the next ones either.
 */
async function oneByOne(
  letters: readonly DeadLetter[],
  kind: Resolution['kind'],
  { perSecond = 50, onProgress, signal }: HandleOptions,
  work: (letter: DeadLetter) => Promise<void>,
): Promise<Handled[]> {
  const handled: Handled[] = [];
  let stopped = false;
  for (const letter of letters) {
    const started = performance.now();
    let result: Handled = { letter, outcome: 'left' };
    if (!stopped && !signal?.aborted) {
      try {
        await work(letter);
        result = { letter, outcome: kind };
      } catch (error) {
        // Every failure is reported with its letter, and the letter stays listed.
        result = { letter, outcome: 'failed', problem: error instanceof Error ? error.message : String(error) };
        stopped = !(error instanceof PermanentError);
      }
    }
    handled.push(result);
    onProgress?.(result, handled.length, letters.length);
    if (stopped || signal?.aborted || handled.length === letters.length) continue;
    await sleep(Math.max(0, 1000 / perSecond - (performance.now() - started)), undefined, { signal }).catch(() => {});
  }
  return handled;
}

function inChunks(letters: readonly DeadLetter[]): DeadLetter[][] {
  const chunks: DeadLetter[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const letter of letters) {
    if (bytes + letter.bytes > CHUNK_BYTES) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(letter);
    bytes += letter.bytes;
  }
  return chunks;
}
