import { describe, expect, it } from 'vitest';
import { compare } from './consistency-check.ts';
import type {
  CommercetoolsPayment,
  CommercetoolsTruth,
  StripeDispute,
  StripePaymentIntent,
  StripeRefund,
  StripeTruth,
  Transaction,
} from './truths.ts';

const transaction = (type: string, state: string, centAmount: number, interactionId = 'pi_1'): Transaction => ({
  type,
  state,
  interactionId,
  amount: { centAmount, currencyCode: 'EUR', fractionDigits: 2 },
});
const paid = [transaction('Authorization', 'Success', 2400), transaction('Charge', 'Success', 2400)];
const refund = (over: Partial<StripeRefund> = {}): StripeRefund => ({
  id: 're_1',
  payment_intent: 'pi_1',
  amount: 500,
  status: 'succeeded',
  is_release: false,
  ...over,
});
const dispute = (status: string, movements: number[] = []): StripeDispute => ({
  id: 'du_1',
  payment_intent: 'pi_1',
  amount: 2400,
  status,
  balance_transactions: movements.map((amount) => ({ amount })),
});

interface Case {
  paymentIntent?: Partial<StripePaymentIntent>;
  charge?: { status: string; type?: string };
  refunds?: StripeRefund[];
  disputes?: StripeDispute[];
  transactions?: Transaction[];
  payment?: Partial<CommercetoolsPayment>;
}

function sides({ paymentIntent, charge, refunds = [], disputes = [], transactions = paid, payment }: Case) {
  const stripe: StripeTruth = {
    payment_intents: [
      {
        id: 'pi_1',
        status: 'succeeded',
        amount: 2400,
        amount_received: 2400,
        currency: 'eur',
        metadata: { cart_id: 'cart-1' },
        ...paymentIntent,
      },
    ],
    charges: [
      {
        id: 'ch_1',
        payment_intent: 'pi_1',
        status: charge?.status ?? 'succeeded',
        payment_method_details: { type: charge?.type ?? 'card' },
      },
    ],
    refunds,
    disputes,
  };
  const commercetools: CommercetoolsTruth = {
    payments: [{ id: 'payment-1', key: 'cart-1-1', interfaceId: 'pi_1', transactions, ...payment }],
    carts: [{ id: 'cart-1', paymentInfo: { payments: [{ id: 'payment-1' }] } }],
  };
  return { stripe, commercetools };
}
const verdicts = (given: Case) => {
  const { stripe, commercetools } = sides(given);
  return compare(stripe, commercetools).map(({ verdict, what }) => `${verdict}: ${what}`);
};

const waiting = { status: 'requires_payment_method', amount_received: 0 };
const authorized = { status: 'requires_capture', amount_received: 0 };

describe('finds nothing when commercetools shows', () => {
  it.each<[string, Case]>([
    ['a paid PaymentIntent', {}],
    ['one that waits for its shopper', { paymentIntent: waiting, charge: { status: 'failed' }, transactions: [] }],
    [
      'an abandoned one whose payment is found by its key alone',
      {
        paymentIntent: { ...waiting, metadata: { cart_id: 'cart-1', ct_payment_key: 'cart-1-1' } },
        charge: { status: 'failed' },
        transactions: [],
        payment: { interfaceId: undefined },
      },
    ],
    [
      'a bank debit on its way',
      {
        paymentIntent: { status: 'processing', amount_received: 0 },
        charge: { status: 'pending', type: 'sepa_debit' },
        transactions: [transaction('Authorization', 'Pending', 2400)],
      },
    ],
    [
      'a bank debit that came back',
      {
        paymentIntent: waiting,
        charge: { status: 'failed', type: 'sepa_debit' },
        transactions: [transaction('Authorization', 'Failure', 2400)],
      },
    ],
    [
      'several captures by their sum, the rest let go of',
      {
        paymentIntent: { amount_received: 900 },
        refunds: [refund({ amount: 1500, is_release: true })],
        transactions: [
          transaction('Authorization', 'Success', 2400),
          transaction('Charge', 'Success', 400, 'ch_1:400'),
          transaction('Charge', 'Success', 500),
        ],
      },
    ],
    [
      'a cancellation of what was not captured',
      {
        paymentIntent: { status: 'canceled', amount_received: 900 },
        transactions: [
          transaction('Authorization', 'Success', 2400),
          transaction('Charge', 'Success', 900, 'ch_1:900'),
          transaction('CancelAuthorization', 'Success', 1500),
        ],
      },
    ],
    [
      'each refund in its state',
      {
        refunds: [refund(), refund({ id: 're_2', status: 'pending' }), refund({ id: 're_3', status: 'failed' })],
        transactions: [
          ...paid,
          transaction('Refund', 'Success', 500, 're_1'),
          transaction('Refund', 'Pending', 500, 're_2'),
          transaction('Refund', 'Failure', 500, 're_3'),
        ],
      },
    ],
    [
      'a lost dispute',
      {
        disputes: [dispute('lost', [-2400])],
        transactions: [...paid, transaction('Chargeback', 'Success', 2400, 'du_1')],
      },
    ],
    [
      'a won dispute',
      {
        disputes: [dispute('won', [-2400, 2400])],
        transactions: [...paid, transaction('Chargeback', 'Failure', 2400, 'du_1')],
      },
    ],
    ['no Chargeback for an inquiry', { disputes: [dispute('warning_closed')] }],
    [
      'an operation that Stripe refused',
      { transactions: [...paid, transaction('Refund', 'Failure', 99, 'refundPayment-3f2a')] },
    ],
    [
      'a three-decimal amount',
      {
        paymentIntent: { currency: 'kwd', amount: 7990, amount_received: 7990 },
        transactions: paid.map((each) => ({
          ...each,
          amount: { centAmount: 7990, currencyCode: 'KWD', fractionDigits: 3 },
        })),
      },
    ],
  ])('%s', (_what, given) => expect(verdicts(given)).toEqual([]));
});

describe('catches', () => {
  it.each<[string, Case, string[]]>([
    [
      'a Charge that is not there',
      { transactions: [transaction('Authorization', 'Success', 2400)] },
      ['lost: Charges of 0, at Stripe 2400 was captured'],
    ],
    [
      'an Authorization that is not there',
      { transactions: [transaction('Charge', 'Success', 2400)] },
      ['lost: Authorization pi_1:Success of 2400 is not there'],
    ],
    ['a refund that is not there', { refunds: [refund()] }, ['lost: Refund re_1:Success of 500 is not there']],
    [
      'a Chargeback that is not there',
      { disputes: [dispute('lost', [-2400])] },
      ['lost: Chargeback du_1:Success of 2400 is not there'],
    ],
    [
      'a cancellation that is not there',
      {
        paymentIntent: { status: 'canceled', amount_received: 0 },
        transactions: [transaction('Authorization', 'Success', 2400)],
      },
      ['lost: CancelAuthorization pi_1:Success of 2400 is not there'],
    ],
    [
      'a Charge booked twice',
      { transactions: [...paid, transaction('Charge', 'Success', 2400)] },
      ['duplicated: Charge pi_1 is there more than once', 'duplicated: Charges of 4800, at Stripe 2400 was captured'],
    ],
    [
      'a refund booked twice',
      {
        refunds: [refund()],
        transactions: [
          ...paid,
          transaction('Refund', 'Success', 500, 're_1'),
          transaction('Refund', 'Success', 500, 're_1'),
        ],
      },
      ['duplicated: Refund re_1 is there more than once'],
    ],
    [
      'a capture booked under two ids',
      { transactions: [...paid, transaction('Charge', 'Success', 400, 'ch_1:400')] },
      ['duplicated: Charges of 2800, at Stripe 2400 was captured'],
    ],
    [
      'a wrong state',
      { transactions: [transaction('Authorization', 'Failure', 2400), transaction('Charge', 'Success', 2400)] },
      ['wrong: Authorization pi_1 is Failure, at Stripe it is Success'],
    ],
    [
      'a wrong amount',
      { refunds: [refund()], transactions: [...paid, transaction('Refund', 'Success', 501, 're_1')] },
      ['wrong: Refund re_1 is of 501, at Stripe of 500'],
    ],
    [
      'a wrong currency',
      {
        transactions: paid.map((each) => ({ ...each, amount: { ...each.amount, currencyCode: 'USD' } })),
      },
      [
        "wrong: Authorization pi_1 is in USD, Stripe's money in eur",
        "wrong: Charge pi_1 is in USD, Stripe's money in eur",
      ],
    ],
    [
      'a release booked as a refund',
      {
        paymentIntent: authorized,
        refunds: [refund({ is_release: true })],
        transactions: [transaction('Authorization', 'Success', 2400), transaction('Refund', 'Success', 500, 're_1')],
      },
      ['wrong: Refund re_1:Success of 500: nothing at Stripe stands for it'],
    ],
    [
      'a refund booked as a Chargeback',
      { transactions: [...paid, transaction('Chargeback', 'Success', 500, 're_1')] },
      ['wrong: Chargeback re_1:Success of 500: nothing at Stripe stands for it'],
    ],
    [
      'a Charge of nothing that Stripe captured',
      { paymentIntent: authorized, transactions: [...paid.slice(0, 1), transaction('Charge', 'Success', 10, 'txn_1')] },
      ['wrong: Charge txn_1:Success stands for no capture', 'duplicated: Charges of 10, at Stripe 0 was captured'],
    ],
    [
      'a state that stays behind',
      {
        refunds: [refund()],
        transactions: [...paid, transaction('Refund', 'Pending', 500, 're_1')],
      },
      ['stuck: Refund re_1 is Pending, at Stripe it is Success'],
    ],
    [
      'a PaymentIntent without payment, and its money',
      { payment: { interfaceId: 'pi_2' } },
      [
        'orphaned: no payment for a PaymentIntent of 2400 that is succeeded',
        'lost: 2400 received at Stripe',
        'orphaned: payment cart-1-1 has the unknown PaymentIntent pi_2',
      ],
    ],
    [
      'a payment that is not tied to its PaymentIntent although money came',
      {
        paymentIntent: { metadata: { cart_id: 'cart-1', ct_payment_key: 'cart-1-1' } },
        payment: { interfaceId: undefined },
      },
      [
        'orphaned: no payment for a PaymentIntent of 2400 that is succeeded',
        'lost: 2400 received at Stripe',
        'orphaned: payment cart-1-1 has no PaymentIntent',
      ],
    ],
    ['a payment that is on no cart', { payment: { id: 'payment-2' } }, ['orphaned: the payment is on no cart']],
    [
      'a payment on another cart than the PaymentIntent names',
      { paymentIntent: { metadata: { cart_id: 'cart-2' } } },
      ['wrong: the payment is on cart cart-1, not on cart-2'],
    ],
  ])('%s', (_what, given, expected) => expect(verdicts(given)).toEqual(expected));

  it('a payment without PaymentIntent', () => {
    const { stripe, commercetools } = sides({});
    const half = { id: 'payment-2', key: 'cart-2-1', transactions: [] };
    const findings = compare(stripe, { ...commercetools, payments: [...commercetools.payments, half] });
    expect(findings).toEqual([
      { verdict: 'orphaned', paymentId: 'payment-2', what: 'payment cart-2-1 has no PaymentIntent' },
    ]);
  });

  it('two payments for one PaymentIntent', () => {
    const { stripe, commercetools } = sides({});
    const [payment] = commercetools.payments;
    const twice = [...commercetools.payments, { ...(payment as CommercetoolsPayment), id: 'payment-2' }];
    expect(compare(stripe, { ...commercetools, payments: twice }).map(({ verdict }) => verdict)).toEqual([
      'duplicated',
    ]);
  });

  it('a payment that is on its cart twice', () => {
    const { stripe, commercetools } = sides({});
    const payments = [{ id: 'payment-1' }, { id: 'payment-1' }];
    const carts = [{ id: 'cart-1', paymentInfo: { payments } }];
    expect(compare(stripe, { ...commercetools, carts }).map(({ verdict }) => verdict)).toEqual(['duplicated']);
  });
});
