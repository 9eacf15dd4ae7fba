import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { CHECKPOINTS, PAYMENT_EVENTS, TOPICS } from '@connector/contracts';
import { createKafka, ensureTopics, type Kafka, readLatest, type StoredMessage, scanTopic } from '@connector/kafka';
import { type RunningKafka, startKafka } from '@connector/sandbox/kafka';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BODY_LIMIT } from '../../../../services/webhook-ingest/src/routes/body-memory.ts';
import {
  paymentIntentSucceeded,
  SECRET,
  signatureOf,
} from '../../../../services/webhook-ingest/src/testing/stripe-events.ts';

// A broker of its own: it is killed and started again.
let broker: RunningKafka;
let kafka: Kafka;
/** Lists two events, as Stripe does for a short window. */
let stripe: Server;
let service: ChildProcess;
let http: string;
let admin: string;
let environment: Record<string, string>;

const run = (file: string, ...argv: string[]) =>
  spawn(process.execPath, [join(import.meta.dirname, '../../../../services/webhook-ingest/src', file), ...argv], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const listed = ['evt_listed_1', 'evt_listed_2'].map((id, index) =>
  paymentIntentSucceeded({ id, created: Math.floor(Date.now() / 1000) - 60 + index }),
);

beforeAll(async () => {
  broker = await startKafka();
  const log = createLogger('test', 'silent');
  kafka = createKafka(
    { KAFKA_BROKERS: broker.brokers.split(','), KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: false },
    { clientId: 'test', log },
  );
  await ensureTopics(kafka, TOPICS);
  stripe = createServer((req, res) => {
    const query = new URL(req.url ?? '/', 'http://stripe').searchParams;
    const types = [...query].flatMap(([name, value]) => (name.startsWith('types[') ? [value] : []));
    const isAsked = ({ type }: { type: string }) => types.includes(type);
    const data = query.has('created[gte]') ? listed.filter(isAsked).toReversed() : [];
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ object: 'list', url: '/v1/events', data, has_more: false }));
  }).listen(0, '127.0.0.1');
  await once(stripe, 'listening');
  const [httpPort, adminPort] = [await freePort(), await freePort()];
  [http, admin] = [`http://127.0.0.1:${httpPort}`, `http://127.0.0.1:${adminPort}`];
  environment = {
    HTTP_PORT: String(httpPort),
    METRICS_PORT: String(adminPort),
    KAFKA_BROKERS: broker.brokers,
    CTP_PROJECT_KEY: 'shop',
    STRIPE_SECRET_KEY: 'sk_test_none',
    STRIPE_API_BASE: `http://127.0.0.1:${(stripe.address() as AddressInfo).port}`,
    STRIPE_WEBHOOK_SIGNING_SECRET: `whsec_next,${SECRET}`,
  };
  service = run('main.ts');
  await vi.waitFor(async () => expect(await statusOf(`${admin}/readyz`)).toBe(200), { timeout: 30_000 });
});
afterAll(async () => {
  service?.kill('SIGKILL');
  stripe?.close();
  await broker?.stop();
});

const statusOf = (url: string) =>
  fetch(url).then(
    ({ status }) => status,
    () => undefined,
  );

async function stored(topic: string): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  await scanTopic(kafka, topic, (message) => messages.push(message));
  return messages;
}

it('what was answered 200 is in Kafka byte for byte, up to the largest body', async () => {
  const rest = BODY_LIMIT - JSON.stringify(paymentIntentSucceeded({}, { description: '' })).length;
  const bodies = [
    JSON.stringify(paymentIntentSucceeded({ id: 'evt_posted' }), null, 2),
    JSON.stringify(paymentIntentSucceeded({}, { description: 'x'.repeat(rest) })),
  ];
  for (const body of bodies) {
    const headers = {
      'stripe-signature': signatureOf(body),
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    };
    expect((await fetch(`${http}/stripe/webhooks`, { method: 'POST', body, headers })).status).toBe(200);
  }
  const messages = await stored(PAYMENT_EVENTS);
  expect(messages.map(({ value }) => value.toString())).toEqual(bodies);
  for (const { key, headers } of messages) {
    expect(key).toBe('pi_1');
    expect(headers.traceparent).toMatch(/^00-11111111111111111111111111111111-/);
  }
});

it('reconcile produces what Stripe lists, moves its checkpoint', async () => {
  const command = run('commands/reconcile.ts', '--json');
  const output: Buffer[] = [];
  command.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(command, 'close');
  const summary = JSON.parse(Buffer.concat(output).toString());
  expect(code).toBe(0);
  expect(summary).toMatchObject({ listed: 2, undelivered: 2, produced: 2, failed: 0, checkpoint: 'stored' });

  const ids = (await stored(PAYMENT_EVENTS)).map(({ headers }) => headers.ce_id);
  expect(ids).toEqual(expect.arrayContaining(['evt_listed_1', 'evt_listed_2']));
  const checkpoint = await readLatest(kafka, CHECKPOINTS, 'reconcile:test');
  expect(JSON.parse(String(checkpoint))).toMatchObject({ until: summary.until, produced: 2 });
});

it('a Kafka that is away makes webhooks 503, and readiness tells; back again, they are taken', async () => {
  const body = JSON.stringify(paymentIntentSucceeded({ id: 'evt_during_outage' }));
  const deliver = async () => {
    const headers = { 'stripe-signature': signatureOf(body) };
    const { status } = await fetch(`${http}/stripe/webhooks`, { method: 'POST', body, headers });
    return status;
  };
  await broker.kill();
  expect(await deliver()).toBe(503);
  expect(await statusOf(`${admin}/readyz`)).toBe(503);
  expect(await statusOf(`${admin}/livez`)).toBe(200);
  await broker.restart();
  await expect.poll(deliver, { timeout: 60_000, interval: 200 }).toBe(200);
});

it('SIGTERM ends the service with 0', async () => {
  const exited = once(service, 'exit');
  service.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
