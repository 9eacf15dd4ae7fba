import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MAX_MESSAGE_BYTES, TOPICS, type TopicSpec } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import type { TopicState } from '@connector/kafka';
import { StripeRejection } from '@connector/stripe';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { checkupTable, countOf, fail, ok, runCheckup } from './checkup.ts';
import { clockCheck } from './clock.ts';
import { regionFinding } from './commercetools.ts';
import { scopeFindings } from './commercetools-token.ts';
import { readSides } from './config.ts';
import { topicFinding } from './kafka.ts';
import { destinationFinding, secretFinding } from './stripe-webhooks.ts';

const explain = (error: unknown) => (error as Error).message;

describe('a checkup', () => {
  it('runs all checks at the same time, whatever the others find', async () => {
    let atOnce = 0;
    const together = Promise.withResolvers<void>();
    const check = (name: string) => ({
      name,
      run: async () => {
        atOnce += 1;
        if (atOnce === 2) together.resolve();
        await together.promise;
        return ok(name, 'fine');
      },
    });
    const broken = {
      name: 'broken',
      run: () => Promise.reject(new Error('the wire is cut')),
    };
    const findings = await runCheckup(
      [
        { name: 'one', checks: [check('a'), broken] },
        { name: 'two', checks: [check('b')] },
      ],
      { limitMs: 5_000, explain },
    );
    expect(findings.flatMap(({ findings }) => findings.map(({ check, result }) => `${check} ${result}`))).toEqual([
      'a ok',
      'broken fail',
      'b ok',
    ]);
    expect(checkupTable(findings)).toContain('the wire is cut');
  });

  it('waits for no check longer than its limit', async () => {
    const hangs = { name: 'hangs', run: () => new Promise<never>(() => {}) };
    const findings = await runCheckup([{ name: 'one', checks: [hangs] }], { limitMs: 20, explain });
    expect(countOf(findings, 'fail')).toBe(1);
  });

  it('shows below each problem what to do', () => {
    const findings = [{ area: 'Kafka', findings: [ok('brokers', '3'), fail('topic a', 'is not there', 'Make it.')] }];
    expect(checkupTable(findings).split('\n')).toEqual([
      'Kafka',
      '  ok    brokers  3',
      '  FAIL  topic a  is not there',
      '                 -> Make it.',
      '',
      '1 ok, 0 to look at, 1 failed, 0 cannot be known from here',
    ]);
  });
});

const MONEY = 'scope manage_checkout_payment_intents';

describe('scopes', () => {
  const all =
    'manage_payments manage_orders manage_customers manage_payment_methods manage_types view_sessions introspect_oauth_tokens view_api_clients manage_checkout_payment_intents manage_recurring_payment_jobs manage_locked_carts';
  const of = (names: string, project = 'shop') =>
    names
      .split(' ')
      .map((name) => `${name}:${project}`)
      .join(' ');

  it.each<[what: string, scope: string, wrong: string[]]>([
    ['all of them', of(all), []],
    ['the whole project', of('manage_project'), []],
    ['one is missing', of(all.replace('manage_customers ', '')), ['scope manage_customers']],
    ['sessions may even be managed', of(all.replace('view_sessions', 'manage_sessions')), []],
    [
      'those that only the status needs are missing',
      of(all.replace(/ view_api_clients.*jobs/, '')),
      ['scopes for status', 'scope manage_recurring_payment_jobs'],
    ],
    [
      'recurring orders get no job',
      of(all.replace(' manage_recurring_payment_jobs', '')),
      ['scopes for status', 'scope manage_recurring_payment_jobs'],
    ],
    ['locked carts cannot be changed', of(all.replace(' manage_locked_carts', '')), ['scope manage_locked_carts']],
  ])('%s', (_what, scope, wrong) => {
    expect(scopeFindings(scope, 'shop').flatMap(({ check, result }) => (result === 'ok' ? [] : [check]))).toEqual(
      wrong,
    );
  });

  it.each<[what: string, settle: 'report' | 'create' | 'return', scope: string, wrong: string[]]>([
    ['return needs to call operations', 'return', all.replace('manage_checkout_payment_intents ', ''), [MONEY]],
    ['return has all of them', 'return', all, []],
    ['create makes orders', 'create', all.replace('manage_orders ', ''), ['scope manage_orders']],
    ['create has all of them', 'create', all, []],
    [
      'report needs none of its own',
      'report',
      all.replace('manage_checkout_payment_intents ', ''),
      ['scopes for status'],
    ],
  ])('of unordered: %s', (_what, settle, scope, wrong) => {
    const findings = scopeFindings(of(scope), 'shop', { settle });
    expect(findings.flatMap(({ check, result }) => (result === 'ok' ? [] : [check]))).toEqual(wrong);
    const failed = findings.filter(({ result }) => result === 'fail');
    expect(failed.map(({ check }) => check)).toEqual(wrong.filter((check) => check !== 'scopes for status'));
    const told = settle === 'return' ? ['returning the money of a cart without an order'] : ['making the order'];
    expect(failed.map(({ found }) => found)).toEqual(failed.map(() => expect.stringContaining(told.join())));
  });

  it('of another project do not count', () => {
    expect(scopeFindings(of('manage_project', 'other'), 'shop').some(({ result }) => result === 'fail')).toBe(true);
  });
});

it.each([
  ['CTP_SCOPE limits the token', 'manage_payments:shop'],
  ['Make an API client', undefined],
])('advises that %s when a scope is missing', (advice, asked) => {
  const missing = scopeFindings('manage_payments:shop', 'shop', { asked }).filter(({ result }) => result === 'fail');
  expect(missing.map(({ todo }) => todo)).toEqual(missing.map(() => expect.stringContaining(advice)));
  expect(missing.length).toBeGreaterThan(0);
});

it.each([
  ['one region', 'us-central1.gcp', 'ok', 'us-central1.gcp'],
  ['a default of another', 'europe-west1.gcp', 'warn', 'us-central1.gcp, but CTP_SESSION_URL in europe-west1.gcp'],
])('tells the region: %s', (_what, session, result, found) => {
  const at = (api: string, region = 'us-central1.gcp') => `https://${api}.${region}.commercetools.com`;
  const side = {
    CTP_API_URL: at('api'),
    CTP_AUTH_URL: at('auth'),
    CTP_SESSION_URL: at('session', session),
    CTP_CHECKOUT_URL: at('checkout'),
  };
  expect(regionFinding(side)).toMatchObject({ result, found });
});

describe('a topic', () => {
  const spec = TOPICS[0] as TopicSpec;
  const state = (over: Partial<TopicState> = {}, config: Record<string, string> = {}): TopicState => ({
    partitions: 12,
    replicas: 3,
    inSync: 3,
    config: { ...spec.config, 'min.insync.replicas': '2', ...config },
    ...over,
  });
  it.each<[what: string, state: TopicState | undefined, result: string]>([
    ['as it should be', state(), 'ok'],
    ['that keeps its records for ever', state({}, { 'retention.ms': '-1' }), 'ok'],
    ['that is not there', undefined, 'fail'],
    ['whose settings we may not read', state({ config: undefined }), 'unknown'],
    ['with few partitions', state({ partitions: 1 }), 'warn'],
    ['with few replicas', state({ replicas: 1, inSync: 1 }, { 'min.insync.replicas': '1' }), 'warn'],
    ['with one replica that must know', state({}, { 'min.insync.replicas': '1' }), 'warn'],
    ['that nothing can be written to', state({ inSync: 1 }), 'fail'],
    ['that takes no large webhook', state({}, { 'max.message.bytes': String(MAX_MESSAGE_BYTES - 1) }), 'fail'],
    ['that forgets early', state({}, { 'retention.ms': '3600000' }), 'warn'],
    ['that may lose what was acknowledged', state({}, { 'unclean.leader.election.enable': 'true' }), 'warn'],
    ['that is compacted', state({}, { 'cleanup.policy': 'compact' }), 'warn'],
  ])('%s', (_what, present, result) => {
    expect(topicFinding(spec, present).result).toBe(result);
  });
});

it.each<[secrets: string[], result: string]>([
  [['whsec_0123456789abcdef'], 'ok'],
  [['whsec_0123456789abcdef', 'whsec_fedcba9876543210'], 'ok'],
  [['whsec_0123456789abcdef', 'whsec_0123456789abcdef'], 'warn'],
  [['whsec_1', 'whsec_0123456789abcdef'], 'fail'],
  [['we_0123456789abcdefghij'], 'fail'],
  [[], 'fail'],
])('signing secrets %j are %s', (secrets, result) => {
  expect(secretFinding(secrets)).toMatchObject({ result });
});

describe('event destinations', () => {
  const URL = 'https://shop.example/stripe/webhooks';
  const destination = (payload: 'snapshot' | 'thin', url: string | undefined, status = 'enabled') => ({
    id: 'ed_1',
    event_payload: payload,
    status,
    webhook_endpoint: url === undefined ? undefined : { url },
  });
  it.each([
    ['a thin one that posts to us', [destination('thin', URL)], 'fail'],
    ['a thin one that posts to us beside a good one', [destination('snapshot', URL), destination('thin', URL)], 'fail'],
    ['a thin one that posts to us, but is disabled', [destination('thin', URL, 'disabled')], 'ok'],
    ['a thin one that posts to another', [destination('thin', 'https://other.example/')], 'ok'],
    ['a thin one of another kind than webhooks', [destination('thin', undefined)], 'ok'],
    ['one with snapshots', [destination('snapshot', URL)], 'ok'],
    ['none', [], 'ok'],
  ])('%s', async (_what, all, result) => {
    expect(await destinationFinding({ call: async () => all as never }, URL)).toMatchObject({ result });
  });

  it.each([
    ['the key may not read them', new TransientError('403', { reason: 'unauthorized' })],
    ['Stripe does not know them', new StripeRejection('list', 404, new Stripe.errors.StripeError({ message: 'no' }))],
  ])('cannot be known when %s', async (_why, error) => {
    const call = () => Promise.reject(error);
    expect(await destinationFinding({ call }, URL)).toMatchObject({ result: 'unknown' });
  });
});

describe('the clock', () => {
  it.each([
    [0, 'ok'],
    [30_000, 'warn'],
    [-30_000, 'warn'],
    [400_000, 'fail'],
  ])('%i ms off is %s', async (off, result) => {
    const server = createServer((_req, res) => res.writeHead(401).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(await clockCheck('Stripe', url, { now: () => Date.now() + off }).run()).toMatchObject({ result });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

it('reads each side separately, so that a wrong variable hides nothing about the others', () => {
  const sides = readSides({ KAFKA_BROKERS: 'localhost:9092', KAFKA_SASL_MECHANISM: 'plain' });
  expect(sides.kafka).toEqual({ problems: [expect.stringContaining('KAFKA_SASL_USERNAME')] });
  expect(readSides({ KAFKA_BROKERS: 'localhost:9092' }).kafka).toHaveProperty('config');
});
