import { startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { describe, expect, it } from 'vitest';
import { type Action, type Checkout, createCheckout, type RecurringTransaction } from './checkout.ts';

const { eachLike, equal, regex, string } = MatchersV3;

const contract = startContract('checkout', 'intent');

interface Case {
  /** The provider state that intent must be in. */
  given?: string;
  asks: string;
  method: 'GET' | 'POST';
  path: string;
  authorization: string;
  idempotencyKey?: string;
  body?: object;
  status: number;
  answer: unknown;
  call: (checkout: Checkout) => Promise<unknown>;
}

async function check(
  { given, asks, method, path, authorization, idempotencyKey, body, status, answer, call }: Case,
  then: (called: Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const interaction = contract.pact.addInteraction();
  if (given) interaction.given(given);
  await interaction
    .uponReceiving(asks)
    .withRequest(method, path, (request) => {
      request.headers({
        Authorization: authorization,
        ...(body && { 'Content-Type': 'application/json' }),
        ...(idempotencyKey && { 'Idempotency-Key': idempotencyKey }),
      });
      if (body) request.jsonBody(body);
    })
    .willRespondWith(status, (response) => {
      response.jsonBody(answer);
    })
    .executeTest(async ({ url }) => {
      await then(call(createCheckout(url, authorization)));
    });
}

const gives = (expected: unknown) => (called: Promise<unknown>) => expect(called).resolves.toEqual(expected);
const isRefused = (status: number, code: string) => (called: Promise<unknown>) =>
  expect(called).rejects.toMatchObject({ name: 'Refusal', status, errors: [{ code }] });

const refusal = (status: number, code: string, message: string) => ({
  message: string(message),
  statusCode: equal(status),
  errors: [{ code: equal(code), message: string(message) }],
});

/** A refused caller also gets OAuth2's error fields. */
const unauthorized = (code: string, message: string) => ({
  ...refusal(401, code, message),
  error: equal(code),
  error_description: string(message),
});

describe('a payment', () => {
  const amount = { centAmount: 1190, currencyCode: 'EUR' };
  const about = (action: Action, paymentId = 'payment-1') => ({
    method: 'POST' as const,
    path: `/operations/payment-intents/${paymentId}`,
    authorization: 'Bearer manage_checkout_payment_intents',
    body: { actions: [action] },
    call: (checkout: Checkout) => checkout.modifyPayment(paymentId, action),
  });
  const capture: Action = { action: 'capturePayment', amount, merchantReference: 'order-1' };
  const part: Action = { action: 'capturePayment', amount: { ...amount, centAmount: 500 } };
  const refund: Action = { action: 'refundPayment', amount, transactionId: 'charge-1', merchantReference: 'return-1' };
  const reverse: Action = { action: 'reversePayment' };

  it.each<[string, string, Action, string]>([
    ['is captured', 'an authorised payment', capture, 'approved'],
    ['is captured in part', 'an authorised payment, several captures being possible', part, 'approved'],
    ['is not captured in part where that is off', 'an authorised payment', part, 'rejected'],
    ['is not captured when Stripe refuses', 'an authorised payment that Stripe does not capture', capture, 'rejected'],
    ['is cancelled', 'an authorised payment', { action: 'cancelPayment' }, 'approved'],
    ['is refunded', 'a captured payment', refund, 'received'],
    ['is reversed by cancelling it', 'an authorised payment', reverse, 'approved'],
    ['is reversed by refunding it', 'a captured payment', reverse, 'received'],
  ])('%s', async (what, given, action, outcome) => {
    const answer = { outcome: equal(outcome) };
    await check({ given, asks: `a payment ${what}`, ...about(action), status: 200, answer }, gives({ outcome }));
  });

  it('is refunded once under one idempotency key, however often it is asked for', async () => {
    const idempotencyKey = 'refund-1';
    const answer = { outcome: equal('received') };
    await check(
      {
        given: 'a captured payment that was refunded under the key refund-1',
        asks: 'the refund under that key again',
        ...about(refund),
        idempotencyKey,
        call: (checkout) => checkout.modifyPayment('payment-1', refund, idempotencyKey),
        status: 200,
        answer,
      },
      gives({ outcome: 'received' }),
    );
  });

  it.each<[string, string, Action, string, number, string, string]>([
    [
      'that nobody paid is not reversed',
      'a payment that waits for the shopper',
      reverse,
      'payment-1',
      400,
      'InvalidOperation',
      'There is no successful payment transaction to reverse.',
    ],
    [
      'is not refunded above what was captured',
      'a captured payment',
      { action: 'refundPayment', amount: { ...amount, centAmount: 1191 } },
      'payment-1',
      400,
      'InvalidField',
      'The value of field amount.centAmount is above what is left to refund.',
    ],
    [
      'is not captured in another currency',
      'an authorised payment',
      { action: 'capturePayment', amount: { ...amount, currencyCode: 'USD' } },
      'payment-1',
      400,
      'InvalidField',
      "The value of field amount.currencyCode is not the payment's currency.",
    ],
    [
      'that does not exist is not found',
      'a captured payment',
      capture,
      'payment-unknown',
      404,
      'ResourceNotFound',
      'The payment was not found.',
    ],
  ])('%s', async (what, given, action, paymentId, status, code, message) => {
    const answer = refusal(status, code, message);
    await check(
      { given, asks: `a payment ${what}`, ...about(action, paymentId), status, answer },
      isRefused(status, code),
    );
  });

  it('is not touched by a caller without the permission', async () => {
    const answer = unauthorized('invalid_token', 'Not authorized');
    await check(
      {
        given: 'an authorised payment',
        asks: 'a capture without the permission',
        ...about(capture),
        authorization: 'Bearer view_payments',
        status: 401,
        answer,
      },
      isRefused(401, 'invalid_token'),
    );
  });
});

describe('a recurring transaction', () => {
  const transaction: RecurringTransaction = {
    type: 'Recurring',
    cartId: '22222222-2222-4222-8222-222222222222',
    checkoutTransactionItemId: '33333333-3333-4333-8333-333333333333',
    paymentMethodId: '11111111-1111-4111-8111-111111111111',
    amount: { centAmount: 1190, currencyCode: 'EUR' },
    idempotencyKey: 'period-1',
  };
  const about = {
    method: 'POST' as const,
    path: '/operations/transactions',
    authorization: 'Bearer manage_checkout_transactions',
    body: transaction,
    call: (checkout: Checkout) => checkout.createTransaction(transaction),
  };

  it.each([
    ['succeeds', 'a stored card that can be charged', 'Completed'],
    ['is on its way', 'a stored method whose charges take days', 'Pending'],
  ])('%s', async (what, given, state) => {
    const answer = { transactionStatus: { state: equal(state), errors: [] }, paymentId: string('payment-1') };
    await check(
      { given, asks: `a transaction that ${what}`, ...about, status: 201, answer },
      gives({ transactionStatus: { state, errors: [] }, paymentId: 'payment-1' }),
    );
  });

  it('is declined', async () => {
    const errors = eachLike({ code: equal('PaymentRejected'), message: string('The payment was rejected.') });
    const answer = { transactionStatus: { state: equal('Failed'), errors }, paymentId: string('payment-1') };
    await check(
      {
        given: 'a stored card that is declined',
        asks: 'a transaction that is declined',
        ...about,
        status: 201,
        answer,
      },
      gives({
        transactionStatus: {
          state: 'Failed',
          errors: [{ code: 'PaymentRejected', message: 'The payment was rejected.' }],
        },
        paymentId: 'payment-1',
      }),
    );
  });

  it('is refused where stored methods are off', async () => {
    await check(
      {
        given: 'stored methods are off',
        asks: 'a transaction where stored methods are off',
        ...about,
        status: 400,
        answer: refusal(400, 'InvalidOperation', 'Stored payment methods are not enabled.'),
      },
      isRefused(400, 'InvalidOperation'),
    );
  });
});

describe('the connector', () => {
  const JWT = 'Bearer good-jwt';
  const get = (path: string) => ({ method: 'GET' as const, path });

  it('names what its enabler can show', async () => {
    const answer = {
      dropins: eachLike({ type: regex('^(embedded|hpp)$', 'embedded') }),
      components: [{ type: 'card' }],
      express: eachLike({ type: string('dropin') }),
    };
    await check(
      {
        asks: 'the payment components',
        ...get('/operations/payment-components'),
        authorization: JWT,
        status: 200,
        answer,
        call: (checkout) => checkout.paymentComponents(),
      },
      gives({ dropins: [{ type: 'embedded' }], components: [{ type: 'card' }], express: [{ type: 'dropin' }] }),
    );
  });

  it('tells how it is', async () => {
    const answer = {
      status: regex('^(OK|Partially Available|Unavailable)$', 'OK'),
      timestamp: regex('^\\d{4}-\\d\\d-\\d\\dT.+Z$', '2026-11-23T09:00:00.000Z'),
      version: string('0.1.0'),
      checks: eachLike({ name: string('Stripe Status check'), status: regex('^(UP|DOWN)$', 'UP') }),
    };
    await check(
      {
        given: 'all parts work',
        asks: 'the status',
        ...get('/operations/status'),
        authorization: JWT,
        status: 200,
        answer,
        call: (checkout) => checkout.status(),
      },
      gives({
        status: 'OK',
        timestamp: '2026-11-23T09:00:00.000Z',
        version: '0.1.0',
        checks: [{ name: 'Stripe Status check', status: 'UP' }],
      }),
    );
  });

  it.each([
    ['the payment components', '/operations/payment-components', (checkout: Checkout) => checkout.paymentComponents()],
    ['the status', '/operations/status', (checkout: Checkout) => checkout.status()],
  ])('tells strangers nothing: %s', async (what, path, call) => {
    await check(
      {
        asks: `${what} for a stranger`,
        ...get(path),
        authorization: 'Bearer bad-jwt',
        status: 401,
        answer: unauthorized('invalid_token', 'jwt malformed'),
        call,
      },
      isRefused(401, 'invalid_token'),
    );
  });
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
