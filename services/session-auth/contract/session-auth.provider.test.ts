import { createCommercetools } from '@connector/commercetools';
import { createHttpServer } from '@connector/http';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { json, serveCommercetools } from '@connector/testing/fakes';
import { verifyAnswers } from '@connector/testing/pact';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { it } from 'vitest';
import { createApp } from '../src/app.ts';
import { configSchema } from '../src/config.ts';

const PROJECT = 'shop';
const ISSUER = 'https://mc.example.com';

it('session-auth answers as intent expects', async () => {
  const commercetools = await serveCommercetools();
  const { url, sessions, tokens, keys, instead } = commercetools;
  const log = createLogger('session-auth', 'silent');
  const config = parseConfig(configSchema, {
    KAFKA_BROKERS: 'localhost:9092',
    CTP_PROJECT_KEY: PROJECT,
    CTP_CLIENT_ID: 'client',
    CTP_CLIENT_SECRET: 'secret',
    CTP_AUTH_URL: url,
    CTP_API_URL: url,
    CTP_SESSION_URL: url,
    CTP_JWKS_URL: `${url}/jwks.json`,
    CTP_JWT_ISSUER: ISSUER,
    // The keys change faster here than in production.
    JWKS_COOLDOWN_MS: '0',
  });
  const client = createCommercetools(config, { log });
  const trusted = await generateKeyPair('RS256', { extractable: true });
  const strange = await generateKeyPair('RS256', { extractable: true });
  const publicKey = { ...(await exportJWK(trusted.publicKey)), alg: 'RS256', use: 'sig' };

  /**
   * A state in which commercetools works, with a JWT for the request; each JWT has a new key, so the keys are read
   * again.
   */
  const withJwt = (claims: Record<string, unknown> = {}, { privateKey } = trusted) => {
    return async () => {
      instead.clear();
      const kid = `key-${keys.length}`;
      keys.push({ ...publicKey, kid });
      const exp = Math.floor(Date.now() / 1000) + 60;
      const jwt = await new SignJWT({
        iss: ISSUER,
        sub: 'user',
        exp,
        [`${ISSUER}/claims/project_key`]: PROJECT,
        ...claims,
      })
        .setProtectedHeader({ alg: 'RS256', kid })
        .sign(privateKey);
      return { jwt };
    };
  };
  const active = { state: 'ACTIVE', activeCart: { cartRef: { id: 'cart-1' } } };
  const metadata = {
    allowedPaymentMethods: ['card'],
    checkoutTransactionItemId: 'item-1',
    merchantReturnUrl: 'https://shop.example/thanks',
    futureOrderNumber: 'order-1',
    giftCardPlannedAmount: { centAmount: 500, currencyCode: 'EUR' },
    correlationId: 'checkout-1',
  };
  /** Only in this state `path` of commercetools fails. */
  const away = (path: string, besides: () => Promise<{ jwt: string }> = withJwt()) => ({
    setup: async () => {
      const values = await besides();
      instead.set(path, json(500, {}));
      return values;
    },
    teardown: async () => instead.clear(),
  });

  const app = createApp({ config, commercetools: client, send: async () => {}, log });
  const server = createHttpServer({ log, port: 0, routes: app.routes });
  await server.start?.();
  try {
    await verifyAnswers('session-auth', ['intent'], {
      url: `http://127.0.0.1:${server.port}`,
      states: {
        'an active session with metadata': async () => void sessions.set('s-full', { ...active, metadata }),
        'an active session without metadata': async () => void sessions.set('s-plain', active),
        'an expired session': async () => void sessions.set('s-expired', { ...active, state: 'EXPIRED' }),
        'the Session API is away': away(`/${PROJECT}/sessions/`),
        'a valid JWT': withJwt(),
        'an expired JWT': withJwt({ exp: 1 }),
        'a JWT of another issuer': withJwt({ iss: 'https://other.example.com' }),
        'a JWT of another project': withJwt({ [`${ISSUER}/claims/project_key`]: 'other' }),
        'a JWT signed by another': withJwt({}, strange),
        'the keys are away': away('/jwks.json'),
        'an operator': async () =>
          void tokens.set('operator', { active: true, scope: `manage_project:${PROJECT}`, client_id: 'operator' }),
        'a viewer': async () =>
          void tokens.set('viewer', { active: true, scope: `view_payments:${PROJECT}`, client_id: 'viewer' }),
        'introspection is away': away('/oauth/introspect'),
      },
    });
  } finally {
    await server.stop?.();
    await client.close();
    await commercetools.stop();
  }
});
