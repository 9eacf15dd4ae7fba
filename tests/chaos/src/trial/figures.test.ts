import { describe, expect, it } from 'vitest';
import { acceptance, handling } from './figures.ts';
import { chargeSucceeded, paymentIntentOf } from './payments.ts';
import type { Attempt, Sent } from './webhooks.ts';

const AT = 1_790_000_000_000;
/** Tries at seconds since the fault, each with the time and status of its answer. */
const sent = (...attempts: [at: number, answered: number, status: number][]): Sent => ({
  event: chargeSucceeded(),
  attempts: attempts.map(
    ([at, answeredAt, status]): Attempt => ({ at: AT + 1000 * at, answeredAt: AT + 1000 * answeredAt, status }),
  ),
});

describe('results of webhooks', () => {
  const taken = sent([1, 1.5, 200]);
  const refused = sent([0.5, 5.5, 503], [6.5, 7, 200]);
  const before = sent([-2, -1, 503], [-1, -0.5, 200]);
  const all = [taken, refused, before];
  const partitionOf = (each: Sent) => (each === taken ? 1 : 2);

  it('counts from the fault on, for the given partitions', () => {
    expect(acceptance(all, partitionOf, AT, (partition) => partition === 2)).toEqual({
      partitions: 1,
      attempts: 2,
      refused: 1,
      refusedUntil: 5.5,
      againAfter: 7,
      slowestSeconds: 5,
    });
    expect(acceptance(all, partitionOf, AT, (partition) => partition === 1)).toMatchObject({
      refused: 0,
      againAfter: 1.5,
    });
  });
});

describe('results of payments', () => {
  const [one, two, three] = [sent([1, 2, 200]), sent([1, 2, 200]), sent([1, 2, 503])];
  const authorization = { type: 'Authorization', state: 'Success' };
  const booked = (each: Sent, seconds: number, transactions = [authorization]) => ({
    interfaceId: paymentIntentOf(each.event),
    lastModifiedAt: new Date(AT + 1000 * seconds).toISOString(),
    transactions,
  });

  it('finds events that were acknowledged and not booked, or booked twice, and the longest wait', () => {
    expect(handling([one, two, three], () => 1, AT, [booked(one, 9, [authorization, authorization])])).toEqual({
      payments: 2,
      lost: 1,
      doubled: 1,
      slowestSeconds: 7,
      againAfter: 9,
    });
  });

  it('does not count a payment without bookings as booked', () => {
    expect(handling([one], () => 1, AT, [booked(one, 9, [])])).toMatchObject({ lost: 1, doubled: 0 });
  });
});
