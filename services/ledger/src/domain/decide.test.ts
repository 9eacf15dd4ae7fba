import type { PaymentUpdateAction } from '@commercetools/platform-sdk';
import { InexpressibleAmountError } from '@connector/payment-model';
import {
  balanceTransaction,
  type Charge,
  chargeOf,
  type Dispute,
  disputeOf,
  money,
  type PaymentIntent,
  payment,
  paymentIntent,
  type Refund,
  refundOf,
  releaseOf,
  transaction,
} from '@connector/testing';
import { describe, expect, it } from 'vitest';
import { changesOf, type DecidablePayment, decide, standingOf } from './decide.ts';
import type { Fact } from './facts.ts';
import { chargeSchema, disputeSchema, paymentIntentSchema, refundSchema } from './stripe-objects.ts';

const REPORTED_AT = new Date('2026-11-25T12:00:00.000Z');

const told = (intent: PaymentIntent, wasProcessing = false): Fact => ({
  kind: 'paymentIntent',
  paymentIntent: paymentIntentSchema.parse(intent),
  wasProcessing,
  reportedAt: REPORTED_AT,
});
const chargeReported = (charge: Charge): Fact => ({
  kind: 'charge',
  charge: chargeSchema.parse(charge),
  reportedAt: REPORTED_AT,
});
const refundsReported = (charge: Charge, ...refunds: Refund[]): Fact => ({
  kind: 'refunds',
  charge: chargeSchema.parse(charge),
  refunds: refunds.map((refund) => refundSchema.parse(refund)),
});
const disputeReported = (now: Dispute, before: Dispute = now): Fact => ({
  kind: 'dispute',
  dispute: disputeSchema.parse(now),
  told: disputeSchema.parse(before),
});

/**
 * The decision as text, one line for each action: `+ Type:State amount CUR [id]`, `Type → State [id]`, or another
 * action's name.
 */
function decision(before: DecidablePayment, ...facts: Fact[]): string[] {
  return decide(before, { facts }).map((action) => inWords(before, action));
}

function inWords({ transactions }: DecidablePayment, action: PaymentUpdateAction): string {
  if (action.action === 'addTransaction') {
    const { type, state, amount, interactionId } = action.transaction;
    return `+ ${type}:${state} ${amount.centAmount} ${amount.currencyCode} [${interactionId}]`;
  }
  if (action.action === 'changeTransactionState') {
    const known = transactions.find(({ id }) => id === action.transactionId);
    return `${known?.type} → ${action.state} [${known?.interactionId}]`;
  }
  return action.action;
}

const methodKnown = { paymentInterface: 'checkout-stripe', method: 'card' };
const cardPayment = (overrides: Parameters<typeof payment>[0] = {}) =>
  payment({ paymentMethodInfo: methodKnown, ...overrides });
const nothing: string[] = [];

describe('Authorization: shows the PaymentIntent as it is now', () => {
  const id = paymentIntent().id;
  const of = (status: PaymentIntent['status']) => paymentIntent({ id, status });
  const known = (state: 'Initial' | 'Pending' | 'Success' | 'Failure') =>
    cardPayment({ transactions: [transaction('Authorization', state, { interactionId: id })] });
  const added = (state: string) => [`+ Authorization:${state} 10000 EUR [${id}]`];
  const changed = (state: string) => [`Authorization → ${state} [${id}]`];

  it.each<[string, PaymentIntent['status'], DecidablePayment, string[]]>([
    ['requires_capture with none: Success', 'requires_capture', cardPayment(), added('Success')],
    ['succeeded with none: Success', 'succeeded', cardPayment(), added('Success')],
    ['processing with none: Pending', 'processing', cardPayment(), added('Pending')],
    ['processing after Initial: Pending', 'processing', known('Initial'), changed('Pending')],
    ['processing again after a failure: Pending', 'processing', known('Failure'), changed('Pending')],
    ['a late processing never undoes Success', 'processing', known('Success'), nothing],
    ['processing twice', 'processing', known('Pending'), nothing],
    ['requires_capture after Initial: Success', 'requires_capture', known('Initial'), changed('Success')],
    ['succeeded after Pending: Success', 'succeeded', known('Pending'), changed('Success')],
    ['succeeded after Failure: Success', 'succeeded', known('Failure'), changed('Success')],
    ['succeeded twice', 'succeeded', known('Success'), nothing],
    ['a decline while the shopper is there leaves no transaction', 'requires_payment_method', cardPayment(), nothing],
    [
      'a decline leaves the original connector’s Initial as it is',
      'requires_payment_method',
      known('Initial'),
      nothing,
    ],
    ['money that was on its way and failed: Failure', 'requires_payment_method', known('Pending'), changed('Failure')],
    ['the shopper must act after it was on its way: Failure', 'requires_action', known('Pending'), changed('Failure')],
    ['the shopper must act: no transaction', 'requires_action', cardPayment(), nothing],
    ['waiting again never undoes Success', 'requires_payment_method', known('Success'), nothing],
    ['a status that Stripe may yet invent: no transaction', 'requires_patience' as never, cardPayment(), nothing],
  ])('%s', (_rule, status, before, expected) => {
    expect(decision(before, told(of(status)))).toEqual(expected);
  });

  describe('whose amount was raised since', () => {
    const options = { card: { request_incremental_authorization: 'if_available' } } as never;
    const raised = (amount: number, status: PaymentIntent['status'] = 'requires_capture') =>
      paymentIntent({ id, status, amount, payment_method_options: options });
    const first = transaction('Authorization', 'Success', { interactionId: id });
    const more = transaction('Authorization', 'Success', { interactionId: `${id}:12500`, amount: money(2_500) });

    it('is booked as the amount missing up to the new total, under the sum; once, and not for an older event', () => {
      const before = cardPayment({ transactions: [first] });
      expect(decision(before, told(raised(12_500)))).toEqual([`+ Authorization:Success 2500 EUR [${id}:12500]`]);
      const after = cardPayment({ transactions: [first, more] });
      expect(decision(after, told(raised(12_500)))).toEqual(nothing);
      expect(decision(after, told(raised(10_000)))).toEqual(nothing);
      expect(decision(after, told(raised(15_000)))).toEqual([`+ Authorization:Success 2500 EUR [${id}:15000]`]);
    });

    it('is booked as a whole when no Authorization exists yet', () => {
      expect(decision(cardPayment(), told(raised(12_500)))).toEqual([`+ Authorization:Success 12500 EUR [${id}]`]);
    });

    it('is also booked from the charge', () => {
      const card = { incremental_authorization: { status: 'available' } };
      const charge = chargeOf(raised(12_500), {
        amount: 12_500,
        captured: false,
        amount_captured: 0,
        payment_method_details: { type: 'card', card } as never,
      });
      const before = cardPayment({ transactions: [first] });
      expect(decision(before, chargeReported(charge))).toEqual([`+ Authorization:Success 2500 EUR [${id}:12500]`]);
      const unavailable = { ...charge, payment_method_details: { type: 'card' } as never };
      expect(decision(before, chargeReported(unavailable))).toEqual(nothing);
    });

    it('is also booked from a cancelation that reports the raise first', () => {
      const before = cardPayment({ transactions: [first] });
      expect(decision(before, told(raised(12_500, 'canceled')))).toEqual([
        `+ Authorization:Success 2500 EUR [${id}:12500]`,
        `+ CancelAuthorization:Success 12500 EUR [${id}]`,
      ]);
    });

    it('stays one Authorization when no incremental authorization was requested', () => {
      const before = cardPayment({ transactions: [first] });
      expect(decision(before, told(paymentIntent({ id, status: 'requires_capture', amount: 12_500 })))).toEqual(
        nothing,
      );
    });
  });

  it('a capture of more than was authorised is one Charge over all of it, and the Authorization stays', () => {
    const over = paymentIntent({ id, status: 'succeeded', amount: 10_000, amount_received: 11_500 });
    expect(decision(known('Success'), told(over))).toEqual([`+ Charge:Success 11500 EUR [${id}]`]);
    expect(decision(cardPayment(), told(over))).toEqual([
      `+ Authorization:Success 10000 EUR [${id}]`,
      `+ Charge:Success 11500 EUR [${id}]`,
    ]);
  });

  it.each<[string, DecidablePayment, string[]]>([
    ['with none', cardPayment(), added('Failure')],
    ['with Initial', known('Initial'), changed('Failure')],
    ['with Pending', known('Pending'), changed('Failure')],
    ['with Failure', known('Failure'), nothing],
    ['with Success, which stays', known('Success'), nothing],
  ])(
    'a processing event read after it failed shows Failure, as if it had been read in time: %s',
    (_when, before, expected) => {
      expect(decision(before, told(of('requires_payment_method'), true))).toEqual(expected);
    },
  );

  it.each([
    'boleto_display_details',
    'display_bank_transfer_instructions',
    'konbini_display_details',
    'multibanco_display_details',
    'oxxo_display_details',
  ])('is Pending while the shopper has a voucher or account to pay with in the next days: %s', (type) => {
    const holding = { ...of('requires_action'), next_action: { type } };
    expect(decision(cardPayment(), told(holding))).toEqual(added('Pending'));
    expect(decision(known('Pending'), told(holding))).toEqual(nothing);
    expect(decision(known('Failure'), told(holding))).toEqual(changed('Pending'));
    expect(decision(known('Success'), told(holding))).toEqual(nothing);
    // It expires unpaid.
    expect(decision(known('Pending'), told(of('requires_payment_method')))).toEqual(changed('Failure'));
    expect(decision(known('Pending'), told(of('canceled')))[0]).toEqual(changed('Failure')[0]);
  });

  it.each(['use_stripe_sdk', 'redirect_to_url', 'promptpay_display_qr_code', 'verify_with_microdeposits'])(
    'is not booked while the shopper has to act at once: %s',
    (type) => {
      expect(decision(cardPayment(), told({ ...of('requires_action'), next_action: { type } }))).toEqual(nothing);
    },
  );

  it('comes from charge.succeeded of an uncaptured charge, over the whole amount', () => {
    const charge = chargeOf(of('requires_capture'), { captured: false });
    expect(decision(cardPayment(), chargeReported(charge))).toEqual(added('Success'));
  });

  it('comes from charge.succeeded of a captured charge, which books no Charge', () => {
    expect(decision(cardPayment(), chargeReported(chargeOf(of('succeeded'))))).toEqual(added('Success'));
  });

  it('does not come from a charge that is still pending', () => {
    const charge = chargeOf(of('processing'), { method: 'sepa_debit', status: 'pending', amount_captured: 0 });
    expect(decision(cardPayment(), chargeReported(charge))).toEqual(nothing);
  });

  it('the original connector’s, metadata only ct_payment_id: settles in place', () => {
    const before = cardPayment({
      interfaceId: id,
      transactions: [transaction('Authorization', 'Initial', { interactionId: id })],
    });
    expect(decision(before, chargeReported(chargeOf(of('requires_capture'), { captured: false })))).toEqual(
      changed('Success'),
    );
  });
});

describe('cancellation', () => {
  const canceled = (overrides: Partial<PaymentIntent> = {}) =>
    paymentIntent({ status: 'canceled', canceled_at: 1_795_510_800, ...overrides });

  it('without a capture: CancelAuthorization over the whole amount, beside the Authorization, which stays', () => {
    const intent = canceled();
    const before = cardPayment({
      transactions: [transaction('Authorization', 'Success', { interactionId: intent.id })],
    });
    expect(decision(before, told(intent))).toEqual([`+ CancelAuthorization:Success 10000 EUR [${intent.id}]`]);
  });

  it('after a partial capture: CancelAuthorization over the rest, and the capture is booked', () => {
    const intent = canceled({ amount_received: 4_000, latest_charge: 'ch_cancelled' });
    const before = cardPayment({
      transactions: [transaction('Authorization', 'Success', { interactionId: intent.id })],
    });
    expect(decision(before, told(intent))).toEqual([
      '+ Charge:Success 4000 EUR [ch_cancelled:4000]',
      `+ CancelAuthorization:Success 6000 EUR [${intent.id}]`,
    ]);
  });

  it.each(['Initial', 'Pending'] as const)(
    'of what never was authorised (%s): the Authorization has failed',
    (state) => {
      const intent = canceled();
      const before = cardPayment({ transactions: [transaction('Authorization', state, { interactionId: intent.id })] });
      expect(decision(before, told(intent))).toEqual([
        `Authorization → Failure [${intent.id}]`,
        `+ CancelAuthorization:Success 10000 EUR [${intent.id}]`,
      ]);
    },
  );

  it('read before the authorisation: the Authorization fails, and becomes Success when charge.succeeded arrives', () => {
    const intent = canceled();
    expect(decision(cardPayment(), told(intent))).toEqual([
      `+ Authorization:Failure 10000 EUR [${intent.id}]`,
      `+ CancelAuthorization:Success 10000 EUR [${intent.id}]`,
    ]);
    const after = cardPayment({
      transactions: [
        transaction('Authorization', 'Failure', { interactionId: intent.id }),
        transaction('CancelAuthorization', 'Success', { interactionId: intent.id }),
      ],
    });
    const charge = chargeOf(intent, { captured: false });
    expect(decision(after, chargeReported(charge))).toEqual([`Authorization → Success [${intent.id}]`]);
    expect(decision(after, told(intent))).toEqual(nothing);
  });

  it('is dated when it was canceled', () => {
    const [, cancellation] = decide(cardPayment(), { facts: [told(canceled())] });
    expect(cancellation).toMatchObject({ transaction: { timestamp: '2026-11-24T09:00:00.000Z' } });
  });
});

describe('captures', () => {
  const authorised = (id: string, ...charges: [number, string][]) =>
    cardPayment({
      transactions: [
        transaction('Authorization', 'Success', { interactionId: id }),
        ...charges.map(([centAmount, interactionId]) =>
          transaction('Charge', 'Success', { amount: money(centAmount), interactionId }),
        ),
      ],
    });
  const succeeded = (received = 10_000) =>
    paymentIntent({ status: 'succeeded', amount_received: received, latest_charge: 'ch_capture' });

  it.each(['automatic', 'automatic_async', 'manual'] as const)(
    '%s: one Charge from payment_intent.succeeded under the PaymentIntent',
    (method) => {
      const intent = { ...succeeded(), capture_method: method };
      expect(decision(authorised(intent.id), told(intent))).toEqual([`+ Charge:Success 10000 EUR [${intent.id}]`]);
    },
  );

  it('final and partial: one Charge over the received amount, no CancelAuthorization for the amount that Stripe released', () => {
    const intent = succeeded(6_500);
    expect(decision(authorised(intent.id), told(intent))).toEqual([`+ Charge:Success 6500 EUR [${intent.id}]`]);
  });

  it('redelivered: nothing', () => {
    const intent = succeeded();
    expect(decision(authorised(intent.id, [10_000, intent.id]), told(intent))).toEqual(nothing);
  });

  it('an asynchronous balance transaction is no capture', () => {
    const intent = succeeded();
    const charge = chargeOf(intent);
    expect(decision(authorised(intent.id, [10_000, intent.id]), chargeReported(charge))).toEqual(nothing);
  });

  it('of several, not the last: a Charge over the increase, under the charge id and the sum so far', () => {
    const intent = paymentIntent({ status: 'requires_capture' });
    const charge = chargeOf(intent, { captured: false, amount_captured: 7_000 });
    expect(decision(authorised(intent.id, [4_000, `${charge.id}:4000`]), chargeReported(charge))).toEqual([
      `+ Charge:Success 3000 EUR [${charge.id}:7000]`,
    ]);
  });

  it('of several, reported by the PaymentIntent first: the same Charge as from charge.updated', () => {
    const intent = paymentIntent({ status: 'requires_capture', amount_received: 4_000, latest_charge: 'ch_capture' });
    expect(decision(authorised(intent.id), told(intent))).toEqual(['+ Charge:Success 4000 EUR [ch_capture:4000]']);
  });

  it('of several, the last: a Charge over the rest, under the PaymentIntent', () => {
    const intent = succeeded(9_000);
    expect(decision(authorised(intent.id, [4_000, 'ch_capture:4000']), told(intent))).toEqual([
      `+ Charge:Success 5000 EUR [${intent.id}]`,
    ]);
  });

  it('of several, an earlier one reported after a later one: nothing, because its money is booked', () => {
    const intent = paymentIntent({ status: 'requires_capture' });
    const charge = chargeOf(intent, { captured: false, amount_captured: 4_000 });
    expect(decision(authorised(intent.id, [7_000, `${charge.id}:7000`]), chargeReported(charge))).toEqual(nothing);
    expect(decision(authorised(intent.id, [9_000, intent.id]), chargeReported(charge))).toEqual(nothing);
  });

  it('the final charge.updated books nothing: payment_intent.succeeded does', () => {
    const intent = succeeded();
    const charge = chargeOf(intent, { captured: true, amount_captured: 10_000 });
    expect(decision(authorised(intent.id, [4_000, `${charge.id}:4000`]), chargeReported(charge))).toEqual(nothing);
  });

  it('a failed or pending Charge does not count as captured money', () => {
    const intent = succeeded();
    const before = authorised(intent.id);
    const refused = transaction('Charge', 'Failure', { interactionId: 'operation-1' });
    const transactions = [...before.transactions, refused];
    expect(decision({ ...before, transactions }, told(intent))).toEqual([`+ Charge:Success 10000 EUR [${intent.id}]`]);
  });

  it('the original connector booked a partial one under the PaymentIntent: the final one stands beside it', () => {
    const intent = succeeded();
    expect(decision(authorised(intent.id, [4_000, intent.id]), told(intent))).toEqual([
      '+ Charge:Success 6000 EUR [ch_capture:10000]',
    ]);
  });

  it('has the time of its event, not of the opening', () => {
    const intent = succeeded();
    expect(decide(authorised(intent.id), { facts: [told(intent)] })).toMatchObject([
      { transaction: { timestamp: REPORTED_AT.toISOString() } },
    ]);
  });
});

describe('refunds', () => {
  const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
  const charge = chargeOf(intent);
  const charged = (...refunds: ReturnType<typeof transaction>[]) =>
    cardPayment({
      transactions: [
        transaction('Authorization', 'Success', { interactionId: intent.id }),
        transaction('Charge', 'Success', { interactionId: intent.id }),
        ...refunds,
      ],
    });
  const part = (amount: number, overrides: Partial<Refund> = {}) => refundOf(charge, { amount, ...overrides });
  const known = (refund: Refund, state: 'Pending' | 'Success' | 'Failure') =>
    transaction('Refund', state, { amount: money(refund.amount), interactionId: refund.id });

  it('is one Refund, and no Chargeback', () => {
    const refund = part(10_000);
    expect(decision(charged(), refundsReported(charge, refund))).toEqual([`+ Refund:Success 10000 EUR [${refund.id}]`]);
  });

  it('two quick ones of the same amount are two', () => {
    const [first, second] = [part(2_500), part(2_500)];
    expect(decision(charged(), refundsReported(charge, second, first))).toEqual([
      `+ Refund:Success 2500 EUR [${first.id}]`,
      `+ Refund:Success 2500 EUR [${second.id}]`,
    ]);
  });

  it('two quick ones of the same amount never share a transaction that waits for one of them', () => {
    const [first, second] = [part(2_500), part(2_500)];
    const awaiting = transaction('Refund', 'Initial', { amount: money(2_500) });
    expect(decide(charged(awaiting), { facts: [refundsReported(charge, first, second)] })).toEqual([
      { action: 'changeTransactionState', transactionId: awaiting.id, state: 'Success' },
      { action: 'changeTransactionInteractionId', transactionId: awaiting.id, interactionId: first.id },
      expect.objectContaining({ transaction: expect.objectContaining({ interactionId: second.id }) }),
    ]);
  });

  it('from the dashboard, without metadata of ours, is one like any other', () => {
    const refund = part(3_000, { metadata: {}, reason: 'requested_by_customer' });
    expect(decision(charged(), refundsReported(charge, refund))).toEqual([`+ Refund:Success 3000 EUR [${refund.id}]`]);
  });

  it.each([
    ['succeeded', 'Success'],
    ['pending', 'Pending'],
    ['requires_action', 'Pending'],
    [null, 'Pending'],
    ['failed', 'Failure'],
    ['canceled', 'Failure'],
  ])('%s is %s', (status, state) => {
    const refund = part(3_000, { status });
    expect(decision(charged(), refundsReported(charge, refund))).toEqual([`+ Refund:${state} 3000 EUR [${refund.id}]`]);
  });

  it('pending, then succeeded', () => {
    const refund = part(3_000);
    expect(decision(charged(known(refund, 'Pending')), refundsReported(charge, refund))).toEqual([
      `Refund → Success [${refund.id}]`,
    ]);
  });

  it('succeeded, then failed late', () => {
    const refund = part(3_000, { status: 'failed' });
    expect(decision(charged(known(refund, 'Success')), refundsReported(charge, refund))).toEqual([
      `Refund → Failure [${refund.id}]`,
    ]);
  });

  it('a late pending never undoes Success', () => {
    const refund = part(3_000, { status: 'pending' });
    expect(decision(charged(known(refund, 'Success')), refundsReported(charge, refund))).toEqual(nothing);
  });

  it('after a failed one the same money can be refunded again', () => {
    const [failed, again] = [part(10_000, { status: 'failed' }), part(10_000)];
    expect(decision(charged(known(failed, 'Success')), refundsReported(charge, failed, again))).toEqual([
      `Refund → Failure [${failed.id}]`,
      `+ Refund:Success 10000 EUR [${again.id}]`,
    ]);
  });

  it('before anything is captured there is none: an authorisation was released', () => {
    const uncaptured = chargeOf(intent, { captured: false });
    expect(decision(cardPayment(), refundsReported(uncaptured, releaseOf(uncaptured)))).toEqual(nothing);
    expect(decision(cardPayment(), refundsReported(uncaptured, refundOf(uncaptured, { amount: 10_000 })))).toEqual(
      nothing,
    );
  });

  it('the release of the rest of a partial capture is none, and does not hide a real refund', () => {
    const partial = chargeOf(intent, { amount_captured: 6_000 });
    const release = releaseOf(partial, { created: partial.created + 10 });
    const refund = refundOf(partial, { amount: 6_000 });
    expect(decision(charged(), refundsReported(partial, release, refund))).toEqual([
      `+ Refund:Success 6000 EUR [${refund.id}]`,
    ]);
  });

  it('the release of the rest of a partial capture is none, also with a balance transaction of its own', () => {
    const partial = chargeOf(intent, { captured: true, amount_captured: 6_000 });
    const category = { id: 'txn_release', reporting_category: 'partial_capture_reversal' };
    const release = { ...releaseOf(partial), balance_transaction: category } as never;
    expect(decision(charged(), refundsReported(partial, release))).toEqual(nothing);
  });

  it('one that waits for funds, without a balance transaction yet, is no release', () => {
    const partial = chargeOf(intent, { amount_captured: 6_000 });
    const refund = refundOf(partial, { amount: 4_000, status: 'pending', balance_transaction: null });
    expect(decision(charged(), refundsReported(partial, refund))).toEqual([`+ Refund:Pending 4000 EUR [${refund.id}]`]);
  });

  it('are never booked beyond the captured amount', () => {
    const partial = chargeOf(intent, { amount_captured: 6_000 });
    const [first, beyond] = [refundOf(partial, { amount: 5_000 }), refundOf(partial, { amount: 1_001 })];
    expect(decision(charged(), refundsReported(partial, first, beyond))).toEqual([
      `+ Refund:Success 5000 EUR [${first.id}]`,
    ]);
  });

  describe('that the original connector booked together under the PaymentIntent', () => {
    const together = (centAmount: number, state: 'Success' | 'Failure' = 'Success') => [
      transaction('Refund', state, { amount: money(centAmount), interactionId: intent.id }),
      transaction('Chargeback', 'Success', { amount: money(centAmount), interactionId: intent.id }),
    ];

    it('count as booked', () => {
      expect(decision(charged(...together(3_000)), refundsReported(charge, part(3_000)))).toEqual(nothing);
    });

    it('a later one, which the original lost, is added', () => {
      const [first, lost] = [part(3_000), part(3_000)];
      expect(decision(charged(...together(3_000)), refundsReported(charge, first, lost))).toEqual([
        `+ Refund:Success 3000 EUR [${lost.id}]`,
      ]);
    });

    it('when one of them fails: the common Refund fails, and each gets a Refund of its own', () => {
      const [failed, stands, lost] = [part(1_000, { status: 'failed' }), part(2_000), part(500)];
      const expected = [
        `+ Refund:Failure 1000 EUR [${failed.id}]`,
        `+ Refund:Success 2000 EUR [${stands.id}]`,
        `+ Refund:Success 500 EUR [${lost.id}]`,
      ];
      const facts = refundsReported(charge, failed, stands, lost);
      expect(decision(charged(...together(3_000)), facts)).toEqual([`Refund → Failure [${intent.id}]`, ...expected]);
      expect(decision(charged(...together(3_000, 'Failure')), facts)).toEqual(expected);
    });
  });
});

describe('disputes', () => {
  const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
  const charge = chargeOf(intent);
  const withdrawal = balanceTransaction({ amount: -10_870 });
  // Less money returns in the settlement currency than was withdrawn, because the exchange rate has moved.
  const reinstatement = balanceTransaction({ amount: 10_110 });
  const again = balanceTransaction({ amount: -10_870 });
  const MOVED = {
    'no money moved': [],
    withdrawn: [withdrawal],
    reinstated: [withdrawal, reinstatement],
    'withdrawn again': [withdrawal, reinstatement, again],
  } as const;
  const OPEN = {
    'no money moved': 'Pending',
    withdrawn: 'Success',
    reinstated: 'Failure',
    'withdrawn again': 'Success',
  };
  const NONE = { 'no money moved': 'none', withdrawn: 'none', reinstated: 'none', 'withdrawn again': 'none' };
  const STATES: Record<string, Record<keyof typeof MOVED, string>> = {
    warning_needs_response: NONE,
    warning_under_review: NONE,
    warning_closed: NONE,
    needs_response: OPEN,
    under_review: OPEN,
    appeal_needs_response: OPEN,
    appeal_under_review: OPEN,
    prevented: NONE,
    won: { 'no money moved': 'Failure', withdrawn: 'Failure', reinstated: 'Failure', 'withdrawn again': 'Failure' },
    lost: { 'no money moved': 'Success', withdrawn: 'Success', reinstated: 'Failure', 'withdrawn again': 'Success' },
  };
  const rows = Object.entries(STATES).flatMap(([status, states]) =>
    Object.entries(states).map(([moved, state]) => [status, moved as keyof typeof MOVED, state] as const),
  );

  it.each(rows)('%s, %s: Chargeback %s', (status, moved, state) => {
    const dispute = disputeOf(charge, { amount: 4_000, status, balance_transactions: [...MOVED[moved]] });
    const expected = state === 'none' ? nothing : [`+ Chargeback:${state} 4000 EUR [${dispute.id}]`];
    expect(decision(cardPayment(), disputeReported(dispute))).toEqual(expected);
  });

  it.each(['warning_closed', 'prevented'])('%s after it was formal: the Chargeback has failed', (status) => {
    const formal = disputeOf(charge);
    const over = { ...formal, status };
    const known = cardPayment({ transactions: [transaction('Chargeback', 'Pending', { interactionId: formal.id })] });
    expect(decision(known, disputeReported(over))).toEqual([`Chargeback → Failure [${formal.id}]`]);
    // The same if the formal dispute is reported only after its end.
    expect(decision(cardPayment(), disputeReported(over, formal))).toEqual([
      `+ Chargeback:Failure 10000 EUR [${formal.id}]`,
    ]);
  });

  it('won and appealed without money moving: stays Failure, whichever of the two was read', () => {
    const won = disputeOf(charge, { status: 'won' });
    const appealed = { ...won, status: 'appeal_needs_response' };
    const known = (state: 'Pending' | 'Failure') =>
      cardPayment({ transactions: [transaction('Chargeback', state, { interactionId: won.id })] });
    expect(decision(known('Failure'), disputeReported(appealed))).toEqual(nothing);
    expect(decision(known('Pending'), disputeReported(appealed, won))).toEqual([`Chargeback → Failure [${won.id}]`]);
  });

  it.each<[string, readonly number[], string]>([
    ['withdrawn in two parts, more than half of both back', [-3_000, -3_500, 4_000], 'Failure'],
    ['withdrawn in two parts, less than half of both back', [-3_000, -3_500, 3_100], 'Success'],
    ['returned in two parts', [-6_500, 3_000, 3_450], 'Failure'],
    ['withdrawn again after it came back, of which a little is back', [-6_500, 6_500, -6_500, 50], 'Success'],
    ['withdrawn and returned twice', [-6_500, 6_450, -6_500, 6_400], 'Failure'],
  ])('%s: %j is Chargeback:%s, in whatever order Stripe lists it', (_what, moved, state) => {
    const movements = moved.map((amount, at) => ({ ...balanceTransaction({ amount }), created: 1_700_000_000 + at }));
    for (const balance_transactions of [movements, movements.toReversed()]) {
      const lost = disputeOf(charge, { amount: 6_500, status: 'lost', balance_transactions });
      expect(decision(cardPayment(), disputeReported(lost))).toEqual([`+ Chargeback:${state} 6500 EUR [${lost.id}]`]);
    }
  });

  it('lost on appeal: Success again', () => {
    const lost = disputeOf(charge, { status: 'lost', balance_transactions: [withdrawal, reinstatement, again] });
    const before = cardPayment({ transactions: [transaction('Chargeback', 'Failure', { interactionId: lost.id })] });
    expect(decision(before, disputeReported(lost))).toEqual([`Chargeback → Success [${lost.id}]`]);
  });

  it('leaves the Charge and its fees alone: the amount is the disputed one, in the charge’s currency', () => {
    const dispute = disputeOf(charge, { amount: 4_000, balance_transactions: [withdrawal] });
    const charged = cardPayment({ transactions: [transaction('Charge', 'Success', { interactionId: intent.id })] });
    expect(decision(charged, disputeReported(dispute))).toEqual([`+ Chargeback:Success 4000 EUR [${dispute.id}]`]);
  });
});

describe('an operation that Stripe refused', () => {
  const refused: Fact = {
    kind: 'refusedOperation',
    type: 'Charge',
    amount: { centAmount: 4_000, currencyCode: 'EUR', fractionDigits: 2 },
    operationId: 'operation-7',
    refusedAt: REPORTED_AT,
  };

  it('is a Failure under the operation, once', () => {
    expect(decision(cardPayment(), refused)).toEqual(['+ Charge:Failure 4000 EUR [operation-7]']);
    const known = transaction('Charge', 'Failure', { interactionId: 'operation-7', amount: money(4_000) });
    expect(decision(cardPayment({ transactions: [known] }), refused)).toEqual(nothing);
  });
});

describe('currencies', () => {
  it.each<[string, number, number, number]>([
    ['jpy', 5_000, 0, 5_000],
    ['kwd', 12_340, 3, 12_340],
    ['isk', 500_000, 0, 5_000],
    ['ugx', 500_000, 0, 5_000],
    ['krw', 70_000, 0, 70_000],
    ['huf', 100_000, 2, 100_000],
    ['xof', 700, 2, 70_000],
  ])('%s: Stripe’s %i are the payment’s, with %i digits, %i', (currency, amount, fractionDigits, centAmount) => {
    const code = currency.toUpperCase();
    const intent = paymentIntent({ status: 'succeeded', currency, amount, amount_received: amount });
    const before = cardPayment({ amountPlanned: money(centAmount, code, fractionDigits) });
    expect(decision(before, told(intent))).toEqual([
      `+ Authorization:Success ${centAmount} ${code} [${intent.id}]`,
      `+ Charge:Success ${centAmount} ${code} [${intent.id}]`,
    ]);
  });

  it('an amount that the payment cannot express is refused, never rounded', () => {
    const intent = paymentIntent({ status: 'succeeded', currency: 'isk', amount: 500_050, amount_received: 500_050 });
    const before = cardPayment({ amountPlanned: money(5_000, 'ISK', 0) });
    expect(() => decision(before, told(intent))).toThrow(InexpressibleAmountError);
  });
});

describe('the payment itself', () => {
  const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });

  it('gets the PaymentIntent’s id as its interfaceId, once', () => {
    const decided = (before: DecidablePayment) => decide(before, { facts: [], paymentIntentId: intent.id });
    expect(decided(payment())).toEqual([{ action: 'setInterfaceId', interfaceId: intent.id }]);
    expect(decided(payment({ interfaceId: intent.id }))).toEqual([]);
    expect(decided(payment({ interfaceId: 're_of_the_original' }))).toEqual([]);
  });

  it('gets the kind of its payment method from the charge, once', () => {
    const charge = chargeOf(intent, { method: 'klarna' });
    const before = payment({ transactions: [transaction('Authorization', 'Success', { interactionId: intent.id })] });
    expect(decide(before, { facts: [chargeReported(charge)] })).toEqual([
      { action: 'setMethodInfoMethod', method: 'klarna' },
    ]);
    expect(decision({ ...before, paymentMethodInfo: methodKnown }, chargeReported(charge))).toEqual(nothing);
  });

  it('gets no payment method from an attempt that did not succeed', () => {
    const charge = chargeOf(intent, { method: 'sepa_debit', status: 'pending' });
    expect(decision(payment(), chargeReported(charge))).toEqual(nothing);
  });

  it('gets an interface interaction once', () => {
    const fields = { interactionId: 'evt_1', createdAt: REPORTED_AT.toISOString(), type: 'charge.succeeded' };
    const interaction = { typeKey: 'interaction-type', fields };
    expect(decide(payment(), { facts: [], interaction })).toEqual([
      { action: 'addInterfaceInteraction', type: { typeId: 'type', key: 'interaction-type' }, fields },
    ]);
    const known = payment({ interfaceInteractions: [{ type: { typeId: 'type', id: 'type-1' }, fields }] });
    expect(decide(known, { facts: [], interaction })).toEqual([]);
  });
});

describe('what an event was to the payment', () => {
  const paid = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
  const shows = (...states: ['Authorization' | 'Charge', 'Pending' | 'Success'][]) =>
    payment({
      interfaceId: paid.id,
      paymentMethodInfo: methodKnown,
      transactions: states.map(([type, state]) => transaction(type, state, { interactionId: paid.id })),
    });
  const interaction = { typeKey: 't', fields: { interactionId: 'evt_1', createdAt: '', type: '' } };
  const standing = (before: DecidablePayment, fact: Fact) =>
    standingOf(before, [fact], decide(before, { facts: [fact], paymentIntentId: paid.id, interaction }));

  it.each([
    ['applied when a transaction is added', shows(['Authorization', 'Success']), told(paid), 'applied'],
    [
      'duplicate when the payment shows all of it, whether or not the event itself is recorded',
      shows(['Authorization', 'Success'], ['Charge', 'Success']),
      told(paid),
      'duplicate',
    ],
    [
      'superseded when the payment shows something newer',
      shows(['Authorization', 'Success'], ['Charge', 'Success']),
      told(paymentIntent({ ...paid, status: 'processing', amount_received: 0 })),
      'superseded',
    ],
  ] as const)('%s', (_what, before, fact, expected) => {
    expect(standing(before, fact)).toBe(expected);
  });

  it('lists type and state of each transaction that it added or changed', () => {
    const before = shows(['Authorization', 'Pending']);
    expect(changesOf(before, decide(before, { facts: [told(paid)], paymentIntentId: paid.id, interaction }))).toEqual([
      { type: 'Authorization', state: 'Success' },
      { type: 'Charge', state: 'Success' },
    ]);
  });
});
