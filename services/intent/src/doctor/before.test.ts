import { describe, expect, it } from 'vitest';
import { beforeRelease, configurationFinding, noteworthy } from './before.ts';
import { fail, ok, warn, withCause } from './checkup.ts';
import { edgeBefore } from './edge.ts';
import { reachable } from './reachable.ts';

it.each([
  ['ENOTFOUND', 'commercetools oauth.token failed: connection (ENOTFOUND)'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'commercetools oauth.token failed: connection (SELF_SIGNED_CERT_IN_CHAIN)'],
  ['card_declined', 'commercetools oauth.token failed: connection'],
])('a connection that failed by %s says so', (code, expected) => {
  const cause = new TypeError('fetch failed', { cause: Object.assign(new Error('lower'), { code }) });
  const error = new Error('commercetools oauth.token failed: connection', { cause });
  expect(withCause(error.message, error)).toBe(expected);
});

describe('before a release', () => {
  it.each([
    ['a custom type', fail('type stripe-customer', 'is not there', ''), 'unknown'],
    ['a topic', fail('topic payments.events', 'is not there, or we may not see it', ''), 'unknown'],
    ['an endpoint that posts elsewhere', fail('webhook endpoint', 'we_1 posts to https://old', ''), 'unknown'],
    ['the events of the endpoint', fail('webhook events', 'we_1 has not exactly the 17', ''), 'unknown'],
    ['no endpoint', fail('webhook endpoint', 'none posts to https://new', ''), 'warn'],
    ['a disabled endpoint', fail('webhook endpoint', 'we_1 is disabled', ''), 'fail'],
    ['a topic that nothing can be written to', fail('topic payments.events', 'only 1 replicas in sync', ''), 'fail'],
    ['a refused key', fail('secret key', 'Stripe refuses it', ''), 'fail'],
    ['a warning', warn('secret key', 'valid, unrestricted', ''), 'warn'],
  ])('%s is %j', (_what, finding, result) => {
    expect(beforeRelease(finding, { topics: true, anyApiVersion: false }).result).toBe(result);
  });

  it('accepts an endpoint of another API version only if the release does', () => {
    const finding = fail('webhook API version', "the account's default", 'setup --rotate');
    expect(beforeRelease(finding, { topics: true, anyApiVersion: false }).result).toBe('fail');
    expect(beforeRelease(finding, { topics: true, anyApiVersion: true }).result).toBe('warn');
  });

  it('reports a missing topic that the release does not create', () => {
    const finding = fail('topic payments.events', 'is not there, or we may not see it', '');
    expect(beforeRelease(finding, { topics: false, anyApiVersion: false })).toEqual(finding);
  });

  it('shows only findings that need attention', () => {
    const findings = [ok('a', ''), warn('b', '', ''), fail('c', '', '')];
    expect(
      noteworthy([
        { area: 'one', findings },
        { area: 'two', findings: [ok('d', '')] },
      ]),
    ).toEqual([{ area: 'one', findings: findings.slice(1) }]);
  });
});

describe('a problem of the configuration', () => {
  const DOCTOR_SECRETS = JSON.stringify({ CTP_CLIENT_ID: ['commercetools', 'client-id'] });
  it.each([
    ['names the Secret that is not there', {}, 'Secret commercetools', 'has no key client-id (for CTP_CLIENT_ID)'],
    ['names the key that holds a wrong value', { CTP_CLIENT_ID: 'xxx' }, 'configuration', 'CTP_CLIENT_ID: is required'],
  ])('%s', (_what, env, check, found) => {
    const finding = configurationFinding('CTP_CLIENT_ID: is required', { DOCTOR_SECRETS, ...env });
    expect(finding).toMatchObject({ check, result: 'fail' });
    expect(finding.found).toContain(found);
  });

  it('names the variable if it is in no Secret', () => {
    expect(configurationFinding('KAFKA_BROKERS: is required', {})).toMatchObject({ check: 'configuration' });
  });
});

describe('the public name before the release', () => {
  const side = {
    CONNECT_SERVICE_URL: 'https://payments.invalid',
    STRIPE_WEBHOOK_SIGNING_SECRET: [],
    MERCHANT_RETURN_URL: 'http://localhost/return',
    ALLOWED_ORIGINS: [],
  } as unknown as Parameters<typeof edgeBefore>[0];
  it.each([
    [false, 'fail'],
    [true, 'warn'],
  ])('that is not in DNS, unresolved-ok = %s, is %s', async (unresolvedOk, result) => {
    const [check] = edgeBefore(side, { unresolvedOk });
    expect(await check?.run()).toMatchObject({ check: 'public address', result });
  });
});

it.each([
  ['127.0.0.1:1', 'ECONNREFUSED'],
  ['[::1]:1', /ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH/],
  ['kafka.invalid:9092', /ENOTFOUND|EAI_AGAIN/],
])('reports an unreachable broker at %s with the reason', async (broker, reason) => {
  const [check] = reachable([broker]);
  expect(await check?.run()).toMatchObject({ result: 'fail', found: expect.stringMatching(reason) });
});
