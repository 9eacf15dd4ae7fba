import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import { NotFoundError } from '@connector/errors';
import type { WebhookEndpoint } from '@connector/stripe';
import { describe, expect, it } from 'vitest';
import { ensureReport } from '../commands/cli/ensure-report.ts';
import { setUpReport } from '../commands/cli/setup-report.ts';
import { type MemoryEndpoints, memoryEndpoints } from '../testing/memory-endpoints.ts';
import { type EnsureDeps, ensureWebhookEndpoint, purgeWebhookEndpoints } from './ensure-webhook-endpoint.ts';
import { abortRotation, beginRotation, finishRotation, type SetUpDeps, setUp } from './set-up-webhook-endpoint.ts';

const url = 'https://payments.example.com/stripe/webhooks';
const apiVersion = '2026-10-28.endive';
const PLACE = { name: 'stripe-webhook', key: 'webhook-signing-secret', namespace: undefined };
const existing = (over: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  id: 'we_existing',
  url,
  status: 'enabled',
  apiVersion,
  events: STRIPE_EVENT_TYPES,
  metadata: {},
  createdAt: 1,
  ...over,
});
const depsOf = (endpoints: MemoryEndpoints, over: Partial<SetUpDeps> = {}): SetUpDeps => ({
  endpoints,
  url,
  projectKey: 'shop-eu',
  apiVersion,
  knownSecrets: [],
  probe: async () => 200,
  dryRun: false,
  ...over,
});

describe('setup', () => {
  it('makes the endpoint with exactly the events that are handled, and the version of our code', async () => {
    const endpoints = memoryEndpoints();
    const outcome = await setUp(depsOf(endpoints));
    expect(outcome).toMatchObject({ kind: 'created', secrets: ['whsec_of_we_made_1'] });
    expect(endpoints.stored).toEqual([
      {
        id: 'we_made_1',
        url,
        status: 'enabled',
        apiVersion,
        events: STRIPE_EVENT_TYPES,
        description: 'Stripe connector for commercetools Checkout',
        metadata: { managed_by: 'stripe-checkout-connector', ct_project_key: 'shop-eu' },
        createdAt: 1001,
      },
    ]);
  });

  it('makes none when there is one for the URL, and has no Secret to print', async () => {
    const endpoints = memoryEndpoints(existing());
    const report = setUpReport(await setUp(depsOf(endpoints)), url, PLACE);
    expect(endpoints.changes).toEqual([]);
    expect(report).toMatchObject({ exitCode: 3 });
    expect(report.manifest).toBeUndefined();
    expect(report.lines.join('\n')).toContain('--rotate');
  });

  it('prints the Secret again when its secret is given', async () => {
    const outcome = await setUp(depsOf(memoryEndpoints(existing()), { knownSecrets: ['whsec_known'] }));
    const report = setUpReport(outcome, url, PLACE);
    expect(report.exitCode).toBe(0);
    expect(report.manifest).toContain('whsec_known');
  });

  it("notices the project's endpoint that posts elsewhere", async () => {
    const endpoints = memoryEndpoints();
    await setUp(depsOf(endpoints, { url: 'https://old.example.com/stripe/webhooks' }));
    const outcome = await setUp(depsOf(endpoints));
    expect(outcome.kind).toBe('elsewhere');
    expect(setUpReport(outcome, url, PLACE)).toMatchObject({ exitCode: 1 });
    expect((await setUp(depsOf(endpoints, { projectKey: 'shop-us' }))).kind).toBe('created');
  });

  it('changes nothing in a dry run', async () => {
    const endpoints = memoryEndpoints();
    expect((await setUp(depsOf(endpoints, { dryRun: true }))).kind).toBe('would-create');
    expect((await beginRotation(depsOf(endpoints, { dryRun: true }))).kind).toBe('would-create');
    expect(endpoints.changes).toEqual([]);
  });
});

describe('a rotation', () => {
  it('never leaves the URL without an endpoint whose secret the pods know', async () => {
    const endpoints = memoryEndpoints(existing());
    const begun = await beginRotation(depsOf(endpoints, { knownSecrets: ['whsec_old'] }));
    expect(begun).toMatchObject({ kind: 'rotating', secrets: ['whsec_of_we_made_1', 'whsec_old'] });
    expect(endpoints.stored.map(({ id }) => id)).toEqual(['we_made_1', 'we_existing']);

    const knownSecrets = ['whsec_of_we_made_1', 'whsec_old'];
    const podsWithTheOld = async (secret: string) => (secret === 'whsec_old' ? 200 : 400);
    const tooEarly = await finishRotation(depsOf(endpoints, { knownSecrets, probe: podsWithTheOld }), {
      isChecked: true,
    });
    expect(tooEarly).toEqual({ kind: 'not-accepted', status: 400 });
    expect(endpoints.stored).toHaveLength(2);

    const done = await finishRotation(depsOf(endpoints, { knownSecrets }), { isChecked: true });
    expect(done).toMatchObject({ kind: 'finished', secrets: ['whsec_of_we_made_1'] });
    expect(endpoints.changes).toEqual(['create', 'remove we_existing']);
  });

  it('is not finished when it cannot be told that the pods know the new secret', async () => {
    const endpoints = memoryEndpoints(existing({ id: 'we_new', createdAt: 2 }), existing());
    const outcome = await finishRotation(depsOf(endpoints), { isChecked: true });
    expect(outcome).toEqual({ kind: 'not-accepted', status: undefined });
    expect(setUpReport(outcome, url, PLACE).lines.join('\n')).toContain('STRIPE_WEBHOOK_SIGNING_SECRET');
    expect(await finishRotation(depsOf(endpoints), { isChecked: false })).toMatchObject({
      kind: 'finished',
      secrets: [],
    });
  });

  it('is not begun twice, and can be given up', async () => {
    const endpoints = memoryEndpoints(existing());
    await beginRotation(depsOf(endpoints));
    expect((await beginRotation(depsOf(endpoints))).kind).toBe('under-way');
    expect(await abortRotation(depsOf(endpoints))).toMatchObject({ kind: 'aborted', endpoint: { id: 'we_existing' } });
    expect(endpoints.stored.map(({ id }) => id)).toEqual(['we_existing']);
    expect((await abortRotation(depsOf(endpoints))).kind).toBe('not-under-way');
    expect((await finishRotation(depsOf(endpoints), { isChecked: true })).kind).toBe('not-under-way');
  });
});

describe('keeping the endpoint up to date', () => {
  const ensure = (endpoints: MemoryEndpoints, over: Partial<EnsureDeps> = {}) =>
    ensureWebhookEndpoint({
      endpoints,
      url,
      apiVersion,
      dryRun: false,
      force: false,
      whyUnanswered: async () => undefined,
      ...over,
    });
  const report = async (endpoints: MemoryEndpoints, anyApiVersion = false) =>
    ensureReport(await ensure(endpoints), { url, apiVersion, anyApiVersion, dryRun: false });

  it('adds events to an endpoint whose URL is right (X-13), and the second time changes nothing', async () => {
    const endpoints = memoryEndpoints(existing({ events: ['charge.succeeded'] }));
    await ensure(endpoints);
    await ensure(endpoints);
    expect(endpoints.changes).toEqual(['update we_existing events']);
    expect(endpoints.stored[0]?.events).toEqual(STRIPE_EVENT_TYPES);
  });

  it('takes the named endpoint along to a new URL', async () => {
    const endpoints = memoryEndpoints(existing({ url: 'https://old.example.com/stripe/webhooks' }));
    expect(await ensure(endpoints)).toEqual([]);
    await ensure(endpoints, { id: 'we_existing' });
    expect(endpoints.stored[0]?.url).toBe(url);
  });

  it('leaves the endpoint where it is, and fails, while nothing of ours answers at the new URL, unless it is forced to', async () => {
    const old = 'https://old.example.com/stripe/webhooks';
    const endpoints = memoryEndpoints(existing({ url: old, events: ['charge.succeeded'] }));
    const whyUnanswered = async () => 'it cannot be reached from here (getaddrinfo ENOTFOUND)';
    const done = await ensure(endpoints, { id: 'we_existing', whyUnanswered });
    expect(endpoints.stored[0]).toMatchObject({ url: old, events: STRIPE_EVENT_TYPES });
    const { lines, isFine } = ensureReport(done, { url, apiVersion, anyApiVersion: false, dryRun: false });
    expect(isFine).toBe(false);
    expect(lines.join('\n')).toContain(
      `still posts to ${old}, and not to ${url}: it cannot be reached from here (getaddrinfo ENOTFOUND).`,
    );
    await ensure(endpoints, { id: 'we_existing', whyUnanswered, force: true });
    expect(endpoints.stored[0]?.url).toBe(url);
  });

  it('asks nothing of an address that does not change', async () => {
    const whyUnanswered = async () => expect.fail('it was asked');
    const endpoints = memoryEndpoints(existing({ events: [] }));
    expect((await ensure(endpoints, { whyUnanswered }))[0]?.refused).toBeUndefined();
  });

  it("leaves other integrations' endpoints alone", async () => {
    const other = existing({ id: 'we_other', url: 'https://erp.example.com/hooks', events: ['payout.paid'] });
    const endpoints = memoryEndpoints(other, existing({ events: [] }));
    await ensure(endpoints);
    expect(endpoints.stored[0]).toEqual(other);
  });

  it('fails for a named endpoint that is not there, not for none at all', async () => {
    await expect(ensure(memoryEndpoints(), { id: 'we_gone' })).rejects.toThrow(NotFoundError);
    expect(await report(memoryEndpoints())).toMatchObject({ isFine: true });
  });

  it('changes nothing in a dry run', async () => {
    const endpoints = memoryEndpoints(existing({ events: [] }));
    expect((await ensure(endpoints, { dryRun: true }))[0]?.drift.events).toEqual(STRIPE_EVENT_TYPES);
    expect(endpoints.changes).toEqual([]);
  });

  it.each<[string, string | null, boolean]>([
    ['the same version', apiVersion, true],
    ['another version of the release', '2026-09-30.endive', true],
    ['another release', '2025-12-15.clover', false],
    ["the account's default", null, false],
  ])('with %s: %s is fine = %s', async (_what, actual, isFine) => {
    const endpoints = memoryEndpoints(existing({ apiVersion: actual }));
    expect(await report(endpoints)).toMatchObject({ isFine });
    expect(await report(endpoints, true)).toMatchObject({ isFine: true });
  });

  it('does not fail for the older version of an endpoint that is being replaced', async () => {
    const endpoints = memoryEndpoints(existing({ id: 'we_new', createdAt: 2 }), existing({ apiVersion: null }));
    expect(await report(endpoints)).toMatchObject({ isFine: true });
  });

  it.each([false, true])('fails for a disabled endpoint, and says so; any API version = %s', async (anyApiVersion) => {
    const { lines, isFine } = await report(memoryEndpoints(existing({ status: 'disabled' })), anyApiVersion);
    expect(lines.join('\n')).toContain('is disabled at Stripe');
    expect(isFine).toBe(false);
  });

  it('does not fail for a disabled endpoint beside an enabled one', async () => {
    const both = memoryEndpoints(existing({ id: 'we_new', createdAt: 2 }), existing({ status: 'disabled' }));
    expect(await report(both)).toMatchObject({ isFine: true });
    const outdated = existing({ id: 'we_new', createdAt: 2, apiVersion: null });
    expect(await report(memoryEndpoints(outdated, existing({ status: 'disabled' })))).toMatchObject({ isFine: false });
  });
});

it('a purge deletes our endpoints alone', async () => {
  const endpoints = memoryEndpoints(existing(), existing({ id: 'we_other', url: 'https://erp.example.com/hooks' }));
  expect(await purgeWebhookEndpoints({ endpoints, url, dryRun: true })).toHaveLength(1);
  expect(endpoints.changes).toEqual([]);
  await purgeWebhookEndpoints({ endpoints, url, dryRun: false });
  expect(endpoints.changes).toEqual(['remove we_existing']);
  expect(await purgeWebhookEndpoints({ endpoints, url, dryRun: false })).toEqual([]);
});
