import {
  balanceTransaction,
  chargeOf,
  disputeOf,
  money,
  paymentIntent,
  payment as paymentOf,
  refundOf,
  transaction,
} from '@connector/testing';
import { FakeCommercetools } from '@connector/testing/fakes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { stateChanges } from '../testing/ledger-run.ts';
import { decide } from './decide.ts';
import type { Fact } from './facts.ts';
import { chargeSchema, disputeSchema, paymentIntentSchema, refundSchema } from './stripe-objects.ts';

const numRuns = Number(process.env.PROPERTY_RUNS ?? 2000);
const timeout = 60_000 + numRuns * 20;

const intent = paymentIntent();
const charge = chargeOf(intent);
const REFUNDS = [refundOf(charge), refundOf(charge), refundOf(charge)];
const dispute = disputeOf(charge);

const amount = fc.constantFrom(0, 1, 2_500, 5_000, 10_000);
const state = fc.constantFrom('Initial' as const, 'Pending' as const, 'Success' as const, 'Failure' as const);
const one = (type: 'Authorization' | 'CancelAuthorization' | 'Refund' | 'Chargeback', ...ids: string[]) =>
  fc
    .record({ state, centAmount: amount, interactionId: fc.constantFrom(...ids) })
    .map(({ state, centAmount, interactionId }) =>
      transaction(type, state, { amount: money(centAmount), interactionId }),
    );

/** A payment in any state that any writer may have left. */
const anyPayment = fc
  .uniqueArray(
    fc.oneof(
      one('Authorization', intent.id),
      one('CancelAuthorization', intent.id),
      one('Refund', intent.id, ...REFUNDS.map(({ id }) => id)),
      one('Chargeback', dispute.id, intent.id),
      fc
        .record({ centAmount: amount, interactionId: fc.constantFrom(intent.id, `${charge.id}:2500`, 'txn_original') })
        .map(({ centAmount, interactionId }) =>
          transaction('Charge', 'Success', { amount: money(centAmount), interactionId }),
        ),
    ),
    { maxLength: 8, selector: ({ type, interactionId }) => `${type} ${interactionId}` },
  )
  .chain((transactions) =>
    fc.record({ awaiting: fc.boolean(), named: fc.boolean() }).map(({ awaiting, named }) =>
      paymentOf({
        ...(named && { interfaceId: intent.id }),
        transactions: [
          ...transactions,
          ...(awaiting ? [transaction('Refund', 'Initial', { amount: money(2_500) })] : []),
        ],
      }),
    ),
  );

const reportedAt = new Date('2026-11-25T12:00:00.000Z');
const DISPUTE_STATUSES = [
  'warning_needs_response',
  'warning_under_review',
  'warning_closed',
  'needs_response',
  'under_review',
  'won',
  'lost',
  'prevented',
  'appeal_needs_response',
  'appeal_under_review',
  'a_status_to_come',
];
const anyDispute = fc
  .record({
    status: fc.constantFrom(...DISPUTE_STATUSES),
    movements: fc.array(fc.constantFrom(-5_400, 5_400), { maxLength: 3 }),
  })
  .map(({ status, movements }) =>
    disputeSchema.parse({
      ...dispute,
      status,
      balance_transactions: movements.map((moved) => balanceTransaction({ amount: moved })),
    }),
  );

/** Any fact that Stripe may report, whether or not it fits the payment or is consistent in itself. */
const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc
    .record({
      status: fc.constantFrom(
        'requires_payment_method',
        'requires_action',
        'processing',
        'requires_capture',
        'succeeded',
        'canceled',
        'a_status_to_come',
      ),
      received: amount,
      wasProcessing: fc.boolean(),
    })
    .map(({ status, received, wasProcessing }): Fact => {
      const object = { ...intent, status, amount_received: received, latest_charge: charge.id };
      return { kind: 'paymentIntent', paymentIntent: paymentIntentSchema.parse(object), wasProcessing, reportedAt };
    }),
  fc
    .record({ status: fc.constantFrom('pending', 'succeeded', 'failed'), captured: fc.boolean(), soFar: amount })
    .map(({ status, captured, soFar }): Fact => {
      return {
        kind: 'charge',
        charge: chargeSchema.parse({ ...charge, status, captured, amount_captured: soFar }),
        reportedAt,
      };
    }),
  fc
    .record({
      soFar: amount,
      refunds: fc.tuple(
        ...REFUNDS.map((refund) =>
          fc
            .record({
              amount,
              status: fc.constantFrom(
                'pending',
                'requires_action',
                'succeeded',
                'failed',
                'canceled',
                null,
                'a_status_to_come',
              ),
              movement: fc.constantFrom('txn_1', null),
            })
            .map((given) =>
              refundSchema.parse({
                ...refund,
                amount: given.amount,
                status: given.status,
                balance_transaction: given.movement,
              }),
            ),
        ),
      ),
    })
    .map(({ soFar, refunds }): Fact => {
      return { kind: 'refunds', charge: chargeSchema.parse({ ...charge, amount_captured: soFar }), refunds };
    }),
  fc.record({ now: anyDispute, told: fc.option(anyDispute, { nil: undefined }) }).map(({ now, told }): Fact => {
    return { kind: 'dispute', dispute: now, ...(told && { told }) };
  }),
);

const ALLOWED =
  /^(\w+ Initial→\w+|\w+ Pending→(Success|Failure)|\w+ Success→Failure|\w+ Failure→Success|Authorization Failure→Pending)$/;

describe('a decision about any fact, on any payment', () => {
  it(
    'is always made, is one valid update, uses only allowed transitions, books nothing twice, and after the update there is nothing left to do',
    { timeout },
    () =>
      fc.assert(
        fc.asyncProperty(anyPayment, anyFact, async (payment, fact) => {
          const decision = { facts: [fact], paymentIntentId: intent.id };
          const actions = decide(payment, decision);
          for (const { type, from, to } of stateChanges(payment, actions))
            expect(`${type} ${from}→${to}`).toMatch(ALLOWED);
          if (actions.length === 0) return;
          const after = await commercetoolsPayments(new FakeCommercetools().add(payment)).update(payment, actions);
          const names = after.transactions.flatMap(({ type, interactionId }) =>
            interactionId ? [`${type} ${interactionId}`] : [],
          );
          expect(new Set(names).size, names.join()).toBe(names.length);
          expect(decide(after, decision)).toEqual([]);
        }),
        { numRuns },
      ),
  );
});
