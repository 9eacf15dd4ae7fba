import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { attributesOf, CHECKOUT_SESSIONS, eventRecord, PAYMENT_TRANSACTIONS, TOPICS } from '@connector/contracts';
import {
  type BroadcastMessage,
  createBroadcastConsumer,
  createKafka,
  createProducer,
  ensureTopics,
  type Kafka,
} from '@connector/kafka';
import { type RunningKafka, startKafka } from '@connector/sandbox/kafka';
import { createLogger } from '@connector/telemetry';
import { type CommercetoolsServer, serveCommercetools } from '@connector/testing/fakes';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const log = createLogger('test', 'silent');
// A broker of its own: it is killed and started again.
let broker: RunningKafka;
let kafka: Kafka;
let ct: CommercetoolsServer;
let service: ChildProcess;
let lines: { msg?: string; port?: number }[] = [];

/** The service as it runs, in a process of its own; its log lines go to `lines`. */
function startService(brokers: string): ChildProcess {
  const child = spawn(
    process.execPath,
    [new URL('../../../../services/session-auth/src/main.ts', import.meta.url).pathname],
    {
      env: {
        PATH: process.env.PATH,
        HTTP_PORT: '0',
        METRICS_PORT: '0',
        LOG_LEVEL: 'debug',
        KAFKA_BROKERS: brokers,
        CTP_PROJECT_KEY: 'shop',
        CTP_CLIENT_ID: 'client',
        CTP_CLIENT_SECRET: 'secret',
        CTP_AUTH_URL: ct.url,
        CTP_API_URL: ct.url,
        CTP_SESSION_URL: ct.url,
        CTP_JWKS_URL: `${ct.url}/jwks.json`,
        CTP_JWT_ISSUER: 'https://mc.example.com',
        SESSION_CACHE_TTL_MS: '300000',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  lines = [];
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter(Boolean).map((line) => JSON.parse(line)));
  });
  return child;
}

const portOf = (msg: string) => lines.find((line) => line.msg === msg)?.port;
const verify = async (sessionId: string): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${portOf('listening')}/verify/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ sessionId, route: '/payments' }),
  });
  await answer.text();
  return answer.status;
};
const addSession = (id: string, cartId: string) =>
  ct.sessions.set(id, { state: 'ACTIVE', activeCart: { cartRef: { id: cartId } } });

beforeAll(async () => {
  [broker, ct] = await Promise.all([startKafka(), serveCommercetools()]);
  kafka = createKafka(
    { KAFKA_BROKERS: broker.brokers.split(','), KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: false },
    { clientId: 'test', log },
  );
  await ensureTopics(kafka, TOPICS);
  service = startService(broker.brokers);
  await vi.waitUntil(() => portOf('listening'), { timeout: 20_000 });
});
afterAll(async () => {
  service?.kill('SIGKILL');
  await broker?.stop();
  await ct?.stop();
});

it('publishes who was verified and who was refused', async () => {
  const heard: BroadcastMessage[] = [];
  const listener = createBroadcastConsumer(kafka, {
    name: 'test',
    topics: [CHECKOUT_SESSIONS],
    onMessage: (message) => heard.push(message),
  });
  await listener.start?.();
  await expect.poll(() => listener.isHearing, { timeout: 30_000 }).toBe(true);
  addSession('s-audit', 'cart-audit');
  // It hears from the end of the topic on: ask until it hears something.
  await expect
    .poll(
      async () => {
        await verify(`nobody-${heard.length}-${Math.random()}`);
        return heard.length;
      },
      { timeout: 30_000, interval: 300 },
    )
    .toBeGreaterThan(0);
  expect(await verify('s-audit')).toBe(200);
  await expect.poll(() => heard.some(({ key }) => key === 'cart-audit'), { timeout: 10_000 }).toBe(true);
  const types = new Set(heard.map(({ headers }) => attributesOf(headers).type));
  expect(types).toEqual(new Set(['checkout.session.verified', 'checkout.access.denied']));
  expect(heard.map(({ value }) => value.toString()).join()).not.toContain('s-audit');
  await listener.stop?.();
});

it('asks again for the sessions of a cart whose payment the ledger recorded', async () => {
  const producer = createProducer(kafka);
  await producer.start?.();
  addSession('s-paid', 'cart-paid');
  addSession('s-other', 'cart-other');
  expect([await verify('s-paid'), await verify('s-other')]).toEqual([200, 200]);
  ct.sessions.delete('s-paid');
  ct.sessions.delete('s-other');
  expect(await verify('s-paid')).toBe(200);
  const data = {
    paymentId: 'p',
    paymentIntentId: 'pi_1',
    paymentVersion: 2,
    causeId: 'evt_1',
    causeType: 'charge.succeeded',
  };
  // The service's own tail may still be on its way into its group.
  await expect
    .poll(
      async () => {
        const attributes = { key: 'pi_1', id: `e-${Math.random()}`, source: '/test', subject: 'pi_1' };
        const amount = { centAmount: 100, currencyCode: 'EUR', fractionDigits: 2 };
        const transactions = [{ id: 't-1', type: 'Charge' as const, state: 'Success' as const, amount }];
        const recorded = { ...data, cartId: 'cart-paid', transactions };
        await producer.send(PAYMENT_TRANSACTIONS, eventRecord('checkout.transaction.recorded', attributes, recorded));
        return verify('s-paid');
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBe(401);
  expect(await verify('s-other')).toBe(200);
  await producer.stop?.();
});

it('serves, and stays ready, while Kafka is away', async () => {
  await broker.kill();
  addSession('s-alone', 'cart-alone');
  const started = performance.now();
  expect(await verify('s-alone')).toBe(200);
  expect(await verify('nobody-knows')).toBe(401);
  expect(performance.now() - started).toBeLessThan(1_000);
  const ready = await fetch(`http://127.0.0.1:${portOf('health and metrics are served')}/readyz`);
  expect(ready.status).toBe(200);
  await broker.restart();
});

it('ends in order on SIGTERM', async () => {
  const ended = once(service, 'exit');
  service.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
});
