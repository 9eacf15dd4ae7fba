import type { StoredMessage } from './scan.ts';

/** The resolution of a dead letter. It is in the dead letter topic itself: the log is the audit trail. */
export interface Resolution {
  readonly kind: 'redriven' | 'discarded';
  readonly at: Date;
  readonly by: string;
  readonly reason?: string;
}

/** A dead letter, without its value. */
export interface DeadLetter {
  /** `<partition>:<offset>` in the dead letter topic; the id never names another message. */
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
  /** All headers, unchanged. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent while the letter waits. */
  readonly resolution?: Resolution;
}

/** All given conditions must hold. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly eventId?: string;
  /** CloudEvents type; a final `*` matches any rest. */
  readonly type?: string;
  readonly reason?: string;
  /** Partition key: the PaymentIntent id. */
  readonly key?: string;
  /** The time when the message became a dead letter, before or after this one. */
  readonly before?: Date;
  readonly after?: Date;
  /** Offsets in one partition of the dead letter topic, both ends included. */
  readonly offsets?: { readonly partition: number; readonly from: bigint; readonly to: bigint };
  /** Includes those that were redriven or discarded; default false. */
  readonly resolved?: boolean;
}

export const RESOLUTION = 'dlq-resolution';
export const RESOLVES = 'dlq-resolves';
export const REDRIVEN_FROM = 'dlq-redriven-from';
/** Too long to keep for every letter of a list; `read` returns it. */
const STACK = 'dlq-error-stack';

/** Whether a message with these headers is a redriven dead letter. */
export const isRedriven = (headers: Readonly<Record<string, string>>): boolean => REDRIVEN_FROM in headers;

export const idOf = ({ partition, offset }: Pick<StoredMessage, 'partition' | 'offset'>): string =>
  `${partition}:${offset}`;

/** The resolution in a record, and its letter; undefined for a record that is a letter itself. */
export function resolutionOf({ headers }: StoredMessage): { id: string; resolution: Resolution } | undefined {
  const { [RESOLUTION]: kind, [RESOLVES]: id } = headers;
  if (!id || (kind !== 'redriven' && kind !== 'discarded')) return undefined;
  const reason = headers['dlq-resolution-reason'];
  const at = new Date(headers['dlq-resolved-at'] ?? 0);
  return { id, resolution: { kind, at, by: headers['dlq-resolved-by'] ?? '', ...(reason && { reason }) } };
}

export function letterOf(message: StoredMessage): DeadLetter {
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

/** Whether a dead letter fulfils `filter`. */
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

/** A key's messages share a partition, so this is the order in which they became dead letters. */
export const byPlace = (a: DeadLetter, b: DeadLetter): number =>
  a.partition - b.partition || (BigInt(a.offset) < BigInt(b.offset) ? -1 : 1);

export const byAge = (a: DeadLetter, b: DeadLetter): number =>
  a.deadLetteredAt.getTime() - b.deadLetteredAt.getTime() || byPlace(a, b);
