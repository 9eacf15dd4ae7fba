/** The beginning and end of a partition. */
interface Bounds {
  partition: number;
  low: string;
  high: string;
}

/**
 * Uncommitted messages of each partition, and the offset of the first of them. All messages of the partition when the
 * group never committed, or when its committed offset no longer exists.
 */
export function lagOf(bounds: readonly Bounds[], committed: readonly { partition: number; offset: string }[]) {
  const offsets = new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]));
  return bounds.map(({ partition, low, high }) => {
    const [first, end, next] = [BigInt(low), BigInt(high), offsets.get(partition) ?? -1n];
    const from = next > first ? next : first;
    return { partition, lag: end > from ? Number(end - from) : 0, from };
  });
}

/** Deleted messages that the group had not handled: from offset `from` (included) to `to` (excluded). */
export interface DeletedRecords {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  /** Kafka's timestamp of the last handled message, if the group noted it. */
  readonly handledUntil?: Date;
}

/**
 * Messages that were deleted unread, by retention or by hand. When the group has committed nothing, or its commit has
 * expired, it is unknown whether the deleted messages were handled.
 */
export function deletedUnread(
  bounds: readonly Bounds[],
  committed: readonly { partition: number; offset: string; metadata?: string | null }[],
): DeletedRecords[] {
  const known = new Map(committed.map((each) => [each.partition, each]));
  return bounds.flatMap(({ partition, low }) => {
    const { offset = '-1', metadata } = known.get(partition) ?? {};
    const [from, to] = [BigInt(offset) < 0n ? 0n : BigInt(offset), BigInt(low)];
    if (from >= to) return [];
    const handledUntil = handledUntilOf(metadata);
    return [{ partition, from, to, ...(handledUntil && { handledUntil }) }];
  });
}

/** A commit's metadata contain the timestamp of the last message before it, in ms since the epoch. */
function handledUntilOf(metadata: string | null | undefined): Date | undefined {
  const ms = /^\d{1,15}$/.test(metadata ?? '') ? Number(metadata) : 0;
  return ms > 0 ? new Date(ms) : undefined;
}

const YOUNGEST_S = 1;
/** Longer than any topic keeps its messages, in ms. */
const OLDEST_S = 90 * 24 * 60 * 60;
/** How often the range between the two is halved, on a logarithmic scale: the result is at most 1 % too low. */
const HALVINGS = 11;

/**
 * Age in seconds of the oldest of these messages, which are given by partition and offset; 0 below a second. Kafka
 * returns the first offset that is at least as young as a time (`offsetsAt`, ms since the epoch), so no message has to
 * be fetched, and a group that consumes nothing has an age too.
 */
export async function ageOfOldest(
  messages: readonly { partition: number; from: bigint }[],
  offsetsAt: (ms: number) => Promise<readonly { partition: number; offset: string }[]>,
  now = Date.now(),
): Promise<number> {
  if (messages.length === 0) return 0;
  const isOlderThan = async (seconds: number) => {
    const offsets = await offsetsAt(Math.round(now - seconds * 1000));
    const first = new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
    return messages.some(({ partition, from }) => (first.get(partition) ?? 0n) > from);
  };
  if (!(await isOlderThan(YOUNGEST_S))) return 0;
  let [low, high] = [YOUNGEST_S, OLDEST_S];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = Math.sqrt(low * high);
    if (await isOlderThan(middle)) low = middle;
    else high = middle;
  }
  return low;
}
