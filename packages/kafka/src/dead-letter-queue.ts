import { setTimeout as sleep } from 'node:timers/promises';
import { toRecord } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import { contextFrom, inSpan, SpanKind } from '@connector/telemetry';
import { type Kafka, withAdmin } from './client.ts';
import type { Producer } from './producer.ts';
import { type StoredMessage, scanTopic } from './scan.ts';

/** What was done about a dead letter. It lies in the dead letter topic itself: the log is the audit trail. */
export interface Resolution {
  readonly kind: 'redriven' | 'discarded';
  readonly at: Date;
  readonly by: string;
  readonly reason?: string;
}

/** A dead letter, without its value. */
export interface DeadLetter {
  /** `<partition>:<offset>` in the dead letter topic; it never stands for another message. */
  readonly id: string;
  readonly partition: number;
  readonly offset: string;
  /** Partition key of the original: the PaymentIntent id, where there is one. */
  readonly key: string;
  readonly deadLetteredAt: Date;
  /** Bytes of the value. */
  readonly bytes: number;
  readonly reason: string;
  readonly event: { readonly id?: string; readonly type?: string; readonly time?: string };
  readonly origin: { readonly topic?: string; readonly partition?: string; readonly offset?: string };
  /** All headers as they lie there. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent while it waits. */
  readonly resolution?: Resolution;
}

/** Every condition given must hold. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly eventId?: string;
  /** CloudEvents type; `*` at the end matches any rest. */
  readonly type?: string;
  readonly reason?: string;
  /** Partition key: the PaymentIntent id. */
  readonly key?: string;
  /** Became a dead letter before, or after, this moment. */
  readonly before?: Date;
  readonly after?: Date;
  /** Offsets in one partition of the dead letter topic, both ends included. */
  readonly offsets?: { readonly partition: number; readonly from: bigint; readonly to: bigint };
  /** Also those that were redriven or discarded; default false. */
  readonly resolved?: boolean;
}

/** What became of one selected dead letter. */
export interface Handled {
  readonly letter: DeadLetter;
  /** `failed`: it stays listed; `left`: not tried, because Kafka did not take the one before. */
  readonly outcome: Resolution['kind'] | 'failed' | 'left';
  readonly problem?: string;
}

export interface HandleOptions {
  /** Messages per second at most; default 50. */
  readonly perSecond?: number;
  readonly onProgress?: (handled: Handled, done: number, total: number) => void;
  /** Stops between two messages; those not reached are `left`. */
  readonly signal?: AbortSignal;
}

export interface DeadLetterQueue {
  /** The dead letters that match, oldest first. Reads the whole topic. */
  list(filter?: DeadLetterFilter): Promise<DeadLetter[]>;
  /**
   * The dead letters of one partition key, resolved or not, oldest first. Reads that key's partition alone: letters from before the topic was
   * given more partitions may lie in another.
   */
  ofKey(key: string): Promise<DeadLetter[]>;
  /** One dead letter, resolved or not, with its value; undefined when the topic has none (any more) under this id. */
  read(id: string): Promise<{ letter: DeadLetter; value: Buffer } | undefined>;
  /**
   * Puts messages back on the topic they came from, in the order they became dead letters: key, value and headers as they were, with
   * `dlq-redriven-from`. A resolution is appended once the broker has acknowledged the message, so that a crash between the two
   * leaves the dead letter listed. Redriving twice is harmless: whatever reads these topics takes duplicates.
   */
  redrive(selected: readonly DeadLetter[], options?: HandleOptions): Promise<Handled[]>;
  /** Marks dead letters as not to be redriven. The messages stay in the topic until its retention ends. */
  discard(selected: readonly DeadLetter[], reason: string, options?: HandleOptions): Promise<Handled[]>;
  /** How many wait. Costs a look at the topic's ends while nothing was added. */
  depth(): Promise<number>;
}

export interface DeadLetterQueueOptions {
  /** The dead letter topic, without the configured prefix. */
  topic: string;
  producer: Producer;
  /** Who answers for what is done here, as the audit trail shows it. */
  by: string;
}

/** Values held in memory at once while redriving, in bytes. */
const CHUNK_BYTES = 32 * 1024 * 1024;

const RESOLUTION = 'dlq-resolution';
const RESOLVES = 'dlq-resolves';
const REDRIVEN_FROM = 'dlq-redriven-from';
/** Too long to keep for every letter of a list; `read` has it. */
const STACK = 'dlq-error-stack';

/** Whether a message with these headers is a dead letter that was put back. */
export const isRedriven = (headers: Readonly<Record<string, string>>): boolean => REDRIVEN_FROM in headers;

/** The dead letters of one topic. Kafka cannot take a message out of a topic: a resolution is a record of its own beside it. */
export function createDeadLetterQueue(kafka: Kafka, { topic, producer, by }: DeadLetterQueueOptions): DeadLetterQueue {
  let counted: { ends: string; waiting: number } | undefined;

  /** All letters, or those of a key: a resolution has the key of its letter. */
  const index = async (key?: string): Promise<DeadLetter[]> => {
    // By id: Kafka may hand a message over more than once.
    const letters = new Map<string, DeadLetter>();
    const resolutions = new Map<string, Resolution>();
    const note = (message: StoredMessage) => {
      const resolved = resolutionOf(message);
      if (resolved) resolutions.set(resolved.id, resolved.resolution);
      else letters.set(idOf(message), letterOf(message));
    };
    await scanTopic(kafka, topic, note, { key });
    return [...letters.values()].map((letter) => {
      const resolution = resolutions.get(letter.id);
      return resolution ? { ...letter, resolution } : letter;
    });
  };

  const resolve = (letter: DeadLetter, kind: Resolution['kind'], reason?: string) => {
    const at = new Date().toISOString();
    const note = { resolution: kind, resolves: letter.id, at, by, ...(reason && { reason }), event: letter.event };
    const record = toRecord(
      letter.key,
      {
        id: `${letter.id}/${kind}/${at}`,
        source: `/stripe-connector/${topic}`,
        type: `deadletter.${kind}`,
        time: at,
        subject: letter.key,
      },
      note,
      {
        [RESOLUTION]: kind,
        [RESOLVES]: letter.id,
        'dlq-resolved-at': at,
        'dlq-resolved-by': by,
        ...(reason && { 'dlq-resolution-reason': reason }),
      },
    );
    return producer.send(topic, record);
  };

  const putBack = (letter: DeadLetter, value: Buffer) => {
    const original = letter.origin.topic;
    if (!original) throw new PermanentError('it does not say which topic it came from', { reason: 'unreadable' });
    const headers = Object.fromEntries(Object.entries(letter.headers).filter(([name]) => !name.startsWith('dlq-')));
    headers[REDRIVEN_FROM] = letter.id;
    // The trace goes on where it broke off.
    const attributes = { 'messaging.destination.name': original, 'messaging.message.id': letter.event.id ?? '' };
    const start = { kind: SpanKind.INTERNAL, attributes, parent: contextFrom(headers) };
    return inSpan('redrive', start, () => producer.send(original, { key: letter.key, value, headers }));
  };

  /** Does `work` for one letter after the other; what Kafka does not take now it will not take a moment later either. */
  const each = async (
    letters: readonly DeadLetter[],
    kind: Resolution['kind'],
    options: HandleOptions,
    work: (letter: DeadLetter) => Promise<void>,
  ): Promise<Handled[]> => {
    const { perSecond = 50, onProgress, signal } = options;
    const handled: Handled[] = [];
    let stopped = false;
    for (const letter of letters) {
      const started = performance.now();
      let result: Handled;
      if (stopped || signal?.aborted) result = { letter, outcome: 'left' };
      else {
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
  };

  const valuesOf = async (letters: readonly DeadLetter[]): Promise<Map<string, Buffer>> => {
    const wanted = new Set(letters.map(({ id }) => id));
    const values = new Map<string, Buffer>();
    await scanTopic(kafka, topic, (message) => {
      if (wanted.has(idOf(message))) values.set(idOf(message), message.value);
    });
    return values;
  };

  return {
    list: async (filter = {}) => (await index()).filter((letter) => matches(letter, filter)).toSorted(byAge),
    ofKey: async (key) => (await index(key)).toSorted(byAge),
    read: async (id) => {
      let found: StoredMessage | undefined;
      let resolution: Resolution | undefined;
      await scanTopic(kafka, topic, (message) => {
        const resolved = resolutionOf(message);
        if (resolved?.id === id) resolution = resolved.resolution;
        if (!resolved && idOf(message) === id) found = message;
      });
      if (!found) return undefined;
      const letter = { ...letterOf(found), headers: found.headers, ...(resolution && { resolution }) };
      return { letter, value: found.value };
    },
    redrive: async (selected, options = {}) => {
      const ordered = selected.toSorted(byPlace);
      const chunks = new Map(inChunks(ordered).flatMap((chunk) => chunk.map(({ id }) => [id, chunk])));
      let loaded: { chunk: DeadLetter[]; values: Map<string, Buffer> } | undefined;
      return each(ordered, 'redriven', options, async (letter) => {
        const chunk = chunks.get(letter.id) ?? [letter];
        if (loaded?.chunk !== chunk) loaded = { chunk, values: await valuesOf(chunk) };
        const value = loaded.values.get(letter.id);
        if (!value) throw new PermanentError('it is no longer in the topic', { reason: 'gone' });
        await putBack(letter, value);
        try {
          await resolve(letter, 'redriven');
        } catch (cause) {
          const message = 'it was put back, but that could not be noted: it stays listed, and may be redriven again';
          throw new TransientError(message, { cause });
        }
      });
    },
    discard: async (selected, reason, options = {}) => {
      if (!reason.trim()) throw new PermanentError('a discarded dead letter needs a reason', { reason: 'no_reason' });
      return each(selected.toSorted(byPlace), 'discarded', options, (letter) => resolve(letter, 'discarded', reason));
    },
    depth: async () => {
      const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(kafka.prefixed(topic)));
      const ends = JSON.stringify(offsets.map(({ partition, low, high }) => [partition, low, high]).toSorted());
      if (counted?.ends !== ends) {
        const waiting = (await index()).filter(({ resolution }) => !resolution).length;
        counted = { ends, waiting };
      }
      return counted.waiting;
    },
  };
}

const idOf = ({ partition, offset }: Pick<StoredMessage, 'partition' | 'offset'>): string => `${partition}:${offset}`;

function resolutionOf({ headers }: StoredMessage): { id: string; resolution: Resolution } | undefined {
  const { [RESOLUTION]: kind, [RESOLVES]: id } = headers;
  if (!id || (kind !== 'redriven' && kind !== 'discarded')) return undefined;
  const reason = headers['dlq-resolution-reason'];
  const at = new Date(headers['dlq-resolved-at'] ?? 0);
  return { id, resolution: { kind, at, by: headers['dlq-resolved-by'] ?? '', ...(reason && { reason }) } };
}

function letterOf(message: StoredMessage): DeadLetter {
  const { partition, offset, key, timestamp, value } = message;
  const { [STACK]: _long, ...headers } = message.headers;
  return {
    id: idOf(message),
    partition,
    offset,
    key,
    deadLetteredAt: new Date(timestamp),
    bytes: value.length,
    reason: headers['dlq-reason'] ?? 'unknown',
    event: present({ id: headers.ce_id, type: headers.ce_type, time: headers.ce_time }),
    origin: present({
      topic: headers['dlq-original-topic'],
      partition: headers['dlq-original-partition'],
      offset: headers['dlq-original-offset'],
    }),
    headers,
  };
}

const present = (fields: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => Boolean(entry[1])));

/** Whether a dead letter is among those that `filter` asks for. */
export function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { ids, eventId, type, reason, key, before, after, offsets, resolved = false } = filter;
  if (letter.resolution && !resolved) return false;
  if (ids && !ids.includes(letter.id)) return false;
  if (eventId !== undefined && letter.event.id !== eventId) return false;
  if (type !== undefined && !matchesType(letter.event.type ?? '', type)) return false;
  if (reason !== undefined && letter.reason !== reason) return false;
  if (key !== undefined && letter.key !== key) return false;
  if (before && letter.deadLetteredAt >= before) return false;
  if (after && letter.deadLetteredAt <= after) return false;
  if (offsets) {
    const offset = BigInt(letter.offset);
    if (letter.partition !== offsets.partition || offset < offsets.from || offset > offsets.to) return false;
  }
  return true;
}

const matchesType = (type: string, wanted: string): boolean =>
  wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;

/** A key's messages share a partition, so this order is the one in which they became dead letters. */
const byPlace = (a: DeadLetter, b: DeadLetter): number =>
  a.partition - b.partition || (BigInt(a.offset) < BigInt(b.offset) ? -1 : 1);

const byAge = (a: DeadLetter, b: DeadLetter): number =>
  a.deadLetteredAt.getTime() - b.deadLetteredAt.getTime() || byPlace(a, b);

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
