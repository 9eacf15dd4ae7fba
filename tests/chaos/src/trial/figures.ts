import { type Booked, paymentIntentOf } from './payments.ts';
import type { Sent } from './webhooks.ts';

/** A fault as it came: which brokers it hit, and which partitions they led; times in ms since the epoch. */
export interface Hit {
  readonly at: number;
  readonly brokers: readonly number[];
  readonly partitions: ReadonlySet<number>;
  /** When the cluster was whole again. */
  wholeAt: number;
}

/** What became of the webhooks of some partitions from the fault on. Seconds since the fault. */
export interface Acceptance {
  readonly partitions: number;
  readonly attempts: number;
  readonly refused: number;
  /** When the last one was refused; 0 = none was. */
  readonly refusedUntil: number;
  /** When each of the partitions had taken one that came after the fault. */
  readonly againAfter: number;
  readonly slowestSeconds: number;
}

/** What became of the events at the ledger. */
export interface Handling {
  readonly payments: number;
  /** Acknowledged, and not booked. */
  readonly lost: number;
  readonly doubled: number;
  /** Longest time from the acknowledgement to the booking, in seconds: as long as any partition stood still. */
  readonly slowestSeconds: number;
  /** When each partition had an event booked that was acknowledged after the fault, in seconds since the fault. */
  readonly againAfter: number;
}

type PartitionOf = (event: Sent) => number | undefined;

/** Webhooks that were first tried from the fault on, of the partitions that `isIn` says. */
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

/** Compares what was acknowledged with what commercetools has; every event is the one charge of a payment of its own. */
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
