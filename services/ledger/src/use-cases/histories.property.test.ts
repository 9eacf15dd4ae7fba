import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveries, history } from '../testing/histories.ts';
import {
  type Beginning,
  begin,
  chargedOf,
  expected,
  IN_ORDER,
  refundedOf,
  run,
  shown,
  stateChanges,
} from '../testing/ledger-run.ts';

/** Cases per property; more with PROPERTY_RUNS, one case again with PROPERTY_SEED. A failure prints its seed and the smallest case. */
const numRuns = Number(process.env.PROPERTY_RUNS ?? 2000);
const timeout = 60_000 + numRuns * 100;
const check = <T extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<T>) => fc.assert(property, { numRuns });

const beginning = fc.constantFrom<Beginning>('opened-by-intent', 'unknown', 'opened-by-the-original');
const anyBeginning = fc.oneof(beginning, fc.constant<Beginning>('kept-by-the-original'));

/** The allowed state changes of a transaction; an Authorization may also go from Failure to Pending. */
const ALLOWED = new Set([
  'Initial→Pending',
  'Initial→Success',
  'Initial→Failure',
  'Pending→Success',
  'Pending→Failure',
  'Success→Failure',
  'Failure→Success',
]);

describe('any delivery of a valid history of a PaymentIntent', () => {
  it(
    'ends in the payment that the history requires, in whatever order, however often and however early events arrive',
    { timeout },
    () =>
      check(
        fc.asyncProperty(history, beginning, deliveries, async (lived, from, plan) => {
          const { life, before } = begin(lived, from);
          const [payment, ...others] = (await run(life, before, plan)).stored.values();
          expect(others).toEqual([]);
          expect(shown(payment)).toEqual(expected(life, from));
          const hasMoney = ['processing', 'requires_capture', 'succeeded'].includes(life.paymentIntent.status);
          const { amount, amount_received: received } = life.paymentIntent;
          if (hasMoney) expect(payment?.amountPlanned.centAmount).toBe(Math.max(amount, received));
        }),
      ),
  );

  it('ends in the same payment as any other delivery of the same history', { timeout }, () =>
    check(
      fc.asyncProperty(history, anyBeginning, deliveries, deliveries, async (lived, from, one, other) => {
        const { life, before } = begin(lived, from);
        const ends = await Promise.all([one, other, IN_ORDER].map((plan) => run(life, before, plan)));
        const [first, ...rest] = ends.map(({ stored }) => [...stored.values()].map(shown));
        for (const end of rest) expect(end).toEqual(first);
      }),
    ),
  );

  it(
    'changes states only along allowed transitions, books nothing twice, and writes each event in one update',
    { timeout },
    () =>
      check(
        fc.asyncProperty(history, anyBeginning, deliveries, async (lived, from, plan) => {
          const { life, before } = begin(lived, from);
          const { writes } = await run(life, before, plan);
          for (const write of writes) {
            for (const { type, from: was, to } of stateChanges(write.before, write.actions)) {
              const allowed =
                ALLOWED.has(`${was}→${to}`) || (type === 'Authorization' && `${was}→${to}` === 'Failure→Pending');
              expect(allowed, `${type} ${was}→${to}`).toBe(true);
            }
            const names = write.after.transactions.map(({ type, interactionId }) => `${type} ${interactionId}`);
            expect(new Set(names).size, names.join()).toBe(names.length);
          }
        }),
      ),
  );

  it(
    'keeps refunded ≤ charged ≤ received at every moment, and makes no Chargeback without a dispute',
    { timeout },
    () =>
      check(
        fc.asyncProperty(history, beginning, deliveries, async (lived, from, plan) => {
          const { life, before } = begin(lived, from);
          const { writes, stored } = await run(life, before, plan);
          const { amount_received: received } = life.paymentIntent;
          const disputes = new Set(life.disputes.map(({ id }) => id));
          for (const { after } of writes) {
            expect(chargedOf(after)).toBeLessThanOrEqual(received);
            expect(refundedOf(after)).toBeLessThanOrEqual(received);
            for (const { type, interactionId = '' } of after.transactions) {
              if (type === 'Chargeback') expect(disputes.has(interactionId)).toBe(true);
            }
          }
          for (const payment of stored.values()) {
            expect(refundedOf(payment)).toBeLessThanOrEqual(chargedOf(payment));
            expect(chargedOf(payment)).toBe(received);
          }
        }),
      ),
  );

  it('books what is captured and refunded once when it takes over from the original connector', { timeout }, () =>
    check(
      fc.asyncProperty(history, deliveries, async (lived, plan) => {
        const { life, before } = begin(lived, 'kept-by-the-original');
        const [payment] = (await run(life, before, plan)).stored.values();
        const refunded = life.realRefunds
          .filter(({ status }) => status !== 'failed' && status !== 'canceled')
          .reduce((sum, { amount }) => sum + amount, 0);
        expect(payment && chargedOf(payment)).toBe(life.paymentIntent.amount_received);
        expect(payment && refundedOf(payment)).toBe(refunded);
      }),
    ),
  );
});
