import {
  balanceTransaction,
  cart as cartOf,
  chargeOf,
  disputeOf,
  EPOCH,
  money,
  paymentIntent,
  payment as paymentOf,
  transaction,
} from '@connector/testing';
import { describe, expect, it } from 'vitest';
import type { StripeMoneyFacts } from './audit.ts';
import { type Known, type SeenDeadLetter, type SeenMessage, storyOf } from './story.ts';
import { chargeSchema, disputeSchema, paymentIntentSchema } from './stripe-objects.ts';
import { verdictOf } from './verdict.ts';

const HOUR_MS = 60 * 60_000;
const then = new Date(EPOCH * 1000);
const now = new Date(EPOCH * 1000 + HOUR_MS);
const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
const charge = chargeOf(intent, { captured: true, amount_captured: 10_000 });
const openDispute = disputeOf(charge, {
  amount: 10_000,
  status: 'needs_response',
  balance_transactions: [balanceTransaction({ amount: -10_000 })],
});

const atStripe = (overrides: Partial<typeof intent> = {}, more: Partial<StripeMoneyFacts> = {}): StripeMoneyFacts => ({
  paymentIntent: paymentIntentSchema.parse({ ...intent, ...overrides }),
  charges: [],
  disputes: [],
  ...more,
});
const paidAtStripe = atStripe({}, { charges: [{ charge: chargeSchema.parse(charge), refunds: [] }] });
const unpaid = (status: 'requires_payment_method' | 'requires_action' | 'processing') =>
  atStripe({ status, amount_received: 0 });

const charged = transaction('Charge', 'Success', {
  amount: money(10_000),
  interactionId: intent.id,
  timestamp: then.toISOString(),
});
const payment = paymentOf({ interfaceId: intent.id, transactions: [charged] });
const event: SeenMessage = {
  topic: 'payments.events',
  at: then,
  type: 'com.stripe.payment_intent.succeeded',
  id: 'evt_1',
  partition: 3,
  offset: '42',
};
const result: SeenMessage = { ...event, topic: 'payments.transactions', id: 'r', causeId: 'evt_1' };
const letter: SeenDeadLetter = {
  id: '3:7',
  at: then,
  type: event.type,
  eventId: 'evt_1',
  reason: 'rejected',
};

const known = (given: Partial<Known> = {}): Known => ({
  now,
  payment,
  stripe: paidAtStripe,
  whose: 'ours',
  otherPayments: [],
  declines: [],
  movements: [],
  messages: [event, result],
  cutTopics: [],
  deadLetters: [],
  undelivered: [],
  due: [],
  differences: [],
  unavailable: [],
  ...given,
});
const due = ['+ Charge Success 10000 EUR'];

describe('the last sentence', () => {
  it.each<[string, Partial<Known>, string, boolean, RegExp]>([
    ['healthy', {}, 'healthy', true, /^All is well: 10000 charged, and commercetools shows the same as Stripe\.$/],
    [
      'disputed',
      { stripe: atStripe({}, { disputes: [disputeSchema.parse(openDispute)] }) },
      'disputed',
      true,
      /^All is recorded; dispute du_\w+ \(needs_response\) waits for your answer at Stripe/,
    ],
    [
      'declined',
      {
        payment: paymentOf({ interfaceId: intent.id }),
        stripe: atStripe({
          status: 'requires_payment_method',
          amount_received: 0,
          last_payment_error: {
            type: 'card_error',
            code: 'card_declined',
            decline_code: 'insufficient_funds',
          } as never,
        }),
      },
      'declined',
      true,
      /declined \(insufficient_funds\), no money moved/,
    ],
    ['not paid yet', { payment: paymentOf(), stripe: unpaid('requires_action') }, 'open', true, /has not paid yet/],
    ['under way', { payment: paymentOf(), stripe: unpaid('processing') }, 'pending', true, /on its way/],
    [
      'parked',
      { messages: [event], due },
      'parked',
      false,
      /^One of its events waits to be handled since .*\(docs\/runbooks\/KeysParked\.md\)\.$/,
    ],
    [
      'dead-lettered',
      { deadLetters: [letter], due },
      'dead_lettered',
      false,
      /fix the cause, then redrive 3:7 \(docs\/runbooks\/redrive-dead-letters\.md\)\.$/,
    ],
    [
      'dead-lettered and recorded since',
      { deadLetters: [letter] },
      'dead_lettered',
      false,
      /shows its effect already: discard 3:7/,
    ],
    ['redriven', { deadLetters: [{ ...letter, resolution: 'redriven' }] }, 'healthy', true, /^All is well/],
    [
      'without a payment in commercetools',
      { payment: undefined },
      'orphaned',
      false,
      /run reconcile-pending --since <a day before> --repair.*ReconciliationDivergence/,
    ],
    ['behind', { due }, 'behind', false, /the ledger would write \+ Charge Success 10000 EUR; .*run reconcile-pending/],
    ['behind by a refund, however old', { due: ['+ Refund Success 100 EUR'] }, 'behind', false, /run audit --since/],
    [
      'over another amount',
      {
        differences: [
          {
            kind: 'other_amount',
            type: 'Charge',
            interactionId: intent.id,
            currencyCode: 'EUR',
            stripe: { centAmount: 10_000, state: 'Success' },
            commercetools: { centAmount: 9_000, state: 'Success' },
          } as never,
        ],
      },
      'diverging',
      false,
      /Stripe moved 10000 EUR and commercetools shows 9000.*AuditDivergence/,
    ],
    [
      'paid and not ordered',
      { cart: cartOf({ cartState: 'Active' }) },
      'unordered',
      false,
      /there is no order: make it from cart .* by the command unordered \(docs\/runbooks\/PaidWithoutOrder\.md\)\.$/,
    ],
    [
      'with a webhook that Stripe still tries',
      { undelivered: [{ id: 'evt_2', at: then, type: 'charge.succeeded' }] },
      'undelivered',
      true,
      /still tries to deliver one event/,
    ],
    [
      "another integration's",
      { payment: undefined, whose: 'foreign' },
      'foreign',
      true,
      /belongs to another integration/,
    ],
    ['unknown', { payment: undefined, stripe: undefined }, 'unknown', false, /^Nothing is known of it/],
    [
      'not known while a side is away',
      { unavailable: [{ what: 'the topics', why: 'ECONNREFUSED' }] },
      'incomplete',
      false,
      /^Not all could be asked \(the topics\): run it again\.$/,
    ],
  ])('of a payment that is %s', (_what, given, kind, isWell, sentence) => {
    expect(verdictOf(known(given))).toMatchObject({ kind, isWell, sentence: expect.stringMatching(sentence) });
  });

  it('does not call a payment missing while commercetools does not answer', () => {
    const unavailable = [{ what: 'payments', why: '503' }];
    expect(verdictOf(known({ payment: undefined, unavailable })).kind).toBe('incomplete');
  });

  it('calls an event parked only when it waits for longer than the limit', () => {
    const waits = { messages: [{ ...event, at: new Date(Number(now) - 30_000) }], due };
    expect(verdictOf(known(waits)).kind).toBe('behind');
    expect(verdictOf(known(waits), 20_000).kind).toBe('parked');
  });

  it('does not call an event parked that has nothing to record', () => {
    const acts = { ...event, type: 'com.stripe.payment_intent.requires_action' };
    expect(verdictOf(known({ messages: [acts] })).kind).toBe('healthy');
  });

  it('calls a paid cart unordered only after half an hour', () => {
    const cart = cartOf({ cartState: 'Active' });
    expect(verdictOf(known({ cart, now: new Date(Number(then) + HOUR_MS / 3) })).kind).toBe('healthy');
  });
});

describe('the story', () => {
  const cart = cartOf({ cartState: 'Ordered', createdAt: new Date(Number(then) - HOUR_MS).toISOString() });

  it('lists everything in chronological order, across all sides', () => {
    const late = { ...result, at: now };
    const declines = [{ id: 'ch_0', at: then, code: 'expired_card' }];
    const story = storyOf(known({ cart, declines, messages: [late, event], deadLetters: [letter] }));
    expect(story.map(({ at }) => Number(at))).toEqual(story.map(({ at }) => Number(at)).toSorted((a, b) => a - b));
    expect(story[0]?.what).toContain(`cart ${cart.id} created, Ordered now`);
    expect(story.at(-1)?.what).toBe('payments.transactions 3:42  com.stripe.payment_intent.succeeded of evt_1');
    const all = story.map(({ what }) => what).join('\n');
    for (const told of [
      'charge ch_0 declined: expired_card',
      `Charge Success 10000 EUR [${intent.id}]`,
      'payments.events 3:42  com.stripe.payment_intent.succeeded evt_1',
      'dead letter 3:7  com.stripe.payment_intent.succeeded evt_1, rejected, waits',
    ])
      expect(all).toContain(told);
  });
});
