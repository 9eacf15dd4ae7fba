import { startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { describe, expect, it } from 'vitest';
import { textsFor } from '../src/messages.ts';
import { createProcessorClient, type ProcessorClient } from '../src/processor-client.ts';

const { boolean, eachLike, equal, integer, like, regex, string } = MatchersV3;

const contract = startContract('enabler', 'intent');

const PAGE = 'https://shop.example';
const CAPTURE_METHOD = regex('^(automatic|automatic_async|manual)$', 'automatic');
const money = (centAmount: number) => ({
  centAmount: integer(centAmount),
  currencyCode: string('EUR'),
  fractionDigits: integer(2),
});

interface Case {
  /** The state that a test needs at intent. */
  given?: string;
  asks: string;
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  /** null = the page has no session yet. */
  sessionId?: string | null;
  headers?: Record<string, string>;
  body?: object;
  status: number;
  answer?: unknown;
  call: (processor: ProcessorClient) => Promise<unknown>;
}

/**
 * Calls the mock of intent as a page of the shop does: the browser adds the origin, and reads the answer only when that
 * is echoed.
 */
async function check(
  { given, asks, method = 'GET', path, sessionId = 'session-1', headers = {}, body, status, answer, call }: Case,
  then: (called: Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const interaction = contract.pact.addInteraction();
  if (given) interaction.given(given);
  await interaction
    .uponReceiving(asks)
    .withRequest(method, path, (request) => {
      request.headers({
        Origin: PAGE,
        ...(sessionId && { 'X-Session-Id': sessionId }),
        // The header is sent with GETs too, although they have no body; the processor must accept that.
        ...(method !== 'DELETE' && { 'Content-Type': 'application/json' }),
        ...headers,
      });
      if (body) request.jsonBody(body);
    })
    .willRespondWith(status, (response) => {
      response.headers({ 'Access-Control-Allow-Origin': PAGE });
      if (answer) response.jsonBody(answer);
    })
    .executeTest(async ({ url }) => {
      const processor = createProcessorClient({
        processorUrl: url,
        sessionId: () => sessionId ?? undefined,
        text: textsFor('en'),
        fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, Origin: PAGE } }),
        sleep: async () => {},
      });
      await then(call(processor));
    });
}

const gives = (expected: unknown) => (called: Promise<unknown>) => expect(called).resolves.toEqual(expected);
const fails = (expected: object) => (called: Promise<unknown>) => expect(called).rejects.toMatchObject(expected);

/** Code reads the message and the first code of an error; the rest is for people. */
const failure = (code: string, message: unknown) => ({ message, errors: [{ code: equal(code) }] });

describe('operationsConfig', () => {
  const about = { path: '/operations/config', call: (processor: ProcessorClient) => processor.operationsConfig() };

  it('reads key, environment, appearance, and whether methods are stored', async () => {
    const answer = {
      environment: string('TEST'),
      publishableKey: regex('^pk_(test|live)_\\w+$', 'pk_test_x'),
      appearance: string('{"theme":"flat"}'),
      expressElementOptions: string('{"buttonHeight":44}'),
      storedPaymentMethodsConfig: { isEnabled: boolean(true) },
    };
    await check(
      { given: 'everything is configured', asks: 'the configuration', ...about, status: 200, answer },
      gives({
        environment: 'TEST',
        publishableKey: 'pk_test_x',
        appearance: '{"theme":"flat"}',
        expressElementOptions: '{"buttonHeight":44}',
        storedPaymentMethodsConfig: { isEnabled: true },
      }),
    );
  });

  it('reports an expired session', async () => {
    await check(
      {
        asks: 'the configuration for an unknown session',
        ...about,
        sessionId: 'session-unknown',
        status: 401,
        answer: failure('invalid_token', string('Session is not active')),
      },
      fails({ name: 'ProcessorError', code: 'invalid_token', status: 401 }),
    );
  });
});

describe('elementConfig', () => {
  const about = { path: '/config-element/payment', call: (processor: ProcessorClient) => processor.elementConfig() };

  it('reads the options of the payment element', async () => {
    const element = {
      cartInfo: { amount: 1190, currency: 'EUR' },
      appearance: '{"theme":"flat"}',
      captureMethod: 'automatic',
      setupFutureUsage: 'off_session',
      layout: '{"type":"tabs"}',
      collectBillingAddress: 'auto',
      paymentElementOptions: '{}',
      flowType: 'deferred',
    };
    const answer = {
      cartInfo: { amount: integer(1190), currency: string('EUR') },
      appearance: string(element.appearance),
      captureMethod: CAPTURE_METHOD,
      setupFutureUsage: regex('^(off|on)_session$', 'off_session'),
      layout: string(element.layout),
      collectBillingAddress: regex('^(auto|never|if_required)$', 'auto'),
      paymentElementOptions: string('{}'),
      flowType: regex('^(deferred|pi_first)$', 'deferred'),
    };
    await check(
      { given: 'everything is configured', asks: 'the payment element', ...about, status: 200, answer },
      gives(element),
    );
  });
});

describe('customerSession', () => {
  const about = { path: '/customer/session', call: (processor: ProcessorClient) => processor.customerSession() };

  it('reads the client secret of a customer session', async () => {
    const answer = { sessionId: string('cuss_secret') };
    await check(
      { given: "a customer's cart", asks: "the customer's session", ...about, status: 200, answer },
      gives({ sessionId: 'cuss_secret' }),
    );
  });

  it('recognises a guest by the empty answer', async () => {
    await check({ given: "a guest's cart", asks: "a guest's session", ...about, status: 204 }, gives(undefined));
  });
});

describe('openPayment', () => {
  const opened = {
    sClientSecret: 'pi_1_secret_x',
    paymentReference: 'payment-1',
    merchantReturnUrl: 'https://shop.example/return',
    cartId: 'cart-1',
  };
  const answer = {
    sClientSecret: regex('^pi_\\w+_secret_\\w+$', opened.sClientSecret),
    paymentReference: string(opened.paymentReference),
    merchantReturnUrl: regex('^https?://.+', opened.merchantReturnUrl),
    cartId: string(opened.cartId),
  };
  const about = { path: '/payments', status: 200 };

  it('opens the payment of the cart', async () => {
    await check(
      { given: "a guest's cart", asks: 'a payment', ...about, answer, call: (processor) => processor.openPayment() },
      gives(opened),
    );
  });

  it('reads the billing address that the form does not collect', async () => {
    const billingAddress = '{"name":"Ada"}';
    await check(
      {
        given: 'the form does not ask for the billing address',
        asks: 'a payment with a billing address',
        ...about,
        answer: { ...answer, billingAddress: regex('^\\{.*\\}$', billingAddress) },
        call: (processor) => processor.openPayment(),
      },
      gives({ ...opened, billingAddress }),
    );
  });

  it.each([
    ['a payment by wallet', false, { 'x-express-checkout': 'true' }],
    ["a customer's payment by wallet", true, { 'x-express-checkout': 'true', 'x-express-customer-session': 'true' }],
  ])('opens %s', async (asks, withCustomer, headers) => {
    await check(
      {
        given: "a customer's cart",
        asks,
        ...about,
        headers: headers as Record<string, string>,
        answer,
        call: (processor) => processor.openPayment({ withCustomer }),
      },
      gives(opened),
    );
  });

  it('reports a cart that was already paid', async () => {
    await check(
      {
        given: 'a paid cart',
        asks: 'a payment of a paid cart',
        path: '/payments',
        status: 400,
        answer: failure(
          'InvalidOperation',
          regex('^The cart has already been paid in full.*$', 'The cart has already been paid in full'),
        ),
        call: (processor) => processor.openPayment(),
      },
      fails({ code: 'already_paid' }),
    );
  });
});

describe('confirmPayment', () => {
  const about = {
    method: 'POST' as const,
    path: '/confirmPayments/payment-1',
    body: { paymentIntent: 'pi_1' },
    call: (processor: ProcessorClient) => processor.confirmPayment('payment-1', 'pi_1'),
  };

  it.each([
    ['a paid PaymentIntent', 200, 'approved'],
    ['a PaymentIntent that is processing', 202, 'pending'],
  ])('reports %s', async (given, status, outcome) => {
    await check(
      { given, asks: `confirmation of ${given}`, ...about, status, answer: { outcome: equal(outcome) } },
      gives(outcome),
    );
  });

  it('reports why a payment was declined', async () => {
    const given = 'a declined PaymentIntent';
    const answer = {
      outcome: equal('rejected'),
      code: string('card_declined'),
      declineCode: string('insufficient_funds'),
    };
    await check(
      { given, asks: `confirmation of ${given}`, ...about, status: 400, answer },
      fails({
        name: 'PaymentError',
        code: 'card_declined',
        declineCode: 'insufficient_funds',
        message: 'Your card has insufficient funds.',
      }),
    );
  });

  it('reports what remains to pay for a cart that grew while it was paid', async () => {
    const given = 'a paid PaymentIntent of a cart that has grown';
    const answer = { outcome: equal('rejected'), code: equal('cart_changed'), amountDue: money(22_810) };
    await check(
      { given, asks: `confirmation of ${given}`, ...about, status: 400, answer },
      fails({
        name: 'PaymentError',
        code: 'cart_changed',
        amountDue: { centAmount: 22_810, currencyCode: 'EUR', fractionDigits: 2 },
        message: 'Your payment was received, but your cart has changed since then. €228.10 remains to be paid.',
      }),
    );
  });

  it("does not accept another cart's payment as paid", async () => {
    const given = "another cart's payment";
    await check(
      { given, asks: `confirmation of ${given}`, ...about, status: 400, answer: { outcome: equal('rejected') } },
      fails({ name: 'PaymentError', code: 'payment_rejected' }),
    );
  });

  it('reports an expired session', async () => {
    await check(
      {
        asks: 'confirmation for an unknown session',
        ...about,
        sessionId: 'session-unknown',
        status: 401,
        answer: failure('invalid_token', string('Session is not active')),
      },
      fails({ code: 'invalid_token', status: 401 }),
    );
  });

  it('asks again while Stripe is away, and then reports the failure', async () => {
    await check(
      { given: 'Stripe is away', asks: 'confirmation that cannot be checked', ...about, status: 503, answer: like({}) },
      fails({ name: 'ProcessorError', status: 503 }),
    );
  });
});

describe('expressConfig', () => {
  const about = {
    method: 'POST' as const,
    path: '/express-config',
    sessionId: null,
    body: {},
    call: (processor: ProcessorClient) => processor.expressConfig(),
  };

  it('reads what any page of the shop may know', async () => {
    const answer = {
      environment: string('TEST'),
      publishableKey: regex('^pk_(test|live)_\\w+$', 'pk_test_x'),
      captureMethod: CAPTURE_METHOD,
      appearance: string('{"theme":"flat"}'),
      expressElementOptions: string('{"buttonHeight":44}'),
    };
    await check(
      { given: 'everything is configured', asks: 'the configuration for wallets', ...about, status: 200, answer },
      gives({
        environment: 'TEST',
        publishableKey: 'pk_test_x',
        captureMethod: 'automatic',
        appearance: '{"theme":"flat"}',
        expressElementOptions: '{"buttonHeight":44}',
      }),
    );
  });
});

describe('expressPaymentData', () => {
  it("reads total and lines for the wallet's sheet", async () => {
    const answer = {
      totalPrice: money(1190),
      currencyCode: string('EUR'),
      lineItems: eachLike({ name: string('Subtotal'), amount: money(1190), type: string('SUBTOTAL') }),
    };
    const amount = { centAmount: 1190, currencyCode: 'EUR', fractionDigits: 2 };
    await check(
      {
        given: "a guest's cart",
        asks: "the wallet's sheet",
        path: '/express-payment-data',
        status: 200,
        answer,
        call: (processor) => processor.expressPaymentData(),
      },
      gives({
        totalPrice: amount,
        currencyCode: 'EUR',
        lineItems: [{ name: 'Subtotal', amount, type: 'SUBTOTAL' }],
      }),
    );
  });
});

describe('stored payment methods', () => {
  const method = {
    id: 'method-1',
    type: 'card',
    token: 'pm_1',
    isDefault: true,
    createdAt: '2026-01-01T00:00:00.000Z',
    displayOptions: { endDigits: '4242', brand: { key: 'visa' }, expiryMonth: 12, expiryYear: 30 },
  };

  it('are listed with everything that the shop shows', async () => {
    const answer = {
      storedPaymentMethods: eachLike({
        id: string(method.id),
        type: string(method.type),
        token: regex('^pm_\\w+$', method.token),
        isDefault: boolean(true),
        createdAt: regex('^\\d{4}-\\d\\d-\\d\\dT.+$', method.createdAt),
        displayOptions: {
          endDigits: string('4242'),
          brand: { key: string('visa') },
          expiryMonth: integer(12),
          expiryYear: integer(30),
        },
      }),
    };
    await check(
      {
        given: 'a customer with a stored card',
        asks: 'the stored payment methods',
        path: '/stored-payment-methods',
        status: 200,
        answer,
        call: (processor) => processor.storedPaymentMethods(),
      },
      gives([method]),
    );
  });

  it('are deleted', async () => {
    await check(
      {
        given: 'a customer with a stored card',
        asks: 'deletion of a stored payment method',
        method: 'DELETE',
        path: '/stored-payment-methods/method-1',
        status: 200,
        call: (processor) => processor.deleteStoredPaymentMethod('method-1'),
      },
      gives(undefined),
    );
  });

  it('of other customers cannot be deleted', async () => {
    await check(
      {
        given: 'a customer with a stored card',
        asks: "deletion of another's stored payment method",
        method: 'DELETE',
        path: '/stored-payment-methods/method-2',
        status: 404,
        answer: failure('ResourceNotFound', like('The payment method was not found.')),
        call: (processor) => processor.deleteStoredPaymentMethod('method-2'),
      },
      fails({ code: 'ResourceNotFound', status: 404 }),
    );
  });
});

it("may be called from the page after the browser's preflight", async () => {
  const asks = {
    Origin: PAGE,
    'Access-Control-Request-Method': 'DELETE',
    'Access-Control-Request-Headers': 'content-type,x-express-checkout,x-express-customer-session,x-session-id',
  };
  await contract.pact
    .addInteraction()
    .uponReceiving('the preflight of a call')
    .withRequest('OPTIONS', '/stored-payment-methods/method-1', (request) => {
      request.headers(asks);
    })
    .willRespondWith(204, (response) => {
      response.headers({
        'Access-Control-Allow-Origin': PAGE,
        'Access-Control-Allow-Methods': 'GET,HEAD,POST,DELETE',
        'Access-Control-Allow-Headers':
          'Content-Type, Authorization, X-Correlation-ID, X-Request-ID, X-Session-ID, x-express-checkout, x-express-customer-session',
      });
    })
    .executeTest(async ({ url }) => {
      const { headers } = await fetch(`${url}/stored-payment-methods/method-1`, { method: 'OPTIONS', headers: asks });
      const listed = (name: string) => headers.get(name)?.toLowerCase().split(/, */);
      // The mock adds a header of its own.
      expect(listed('access-control-allow-origin')).toContain(PAGE);
      expect(listed('access-control-allow-methods')).toContain('delete');
      const allowed = listed('access-control-allow-headers');
      expect(allowed).toEqual(expect.arrayContaining(asks['Access-Control-Request-Headers'].split(',')));
    });
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
