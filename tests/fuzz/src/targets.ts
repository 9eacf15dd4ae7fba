import { createHmac } from 'node:crypto';
import { createCommercetools } from '@connector/commercetools';
import { attributesOf, type EventRecord, STRIPE_EVENT_TYPES, UnreadableEventError } from '@connector/contracts';
import { PermanentError } from '@connector/errors';
import { createHttpServer } from '@connector/http';
import { ConfigError, parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { chargeOf, paymentIntent, stripeEvent } from '@connector/testing';
import { serveCommercetools } from '@connector/testing/fakes';
import { Client } from 'undici';
// The insides of services, which nothing but a test may look at.
import { configWarnings, configSchema as intentConfig } from '../../../services/intent/src/config.ts';
import { EXAMPLE_ENVIRONMENT } from '../../../services/intent/src/documentation.ts';
import { toPaymentEvent } from '../../../services/ledger/src/domain/payment-event.ts';
import { createApp } from '../../../services/session-auth/src/app.ts';
import { configSchema as sessionAuthConfig } from '../../../services/session-auth/src/config.ts';
import { signingKey } from '../../../services/webhook-ingest/src/domain/verify-signature.ts';
import { stripeWebhooksRoute } from '../../../services/webhook-ingest/src/routes/stripe-webhooks.ts';
import { startWebhookMetrics } from '../../../services/webhook-ingest/src/webhook-metrics.ts';
import type { Target } from './fuzzer.ts';

const SECRET = 'whsec_fuzz';
const log = createLogger('fuzz', 'silent');

/** Throws Error with `what` unless it holds. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const must2xxOr4xx = (status: number) => must(status >= 200 && status < 500, `answered ${status}`);

const polluted = () =>
  must(!('polluted' in {}) && Object.keys(Object.prototype).length === 0, 'Object.prototype was changed');

const metadata = { ct_project_key: 'shop', cart_id: 'cart', ct_payment_key: 'cart-1' };
const opened = paymentIntent({ metadata });
const charge = chargeOf(opened);
const EVENTS = [
  stripeEvent('charge.succeeded', charge),
  stripeEvent('payment_intent.succeeded', { ...opened, status: 'succeeded', amount_received: opened.amount }),
].map((event) => Buffer.from(JSON.stringify(event)));

const hexOf = (timestamp: number, body: Buffer) =>
  createHmac('sha256', SECRET).update(`${timestamp}.`).update(body).digest('hex');
const now = () => Math.floor(Date.now() / 1000);

/** webhook-ingest's route behind its real server, with a producer that keeps what it is given. */
async function startWebhooks() {
  const sent: EventRecord[] = [];
  const producer = { send: async (_topic: string, record: EventRecord) => void sent.push(record) };
  const ours = { livemode: false, projectKey: 'shop' };
  const keys = [signingKey(SECRET)];
  const route = stripeWebhooksRoute({
    log,
    producer,
    signingKeys: () => keys,
    ours,
    maxInFlight: 200,
    duplicateWindowMs: 0,
  });
  const server = createHttpServer({ log, port: 0, routes: [route] });
  await server.start?.();
  const client = new Client(`http://127.0.0.1:${server.port}`);
  return {
    async post(body: Buffer, signature: string): Promise<{ status: number; record: EventRecord | undefined }> {
      sent.length = 0;
      const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
      const answer = await client.request({ method: 'POST', path: '/stripe/webhooks', body, headers });
      await answer.body.text();
      return { status: answer.statusCode, record: sent[0] };
    },
    async stop() {
      await client.close();
      await server.stop?.();
    },
  };
}

/** Any bytes, truly signed: a record holds just these bytes and what a reader needs, or there is none. */
async function webhookBody(): Promise<Target> {
  const webhooks = await startWebhooks();
  return {
    name: 'webhook-body',
    seeds: EVENTS,
    tokens: [
      ...STRIPE_EVENT_TYPES,
      '"livemode":true',
      '"livemode":false',
      '"object":"v2.core.event"',
      '"account":"acct_1"',
    ],
    async run(body) {
      const timestamp = now();
      const { status, record } = await webhooks.post(body, `t=${timestamp},v1=${hexOf(timestamp, body)}`);
      must2xxOr4xx(status);
      must(!record || status === 200, `a record was made, and ${status} answered`);
      if (!record) return;
      must(record.value.equals(body), 'the record holds other bytes');
      must(record.key !== '', 'the record has no key');
      attributesOf(record.headers);
    },
    stop: webhooks.stop,
  };
}

/** Any header over the same body: taken only with its true signature. */
async function webhookSignature(): Promise<Target> {
  const webhooks = await startWebhooks();
  const [body] = EVENTS as [Buffer];
  const began = now();
  const hex = hexOf(began, body);
  return {
    name: 'webhook-signature',
    seeds: [`t=${began},v1=${hex}`, `t=${began},v1=${'0'.repeat(64)},v1=${hex},v0=1`, 't=,v1='].map((text) =>
      Buffer.from(text),
    ),
    tokens: ['t=', 'v1=', 'v0=', ',', '=', String(began), hex, hex.toUpperCase(), '0', '-1', '9'.repeat(400)],
    async run(input) {
      // What no HTTP header can hold never reaches the service.
      const header = input.toString('latin1').replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
      const { status, record } = await webhooks.post(body, header.slice(0, 8_000));
      must2xxOr4xx(status);
      if (status !== 200) return must(!record, 'a record of a webhook that was refused');
      must(header.toLowerCase().includes(hex) && header.includes(`t=${began}`), 'taken without its signature');
    },
    stop: webhooks.stop,
  };
}

/** A message of the payments topic, lines of headers and then its value: read, or refused as what can never be read. */
async function kafkaMessage(): Promise<Target> {
  const message = (type: string, value: Buffer | object) => {
    const head = [
      'ce_id: evt_1',
      'ce_source: /stripe',
      `ce_type: ${type}`,
      'ce_time: 2026-11-23T09:00:00Z',
      'ce_subject: pi_1',
    ];
    return Buffer.concat([
      Buffer.from(`${head.join('\n')}\n\n`),
      Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)),
    ]);
  };
  const own = { paymentId: 'p', paymentIntentId: opened.id };
  return {
    name: 'kafka-message',
    seeds: [
      ...EVENTS.map((event) => message(`com.stripe.${JSON.parse(event.toString()).type}`, event)),
      message('checkout.payment.opened', own),
      message('checkout.payment.confirmed', { ...own, paymentIntent: opened }),
      message('checkout.payment.operation_completed', { ...own, outcome: { kind: 'refused', code: 'x' } }),
    ],
    tokens: [
      ...STRIPE_EVENT_TYPES.map((type) => `com.stripe.${type}`),
      'checkout.payment.opened.v2',
      'ce_type: ',
      'ce_time: ',
      '\n\n',
    ],
    async run(input) {
      const end = input.indexOf('\n\n');
      const head = input.subarray(0, end < 0 ? input.length : end).toString('latin1');
      const headers = Object.fromEntries(
        head.split('\n').map((line) => [line.split(': ', 1)[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
      );
      const value = end < 0 ? Buffer.alloc(0) : input.subarray(end + 2);
      try {
        const event = toPaymentEvent(attributesOf(headers), value);
        if (event) must(Boolean(event.id && event.type && event.detail.kind), 'an event without what it tells');
        if (event) must(event.occurredAt instanceof Date, 'an event without a time');
      } catch (error) {
        // The consumer makes these two a dead letter at once; anything else it would try again, for nothing.
        if (!(error instanceof PermanentError || error instanceof UnreadableEventError)) throw error;
      }
      polluted();
    },
    stop: async () => {},
  };
}

const sessionAuthConfigAt = (url: string) =>
  parseConfig(sessionAuthConfig, {
    KAFKA_BROKERS: 'localhost:9092',
    CTP_PROJECT_KEY: 'shop',
    CTP_CLIENT_ID: 'client',
    CTP_CLIENT_SECRET: 'secret',
    CTP_AUTH_URL: url,
    CTP_API_URL: url,
    CTP_SESSION_URL: url,
    CTP_JWKS_URL: `${url}/jwks.json`,
    CTP_JWT_ISSUER: 'https://mc.example.com',
    SESSION_CACHE_TTL_MS: '0',
    REFUSED_CACHE_TTL_MS: '0',
  });

/** Any session id: answered, and never a question to another path of commercetools. */
async function sessionId(): Promise<Target> {
  const commercetools = await serveCommercetools();
  const state = { state: 'ACTIVE', activeCart: { cartRef: { id: 'cart-1' } }, metadata: {} };
  commercetools.sessions.set('session-1', state);
  const config = sessionAuthConfigAt(commercetools.url);
  const api = createCommercetools(config, { log });
  const app = createApp({ config, commercetools: api, send: async () => {}, log });
  const server = createHttpServer({ log, port: 0, routes: app.routes });
  await server.start?.();
  const client = new Client(`http://127.0.0.1:${server.port}`);
  const headers = { 'content-type': 'application/json' };
  return {
    name: 'session-id',
    seeds: ['session-1', '8a1f3c52-6f0b-4f6e-9a55-3d7f5c0b2a11', '../carts', '..', '%2e%2e%2f', 'a?b#c'].map((id) =>
      Buffer.from(id),
    ),
    tokens: ['/', '..', '%2f', '%00', '?', '#', '\\', ';', '{', '"', '\ud83d\ude00', '\u2028', 'session-1'],
    async run(input) {
      commercetools.calls.length = 0;
      const given = input.toString();
      const body = JSON.stringify({ sessionId: given, method: 'GET', route: '/payments' });
      const answer = await client.request({ method: 'POST', path: '/verify/session', body, headers });
      await answer.body.text();
      must2xxOr4xx(answer.statusCode);
      must(
        (answer.statusCode === 200) === (given.trim() === 'session-1'),
        `answered ${answer.statusCode} for ${JSON.stringify(given)}`,
      );
      for (const { path } of commercetools.calls) {
        must(/^\/(shop\/sessions\/[^/?#]+|oauth\/token)$/.test(path), `asked ${path}`);
      }
    },
    async stop() {
      await client.close();
      await server.stop?.();
      await api.close();
      await commercetools.stop();
    },
  };
}

const JSON_VARIABLES = {
  STRIPE_SAVED_PAYMENT_METHODS_CONFIG: { payment_method_save: 'enabled', payment_method_redisplay_limit: 3 },
  STRIPE_LAYOUT: { type: 'tabs', defaultCollapsed: false },
  STRIPE_APPEARANCE_PAYMENT_ELEMENT: { theme: 'stripe', variables: { colorPrimary: '#0570de' } },
  STRIPE_BEHAVIOR_PAYMENT_ELEMENT: { fields: { billingDetails: 'auto' }, terms: { card: 'never' } },
  STRIPE_EXPRESS_ELEMENT_OPTIONS: { buttonHeight: 44, layout: { maxColumns: 2 } },
  STRIPE_PAYMENT_BEHAVIOR_RULES: { DE: { captureMethod: 'manual', setupFutureUsage: 'off_session' } },
} as const;

/** Any text in each variable that holds JSON: a configuration, or a list of what is wrong with it. */
async function jsonConfig(): Promise<Target> {
  const names = Object.keys(JSON_VARIABLES);
  return {
    name: 'json-config',
    seeds: Object.values(JSON_VARIABLES).map((value) => Buffer.from(JSON.stringify(value))),
    tokens: ['"layout"', '"fields"', '"terms"', '"wallets"', 'enabled', '__proto__', '{"polluted":1}', '[', '1e999'],
    async run(input) {
      const text = input.toString();
      for (const name of names) {
        const env = { ...EXAMPLE_ENVIRONMENT, [name]: text };
        try {
          const config = parseConfig(intentConfig, env);
          must(
            configWarnings(config, env).every((line) => line.length < 2_000),
            'a warning without end',
          );
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          must(error.problems.length > 0 && error.problems.every((line) => line.includes(name)), error.message);
        }
      }
      polluted();
    },
    stop: async () => {},
  };
}

startWebhookMetrics();

/** Everything that reads what strangers send, ready to be fed. */
export const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  'webhook-body': webhookBody,
  'webhook-signature': webhookSignature,
  'kafka-message': kafkaMessage,
  'session-id': sessionId,
  'json-config': jsonConfig,
};
