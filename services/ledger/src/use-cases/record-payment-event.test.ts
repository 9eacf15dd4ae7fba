import type { Payment } from '@commercetools/platform-sdk';
import { errorOfAnswer } from '@connector/commercetools';
import { PAYMENT_EVENT_TYPES } from '@connector/contracts';
import { NotFoundError, PermanentError, TransientError } from '@connector/errors';
import {
  cart,
  chargeOf,
  disputeOf,
  METADATA_OF_OURS,
  money,
  PaymentLife,
  payment,
  paymentIntent,
  refundOf,
  releaseOf,
  reviewOf,
  type Step,
  type StripeEvent,
  stripeEvent,
  type Truth,
  transaction,
  warningOf,
} from '@connector/testing';
import { FakeCommercetools, FakeStripe } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import { commercetoolsCarts, commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { shown } from '../testing/ledger-run.ts';
import { memory } from '../testing/memory.ts';
import { read, readIntent } from '../testing/messages.ts';
import { type RecordDependencies, type RecordOutcome, recordPaymentEvent } from './record-payment-event.ts';

const { cart_id: CART, ct_payment_key: KEY, ct_project_key: PROJECT } = METADATA_OF_OURS;

interface Situation {
  truth?: Partial<Truth>;
  payments?: Payment[];
  carts?: ReturnType<typeof cart>[];
  interactionType?: string;
  /** The Stripe account of the key. */
  account?: string;
}

/** A ledger process with a fake Stripe and commercetools. */
function ledger({
  truth = {},
  payments = [],
  carts = [cart({ id: CART })],
  interactionType,
  account = 'acct_own',
}: Situation = {}) {
  const commercetools = new FakeCommercetools().add(...payments);
  for (const each of carts) commercetools.addCart(each);
  const stripe = new FakeStripe().show({ paymentIntent: paymentIntent(), ...truth });
  const dependencies: RecordDependencies = {
    payments: commercetoolsPayments(commercetools),
    carts: commercetoolsCarts(commercetools),
    stripe: stripeFacts(stripe),
    projectKey: PROJECT,
    paymentInterface: 'checkout-stripe',
    livemode: false,
    known: memory(),
    strangers: new Set(),
    isOwnAccount: async (named) => named === account,
    interactionType: () => interactionType,
  };
  const receive = (event: StripeEvent, isAssigned?: () => boolean) =>
    recordPaymentEvent(dependencies, read(event), isAssigned);
  return { commercetools, stripe, dependencies, receive };
}

const recorded = (outcome: RecordOutcome): Payment => {
  if (outcome.kind !== 'recorded') throw new Error(`expected a recorded payment, not ${outcome.kind}`);
  return outcome.payment;
};

/** A paid card PaymentIntent with its charge, and the payment that intent opened for it. */
function paid(overrides: Parameters<typeof paymentIntent>[0] = {}) {
  const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000, ...overrides });
  const charge = chargeOf(intent);
  intent.latest_charge = charge.id;
  const opened = payment({ key: KEY, interfaceId: intent.id });
  return { intent, charge, opened, truth: { paymentIntent: intent, charges: [charge] } };
}

describe('each event of Stripe, on the payment that was opened for it', () => {
  const { intent, charge, opened, truth } = paid();
  const id = intent.id;
  const uncaptured = chargeOf(intent, { captured: false, amount_captured: 0 });
  const partly = chargeOf(intent, { captured: false, amount_captured: 4_000 });
  const refund = refundOf(charge, { amount: 2_500 });
  const failed = refundOf(charge, { amount: 2_500, status: 'failed' });
  const dispute = disputeOf(charge);
  const waiting = paymentIntent({ id, status: 'requires_payment_method' });
  const processing = paymentIntent({ id, status: 'processing' });
  const voucher = paymentIntent({
    id,
    status: 'requires_action',
    next_action: { type: 'multibanco_display_details' },
  });
  const transfer = paymentIntent({
    id,
    status: 'requires_action',
    next_action: {
      type: 'display_bank_transfer_instructions',
      display_bank_transfer_instructions: { amount_remaining: 4_000 } as never,
    },
  });
  const canceled = paymentIntent({ id, status: 'canceled', latest_charge: uncaptured.id });
  const capturable = paymentIntent({ id, status: 'requires_capture', amount_capturable: 10_000 });
  const authorization = (state: string) => `Authorization:${state} 10000 [${id}]`;

  type Row = [string, StripeEvent, Partial<Truth>, string[]];
  const ROWS: Row[] = [
    [
      'charge.succeeded: the Authorization, no Charge',
      stripeEvent('charge.succeeded', charge),
      {},
      [authorization('Success')],
    ],
    [
      'charge.updated of a partial capture: a Charge over what it captured',
      stripeEvent('charge.updated', partly, { previous_attributes: { amount_captured: 0 } }),
      {},
      [authorization('Success'), 'Charge:Success 4000'],
    ],
    [
      'charge.updated of a balance transaction: no capture',
      stripeEvent('charge.updated', charge, { previous_attributes: { balance_transaction: null } }),
      {},
      [authorization('Success')],
    ],
    [
      'charge.captured: no Charge, the PaymentIntent brings it',
      stripeEvent('charge.captured', charge),
      {},
      [authorization('Success')],
    ],
    [
      'charge.refunded: every refund of the charge',
      stripeEvent('charge.refunded', charge),
      { refunds: [refund, failed] },
      [`Refund:Success 2500 [${refund.id}]`, `Refund:Failure 2500 [${failed.id}]`],
    ],
    [
      'charge.refunded before capture: nothing',
      stripeEvent('charge.refunded', uncaptured),
      { charges: [uncaptured], refunds: [releaseOf(uncaptured)] },
      [],
    ],
    [
      'refund.created',
      stripeEvent('refund.created', refund),
      { refunds: [refund] },
      [`Refund:Success 2500 [${refund.id}]`],
    ],
    [
      'refund.updated',
      stripeEvent('refund.updated', { ...refund, status: 'pending' }),
      { refunds: [refund] },
      [`Refund:Success 2500 [${refund.id}]`],
    ],
    [
      'refund.failed',
      stripeEvent('refund.failed', failed),
      { refunds: [failed] },
      [`Refund:Failure 2500 [${failed.id}]`],
    ],
    [
      'refund.created that names no charge: by its PaymentIntent',
      stripeEvent('refund.created', { ...refund, charge: null }),
      { refunds: [refund] },
      [`Refund:Success 2500 [${refund.id}]`],
    ],
    [
      'charge.refund.updated, all that an older endpoint tells: the Refund as it is now',
      { ...stripeEvent('charge.refund.updated', failed), api_version: '2024-06-20' as never },
      { refunds: [failed] },
      [`Refund:Failure 2500 [${failed.id}]`],
    ],
    [
      'payment_intent.succeeded: the Authorization and the Charge',
      stripeEvent('payment_intent.succeeded', intent),
      {},
      [authorization('Success'), 'Charge:Success 10000'],
    ],
    [
      'payment_intent.processing: Pending',
      stripeEvent('payment_intent.processing', processing),
      { paymentIntent: processing },
      [authorization('Pending')],
    ],
    [
      'payment_intent.processing, by now succeeded: Success and Charge',
      stripeEvent('payment_intent.processing', processing),
      {},
      [authorization('Success'), 'Charge:Success 10000'],
    ],
    [
      'payment_intent.processing, by now failed: Failure',
      stripeEvent('payment_intent.processing', processing),
      { paymentIntent: waiting },
      [authorization('Failure')],
    ],
    [
      'payment_intent.payment_failed: no transaction',
      stripeEvent('payment_intent.payment_failed', waiting),
      { paymentIntent: waiting },
      [],
    ],
    [
      'payment_intent.payment_failed, by now paid: what was paid',
      stripeEvent('payment_intent.payment_failed', waiting),
      {},
      [authorization('Success'), 'Charge:Success 10000'],
    ],
    [
      'payment_intent.requires_action: nothing',
      stripeEvent('payment_intent.requires_action', waiting),
      { paymentIntent: waiting },
      [],
    ],
    [
      'payment_intent.requires_action with a voucher in hand: Pending',
      stripeEvent('payment_intent.requires_action', voucher),
      { paymentIntent: voucher },
      [authorization('Pending')],
    ],
    [
      'payment_intent.requires_action with a voucher, by now expired: Failure',
      stripeEvent('payment_intent.requires_action', voucher),
      { paymentIntent: waiting },
      [authorization('Failure')],
    ],
    [
      'payment_intent.requires_action with a voucher, by now paid: Success and Charge',
      stripeEvent('payment_intent.requires_action', voucher),
      {},
      [authorization('Success'), 'Charge:Success 10000'],
    ],
    [
      'payment_intent.partially_funded: Pending, nothing charged',
      stripeEvent('payment_intent.partially_funded', transfer),
      { paymentIntent: transfer },
      [authorization('Pending')],
    ],
    [
      'payment_intent.canceled: CancelAuthorization',
      stripeEvent('payment_intent.canceled', canceled),
      { paymentIntent: canceled, charges: [uncaptured] },
      [authorization('Failure'), `CancelAuthorization:Success 10000 [${id}]`],
    ],
    [
      'payment_intent.amount_capturable_updated: the Authorization',
      stripeEvent('payment_intent.amount_capturable_updated', capturable),
      { paymentIntent: capturable },
      [authorization('Success')],
    ],
    ...(['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated'] as const).map(
      (what): Row => [
        `charge.dispute.${what}: the Chargeback as the dispute is now`,
        stripeEvent(`charge.dispute.${what}`, dispute),
        { disputes: [{ ...dispute, status: 'lost' }] },
        [`Chargeback:Success 10000 [${dispute.id}]`],
      ],
    ),
    ...(['review.opened', 'review.closed'] as const).map(
      (type): Row => [`${type}: no transaction`, stripeEvent(type, reviewOf(charge)), {}, []],
    ),
    ...(['created', 'updated'] as const).map(
      (what): Row => [
        `radar.early_fraud_warning.${what}: no transaction`,
        stripeEvent(`radar.early_fraud_warning.${what}`, warningOf(charge)),
        {},
        [],
      ],
    ),
  ];

  it.each<[string, ReturnType<typeof stripeEvent>, object]>([
    ['review', stripeEvent('review.opened', reviewOf(charge)), { reason: 'rule', open: true }],
    [
      'warning',
      stripeEvent('radar.early_fraud_warning.created', warningOf(charge)),
      { fraud_type: 'made_with_stolen_card', actionable: true },
    ],
  ])('a %s is recorded as an interaction, once, without the address that it came from', async (_what, event, said) => {
    const { commercetools, receive } = ledger({ truth, payments: [opened], interactionType: 'interactions' });
    await receive(event);
    await receive(event);
    const { interfaceInteractions } = commercetools.payment(opened.id);
    expect(interfaceInteractions).toHaveLength(1);
    expect(interfaceInteractions[0]?.fields).toMatchObject({ interactionId: event.id, type: event.type });
    const response = String(interfaceInteractions[0]?.fields.response);
    expect(JSON.parse(response)).toMatchObject(said);
    expect(response).not.toContain('203.0.113.7');
  });

  it('a review of another integration’s payment is ignored', async () => {
    const foreign = { ...truth, paymentIntent: { ...intent, metadata: {} } };
    const { commercetools, receive } = ledger({ truth: foreign, payments: [], interactionType: 'interactions' });
    expect(await receive(stripeEvent('review.opened', reviewOf(charge)))).toMatchObject({ kind: 'foreign' });
    expect(commercetools.stored.size).toBe(0);
  });

  it.each(ROWS)('%s', async (_rule, event, now, expected) => {
    const { commercetools, receive } = ledger({ truth: { ...truth, ...now }, payments: [opened] });
    await receive(event);
    expect(shown(commercetools.payment(opened.id))).toEqual(expected.toSorted());
  });

  it('a formal dispute that was prevented before its event came: the Chargeback has failed', async () => {
    const prevented = { ...dispute, status: 'prevented' };
    const { commercetools, receive } = ledger({ truth: { ...truth, disputes: [prevented] }, payments: [opened] });
    await receive(stripeEvent('charge.dispute.created', dispute));
    expect(shown(commercetools.payment(opened.id))).toEqual([`Chargeback:Failure 10000 [${dispute.id}]`]);
  });

  it('has a row for each type', () => {
    expect(new Set(ROWS.map(([, { type }]) => type))).toEqual(new Set(PAYMENT_EVENT_TYPES));
  });
});

describe('each event of this project', () => {
  const { intent, charge, truth } = paid();
  const opened = payment({ key: KEY });
  const whose = { paymentId: opened.id, paymentIntentId: intent.id };
  const amount = { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 };
  const refund = refundOf(charge, { amount: 2_500 });
  const authorization = `Authorization:Success 10000 [${intent.id}]`;
  const operation = { ...whose, operationId: 'operation-9', operation: 'capturePayment' };

  it.each<[string, string, object, string[]]>([
    [
      'opened: the interfaceId, no transaction',
      'checkout.payment.opened',
      { ...whose, paymentKey: KEY, cartId: CART, amount },
      [],
    ],
    [
      'confirmed: what the PaymentIntent shows',
      'checkout.payment.confirmed',
      { ...whose, paymentIntent: intent },
      [authorization, 'Charge:Success 10000'],
    ],
    [
      'a capture that Stripe did: its Charge',
      'checkout.payment.operation_completed',
      { ...operation, outcome: { kind: 'done', object: intent } },
      [authorization, 'Charge:Success 10000'],
    ],
    [
      'a refund that Stripe did: its Refund',
      'checkout.payment.operation_completed',
      { ...operation, outcome: { kind: 'done', object: refund } },
      [`Refund:Success 2500 [${refund.id}]`],
    ],
    [
      'an operation that Stripe refused: its Failure',
      'checkout.payment.operation_completed',
      {
        ...operation,
        outcome: { kind: 'refused', transactionType: 'Charge', amount, code: 'charge_expired_for_capture' },
      },
      ['Charge:Failure 10000 [operation-9]'],
    ],
    [
      'what reconciliation read: the same as a webhook would',
      'checkout.payment.reconciled',
      { ...whose, object: intent },
      [authorization, 'Charge:Success 10000'],
    ],
  ])('%s', async (_rule, type, data, expected) => {
    const { commercetools, dependencies } = ledger({ truth: { ...truth, refunds: [refund] }, payments: [opened] });
    await recordPaymentEvent(dependencies, readIntent(type, data));
    expect(shown(commercetools.payment(opened.id))).toEqual(expected.toSorted());
    expect(commercetools.payment(opened.id).interfaceId).toBe(intent.id);
  });

  it('an operation that was only requested writes nothing and makes no call', async () => {
    const { commercetools, stripe, dependencies } = ledger({ truth, payments: [opened] });
    const outcome = await recordPaymentEvent(
      dependencies,
      readIntent('checkout.payment.operation_requested', operation),
    );
    expect(outcome).toEqual({ kind: 'nothing-to-record' });
    expect([...commercetools.calls, ...stripe.calls]).toEqual([]);
  });
});

describe('the payment of a PaymentIntent', () => {
  const { intent, charge, truth } = paid();
  const event = stripeEvent('charge.succeeded', charge);
  const withMetadata = (metadata: Record<string, string>) => stripeEvent('charge.succeeded', { ...charge, metadata });

  it('is first looked up by the id in its metadata', async () => {
    const byId = payment();
    const byKey = payment({ key: KEY });
    const { commercetools, receive } = ledger({ truth, payments: [byId, byKey] });
    const outcome = await receive(withMetadata({ ...METADATA_OF_OURS, ct_payment_id: byId.id }));
    expect(recorded(outcome).id).toBe(byId.id);
    expect(commercetools.calls).not.toContain('payments.get_by_key');
  });

  it('is then looked up by the key in its metadata', async () => {
    const byKey = payment({ key: KEY, interfaceId: intent.id });
    const { commercetools, receive } = ledger({ truth, payments: [byKey] });
    expect(recorded(await receive(event)).id).toBe(byKey.id);
    expect(commercetools.calls).toEqual(['payments.get_by_key', 'payments.update']);
  });

  it('is finally looked up by the PaymentIntent itself', async () => {
    const byInterfaceId = payment({ interfaceId: intent.id });
    const { commercetools, receive } = ledger({ truth, payments: [byInterfaceId] });
    expect(recorded(await receive(event)).id).toBe(byInterfaceId.id);
    expect(commercetools.calls).toEqual(['payments.get_by_key', 'payments.query', 'payments.update']);
  });

  it('made by the original connector, whose metadata have only ct_payment_id, is found by that', async () => {
    const ofTheOriginal = payment({
      interfaceId: intent.id,
      transactions: [transaction('Authorization', 'Initial', { interactionId: intent.id })],
    });
    const { receive } = ledger({ truth, payments: [ofTheOriginal] });
    const outcome = await receive(withMetadata({ ct_payment_id: ofTheOriginal.id }));
    expect(shown(recorded(outcome))).toEqual([`Authorization:Success 10000 [${intent.id}]`]);
  });

  it('is found by the PaymentIntent’s metadata if the charge was made before the metadata was complete', async () => {
    const opened = payment({ key: KEY, interfaceId: intent.id });
    const { stripe, receive } = ledger({ truth, payments: [opened] });
    expect(recorded(await receive(withMetadata({}))).id).toBe(opened.id);
    expect(stripe.calls).toEqual(['payment_intents.retrieve']);
  });

  it('is not the one that the key names, if that one belongs to another PaymentIntent', async () => {
    const ofAnother = payment({ key: KEY, interfaceId: paymentIntent().id });
    const own = payment({ interfaceId: intent.id });
    const { receive } = ledger({ truth, payments: [ofAnother, own] });
    expect(recorded(await receive(event)).id).toBe(own.id);
  });
});

describe('what is not ours', () => {
  const { intent, charge, opened, truth } = paid();

  it('another project’s PaymentIntent is left alone, although the keys match', async () => {
    const { commercetools, receive } = ledger({ truth, payments: [opened] });
    const metadata = { ...METADATA_OF_OURS, ct_project_key: 'shop-us' };
    expect(await receive(stripeEvent('charge.succeeded', { ...charge, metadata }))).toEqual({ kind: 'foreign' });
    expect(commercetools.calls).toEqual([]);
  });

  it('an event of the other mode is left alone', async () => {
    const { commercetools, stripe, receive } = ledger({ truth, payments: [opened] });
    expect(await receive(stripeEvent('charge.succeeded', charge, { livemode: true }))).toEqual({ kind: 'foreign' });
    expect([...commercetools.calls, ...stripe.calls]).toEqual([]);
  });

  const refund = refundOf(charge);
  const dispute = disputeOf(charge);
  const foreignIntent = { ...intent, metadata: { order: '4711' } };
  const foreignCharge = { ...charge, metadata: { order: '4711' } };
  const calls = ({ commercetools, stripe }: ReturnType<typeof ledger>) => [...stripe.calls, ...commercetools.calls];

  it.each([
    stripeEvent('charge.refunded', charge),
    stripeEvent('refund.created', refund),
    stripeEvent('charge.dispute.created', dispute),
    stripeEvent('payment_intent.processing', intent),
  ])('$type of another account is ignored without a call', async (event) => {
    const process = ledger({ truth: { ...truth, refunds: [refund], disputes: [dispute] }, payments: [opened] });
    expect(await process.receive({ ...event, account: 'acct_other' } as StripeEvent)).toEqual({ kind: 'foreign' });
    expect(calls(process)).toEqual([]);
    expect(await process.receive({ ...event, account: 'acct_own' } as StripeEvent)).toMatchObject({ kind: 'recorded' });
  });

  it.each([
    stripeEvent('payment_intent.succeeded', foreignIntent),
    stripeEvent('payment_intent.processing', { ...foreignIntent, status: 'processing' }),
    stripeEvent('payment_intent.canceled', { ...foreignIntent, status: 'canceled' }),
    stripeEvent('payment_intent.payment_failed', { ...foreignIntent, status: 'requires_payment_method' }),
    stripeEvent('payment_intent.succeeded', { ...intent, metadata: {} }),
    stripeEvent('payment_intent.processing', { ...intent, metadata: { ct_project_key: 'shop-us' } }),
    stripeEvent('charge.succeeded', foreignCharge),
    stripeEvent('charge.refunded', foreignCharge),
    stripeEvent('refund.created', { ...refund, metadata: { ct_project_key: 'shop-us' } }),
  ])('$type of another integration is ignored without a call', async (event) => {
    const process = ledger({ truth });
    expect(await process.receive(event)).toEqual({ kind: 'foreign' });
    expect(calls(process)).toEqual([]);
  });

  it.each([
    stripeEvent('refund.created', refund),
    stripeEvent('charge.refund.updated', refund),
    stripeEvent('charge.dispute.created', dispute),
    stripeEvent('charge.succeeded', { ...charge, metadata: {} }),
  ])(
    '$type of another integration that does not name it is recognised by an earlier event, without a call',
    async (event) => {
      const process = ledger({ truth: { ...truth, paymentIntent: foreignIntent } });
      await process.receive(stripeEvent('payment_intent.succeeded', foreignIntent));
      expect(await process.receive(event)).toEqual({ kind: 'foreign' });
      expect(calls(process)).toEqual([]);
    },
  );

  it.each([
    [stripeEvent('refund.created', refund), ['payment_intents.retrieve']],
    [stripeEvent('charge.dispute.created', dispute), ['disputes.retrieve', 'payments.query']],
  ])('an event of another integration without an earlier event is looked up once', async (event, expected) => {
    const foreign = { paymentIntent: foreignIntent, charges: [foreignCharge], refunds: [refund], disputes: [dispute] };
    const process = ledger({ truth: foreign });
    expect(await process.receive(event)).toEqual({ kind: 'foreign' });
    expect(await process.receive(event)).toEqual({ kind: 'foreign' });
    expect(calls(process)).toEqual(expected);
  });

  it.each([
    stripeEvent('refund.created', refundOf(chargeOf(paymentIntent()))),
    stripeEvent('charge.dispute.created', disputeOf(chargeOf(paymentIntent()))),
    stripeEvent('charge.succeeded', chargeOf(paymentIntent(), { metadata: {} })),
  ])('$type of an object that neither Stripe nor commercetools has is ignored, not a dead letter', async (event) => {
    const { receive } = ledger({ truth, payments: [opened] });
    expect(await receive(event)).toEqual({ kind: 'foreign' });
  });

  it('a payment of ours stays ours when its metadata are edited at Stripe', async () => {
    const { commercetools, receive } = ledger({ truth, payments: [opened] });
    await receive(stripeEvent('charge.succeeded', charge));
    expect(await receive(stripeEvent('payment_intent.succeeded', foreignIntent))).toMatchObject({ kind: 'recorded' });
    expect(shown(commercetools.payment(opened.id))).toHaveLength(2);
  });

  it('a PaymentIntent without metadata of ours creates nothing', async () => {
    const foreign = { ...intent, metadata: { order: '4711' } };
    const { commercetools, receive } = ledger({ truth: { ...truth, paymentIntent: foreign } });
    expect(await receive(stripeEvent('payment_intent.succeeded', foreign))).toEqual({ kind: 'foreign' });
    expect(commercetools.stored.size).toBe(0);
  });

  it.each([
    ['charge', stripeEvent('charge.succeeded', { ...charge, payment_intent: null })],
    ['refund', stripeEvent('refund.created', refundOf(charge, { charge: null, payment_intent: null }))],
  ])('a %s without a PaymentIntent is left alone', async (_what, event) => {
    const { commercetools, receive } = ledger({ truth });
    expect(await receive(event)).toEqual({ kind: 'foreign' });
    expect(commercetools.calls).toEqual([]);
  });

  it('an object that Stripe no longer has is refused permanently', async () => {
    const { receive } = ledger({ truth, payments: [opened] });
    const gone = receive(stripeEvent('refund.created', refundOf(charge, { charge: chargeOf(intent).id })));
    await expect(gone).rejects.toMatchObject({ name: 'PermanentError', reason: 'gone_from_stripe' });
  });
});

describe('a payment that commercetools does not have', () => {
  const CUSTOMER = '5c8e2f7a-1d3b-4b5e-8f60-7a9b0c1d2e3f';

  it.each(['charge.succeeded', 'payment_intent.succeeded', 'payment_intent.processing'])(
    'is created by %s under the key in the metadata, and put on its cart',
    async (type) => {
      const { intent, charge, truth } = paid();
      const { commercetools, receive } = ledger({ truth });
      const object =
        type === 'charge.succeeded'
          ? charge
          : { ...intent, ...(type.endsWith('ing') && { status: 'processing' as const }) };
      const outcome = await receive(stripeEvent(type, object));
      const { id, key, interfaceId, amountPlanned, paymentMethodInfo, anonymousId } = recorded(outcome);
      expect(outcome).toMatchObject({ created: 'attached', written: true });
      expect({ key, interfaceId, amountPlanned }).toEqual({
        key: KEY,
        interfaceId: intent.id,
        amountPlanned: money(10_000),
      });
      expect(paymentMethodInfo.paymentInterface).toBe('checkout-stripe');
      expect(anonymousId).toBe(commercetools.carts.get(CART)?.anonymousId);
      expect(commercetools.carts.get(CART)?.paymentInfo?.payments).toEqual([{ typeId: 'payment', id }]);
    },
  );

  it.each([
    ['huf', 250_000, money(250_000, 'HUF', 2)],
    ['jpy', 2_500, money(2_500, 'JPY', 0)],
    ['kwd', 12_340, money(12_340, 'KWD', 3)],
    ['ugx', 500_000, money(5_000, 'UGX', 0)],
  ])('in %s is created over Stripe’s %i, in the digits that commercetools has', async (currency, amount, planned) => {
    const { charge, truth } = paid({ currency, amount, amount_received: amount });
    const { receive } = ledger({ truth });
    expect(recorded(await receive(stripeEvent('charge.succeeded', charge))).amountPlanned).toEqual(planned);
  });

  it('without a key in the metadata gets a key from its PaymentIntent', async () => {
    const { intent, charge, truth } = paid({ metadata: { cart_id: CART, ct_project_key: PROJECT } });
    const { receive } = ledger({ truth });
    expect(recorded(await receive(stripeEvent('charge.succeeded', charge))).key).toBe(`stripe-${intent.id}`);
  });

  it('is not created for a decline', async () => {
    const { truth } = paid();
    const waiting = paymentIntent({ status: 'requires_payment_method' });
    const { commercetools, receive } = ledger({ truth: { ...truth, paymentIntent: waiting } });
    expect(await receive(stripeEvent('payment_intent.payment_failed', waiting))).toEqual({ kind: 'nothing-to-record' });
    expect(commercetools.stored.size).toBe(0);
  });

  it('belongs to the customer in the metadata', async () => {
    const { charge, truth } = paid({ metadata: { ...METADATA_OF_OURS, ct_customer_id: CUSTOMER } });
    const { commercetools, receive } = ledger({ truth });
    commercetools.addCustomer(CUSTOMER);
    expect(recorded(await receive(stripeEvent('charge.succeeded', charge))).customer?.id).toBe(CUSTOMER);
  });

  it('is created without its customer when that customer is deleted', async () => {
    const { charge, truth } = paid({ metadata: { ...METADATA_OF_OURS, ct_customer_id: CUSTOMER } });
    const { receive } = ledger({ truth });
    const created = recorded(await receive(stripeEvent('charge.succeeded', charge)));
    expect(created.customer).toBeUndefined();
    expect(shown(created)).toHaveLength(1);
  });

  it.each([
    ['gone', [], 'cart-gone'],
    ['ordered', [cart({ id: CART, cartState: 'Ordered' })], 'cart-ordered'],
    ['merged into another', [cart({ id: CART, cartState: 'Merged' })], 'cart-merged'],
  ])('whose cart is %s is created and not attached', async (_what, carts, created) => {
    const { charge, truth } = paid();
    const { commercetools, receive } = ledger({ truth, carts });
    const outcome = await receive(stripeEvent('charge.succeeded', charge));
    expect(outcome).toMatchObject({ kind: 'recorded', created, attachment: created });
    expect(commercetools.calls).not.toContain('carts.update');
  });

  it.each(['Active', 'Frozen'] as const)('whose cart is %s is put on the cart', async (cartState) => {
    const { charge, truth } = paid();
    const { commercetools, receive } = ledger({ truth, carts: [cart({ id: CART, cartState })] });
    const outcome = await receive(stripeEvent('charge.succeeded', charge));
    expect(outcome).toMatchObject({ created: 'attached', attachment: 'attached' });
    expect(commercetools.carts.get(CART)?.paymentInfo?.payments).toHaveLength(1);
  });

  it.each([
    ['refuses', new PermanentError('InvalidOperation'), 'cart-refuses'],
    ['deletes at that moment', new NotFoundError('gone'), 'cart-gone'],
  ])('whose cart commercetools %s is still recorded', async (_what, error, attachment) => {
    const { charge, truth } = paid();
    const { commercetools, receive } = ledger({ truth });
    commercetools.beforeAddPayment = () => {
      throw error;
    };
    const outcome = await receive(stripeEvent('charge.succeeded', charge));
    expect(outcome).toMatchObject({ kind: 'recorded', attachment, written: true });
  });

  it('whose ids in the metadata cannot be ids is recorded all the same, under a key of its own and on no cart', async () => {
    const metadata = { ...METADATA_OF_OURS, cart_id: 'cart 5', ct_payment_id: '#17', ct_payment_key: 'Zoë’s payment' };
    const { intent, charge, truth } = paid({ metadata });
    const { commercetools, receive } = ledger({ truth });
    const reads = new Set(['payments.get', 'payments.get_by_key', 'carts.get']);
    commercetools.gate = async (operation) => {
      if (reads.has(operation))
        throw errorOfAnswer(operation, { status: 400, body: { errors: [{ code: 'InvalidInput' }] } });
    };
    const outcome = await receive(stripeEvent('charge.succeeded', charge));
    expect(outcome).toMatchObject({ kind: 'recorded', written: true, attachment: 'cart-gone' });
    expect(recorded(outcome)).toMatchObject({ key: `stripe-${intent.id}`, interfaceId: intent.id });
    expect(shown(recorded(outcome))).toHaveLength(1);
  });

  it('half made by intent on a cart that became an order meanwhile is reported as on no cart', async () => {
    const { charge, truth } = paid();
    const carts = [cart({ id: CART, cartState: 'Ordered' })];
    const { receive } = ledger({ truth, carts, payments: [payment({ key: KEY })] });
    const outcome = await receive(stripeEvent('charge.succeeded', charge));
    expect(outcome).toMatchObject({ kind: 'recorded', attachment: 'cart-ordered' });
    expect(outcome).not.toHaveProperty('created');
  });

  it('that another process creates at the same moment is found, not created twice', async () => {
    const { charge, truth } = paid();
    const { commercetools, receive } = ledger({ truth });
    const theirs = payment({ key: KEY });
    commercetools.beforeCreate = () => commercetools.add(theirs);
    expect(recorded(await receive(stripeEvent('charge.succeeded', charge))).id).toBe(theirs.id);
    expect(commercetools.stored.size).toBe(1);
  });

  it('whose key the payment of another PaymentIntent has gets a key of its own', async () => {
    const { intent, charge, truth } = paid();
    const ofAnother = payment({ key: KEY, interfaceId: paymentIntent().id });
    const { commercetools, receive } = ledger({ truth, payments: [ofAnother] });
    const created = recorded(await receive(stripeEvent('charge.succeeded', charge)));
    expect(created).toMatchObject({ key: `stripe-${intent.id}`, interfaceId: intent.id });
    expect(commercetools.payment(ofAnother.id).transactions).toEqual([]);
  });

  it('that was created but not attached when the process died is attached and finished by the next delivery', async () => {
    const { intent, charge, truth } = paid({ metadata: { cart_id: CART, ct_project_key: PROJECT } });
    const { commercetools, receive } = ledger({ truth });
    commercetools.beforeAddPayment = () => {
      throw new TransientError('the process died here');
    };
    const event = stripeEvent('charge.succeeded', charge);
    await expect(receive(event)).rejects.toThrow('the process died here');
    commercetools.beforeAddPayment = () => {};
    const outcome = await receive(event);
    expect(outcome).toMatchObject({ created: 'attached' });
    expect(recorded(outcome).interfaceId).toBe(intent.id);
    expect(commercetools.stored.size).toBe(1);
    expect(commercetools.carts.get(CART)?.paymentInfo?.payments).toHaveLength(1);
  });

  it('that intent created but did not attach is attached before it is finished', async () => {
    const { charge, truth } = paid();
    const halfMade = payment({ key: KEY });
    const { commercetools, receive } = ledger({ truth, payments: [halfMade] });
    await receive(stripeEvent('charge.succeeded', charge));
    expect(commercetools.calls).toEqual(['payments.get_by_key', 'carts.get', 'carts.update', 'payments.update']);
  });

  it('is attached although others change the cart', async () => {
    const { charge, truth } = paid();
    const { commercetools, receive } = ledger({ truth });
    let interruptions = 2;
    commercetools.beforeAddPayment = (id) => {
      const changed = commercetools.carts.get(id);
      if (changed && interruptions-- > 0) commercetools.addCart({ ...changed, version: changed.version + 1 });
    };
    expect(await receive(stripeEvent('charge.succeeded', charge))).toMatchObject({ created: 'attached' });
  });
});

describe('other writers', () => {
  it('after a version conflict the payment is read and decided again', async () => {
    const { charge, opened, truth } = paid();
    const { commercetools, receive } = ledger({ truth, payments: [opened] });
    const theirs = transaction('Authorization', 'Success', { interactionId: opened.interfaceId ?? '' });
    commercetools.beforeUpdate = (id) => {
      commercetools.beforeUpdate = () => {};
      commercetools.changeByAnother(id, { transactions: [theirs] });
    };
    const outcome = await receive(stripeEvent('charge.succeeded', charge));
    expect(recorded(outcome).transactions.map(({ id }) => id)).toEqual([theirs.id]);
  });

  it('after a version conflict Stripe is read again, because its state may have changed too', async () => {
    const { intent, opened } = paid();
    const processing = { ...intent, status: 'processing' as const, amount_received: 0 };
    const waiting = { ...processing, status: 'requires_payment_method' as const };
    const { commercetools, stripe, receive } = ledger({ truth: { paymentIntent: processing }, payments: [opened] });
    const failed = transaction('Authorization', 'Failure', { interactionId: intent.id });
    commercetools.beforeUpdate = (id) => {
      commercetools.beforeUpdate = () => {};
      stripe.show({ paymentIntent: waiting });
      commercetools.changeByAnother(id, { transactions: [failed] });
    };
    const outcome = await receive(stripeEvent('payment_intent.processing', processing));
    expect(shown(recorded(outcome))).toEqual([`Authorization:Failure 10000 [${intent.id}]`]);
  });

  it('who keep changing the payment cause a transient failure', async () => {
    const { charge, opened, truth } = paid();
    const { commercetools, receive } = ledger({ truth, payments: [opened] });
    commercetools.beforeUpdate = (id) => commercetools.changeByAnother(id);
    const rejected = expect(receive(stripeEvent('charge.succeeded', charge))).rejects;
    await rejected.toMatchObject({ name: 'TransientError', reason: 'conflict' });
    expect(commercetools.writes).toEqual([]);
  });

  it.each([
    ['the payment is known', true],
    ['nobody has created it yet', false],
  ])(
    'page, webhooks and back office at the same time, in three processes: one transaction each, when %s',
    async (_what, isKnown) => {
      const { intent, charge, opened, truth } = paid();
      const refund = refundOf(charge, { amount: 2_500 });
      const process = ledger({ truth: { ...truth, refunds: [refund] }, payments: isKnown ? [opened] : [] });
      const { commercetools, dependencies } = process;
      const whose = { paymentIntentId: intent.id, ...(isKnown && { paymentId: opened.id }) };
      const operation = { ...whose, operationId: 'operation-9', operation: 'refundPayment' };
      const events = [
        ...(isKnown
          ? [
              readIntent('checkout.payment.confirmed', { ...whose, paymentIntent: intent }),
              readIntent('checkout.payment.operation_completed', {
                ...operation,
                outcome: { kind: 'done', object: refund },
              }),
            ]
          : []),
        read(stripeEvent('charge.succeeded', charge)),
        read(stripeEvent('payment_intent.succeeded', intent)),
        read(stripeEvent('charge.refunded', charge)),
        read(stripeEvent('refund.created', refund)),
      ];
      await Promise.all(
        events.map((event, n) =>
          recordPaymentEvent({ ...dependencies, known: n % 3 === 0 ? dependencies.known : memory() }, event),
        ),
      );
      const [payment, ...others] = commercetools.stored.values();
      expect(others).toEqual([]);
      expect(shown(payment)).toEqual([
        `Authorization:Success 10000 [${intent.id}]`,
        'Charge:Success 10000',
        `Refund:Success 2500 [${refund.id}]`,
      ]);
      expect(payment?.transactions).toHaveLength(3);
      expect(commercetools.carts.get(CART)?.paymentInfo?.payments ?? []).toHaveLength(isKnown ? 0 : 1);
    },
  );

  it('a write whose answer was lost is not written twice', async () => {
    const { intent, opened, truth } = paid();
    const { commercetools, receive } = ledger({ truth, payments: [opened] });
    commercetools.faults.push('answer-lost');
    const event = stripeEvent('payment_intent.succeeded', intent);
    await expect(receive(event)).rejects.toBeInstanceOf(TransientError);
    expect(await receive(event)).toMatchObject({ kind: 'recorded', written: false });
    expect(shown(commercetools.payment(opened.id))).toHaveLength(2);
  });

  it('a refusal by commercetools is passed on', async () => {
    const { charge, opened, truth } = paid();
    const { commercetools, receive } = ledger({ truth, payments: [opened] });
    commercetools.beforeUpdate = () => {
      throw new PermanentError('InvalidField');
    };
    await expect(receive(stripeEvent('charge.succeeded', charge))).rejects.toThrow('InvalidField');
  });

  it('nothing is written when the partition moved to another process during a call to Stripe', async () => {
    const { charge, opened, truth } = paid();
    const { commercetools, receive } = ledger({ truth, payments: [opened] });
    const rejected = expect(receive(stripeEvent('charge.succeeded', charge), () => false)).rejects;
    await rejected.toMatchObject({ name: 'TransientError', reason: 'revoked' });
    expect(commercetools.calls).not.toContain('payments.update');
  });

  it('nothing is created or attached when the partition has moved to another process', async () => {
    const { charge, truth } = paid();
    const { commercetools, receive } = ledger({ truth });
    await expect(receive(stripeEvent('charge.succeeded', charge), () => false)).rejects.toBeInstanceOf(TransientError);
    expect(commercetools.stored.size).toBe(0);
    const halfMade = ledger({ truth, payments: [payment({ key: KEY })] });
    const rejected = expect(halfMade.receive(stripeEvent('charge.succeeded', charge), () => false)).rejects;
    await rejected.toBeInstanceOf(TransientError);
    expect(halfMade.commercetools.calls).not.toContain('carts.update');
  });
});

describe('calls', () => {
  const calls = ({ commercetools, stripe }: ReturnType<typeof ledger>) =>
    [...stripe.calls, ...commercetools.calls].length;

  it.each(['charge.succeeded', 'payment_intent.succeeded'])(
    '%s costs two for an unknown payment, one for a known one',
    async (type) => {
      const { intent, charge, opened, truth } = paid();
      const unknown = ledger({ truth, payments: [opened] });
      await unknown.receive(stripeEvent(type, type === 'charge.succeeded' ? charge : intent));
      expect(calls(unknown)).toBe(2);
      const other = type === 'charge.succeeded' ? stripeEvent('payment_intent.succeeded', intent) : undefined;
      const known = calls(unknown);
      const refund = refundOf(charge);
      unknown.stripe.show({ refunds: [refund] });
      await unknown.receive(other ?? stripeEvent('refund.created', refund));
      // A refund event also reads the charge and all its refunds from Stripe.
      expect(calls(unknown) - known).toBe(other ? 1 : 3);
    },
  );

  it('money that the cached payment shows costs none, because it is never undone', async () => {
    const { intent, charge, opened, truth } = paid();
    const process = ledger({ truth, payments: [opened], interactionType: 'interaction-type' });
    await process.receive(stripeEvent('charge.succeeded', charge));
    await process.receive(stripeEvent('payment_intent.succeeded', intent));
    const before = calls(process);
    for (const event of [
      readIntent('checkout.payment.confirmed', {
        paymentId: opened.id,
        paymentIntentId: intent.id,
        paymentIntent: intent,
      }),
      read(stripeEvent('payment_intent.succeeded', intent)),
      read(stripeEvent('charge.succeeded', charge)),
    ]) {
      expect(await recordPaymentEvent(process.dependencies, event)).toMatchObject({ kind: 'recorded', written: false });
    }
    expect(calls(process) - before).toBe(0);
  });

  it('what reconciliation found missing is looked up in commercetools, whatever is cached', async () => {
    const { intent, charge, opened, truth } = paid();
    const process = ledger({ truth, payments: [opened] });
    await process.receive(stripeEvent('charge.succeeded', charge));
    await process.receive(stripeEvent('payment_intent.succeeded', intent));
    const before = process.commercetools.calls.length;
    const reconciled = readIntent('checkout.payment.reconciled', { paymentIntentId: intent.id, object: { ...intent } });
    await recordPaymentEvent(process.dependencies, reconciled);
    expect(process.commercetools.calls.slice(before)).toEqual(['payments.get_by_key']);
  });

  it('a cached refund costs one read, because it may have failed since', async () => {
    const { charge, opened, truth } = paid();
    const refund = refundOf(charge);
    const process = ledger({ truth: { ...truth, refunds: [refund] }, payments: [opened] });
    const event = stripeEvent('refund.created', refund);
    await process.receive(event);
    const before = process.commercetools.calls.length;
    expect(await process.receive(event)).toMatchObject({ kind: 'recorded', written: false });
    expect(process.commercetools.calls.slice(before)).toEqual(['payments.get_by_key']);
  });

  const asOpened = ({ intent, opened }: ReturnType<typeof paid>, version = opened.version) => {
    const amount = { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 };
    const asLinked = { version, createdAt: opened.createdAt, paymentInterface: 'checkout-stripe' };
    const whose = { paymentId: opened.id, paymentIntentId: intent.id, paymentKey: KEY, cartId: CART };
    return readIntent('checkout.payment.opened', { ...whose, amount, asLinked });
  };

  it('a payment that intent has just linked costs none for its opening, and one for its first money', async () => {
    const life = paid();
    const process = ledger({ truth: life.truth, payments: [life.opened] });
    const outcome = await recordPaymentEvent(process.dependencies, asOpened(life));
    expect(outcome).toMatchObject({ kind: 'recorded', written: false, payment: { id: life.opened.id, version: 1 } });
    expect(calls(process)).toBe(0);
    await process.receive(stripeEvent('payment_intent.succeeded', life.intent));
    expect(process.commercetools.calls).toEqual(['payments.update']);
    expect(shown(process.commercetools.payment(life.opened.id))).toHaveLength(2);
  });

  it('a payment that changed since intent linked it is read before it is written', async () => {
    const life = paid();
    const process = ledger({ truth: life.truth, payments: [life.opened] });
    process.commercetools.changeByAnother(life.opened.id);
    await recordPaymentEvent(process.dependencies, asOpened(life));
    await process.receive(stripeEvent('payment_intent.succeeded', life.intent));
    expect(process.commercetools.calls).toEqual(['payments.update', 'payments.get_by_key', 'payments.update']);
  });

  it('an old event of intent does not hide later changes: a payment canceled meanwhile shows Failure', async () => {
    const life = paid({ status: 'canceled', amount_received: 0 });
    const pending = transaction('Authorization', 'Pending', { interactionId: life.intent.id });
    const opened = { ...life.opened, version: 4, transactions: [pending] };
    const process = ledger({ truth: { paymentIntent: life.intent }, payments: [opened] });
    await recordPaymentEvent(process.dependencies, asOpened(life, 2));
    await process.receive(stripeEvent('payment_intent.canceled', life.intent));
    expect(shown(process.commercetools.payment(opened.id))).toContain(
      `Authorization:Failure 10000 [${life.intent.id}]`,
    );
  });

  it('a stale cached version costs a failed write, a read and a write', async () => {
    const { intent, charge, opened, truth } = paid();
    const process = ledger({ truth, payments: [opened] });
    await process.receive(stripeEvent('charge.succeeded', charge));
    process.commercetools.changeByAnother(opened.id);
    const before = process.commercetools.calls.length;
    await process.receive(stripeEvent('payment_intent.succeeded', intent));
    expect(process.commercetools.calls.slice(before)).toEqual([
      'payments.update',
      'payments.get_by_key',
      'payments.update',
    ]);
    expect(shown(process.commercetools.payment(opened.id))).toHaveLength(2);
  });

  it('a cached payment that another process has written since never counts as complete', async () => {
    const life = PaymentLife.of([
      { does: 'is processing', method: 'sepa_debit' },
      { does: 'settles', well: false },
    ]);
    const { paymentIntent: intent, truths } = life;
    const opened = payment({ key: KEY, interfaceId: intent.id });
    const process = ledger({ truth: truths[2] ?? {}, payments: [opened] });
    const processing = stripeEvent('payment_intent.processing', { ...intent, status: 'processing' });
    await process.receive(processing);
    // Another process recorded the second attempt as Pending, and this process does not know.
    const pending = transaction('Authorization', 'Pending', { interactionId: intent.id });
    process.commercetools.changeByAnother(opened.id, { transactions: [pending] });
    await process.receive(stripeEvent('payment_intent.payment_failed', intent));
    expect(shown(process.commercetools.payment(opened.id))).toEqual([`Authorization:Failure 10000 [${intent.id}]`]);
  });
});

describe('asynchronous methods', () => {
  it('processing, failed, tried again: Pending, Failure, Pending, and one transaction all the way', async () => {
    const life = new PaymentLife();
    const { paymentIntent: intent } = life;
    const opened = payment({ key: KEY, interfaceId: intent.id });
    const { commercetools, stripe, receive } = ledger({ truth: life.truths[0] ?? {}, payments: [opened] });
    const states: string[] = [];
    const steps = [
      { does: 'is processing', method: 'sepa_debit' },
      { does: 'settles', well: false },
      { does: 'is processing', method: 'sepa_debit' },
      { does: 'settles', well: true },
    ] as const;
    for (const step of steps) {
      const before = life.emissions.length;
      life.take(step);
      stripe.show(life.truths.at(-1) as Truth);
      for (const emission of life.emissions.slice(before)) if (emission.by === 'stripe') await receive(emission.event);
      states.push(shown(commercetools.payment(opened.id)).join(', '));
    }
    const authorization = (state: string) => `Authorization:${state} 10000 [${intent.id}]`;
    expect(states).toEqual([
      authorization('Pending'),
      authorization('Failure'),
      authorization('Pending'),
      `${authorization('Success')}, Charge:Success 10000`,
    ]);
    expect(commercetools.payment(opened.id).paymentMethodInfo.method).toBe('sepa_debit');
  });
});

describe('the amount that was planned', () => {
  const grown = { amount: 24_000 };
  const situation = (overrides: Parameters<typeof paymentIntent>[0]) => {
    const intent = paymentIntent(overrides);
    const charge = chargeOf(intent, { captured: intent.status === 'succeeded' });
    const opened = payment({ key: KEY, interfaceId: intent.id });
    return {
      intent,
      charge,
      opened,
      ...ledger({ truth: { paymentIntent: intent, charges: [charge] }, payments: [opened] }),
    };
  };

  it.each([
    ['payment_intent.processing', 'processing', {}],
    ['payment_intent.amount_capturable_updated', 'requires_capture', {}],
    ['payment_intent.succeeded', 'succeeded', { amount_received: 24_000 }],
  ] as const)('follows the PaymentIntent with %s, in the same update', async (type, status, fields) => {
    const { intent, opened, commercetools, receive } = situation({ ...grown, status, ...fields });
    await receive(stripeEvent(type, intent));
    expect(commercetools.payment(opened.id).amountPlanned).toEqual(money(24_000));
    expect(commercetools.writes).toHaveLength(1);
  });

  it.each(['charge.succeeded', 'charge.updated'])('follows it with %s', async (type) => {
    const { charge, opened, commercetools, receive } = situation({ ...grown, status: 'requires_capture' });
    await receive(stripeEvent(type, charge));
    expect(commercetools.payment(opened.id).amountPlanned).toEqual(money(24_000));
  });

  it('that exceeds what was paid is set back', async () => {
    const { intent, opened, commercetools, receive } = situation({ status: 'succeeded', amount_received: 10_000 });
    commercetools.changeByAnother(opened.id, { amountPlanned: money(24_000) });
    await receive(stripeEvent('payment_intent.succeeded', intent));
    expect(commercetools.payment(opened.id).amountPlanned).toEqual(money(10_000));
  });

  it.each(['requires_payment_method', 'requires_action', 'canceled'] as const)(
    'stays while no money is there (%s)',
    async (status) => {
      const { intent, opened, commercetools, receive } = situation({ ...grown, status });
      await receive(stripeEvent('payment_intent.payment_failed', intent));
      await receive(stripeEvent('payment_intent.canceled', intent));
      expect(commercetools.payment(opened.id).amountPlanned).toEqual(money(10_000));
    },
  );

  it('is not set back by an event older than the amount: Stripe is read when the two differ', async () => {
    const { charge, intent, opened, commercetools, stripe, receive } = situation({
      ...grown,
      status: 'requires_capture',
    });
    await receive(stripeEvent('payment_intent.amount_capturable_updated', intent));
    await receive(stripeEvent('charge.succeeded', { ...charge, amount: 10_000 }));
    expect(commercetools.payment(opened.id).amountPlanned).toEqual(money(24_000));
    expect(stripe.calls).toEqual(['payment_intents.retrieve', 'payment_intents.retrieve']);
  });

  it('costs no call when it is the same', async () => {
    const { charge, stripe, receive } = situation({ status: 'requires_capture' });
    await receive(stripeEvent('charge.succeeded', charge));
    expect(stripe.calls).toEqual([]);
  });
});

/** Amounts at Stripe and in commercetools, for the currencies that either side counts specially. */
const SPECIAL: [currency: string, stripe: number, centAmount: number, fractionDigits: number][] = [
  ...'BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF'
    .split(' ')
    .map((code): [string, number, number, number] => [code, 5_000, 5_000, 0]),
  ['MGA', 5_000, 500_000, 2],
  ...'BHD JOD KWD OMR TND'.split(' ').map((code): [string, number, number, number] => [code, 12_340, 12_340, 3]),
  ['ISK', 500_000, 5_000, 0],
  ['UGX', 500_000, 5_000, 0],
  ['HUF', 250_000, 250_000, 2],
  ['TWD', 250_000, 250_000, 2],
  ['EUR', 10_000, 1_000_000, 4],
];

describe.each(SPECIAL)(
  'in %s, where Stripe counts %i and the payment %i with %i digits',
  (code, amount, centAmount, digits) => {
    const { intent, charge, truth } = paid({ currency: code.toLowerCase(), amount, amount_received: amount });
    const refund = refundOf(charge);
    const failed = refundOf(charge, { status: 'failed' });
    const dispute = disputeOf(charge, { status: 'lost' });
    const canceled = { ...intent, status: 'canceled' as const, amount_received: 0 };
    const processing = { ...intent, status: 'processing' as const, amount_received: 0 };
    const partly = { ...charge, captured: false };

    it.each<[string, StripeEvent, Partial<Truth>, string[]]>([
      [
        'payment_intent.succeeded',
        stripeEvent('payment_intent.succeeded', intent),
        {},
        [`Authorization:Success`, 'Charge:Success'],
      ],
      [
        'payment_intent.processing',
        stripeEvent('payment_intent.processing', processing),
        { paymentIntent: processing },
        ['Authorization:Pending'],
      ],
      [
        'payment_intent.canceled',
        stripeEvent('payment_intent.canceled', canceled),
        { paymentIntent: canceled },
        ['Authorization:Failure', 'CancelAuthorization:Success'],
      ],
      ['charge.succeeded', stripeEvent('charge.succeeded', charge), {}, ['Authorization:Success']],
      [
        'charge.updated of a partial capture',
        stripeEvent('charge.updated', partly),
        {},
        ['Authorization:Success', 'Charge:Success'],
      ],
      ['charge.refunded', stripeEvent('charge.refunded', charge), { refunds: [refund] }, ['Refund:Success']],
      [
        'charge.refund.updated',
        stripeEvent('charge.refund.updated', failed),
        { refunds: [failed] },
        ['Refund:Failure'],
      ],
      [
        'charge.dispute.closed',
        stripeEvent('charge.dispute.closed', dispute),
        { disputes: [dispute] },
        ['Chargeback:Success'],
      ],
    ])('%s writes the converted amount', async (_type, event, now, expected) => {
      const opened = payment({ key: KEY, interfaceId: intent.id, amountPlanned: money(centAmount, code, digits) });
      const { commercetools, receive } = ledger({ truth: { ...truth, ...now }, payments: [opened] });
      await receive(event);
      const { transactions, amountPlanned } = commercetools.payment(opened.id);
      expect(transactions.map(({ type, state }) => `${type}:${state}`)).toEqual(expected);
      for (const transaction of transactions) expect(transaction.amount).toEqual(money(centAmount, code, digits));
      expect(amountPlanned).toEqual(money(centAmount, code, digits));
    });
  },
);

describe('a voucher and a bank transfer', () => {
  const situation = (steps: readonly Step[]) => {
    const life = PaymentLife.of(steps);
    const opened = payment({ key: KEY, interfaceId: life.paymentIntent.id });
    const process = ledger({ truth: life.truths[0] ?? {}, payments: [opened], interactionType: 'interaction-type' });
    /** The payment after each step, with each event received when it happens. */
    const states = async () => {
      const shows: string[] = [];
      for (const [moment, truth] of life.truths.entries()) {
        process.stripe.show(truth);
        for (const emission of life.emissions) {
          if (emission.by === 'stripe' && emission.moment === moment) await process.receive(emission.event);
        }
        shows.push(shown(process.commercetools.payment(opened.id)).join(', '));
      }
      return shows.slice(1);
    };
    const authorization = (state: string) => `Authorization:${state} 10000 [${life.paymentIntent.id}]`;
    return { states, authorization, opened, ...process };
  };

  it('paid days later: Pending, then Success and the Charge', async () => {
    const { states, authorization } = situation([
      { does: 'gets a voucher', type: 'multibanco' },
      { does: 'settles', well: true },
    ]);
    expect(await states()).toEqual([authorization('Pending'), `${authorization('Success')}, Charge:Success 10000`]);
  });

  it('never paid: Pending, then Failure, and the shopper may try again', async () => {
    const { states, authorization } = situation([
      { does: 'gets a voucher', type: 'oxxo' },
      { does: 'settles', well: false },
      { does: 'is authorised', method: 'card' },
    ]);
    expect(await states()).toEqual([
      authorization('Pending'),
      authorization('Failure'),
      `${authorization('Success')}, Charge:Success 10000`,
    ]);
  });

  it('replaced by a card that needs authentication: Failure, because the voucher is void', async () => {
    const { states, authorization } = situation([
      { does: 'gets a voucher', type: 'multibanco' },
      { does: 'is challenged' },
      { does: 'is authorised', method: 'card' },
    ]);
    expect(await states()).toEqual([
      authorization('Pending'),
      authorization('Failure'),
      `${authorization('Success')}, Charge:Success 10000`,
    ]);
  });

  it('paid in parts: Pending until all of it is there, with what is missing in the record', async () => {
    const { states, authorization, commercetools, opened } = situation([
      { does: 'gets a voucher', type: 'customer_balance' },
      { does: 'is funded in part', share: 60 },
      { does: 'settles', well: true },
    ]);
    expect(await states()).toEqual([
      authorization('Pending'),
      authorization('Pending'),
      `${authorization('Success')}, Charge:Success 10000`,
    ]);
    const records = commercetools.payment(opened.id).interfaceInteractions.map(({ fields }) => fields);
    const partly = records.find(({ type }) => type === 'payment_intent.partially_funded');
    expect(JSON.parse(partly?.response)).toMatchObject({ amount_received: 0, amount_remaining: 4_000 });
  });
});

describe('money that commercetools cannot express', () => {
  it('is refused permanently, with its reason', async () => {
    const { intent, truth } = paid({ currency: 'isk', amount: 500_050, amount_received: 500_050 });
    const opened = payment({ key: KEY, amountPlanned: money(5_000, 'ISK', 0) });
    const { receive } = ledger({ truth, payments: [opened] });
    const rejected = expect(receive(stripeEvent('payment_intent.succeeded', intent))).rejects;
    await rejected.toMatchObject({ name: 'PermanentError', reason: 'inexpressible_amount' });
  });
});

describe('interface interactions', () => {
  const { intent, opened } = paid();
  const declined = paymentIntent({
    id: intent.id,
    status: 'requires_payment_method',
    last_payment_error: {
      type: 'card_error',
      code: 'card_declined',
      decline_code: 'insufficient_funds',
      message: 'Your card has insufficient funds.',
    },
  });
  const event = stripeEvent('payment_intent.payment_failed', declined);
  const situation = { truth: { paymentIntent: declined }, payments: [opened] };

  it('a decline is recorded with Stripe’s code and message, without a transaction or the client secret, once', async () => {
    const { commercetools, receive } = ledger({ ...situation, interactionType: 'interaction-type' });
    await receive(event);
    await receive(event);
    const { interfaceInteractions, transactions } = commercetools.payment(opened.id);
    expect(transactions).toEqual([]);
    expect(interfaceInteractions).toHaveLength(1);
    const { interactionId, type, response } = interfaceInteractions[0]?.fields ?? {};
    expect({ interactionId, type }).toEqual({ interactionId: event.id, type: 'payment_intent.payment_failed' });
    expect(JSON.parse(response)).toEqual({
      id: intent.id,
      status: 'requires_payment_method',
      amount: 10_000,
      amount_received: 0,
      currency: 'eur',
      code: 'card_declined',
      declineCode: 'insufficient_funds',
      message: 'Your card has insufficient funds.',
    });
  });

  it('are written together with the money of an event, and not as an update of their own if the payment shows the money already', async () => {
    const life = paid();
    const process = ledger({ truth: life.truth, payments: [life.opened], interactionType: 'interaction-type' });
    await process.receive(stripeEvent('payment_intent.succeeded', life.intent));
    await process.receive(stripeEvent('payment_intent.succeeded', life.intent));
    const { interfaceInteractions } = process.commercetools.payment(life.opened.id);
    expect(interfaceInteractions.map(({ fields }) => fields.type)).toEqual(['payment_intent.succeeded']);
    expect(process.commercetools.writes).toHaveLength(1);
  });

  it('are not written if the project has no type for them', async () => {
    const { commercetools, receive } = ledger(situation);
    expect(await receive(event)).toMatchObject({ kind: 'recorded', written: false });
    expect(commercetools.writes).toEqual([]);
  });
});
