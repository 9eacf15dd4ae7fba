import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PAYMENT_EVENTS, TOPICS, toRecord } from '@connector/contracts';
import { createKafka, createProducer, ensureTopics, type Kafka, kafkaConfig, type Producer } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createLogger } from '@connector/telemetry';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { type KafkaVariables, sharedKafka } from '../shared-kafka.ts';

const SERVICES = new URL('../../../../services', import.meta.url).pathname;
/** Commands leave younger payments to the webhooks. */
const HOURS_AGO = 3 * 60 * 60 * 1000;
const AT_LENGTH = { timeout: 90_000, interval: 200 };
const PAYMENTS = 12;

let variables: KafkaVariables;
let stripeSimulator: StripeSimulator;
let stripe: Stripe;
let kafka: Kafka;
let producer: Producer;
let [ours, others]: CommercetoolsSimulator[] = [];
const ledgers: ChildProcess[] = [];

beforeAll(async () => {
  const now = () => Date.now() - HOURS_AGO;
  [variables, ours, others, stripeSimulator] = await Promise.all([
    sharedKafka(),
    startCommercetoolsSimulator({ now, projectKey: 'shop' }),
    startCommercetoolsSimulator({ now, projectKey: 'other' }),
    startStripeSimulator({ now }),
  ]);
  const { hostname, port } = new URL(stripeSimulator.url);
  stripe = new Stripe('sk_test_1', { host: hostname, port, protocol: 'http', telemetry: false });
  kafka = createKafka(parseConfig(z.object(kafkaConfig), variables), {
    clientId: 'test',
    log: createLogger('test', 'silent'),
  });
  await ensureTopics(kafka, TOPICS);
  producer = createProducer(kafka);
  await producer.start?.();
}, 120_000);
afterAll(async () => {
  await Promise.all(ledgers.map(end));
  await producer?.stop?.();
  await Promise.all([ours?.close(), others?.close(), stripeSimulator?.close()]);
});

const environmentOf = (commercetools: CommercetoolsSimulator | undefined) => ({
  PATH: process.env.PATH ?? '',
  ...variables,
  CTP_PROJECT_KEY: commercetools?.projectKey ?? '',
  CTP_CLIENT_ID: commercetools?.clientId ?? '',
  CTP_CLIENT_SECRET: commercetools?.clientSecret ?? '',
  CTP_AUTH_URL: commercetools?.url ?? '',
  CTP_API_URL: commercetools?.url ?? '',
  CTP_CHECKOUT_URL: commercetools?.url ?? '',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_API_BASE: stripeSimulator.url,
  METRICS_PORT: '0',
});
function startLedger(of: CommercetoolsSimulator | undefined): ChildProcess {
  const env = environmentOf(of);
  const ledger = spawn(process.execPath, ['main.ts'], { cwd: `${SERVICES}/ledger/src`, env, stdio: 'ignore' });
  ledgers.push(ledger);
  return ledger;
}
async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill('SIGTERM');
  await once(process, 'exit');
}
async function withAdmin<T>(work: (admin: ReturnType<Kafka['client']['admin']>) => Promise<T>): Promise<T> {
  const admin = kafka.client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
const untilMembers = (count: number) =>
  withAdmin((admin) =>
    vi.waitFor(async () => {
      const { groups } = await admin.describeGroups([kafka.prefixed('ledger')]);
      expect([groups[0]?.state, groups[0]?.members.length]).toEqual(['Stable', count]);
    }, AT_LENGTH),
  );
const untilAllRead = () =>
  withAdmin((admin) =>
    vi.waitFor(async () => {
      const topic = kafka.prefixed(PAYMENT_EVENTS);
      const [committed] = await admin.fetchOffsets({ groupId: kafka.prefixed('ledger'), topics: [topic] });
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        const at = committed?.partitions.find((one) => one.partition === partition)?.offset ?? '-1';
        expect(Number(at) >= Number(high) || high === '0').toBe(true);
      }
    }, AT_LENGTH),
  );

/** A payment of ours, opened and paid; its events lie on the topic as those of a version that did not say whose they are. */
async function paid(): Promise<string> {
  const key = `cart-${crypto.randomUUID()}-1`;
  const { id } = await stripe.paymentIntents.create({
    amount: 4_999,
    currency: 'eur',
    automatic_payment_methods: { enabled: true },
    metadata: { ct_project_key: 'shop', cart_id: 'cart', ct_payment_key: key },
  });
  const answer = await fetch(`${ours?.url}/shop/payments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ours?.issueToken()}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      key,
      amountPlanned: { centAmount: 4_999, currencyCode: 'EUR' },
      paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
      interfaceId: id,
    }),
  });
  expect(answer.status).toBe(201);
  stripeSimulator.controls.pay(id);
  for (const event of [...stripeSimulator.controls.events()].filter(({ body }) => body.includes(id))) {
    const attributes = {
      id: event.id,
      source: '/stripe',
      type: `com.stripe.${event.type}`,
      time: new Date().toISOString(),
    };
    await producer.send(PAYMENT_EVENTS, toRecord(id, { ...attributes, subject: id }, Buffer.from(event.body)));
  }
  return key;
}
const transactionsOf = async (keys: readonly string[]) => {
  const { payments = [] } = (await ours?.state({ payments: keys })) ?? {};
  return payments.map(({ transactions }) => transactions.map(({ type, state }) => `${type} ${state}`).join(', '));
};
const BOOKED = 'Authorization Success, Charge Success';

it.each([
  ['reconcile', 'webhook-ingest', ['--since', '4h']],
  ['reconcile-pending', 'ledger', ['--since', '4h', '--repair']],
])(
  '%s brings what another installation in the same group took, once each',
  async (command, service, args) => {
    const [first, second] = [startLedger(ours), startLedger(others)];
    await untilMembers(2);
    const keys = await Promise.all(Array.from({ length: PAYMENTS }, paid));
    await untilAllRead();
    // The two have half of the partitions each: some of our events were taken, and the other project got nothing of them.
    await end(second);
    expect((await transactionsOf(keys)).filter((all) => all !== BOOKED).length).toBeGreaterThan(0);
    expect((await others?.state())?.payments).toEqual([]);
    await untilMembers(1);

    const child = spawn(process.execPath, [`commands/${command}.ts`, ...args], {
      cwd: `${SERVICES}/${service}/src`,
      env: environmentOf(ours),
      stdio: 'ignore',
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    await vi.waitFor(async () => expect(await transactionsOf(keys)).toEqual(keys.map(() => BOOKED)), AT_LENGTH);
    await untilAllRead();
    expect(await transactionsOf(keys)).toEqual(keys.map(() => BOOKED));
    await end(first);
  },
  240_000,
);
