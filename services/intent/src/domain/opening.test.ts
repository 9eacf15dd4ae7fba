import { describe, expect, it } from 'vitest';
import { aCart, aCustomer, aPayment, aPaymentIntent, aTransaction, euro, someBehaviour } from '../testing/builders.ts';
import type { Cart, Payment } from './checkout-cart.ts';
import { type Asked, nextStep, type SeenAttempt, type Snapshot } from './opening.ts';

const asked: Asked = {
  express: false,
  expressCustomerSession: false,
  projectKey: 'project',
  cardFeatures: {},
  behaviour: someBehaviour(),
};

type AttemptFields = Partial<Omit<SeenAttempt, 'payment' | 'paymentIntent'>> & {
  payment?: Parameters<typeof aPayment>[0];
  intent?: Parameters<typeof aPaymentIntent>[0];
};

/** The `number`-th attempt: it waits for the shopper, over 11.90 EUR, is on the cart and linked. */
function attempt(number: number, { payment, intent, ...fields }: AttemptFields = {}): SeenAttempt {
  const id = `pi_${number}`;
  return {
    payment: aPayment({ id: `payment-${number}`, key: `cart-1-${number}`, interfaceId: id, ...payment }),
    number,
    paymentIntentId: id,
    paymentIntent: aPaymentIntent({ id, ...intent }),
    status: 'waiting',
    isOnCart: true,
    ...fields,
  };
}

const unknown = (number: number, planned = euro(1190)): SeenAttempt => {
  const { interfaceId: _none, ...payment } = attempt(number).payment;
  return {
    payment: { ...payment, amountPlanned: { ...payment.amountPlanned, ...planned } },
    number,
    paymentIntentId: undefined,
    status: 'unknown',
    isOnCart: true,
  };
};

/** The attempt without its PaymentIntent, as commercetools shows it. */
const recorded = (number: number, planned = euro(1190)): SeenAttempt => ({
  ...attempt(number, { payment: { planned, transactions: [aTransaction('Charge', 'Success', { amount: planned })] } }),
  paymentIntent: undefined,
  status: 'paid',
});

const paid = (number: number, fields: AttemptFields = {}) =>
  attempt(number, { status: 'paid', ...fields, intent: { status: 'succeeded', ...fields.intent } });

const transaction = (status: 'requires_confirmation' | 'requires_payment_method', fields: AttemptFields = {}) =>
  attempt(7, { number: undefined, payment: { key: 'transaction-abc' }, intent: { id: 'pi_7', status }, ...fields });

const NOW = Date.parse('2026-01-01T00:01:30.000Z');

const snapshot = (attempts: readonly SeenAttempt[], fields: Partial<Snapshot> = {}): Snapshot => ({
  cart: aCart(),
  isRemembered: false,
  customer: undefined,
  attempts,
  otherPayments: [],
  rejectedUpdates: new Set(),
  leftOut: new Set(),
  now: NOW,
  ...fields,
});

const costing = (centAmount: number): Cart => aCart({ total: euro(centAmount) });
const kuwaiti = aCart({ total: { centAmount: 7993, currencyCode: 'KWD', fractionDigits: 3 } });
const another = (fields: Parameters<typeof aPayment>[0]): Payment =>
  aPayment({ id: 'other', key: 'voucher', ...fields });

/**
 * Attempts, other parts of the snapshot or the request, and the expected step: its kind, its attempt, and its other
 * fields.
 */
type Row = readonly [
  rule: string,
  seen: readonly SeenAttempt[],
  besides: Partial<Snapshot & Asked>,
  step: readonly [kind: string, about?: number, rest?: object],
];

describe('the next step of an opening', () => {
  it.each<Row>([
    // Nothing is open yet
    ['creates the first attempt', [], {}, ['create', 1, { wanted: { due: euro(1190) } }]],
    [
      'creates it over what gift cards leave',
      [],
      { giftCardPlannedAmount: euro(190) },
      ['create', 1, { wanted: { due: euro(1000) } }],
    ],
    [
      'creates it over what another provider leaves',
      [],
      { otherPayments: [another({ planned: euro(190), transactions: [aTransaction('Charge', 'Success')] })] },
      ['create', 1, { wanted: { due: euro(1000) } }],
    ],
    [
      'creates the attempt after those that are over',
      [attempt(1, { status: 'over' }), attempt(2, { status: 'over' })],
      {},
      ['create', 3],
    ],
    [
      'creates the next after a transaction that is over',
      [transaction('requires_payment_method', { status: 'over' })],
      {},
      ['create', 1],
    ],
    [
      'creates it without what Stripe refused',
      [],
      { leftOut: new Set(['shipping', 'tax_calculation', 'customer'] as const), ...withEverything() },
      ['create', 1, { wanted: { shipping: undefined, taxCalculation: undefined, customer: undefined } }],
    ],
    [
      'creates it with all known data',
      [],
      withEverything(),
      [
        'create',
        1,
        { wanted: { shipping: { name: 'Ada', phone: '1' }, taxCalculation: 'taxcalc_1', customer: 'cus_1' } },
      ],
    ],
    [
      'creates it without the phone that Stripe refused',
      [],
      { leftOut: new Set(['phone'] as const), ...withEverything() },
      ['create', 1, { wanted: { shipping: { name: 'Ada', phone: '' } } }],
    ],

    // One attempt waits for the shopper
    ['gives the waiting one that is as wanted', [attempt(1)], {}, ['give', 1]],
    ['gives it although an earlier one is over', [attempt(1, { status: 'over' }), attempt(2)], {}, ['give', 2]],
    [
      'updates one of another amount, before amountPlanned',
      [attempt(1)],
      { cart: costing(2000) },
      ['update', 1, { params: { amount: 2000 } }],
    ],
    [
      'plans the amount after Stripe has it',
      [attempt(1, { intent: { amount: 2000 } })],
      { cart: costing(2000) },
      ['plan', 1, { amount: euro(2000) }],
    ],
    [
      'plans a lower amount too',
      [attempt(1, { payment: { planned: euro(2000) } })],
      {},
      ['plan', 1, { amount: euro(1190) }],
    ],
    [
      'updates it only once, whatever Stripe made of it',
      [attempt(1, { isAsAsked: true, intent: { shipping: { name: 'ADA' } as never } })],
      {},
      ['give', 1],
    ],
    [
      'cancels it when Stripe refused the update',
      [attempt(1)],
      { cart: costing(2000), rejectedUpdates: new Set(['pi_1']) },
      ['cancel', 1],
    ],
    [
      'gives one that refused an update, if none is needed any more',
      [attempt(1)],
      { rejectedUpdates: new Set(['pi_1']) },
      ['give', 1],
    ],
    [
      'cancels one with an authorization when the amount is another',
      [attempt(1, { payment: { transactions: [aTransaction('Authorization', 'Failure')] } })],
      { cart: costing(2000) },
      ['cancel', 1],
    ],
    [
      'gives one with an authorization that fits',
      [attempt(1, { payment: { transactions: [aTransaction('Authorization', 'Failure')] } })],
      {},
      ['give', 1],
    ],
    ['cancels one of another currency', [attempt(1, { intent: { currency: 'usd' } })], {}, ['cancel', 1]],
    [
      'cancels one of another capture method',
      [attempt(1, { intent: { capture_method: 'manual' } })],
      {},
      ['cancel', 1],
    ],
    ['attaches one that is not on the cart', [attempt(1, { isOnCart: false })], {}, ['attach', 1]],
    ['plans before it attaches', [attempt(1, { isOnCart: false, payment: { planned: euro(1) } })], {}, ['plan', 1]],

    // Several, and unknown ones
    ['cancels the earlier of two that wait', [attempt(1), attempt(2)], {}, ['cancel', 1]],
    ['cancels the oldest of three first', [attempt(1), attempt(2), attempt(3)], {}, ['cancel', 1]],
    [
      'finds the PaymentIntent of an unknown one first',
      [attempt(1), unknown(2)],
      {},
      ['find', 2, { isDue: true, wanted: { due: euro(1190) } }],
    ],
    [
      'finds it by its planned amount',
      [unknown(1, euro(500))],
      {},
      ['find', 1, { isDue: false, wanted: { due: { centAmount: 500 } } }],
    ],

    // Money is pending, held or charged
    [
      'refuses when commercetools shows it as paid',
      [recorded(1)],
      {},
      ['refuse', undefined, { refusal: { amount: { kind: 'paid', paidAmount: 1190, cartAmount: 1190 } } }],
    ],
    [
      'refuses when only Stripe shows it',
      [paid(1)],
      {},
      ['refuse', undefined, { refusal: { amount: { kind: 'paid', paidAmount: 1190 } } }],
    ],
    ['refuses when more was paid than the cart costs now', [paid(1)], { cart: costing(500) }, ['refuse']],
    [
      'refuses when it was paid in another currency',
      [paid(1, { payment: { planned: { ...euro(1), currencyCode: 'USD' } }, intent: { currency: 'usd', amount: 1 } })],
      {},
      ['refuse', undefined, { refusal: { amount: { kind: 'paid' } } }],
    ],
    [
      'opens the rest when the cart has grown',
      [paid(1)],
      { cart: costing(2000) },
      ['create', 2, { wanted: { due: euro(810) } }],
    ],
    [
      'opens the rest, also beside what commercetools shows',
      [recorded(1)],
      { cart: costing(2000) },
      ['create', 2, { wanted: { due: euro(810) } }],
    ],
    [
      'corrects an amountPlanned above what was paid',
      [paid(1, { payment: { planned: euro(2000) } })],
      { cart: costing(2000) },
      ['plan', 1, { amount: euro(1190) }],
    ],
    [
      'corrects an amountPlanned below what was paid',
      [paid(1, { intent: { amount: 2000 } })],
      { cart: costing(2000) },
      ['plan', 1, { amount: euro(2000) }],
    ],
    [
      'does not correct amountPlanned of an attempt that is over',
      [attempt(1, { status: 'over', intent: { amount: 5, status: 'canceled' } })],
      {},
      ['create', 2],
    ],
    [
      'does not correct amountPlanned to an amount that commercetools cannot express',
      [
        paid(1, {
          payment: { planned: { centAmount: 500, currencyCode: 'ISK', fractionDigits: 0 } },
          intent: { amount: 50001, currency: 'isk' },
        }),
      ],
      {},
      ['refuse'],
    ],
    ['cancels a waiting one when all is paid', [paid(1), attempt(2)], {}, ['cancel', 2]],
    ['cancels the first of several waiting ones', [attempt(1), attempt(2), recorded(3)], {}, ['cancel', 1]],
    ['leaves an unknown one alone when all is paid', [paid(1), unknown(2)], {}, ['refuse']],

    // Nothing to pay, or a closed cart
    [
      'refuses a cart that costs nothing',
      [],
      { cart: costing(0) },
      ['refuse', undefined, { refusal: { kind: 'nothing-due', amount: { kind: 'nothing' } } }],
    ],
    ['cancels a waiting one on a cart that is free now', [attempt(1)], { cart: costing(0) }, ['cancel', 1]],
    [
      'refuses a cart that gift cards pay',
      [],
      { giftCardPlannedAmount: euro(1190) },
      ['refuse', undefined, { refusal: { amount: { kind: 'nothing' } } }],
    ],
    [
      'refuses an ordered cart',
      [],
      { cart: aCart({ cartState: 'Ordered' }) },
      ['refuse', undefined, { refusal: { kind: 'closed', cartState: 'Ordered' } }],
    ],
    [
      'cancels a waiting one on an ordered cart',
      [attempt(1)],
      { cart: aCart({ cartState: 'Ordered' }) },
      ['cancel', 1],
    ],
    [
      'refuses a cart that was merged at login',
      [],
      { cart: aCart({ cartState: 'Merged' }) },
      ['refuse', undefined, { refusal: { kind: 'closed' } }],
    ],
    [
      'says that an ordered cart is paid, if it is',
      [recorded(1)],
      { cart: aCart({ cartState: 'Ordered' }) },
      ['refuse', undefined, { refusal: { kind: 'nothing-due' } }],
    ],
    ['opens a frozen cart', [], { cart: aCart({ cartState: 'Frozen' }) }, ['create', 1]],
    ['opens an active cart', [], { cart: aCart({ cartState: 'Active' }) }, ['create', 1]],
    [
      'refuses an amount that Stripe cannot express',
      [],
      { cart: kuwaiti },
      ['refuse', undefined, { refusal: { kind: 'inexpressible', reason: expect.stringContaining('KWD') } }],
    ],
    ['cancels a waiting one for such an amount', [attempt(1)], { cart: kuwaiti }, ['cancel', 1]],

    // A merchant charges the cart at the same time
    ['waits for a transaction that is being confirmed', [transaction('requires_confirmation')], {}, ['wait']],
    ['waits for it before anything else', [attempt(1), transaction('requires_confirmation'), unknown(2)], {}, ['wait']],
    [
      'waits for a transaction on the cart that has no PaymentIntent yet',
      [attempt(1)],
      { otherPayments: [aPayment({ id: 'mit', key: 'transaction-abc' })], now: Date.parse('2026-01-01T00:01:00Z') },
      ['wait'],
    ],
    [
      'does not wait for an abandoned one, which would read again before it charges',
      [attempt(1)],
      { otherPayments: [aPayment({ id: 'mit', key: 'transaction-abc' })], now: Date.parse('2026-01-01T00:02:00Z') },
      ['give', 1],
    ],
    [
      'cancels a transaction that nobody confirmed',
      [transaction('requires_confirmation')],
      { now: NOW + 1 },
      ['cancel', 7],
    ],
    ['cancels a transaction that was declined', [transaction('requires_payment_method')], {}, ['cancel', 7]],
    [
      'refuses after a transaction that went through',
      [paid(7, { number: undefined, payment: { key: 'transaction-abc' } })],
      {},
      ['refuse'],
    ],
    [
      "does not wait for a shopper's own confirmation",
      [attempt(1, { intent: { status: 'requires_confirmation' } })],
      {},
      ['give', 1],
    ],
  ])('%s', (_rule, attempts, besides, [kind, about, rest = {}]) => {
    const step = nextStep(snapshot(attempts, besides), { ...asked, ...besides });
    expect(step).toMatchObject({ kind, ...rest });
    const isAbout =
      'attempt' in step ? Number(step.attempt.payment.id.split('-')[1]) : 'number' in step ? step.number : undefined;
    expect(isAbout).toBe(about);
  });

  it('gives in an express checkout without the address and the customer that the wallet brings', () => {
    const step = nextStep(snapshot([], withEverything()), { ...asked, express: true });
    expect(step).toMatchObject({ wanted: { shipping: undefined, customer: undefined } });
    const bound = nextStep(snapshot([], withEverything()), { ...asked, express: true, expressCustomerSession: true });
    expect(bound).toMatchObject({ wanted: { shipping: undefined, customer: 'cus_1' } });
  });
});

/** A customer with a Stripe customer, an address and a tax calculation. */
function withEverything() {
  const fields = { connectorStripeTax_calculationReferences: ['taxcalc_1'] };
  const shippingAddress = { country: 'DE', firstName: 'Ada', streetName: 'Main', phone: '1' };
  const custom = { type: { typeId: 'type' as const, id: 't' }, fields };
  const stripe = { type: { typeId: 'type' as const, id: 't' }, fields: { stripeConnector_stripeCustomerId: 'cus_1' } };
  const customer = aCustomer({ custom: stripe });
  return { cart: aCart({ customerId: customer.id, shippingAddress, custom }), customer };
}
