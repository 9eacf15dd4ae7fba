import { TransientError, UnauthorizedError } from '@connector/errors';
import { expected, startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { describe, expect, it } from 'vitest';
import { type Callers, sessionAuthCallers, sessionSchema } from '../src/adapters/callers.ts';

const { eachLike, equal, fromProviderState, like, string } = MatchersV3;

const contract = startContract('intent', 'session-auth');

/** One request of intent, session-auth's answer, and intent's result. */
interface Case {
  /** The provider state that session-auth must be in. */
  given?: string;
  asks: string;
  path: string;
  body: Record<string, unknown>;
  status: number;
  answer?: unknown;
  ask: (callers: Callers) => Promise<unknown>;
}

const check = async (
  { given, asks, path, body, status, answer, ask }: Case,
  then: (asked: Promise<unknown>) => Promise<unknown>,
) => {
  const interaction = contract.pact.addInteraction();
  if (given) interaction.given(given);
  await interaction
    .uponReceiving(asks)
    .withRequest('POST', path, (request) => {
      request.headers({ 'Content-Type': 'application/json' }).jsonBody(body);
    })
    .willRespondWith(status, (response) => {
      if (answer) response.jsonBody(answer);
    })
    .executeTest(async ({ url }) => {
      await then(ask(sessionAuthCallers(url, fetch)));
    });
};

/** Everything besides code and message is passed on to the caller unchanged. */
const refusal = (code: string, message: string, fields: object = {}) => ({
  errors: [{ code: equal(code), message: equal(message), ...fields }],
});

/** intent reads none of its fields. */
const GRANTED = { status: 200, answer: like({}) };
const UNAVAILABLE = { status: 503, answer: like({ statusCode: 503 }) };

const isUnavailable = (asked: Promise<unknown>) => expect(asked).rejects.toBeInstanceOf(TransientError);

const isRefused =
  (code: string, message: string, fields: object = {}) =>
  (asked: Promise<unknown>) =>
    expect(asked).rejects.toEqual(new UnauthorizedError(code, message, { ...fields }));

describe('a session', () => {
  const asking = { method: 'GET', route: '/payments' };
  const about = (sessionId: string | undefined) => ({
    path: '/verify/session',
    body: { ...(sessionId && { sessionId }), method: string('GET'), route: string('/payments') },
    ask: (callers: Callers) => callers.session(sessionId, asking),
  });

  it('is granted with its cart and what Checkout put into it', async () => {
    const session = {
      cartId: 'cart-1',
      allowedPaymentMethods: ['card'],
      checkoutTransactionItemId: 'item-1',
      merchantReturnUrl: 'https://shop.example/thanks',
      futureOrderNumber: 'order-1',
      giftCardPlannedAmount: { centAmount: 500, currencyCode: 'EUR' },
      correlationId: 'checkout-1',
    };
    const answer = expected(sessionSchema, session);
    await check(
      { given: 'an active session with metadata', asks: 'a session', ...about('s-full'), status: 200, answer },
      (asked) => expect(asked).resolves.toEqual(session),
    );
  });

  it('without metadata is granted with its cart', async () => {
    const answer = expected(sessionSchema, { cartId: 'cart-1' });
    await check(
      {
        given: 'an active session without metadata',
        asks: 'a plain session',
        ...about('s-plain'),
        status: 200,
        answer,
      },
      (asked) => expect(asked).resolves.toMatchObject({ cartId: 'cart-1' }),
    );
  });

  it.each([
    ['no session', undefined, undefined],
    ['an unknown session', undefined, 's-unknown'],
    ['an expired session', 'an expired session', 's-expired'],
  ])('is refused: %s', async (asks, given, sessionId) => {
    const [code, message] = ['invalid_token', 'Session is not active'] as const;
    await check(
      { ...(given && { given }), asks, ...about(sessionId), status: 401, answer: refusal(code, message) },
      isRefused(code, message),
    );
  });

  it('cannot be checked while the Session API is away', async () => {
    await check(
      {
        given: 'the Session API is away',
        asks: 'a session that cannot be checked',
        ...about('s-away'),
        ...UNAVAILABLE,
      },
      isUnavailable,
    );
  });
});

describe('a Merchant Center JWT', () => {
  const asking = { method: 'GET', route: '/operations/status' };
  const route = { method: string('GET'), route: string('/operations/status') };
  /** session-auth's provider state creates the token, because a lasting valid signature cannot be in a file. */
  const token = {
    path: '/verify/jwt',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Pact's own placeholder for a value of the state.
    body: { authorization: fromProviderState('Bearer ${jwt}', 'Bearer jwt'), ...route },
  };
  const ask = (callers: Callers) => callers.jwt('Bearer jwt', asking);

  it('is granted', async () => {
    await check({ given: 'a valid JWT', asks: 'a JWT', ...token, ask, ...GRANTED }, (asked) =>
      expect(asked).resolves.toBeUndefined(),
    );
  });

  it.each([
    ['an expired JWT', 'jwt expired'],
    ['a JWT of another issuer', 'Issuer in the token does not match the expected issuer.'],
    ['a JWT of another project', 'Project key does not match.'],
    ['a JWT signed by another', 'invalid signature'],
  ])('is refused: %s', async (asks, message) => {
    const answer = refusal('invalid_token', message);
    await check({ given: asks, asks, ...token, ask, status: 401, answer }, isRefused('invalid_token', message));
  });

  it.each([
    ['a missing JWT', undefined, 'access_denied', 'This endpoint requires the authorization header.'],
    ['no bearer', 'Basic abc', 'invalid_request', "Authorization header must have the format 'Bearer <token>'"],
    ['a JWT that is none', 'Bearer abc', 'invalid_token', 'jwt malformed'],
  ])('is refused: %s', async (asks, authorization, code, message) => {
    const body = { ...(authorization && { authorization }), ...route };
    await check(
      {
        asks,
        path: '/verify/jwt',
        body,
        status: 401,
        answer: refusal(code, message),
        ask: (callers) => callers.jwt(authorization, asking),
      },
      isRefused(code, message),
    );
  });

  it('cannot be checked while the keys are away', async () => {
    await check(
      { given: 'the keys are away', asks: 'a JWT that cannot be checked', ...token, ask, ...UNAVAILABLE },
      isUnavailable,
    );
  });
});

describe('an OAuth2 token', () => {
  const anyOf = ['manage_project', 'manage_checkout_payment_intents'];
  const about = (authorization: string | undefined) => ({
    path: '/verify/oauth2',
    body: {
      ...(authorization && { authorization }),
      anyOf,
      method: string('POST'),
      route: string('/operations/payment-intents/:id'),
    },
    ask: (callers: Callers) =>
      callers.oauth2(authorization, anyOf, { method: 'POST', route: '/operations/payment-intents/:id' }),
  });

  it('with one of the permissions is granted', async () => {
    await check(
      { given: 'an operator', asks: "an operator's token", ...about('Bearer operator'), ...GRANTED },
      (asked) => expect(asked).resolves.toBeUndefined(),
    );
  });

  it('without any of them is refused, with those that would do', async () => {
    const answer = refusal('invalid_token', 'Not authorized', { validAuthorities: eachLike('manage_project') });
    await check(
      { given: 'a viewer', asks: "a viewer's token", ...about('Bearer viewer'), status: 401, answer },
      (asked) =>
        expect(asked).rejects.toMatchObject({
          code: 'invalid_token',
          fields: { validAuthorities: ['manage_project'] },
        }),
    );
  });

  it.each([
    ['an inactive token', 'Bearer inactive', 'invalid_token', 'invalid_token'],
    ['no token', undefined, 'access_denied', 'This endpoint requires the authorization header.'],
  ])('is refused: %s', async (asks, authorization, code, message) => {
    await check(
      { asks, ...about(authorization), status: 401, answer: refusal(code, message) },
      isRefused(code, message),
    );
  });

  it('cannot be checked while introspection is away', async () => {
    await check(
      {
        given: 'introspection is away',
        asks: 'a token that cannot be checked',
        ...about('Bearer away'),
        ...UNAVAILABLE,
      },
      isUnavailable,
    );
  });
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
