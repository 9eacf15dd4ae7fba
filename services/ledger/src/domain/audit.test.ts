import type { Transaction } from '@commercetools/platform-sdk';
import {
  balanceTransaction,
  chargeOf,
  disputeOf,
  money,
  paymentIntent,
  payment as paymentOf,
  refundOf,
  type Truth,
  transaction,
} from '@connector/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveries, history } from '../testing/histories.ts';
import { type Beginning, begin, run } from '../testing/ledger-run.ts';
import { moneyDifferences, type StripeMoneyFacts, sumsOf } from './audit.ts';
import { chargeSchema, disputeSchema, paymentIntentSchema, refundSchema } from './stripe-objects.ts';

const factsIn = ({ paymentIntent, charges, refunds, disputes }: Truth): StripeMoneyFacts => ({
  paymentIntent: paymentIntentSchema.parse(paymentIntent),
  charges: charges
    .filter(({ status }) => status === 'succeeded')
    .map((charge) => ({
      charge: chargeSchema.parse(charge),
      refunds: refunds.filter((refund) => refund.charge === charge.id).map((refund) => refundSchema.parse(refund)),
    })),
  disputes: disputes.map((dispute) => disputeSchema.parse(dispute)),
});

const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
const charge = chargeOf(intent, { captured: true, amount_captured: 10_000 });
const refund = { ...refundOf(charge), amount: 2_500, status: 'succeeded', balance_transaction: 'txn_2' };
const dispute = {
  ...disputeOf(charge),
  amount: 10_000,
  status: 'needs_response',
  balance_transactions: [balanceTransaction({ amount: -10_000 })],
};
const facts = ({ refunds = [], disputes = [] }: Partial<Pick<Truth, 'refunds' | 'disputes'>> = {}) =>
  factsIn({ paymentIntent: intent, charges: [charge], refunds, disputes } as unknown as Truth);
const withRefund = facts({ refunds: [refund] } as never);
const withDispute = facts({ disputes: [dispute] } as never);

const charged = (centAmount = 10_000, interactionId: string = intent.id) =>
  transaction('Charge', 'Success', { amount: money(centAmount), interactionId });
const refunded = (state: 'Success' | 'Pending' | 'Failure' = 'Success', centAmount = 2_500) =>
  transaction('Refund', state, { amount: money(centAmount), interactionId: refund.id });
const disputed = (state: 'Success' | 'Pending' | 'Failure' = 'Success') =>
  transaction('Chargeback', state, { amount: money(10_000), interactionId: dispute.id });

describe('a payment differs from Stripe', () => {
  it.each<[string, string, StripeMoneyFacts, Transaction[]]>([
    ['when no Charge shows a capture', 'Charge missing_here', facts(), []],
    ['when a Charge is over less', 'Charge other_amount', facts(), [charged(9_000)]],
    ['when a Charge is over more', 'Charge other_amount', facts(), [charged(11_000)]],
    ['when a Charge is there twice', 'Charge doubled', facts(), [charged(), charged(10_000, 'ch_1:10000')]],
    ['when a second Charge belongs to no capture', 'Charge missing_there', facts(), [charged(), charged(700, 'x')]],
    [
      'when a third Charge belongs to neither of two captures of the same amount',
      'Charge missing_there',
      facts(),
      [charged(5_000, 'ch_1:5000'), charged(5_000), charged(700, 'x')],
    ],
    ['when the last of two captures is missing', 'Charge missing_here', facts(), [charged(4_000, 'ch_1:4000')]],
    ['when a capture is a Failure', 'Charge other_state', facts(), [{ ...charged(), state: 'Failure' }]],
    ['when a capture is still Pending', 'Charge other_state', facts(), [{ ...charged(), state: 'Pending' }]],
    [
      'when a Refund is in another currency',
      'Refund other_amount',
      withRefund,
      [charged(), { ...refunded(), amount: money(2_500, 'USD') }],
    ],
    [
      'when a Refund without a refund at Stripe is in another currency',
      'Refund missing_there',
      facts(),
      [charged(), { ...refunded(), amount: money(2_500, 'USD') }],
    ],
    ['when a Refund is missing', 'Refund missing_here', withRefund, [charged()]],
    [
      'when a Refund is over another amount',
      'Refund other_amount',
      withRefund,
      [charged(), refunded('Success', 2_000)],
    ],
    ['when a refund that succeeded is Pending', 'Refund other_state', withRefund, [charged(), refunded('Pending')]],
    ['when a refund that succeeded is a Failure', 'Refund other_state', withRefund, [charged(), refunded('Failure')]],
    ['when a Refund is there twice', 'Refund doubled', withRefund, [charged(), refunded(), refunded()]],
    ['when a Refund has no refund at Stripe', 'Refund missing_there', facts(), [charged(), refunded()]],
    ['when a Chargeback is missing', 'Chargeback missing_here', withDispute, [charged()]],
    ['when a Chargeback has no dispute at Stripe', 'Chargeback missing_there', facts(), [charged(), disputed()]],
    [
      'when a Chargeback shows withdrawn money as returned',
      'Chargeback other_state',
      withDispute,
      [charged(), disputed('Failure')],
    ],
  ])('%s', (_when, named, atStripe, transactions) => {
    const found = moneyDifferences(paymentOf({ transactions }), atStripe);
    expect(found.map(({ type, kind }) => `${type} ${kind}`)).toEqual([named]);
  });

  it('reports the amounts of both sides and the ids', () => {
    const tooLittle = charged(9_000);
    expect(moneyDifferences(paymentOf({ transactions: [tooLittle] }), facts())).toEqual([
      {
        kind: 'other_amount',
        type: 'Charge',
        interactionId: intent.id,
        transactionId: tooLittle.id,
        currencyCode: 'EUR',
        stripe: { centAmount: 10_000, state: 'Success' },
        commercetools: { centAmount: 9_000, state: 'Success' },
      },
    ]);
  });

  it('when it shows a Charge and nothing was captured', () => {
    const held = paymentIntent({ status: 'requires_capture' });
    const atStripe = factsIn({ paymentIntent: held, charges: [chargeOf(held)], refunds: [], disputes: [] } as never);
    expect(moneyDifferences(paymentOf({ transactions: [charged()] }), atStripe)).toMatchObject([
      { kind: 'missing_there', type: 'Charge', stripe: undefined },
    ]);
  });
});

describe('a payment agrees with Stripe', () => {
  it.each<[string, StripeMoneyFacts, Transaction[]]>([
    ['when captures are split otherwise', facts(), [charged(4_000, 'ch_1:4000'), charged(6_000)]],
    [
      'when the original booked refunds as one',
      withRefund,
      [charged(), transaction('Refund', 'Success', { amount: money(2_500), interactionId: intent.id })],
    ],
    [
      'when an operation was refused',
      facts(),
      [charged(), transaction('Refund', 'Failure', { amount: money(1), interactionId: 'op' })],
    ],
    ['when a dispute holds no money', facts(), [charged(), disputed('Pending')]],
  ])('%s', (_when, atStripe, transactions) => {
    expect(moneyDifferences(paymentOf({ transactions }), atStripe)).toEqual([]);
  });

  it('after any history, with events in any order', { timeout: 120_000 }, () =>
    fc.assert(
      fc.asyncProperty(
        history,
        fc.constantFrom<Beginning>('opened-by-intent', 'unknown', 'opened-by-the-original'),
        deliveries,
        async (lived, from, plan) => {
          const { life, before } = begin(lived, from);
          const [payment] = (await run(life, before, plan)).stored.values();
          if (!payment) return;
          const atStripe = factsIn(life.truths.at(-1) as Truth);
          expect(moneyDifferences(payment, atStripe)).toEqual([]);
          for (const { stripe, commercetools } of Object.values(sumsOf(payment, atStripe))) {
            expect(commercetools).toBe(stripe);
          }
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) },
    ),
  );
});
