import type { RefundStatus, Step } from '@connector/testing';
import type { Fault } from '@connector/testing/fakes';
import fc from 'fast-check';

const share = fc.oneof(fc.constant(100), fc.integer({ min: 1, max: 100 }));
const which = fc.nat(2);
const refundStatus = fc.constantFrom<RefundStatus>('pending', 'requires_action', 'succeeded', 'failed', 'canceled');

const authorised = fc.constant<Step>({ does: 'is authorised', method: 'card' });
const canceled = fc.constant<Step>({ does: 'is canceled' });
const captured = fc.record({ does: fc.constant('is captured' as const), share, isFinal: fc.boolean() });

/** Steps while the shopper is there, and while slow money is on its way. */
const attempt: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('changes the amount' as const), amount: fc.integer({ min: 2, max: 20_000 }) }),
  fc.constant<Step>({ does: 'is declined' }),
  fc.constant<Step>({ does: 'is challenged' }),
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('is processing' as const),
      method: fc.constantFrom('sepa_debit', 'us_bank_account'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('gets a voucher' as const),
      type: fc.constantFrom('multibanco' as const, 'customer_balance' as const),
    }),
  },
  fc.record({ does: fc.constant('is funded in part' as const), share }),
  { weight: 2, arbitrary: fc.record({ does: fc.constant('settles' as const), well: fc.boolean() }) },
  fc.constant<Step>({ does: 'gets its balance transaction' }),
);

/** Steps after the money has arrived. */
const consequence: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: captured },
  { weight: 1, arbitrary: fc.constant<Step>({ does: 'gets its balance transaction' }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('is refunded' as const),
      share,
      status: fc.constantFrom<RefundStatus>('succeeded', 'pending', 'requires_action', 'failed'),
      isBooked: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('moves a refund' as const), which, status: refundStatus }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('is disputed' as const),
      share,
      status: fc.constantFrom('needs_response', 'warning_needs_response', 'under_review'),
      withdrawn: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('moves a dispute' as const),
      which,
      to: fc.nat(11),
      reinstated: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('has disputed money moved' as const), which }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('has a part reinstated' as const), which }) },
  { weight: 1, arbitrary: canceled },
);

const adjusted: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('has its authorization raised' as const),
      by: fc.integer({ min: 1, max: 9_000 }),
    }),
  },
  fc.record({ does: fc.constant('is overcaptured' as const), by: fc.integer({ min: 1, max: 2_000 }) }),
);

/**
 * Mostly typical histories; any step may come at any time, and the simulated life ignores steps that Stripe would
 * refuse.
 */
const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(attempt, { maxLength: 5 }),
    fc.option(fc.oneof({ weight: 9, arbitrary: authorised }, { weight: 1, arbitrary: canceled }), {
      nil: undefined,
      freq: 6,
    }),
    fc.option(fc.array(adjusted, { maxLength: 3 }), { nil: [], freq: 2 }),
    fc.array(captured, { maxLength: 4 }),
    fc.array(fc.oneof({ weight: 9, arbitrary: consequence }, { weight: 1, arbitrary: attempt }), {
      maxLength: 14,
      size: 'max',
    }),
  )
  .map(([attempts, turn, adjustments, captures, after]) => [
    ...attempts,
    ...(turn ? [turn] : []),
    ...adjustments,
    ...captures,
    ...after,
  ]);

/** A PaymentIntent's life: how it is captured, which API version its events have, and what happens to it. */
export const history = fc.record({
  captureMethod: fc.constantFrom(
    'automatic' as const,
    'manual' as const,
    'automatic_async' as const,
    'manual' as const,
  ),
  showsReleases: fc.boolean(),
  isOlderEndpoint: fc.boolean(),
  isRaisable: fc.boolean(),
  /** The number of steps after which this connector takes over from the original, if it does. */
  takenOverAfter: fc.nat(12),
  steps,
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** One arrival of an event: `delay` steps after it was emitted; `rank` orders arrivals of the same moment. */
export interface Arrival {
  delay: number;
  rank: number;
  /** The ledger process, of two, that has the partition. */
  process: 0 | 1;
  fault: Fault | undefined;
  /** Whether the process has restarted. */
  restarted: boolean;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  delay: fc.oneof(fc.constant(0), fc.constant(Number.MAX_SAFE_INTEGER), fc.nat(12)),
  rank: fc.nat(1000),
  process: fc.constantFrom(0 as const, 1 as const),
  fault: fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.constantFrom<Fault>('refused', 'answer-lost', 'another-writer') },
  ),
  restarted: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

/**
 * How the events of a history arrive: the n-th event by the n-th entry (starting over when there are more events), 1 to
 * 3 times each.
 */
export const deliveries = fc.array(fc.array(arrival, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 24 });
export type Deliveries = Arrival[][];
