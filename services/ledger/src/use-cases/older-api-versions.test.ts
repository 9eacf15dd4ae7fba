import { PAYMENT_EVENT_TYPES, type PaymentChange, STRIPE_EVENTS, type StripeEventType } from '@connector/contracts';
import {
  balanceTransaction,
  cart,
  chargeOf,
  disputeOf,
  METADATA_OF_OURS,
  payment,
  paymentIntent,
  refundOf,
  reviewOf,
  type StripeObject,
  stripeEvent,
  type Truth,
} from '@connector/testing';
import { FakeCommercetools, FakeStripe } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import { commercetoolsCarts, commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { begin, expected, IN_ORDER, run, shown } from '../testing/ledger-run.ts';
import { memory } from '../testing/memory.ts';
import { read } from '../testing/messages.ts';
import { recordPaymentEvent } from './record-payment-event.ts';

/**
 * Only webhooks have their endpoint's API version: what the ledger reads from Stripe comes in the version of its own
 * SDK.
 */
const VERSIONS = ['2019-12-03', '2020-08-27', '2022-08-01', '2022-11-15', '2023-10-16', '2024-06-20'] as const;
type Version = (typeof VERSIONS)[number];
type Shape = Record<string, unknown>;

const without = (object: Shape, ...names: string[]): Shape =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
const listOf = (...data: Shape[]) => ({ object: 'list', data, has_more: false, total_count: data.length });

/** Fields that later versions added, on any object. */
const YOUNG = [
  'customer_account',
  'managed_payments',
  'payment_record',
  'allowed_payment_method_types',
  'excluded_payment_method_types',
  'enhanced_eligibility_types',
  'intended_submission_method',
  'presentment_details',
  'radar_options',
];

/** A charge before 2022-11-15 carried its refunds, and the oldest did not say how much of it was captured. */
function chargeIn(version: Version, charge: Shape, refunds: readonly Shape[]): Shape {
  const shape = without(charge, ...YOUNG, ...(version < '2020-08-27' ? ['amount_captured'] : []));
  return version < '2022-11-15' ? { ...shape, refunds: listOf(...refunds) } : shape;
}

/** The object of an event as an endpoint of `version` receives it. */
function objectIn(version: Version, object: StripeObject, { charges, refunds }: Truth): Shape {
  const shape = without({ ...object }, ...YOUNG);
  switch (object.object) {
    case 'payment_intent': {
      if (version >= '2022-11-15') return shape;
      const newestFirst = charges.toReversed().map((charge) => chargeIn(version, { ...charge }, []));
      return { ...without(shape, 'latest_charge', 'automatic_payment_methods'), charges: listOf(...newestFirst) };
    }
    case 'charge':
      return chargeIn(
        version,
        shape,
        refunds.map((refund) => ({ ...refund })),
      );
    case 'refund':
      return without(shape, 'destination_details', 'payment_method');
    default:
      return without(shape, 'balance_transactions', 'payment_method_details');
  }
}

const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
const charge = chargeOf(intent);
intent.latest_charge = charge.id;
const refund = refundOf(charge, { amount: 2_500 });
const dispute = disputeOf(charge, { status: 'lost', balance_transactions: [balanceTransaction()] });
const { id } = intent;
const truth: Truth = { paymentIntent: intent, charges: [charge], refunds: [refund], disputes: [dispute] };
const waiting = paymentIntent({ id, status: 'requires_payment_method' });
const transferred = paymentIntent({
  id,
  status: 'requires_action',
  next_action: { type: 'display_bank_transfer_instructions' },
});
const canceled = paymentIntent({ id, status: 'canceled', amount_received: 4_000, latest_charge: charge.id });
const AUTHORIZATION = `Authorization:Success 10000 [${id}]`;
const CHARGED = [AUTHORIZATION, 'Charge:Success 10000'];
const REFUNDED = [`Refund:Success 2500 [${refund.id}]`];
const CHARGED_BACK = [`Chargeback:Success 10000 [${dispute.id}]`];

type Row = [object: StripeObject, expected: string[], now?: Partial<Truth>];
/** The expected record of an event by its kind of change, or by its type where the kind is not enough. */
const BY_CHANGE: Record<PaymentChange, Row> = {
  'charge-changed': [charge, [AUTHORIZATION]],
  'charge-refunded': [charge, REFUNDED],
  'payment-intent-changed': [intent, CHARGED],
  'shopper-must-act': [waiting, [], { paymentIntent: waiting }],
  'payment-failed': [waiting, [], { paymentIntent: waiting }],
  'refund-changed': [refund, REFUNDED],
  'dispute-changed': [dispute, CHARGED_BACK],
  'payment-suspected': [reviewOf(charge), []],
};
const BY_TYPE: Partial<Record<StripeEventType, Row>> = {
  'payment_intent.canceled': [
    canceled,
    [`Authorization:Failure 10000 [${id}]`, 'Charge:Success 4000', `CancelAuthorization:Success 6000 [${id}]`],
    { paymentIntent: canceled },
  ],
  'payment_intent.processing': [{ ...intent, status: 'processing', amount_received: 0 }, CHARGED],
  'payment_intent.amount_capturable_updated': [
    { ...intent, status: 'requires_capture', amount_received: 4_000 },
    [AUTHORIZATION, 'Charge:Success 4000'],
  ],
  'payment_intent.partially_funded': [
    transferred,
    [`Authorization:Pending 10000 [${id}]`],
    { paymentIntent: transferred },
  ],
};

describe.each(VERSIONS)('an event of the API version %s', (version) => {
  it.each(PAYMENT_EVENT_TYPES)('%s is recorded like one of the present version', async (type) => {
    const [object, expected, now = {}] = BY_TYPE[type] ?? BY_CHANGE[STRIPE_EVENTS[type]];
    const opened = payment({ key: METADATA_OF_OURS.ct_payment_key, interfaceId: id });
    const commercetools = new FakeCommercetools().add(opened).addCart(cart({ id: METADATA_OF_OURS.cart_id }));
    const facts = { ...truth, ...now };
    const dependencies = {
      payments: commercetoolsPayments(commercetools),
      carts: commercetoolsCarts(commercetools),
      stripe: stripeFacts(new FakeStripe().show(facts)),
      projectKey: METADATA_OF_OURS.ct_project_key,
      paymentInterface: 'checkout-stripe',
      livemode: false,
      known: memory(),
      interactionType: () => undefined,
    };
    const event = stripeEvent(type, objectIn(version, object, facts) as unknown as StripeObject);
    await recordPaymentEvent(dependencies, read({ ...event, api_version: version as never }));
    expect(shown(commercetools.payment(opened.id))).toEqual(expected.toSorted());
  });

  it('a whole life with several captures and refunds ends as with the present version', async () => {
    const steps = [
      { does: 'is authorised', method: 'card' },
      { does: 'is captured', share: 40, isFinal: false },
      { does: 'is captured', share: 50, isFinal: true },
      { does: 'is refunded', share: 30, status: 'pending', isBooked: true },
      { does: 'moves a refund', which: 0, status: 'failed' },
      { does: 'is disputed', share: 100, status: 'needs_response', withdrawn: true },
    ] as const;
    const lived = {
      captureMethod: 'manual',
      showsReleases: true,
      isOlderEndpoint: true,
      isRaisable: false,
      takenOverAfter: 0,
    } as const;
    const { life, before } = begin({ ...lived, steps: [...steps] }, 'opened-by-intent');
    for (const emission of life.emissions) {
      if (emission.by !== 'stripe') continue;
      const { data } = emission.event;
      const then = life.truths[emission.moment] as Truth;
      data.object = objectIn(version, data.object, then) as unknown as StripeObject;
    }
    const [ended] = (await run(life, before, IN_ORDER)).stored.values();
    expect(shown(ended)).toEqual(expected(life, 'opened-by-intent'));
  });
});
