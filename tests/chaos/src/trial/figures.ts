import { type Booked, paymentIntentOf } from './payments.ts';
import type { Sent } from './webhooks.ts';

/** A fault as it happened: the brokers that it hit, and the partitions that they led; times in ms since the epoch. */
export interface Hit {
  readonly at: number;
  readonly brokers: readonly number[];
  readonly partitions: ReadonlySet<number>;
  /** When the cluster was whole again. */
  wholeAt: number;
}

/** Results of the webhooks of some partitions from the fault on, in seconds since the fault. */
export interface Acceptance {
  readonly partitions: number;
  readonly attempts: number;
  readonly refused: number;
  /** Time of the last refusal; 0 = none. */
  readonly refusedUntil: number;
  /** When each of the partitions had accepted an event from after the fault. */
  readonly againAfter: number;
  readonly slowestSeconds: number;
}

/** Results of the events in the ledger. */
export interface Handling {
  readonly payments: number;
  /** Acknowledged, and not booked. */
  readonly lost: number;
  readonly doubled: number;
  /** Longest time from acknowledgement to booking, in seconds: the longest standstill of any partition. */
  readonly slowestSeconds: number;
  /** When each partition had booked an event that was acknowledged after the fault, in seconds since the fault. */
  readonly againAfter: number;
}

type PartitionOf = (event: Sent) => number | undefined;

/** Webhooks whose first try was after the fault, of the partitions that fulfil `isIn`. */
export function acceptance(
  sent: readonly Sent[],
  partitionOf: PartitionOf,
  at: number,
  isIn: (partition: number) => boolean,
): Acceptance {
  const firstTaken = new Map<number, number>();
  let [attempts, refused, refusedUntil, slowest] = [0, 0, at, 0];
  for (const each of sent) {
    const partition = partitionOf(each);
    if (partition === undefined || !isIn(partition)) continue;
    for (const attempt of each.attempts) {
      if (attempt.answeredAt < at) continue;
      attempts += 1;
      slowest = Math.max(slowest, attempt.answeredAt - attempt.at);
      if (attempt.status !== 200) {
        refused += 1;
        refusedUntil = Math.max(refusedUntil, attempt.answeredAt);
      } else if (attempt.at >= at) {
        firstTaken.set(partition, Math.min(attempt.answeredAt, firstTaken.get(partition) ?? Number.POSITIVE_INFINITY));
      }
    }
  }
  return {
    partitions: firstTaken.size,
    attempts,
    refused,
    refusedUntil: (refusedUntil - at) / 1000,
    againAfter: latest(firstTaken.values(), at),
    slowestSeconds: slowest / 1000,
  };
}

/** Compares the acknowledged events with commercetools; every event is the only charge of a payment of its own. */
export function handling(
  sent: readonly Sent[],
  partitionOf: PartitionOf,
  at: number,
  booked: readonly Booked[],
): Handling {
  const byPaymentIntent = new Map(booked.map((payment) => [payment.interfaceId, payment]));
  const firstBooked = new Map<number, number>();
  let [payments, lost, doubled, slowest] = [0, 0, 0, 0];
  for (const each of sent) {
    const takenAt = each.attempts.find(({ status }) => status === 200)?.answeredAt;
    if (takenAt === undefined) continue;
    payments += 1;
    const payment = byPaymentIntent.get(paymentIntentOf(each.event));
    const charges = payment?.transactions.filter(({ type, state }) => type === 'Authorization' && state === 'Success');
    if (!payment || !charges?.length) {
      lost += 1;
      continue;
    }
    if (charges.length > 1) doubled += 1;
    const bookedAt = Date.parse(payment.lastModifiedAt);
    slowest = Math.max(slowest, bookedAt - takenAt);
    const partition = partitionOf(each);
    if (partition === undefined || takenAt < at) continue;
    firstBooked.set(partition, Math.min(bookedAt, firstBooked.get(partition) ?? Number.POSITIVE_INFINITY));
  }
  return { payments, lost, doubled, slowestSeconds: slowest / 1000, againAfter: latest(firstBooked.values(), at) };
}

const latest = (times: Iterable<number>, at: number): number => (Math.max(at, ...times) - at) / 1000;
