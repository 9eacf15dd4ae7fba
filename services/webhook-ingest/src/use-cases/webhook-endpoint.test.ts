import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import { NotFoundError } from '@connector/errors';
import { stripeWebhookEndpoints } from '@connector/stripe';
import { FakeStripe } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { ensureReport } from '../commands/cli/ensure-report.ts';
import { setUpReport } from '../commands/cli/setup-report.ts';
import { type EnsureDeps, ensureWebhookEndpoint, purgeWebhookEndpoints } from './ensure-webhook-endpoint.ts';
import { abortRotation, beginRotation, finishRotation, type SetUpDeps, setUp } from './set-up-webhook-endpoint.ts';

const url = 'https://payments.example.com/stripe/webhooks';
const apiVersion = '2026-10-28.endive';
const PLACE = { name: 'stripe-webhook', key: 'webhook-signing-secret', namespace: undefined };
const existing = (over: Partial<Stripe.WebhookEndpoint> = {}): Stripe.WebhookEndpoint => ({
  id: 'we_existing',
  object: 'webhook_endpoint',
  application: null,
  description: null,
  livemode: false,
  url,
  status: 'enabled',
  api_version: apiVersion,
  enabled_events: [...STRIPE_EVENT_TYPES],
  metadata: {},
  created: 1,
  ...over,
});

/** An account with the given webhook endpoints, the newest first. */
function account(...endpoints: Stripe.WebhookEndpoint[]): FakeStripe {
  const stripe = new FakeStripe();
  let made = 0;
  stripe.newId = (prefix) => {
    made += 1;
    return `${prefix}_made_${made}`;
  };
  for (const endpoint of endpoints.reverse()) stripe.webhookEndpoints.set(endpoint.id, endpoint);
  return stripe;
}

const storedIn = ({ webhookEndpoints }: FakeStripe) => [...webhookEndpoints.values()].reverse();
/** The write calls, in order. */
const changesOf = ({ calls }: FakeStripe) =>
  calls.map((call) => call.replace('webhook_endpoints.', '')).filter((call) => call !== 'list');

const depsOf = (stripe: FakeStripe, over: Partial<SetUpDeps> = {}): SetUpDeps => ({
  endpoints: stripeWebhookEndpoints(stripe),
  url,
  projectKey: 'shop-eu',
  apiVersion,
  knownSecrets: [],
  probe: async () => 200,
  dryRun: false,
  ...over,
});

describe('setup', () => {
  it('creates the endpoint with exactly the handled events, and the API version of our code', async () => {
    const stripe = account();
    const outcome = await setUp(depsOf(stripe));
    expect(outcome).toMatchObject({ kind: 'created', secrets: ['whsec_of_we_made_1'] });
    expect(storedIn(stripe)).toEqual([
      existing({
        id: 'we_made_1',
        description: 'Stripe connector for commercetools Checkout',
        metadata: { managed_by: 'stripe-checkout-connector', ct_project_key: 'shop-eu' },
        created: stripe.seconds,
      }),
    ]);
  });

  it('creates none when the URL has one, and has no Secret to print', async () => {
    const stripe = account(existing());
    const report = setUpReport(await setUp(depsOf(stripe)), url, PLACE);
    expect(changesOf(stripe)).toEqual([]);
    expect(report).toMatchObject({ exitCode: 3 });
    expect(report.manifest).toBeUndefined();
    expect(report.lines.join('\n')).toContain('--rotate');
  });

  it('prints the Secret again when its secret is given', async () => {
    const outcome = await setUp(depsOf(account(existing()), { knownSecrets: ['whsec_known'] }));
    const report = setUpReport(outcome, url, PLACE);
    expect(report.exitCode).toBe(0);
    expect(report.manifest).toContain('whsec_known');
  });

  it("notices the project's endpoint that posts elsewhere", async () => {
    const stripe = account();
    await setUp(depsOf(stripe, { url: 'https://old.example.com/stripe/webhooks' }));
    const outcome = await setUp(depsOf(stripe));
    expect(outcome.kind).toBe('elsewhere');
    expect(setUpReport(outcome, url, PLACE)).toMatchObject({ exitCode: 1 });
    expect((await setUp(depsOf(stripe, { projectKey: 'shop-us' }))).kind).toBe('created');
  });

  it('changes nothing in a dry run', async () => {
    const stripe = account();
    expect((await setUp(depsOf(stripe, { dryRun: true }))).kind).toBe('would-create');
    expect((await beginRotation(depsOf(stripe, { dryRun: true }))).kind).toBe('would-create');
    expect(changesOf(stripe)).toEqual([]);
  });
});

describe('a rotation', () => {
  it('never leaves the URL without an endpoint whose secret the pods know', async () => {
    const stripe = account(existing());
    const begun = await beginRotation(depsOf(stripe, { knownSecrets: ['whsec_old'] }));
    expect(begun).toMatchObject({ kind: 'rotating', secrets: ['whsec_of_we_made_1', 'whsec_old'] });
    expect(storedIn(stripe).map(({ id }) => id)).toEqual(['we_made_1', 'we_existing']);

    const knownSecrets = ['whsec_of_we_made_1', 'whsec_old'];
    const podsWithTheOld = async (secret: string) => (secret === 'whsec_old' ? 200 : 400);
    const tooEarly = await finishRotation(depsOf(stripe, { knownSecrets, probe: podsWithTheOld }), {
      isChecked: true,
    });
    expect(tooEarly).toEqual({ kind: 'not-accepted', status: 400 });
    expect(storedIn(stripe)).toHaveLength(2);

    const done = await finishRotation(depsOf(stripe, { knownSecrets }), { isChecked: true });
    expect(done).toMatchObject({ kind: 'finished', secrets: ['whsec_of_we_made_1'] });
    expect(changesOf(stripe)).toEqual(['create', 'delete']);
  });

  it('is not finished when it is unknown whether the pods have the new secret', async () => {
    const stripe = account(existing({ id: 'we_new', created: 2 }), existing());
    const outcome = await finishRotation(depsOf(stripe), { isChecked: true });
    expect(outcome).toEqual({ kind: 'not-accepted', status: undefined });
    expect(setUpReport(outcome, url, PLACE).lines.join('\n')).toContain('STRIPE_WEBHOOK_SIGNING_SECRET');
    expect(await finishRotation(depsOf(stripe), { isChecked: false })).toMatchObject({
      kind: 'finished',
      secrets: [],
    });
  });

  it('cannot begin twice, and can be aborted', async () => {
    const stripe = account(existing());
    await beginRotation(depsOf(stripe));
    expect((await beginRotation(depsOf(stripe))).kind).toBe('under-way');
    expect(await abortRotation(depsOf(stripe))).toMatchObject({ kind: 'aborted', endpoint: { id: 'we_existing' } });
    expect(storedIn(stripe).map(({ id }) => id)).toEqual(['we_existing']);
    expect((await abortRotation(depsOf(stripe))).kind).toBe('not-under-way');
    expect((await finishRotation(depsOf(stripe), { isChecked: true })).kind).toBe('not-under-way');
  });
});

describe('keeping the endpoint up to date', () => {
  const ensure = (stripe: FakeStripe, over: Partial<EnsureDeps> = {}) =>
    ensureWebhookEndpoint({
      endpoints: stripeWebhookEndpoints(stripe),
      url,
      apiVersion,
      dryRun: false,
      force: false,
      whyUnanswered: async () => undefined,
      ...over,
    });
  const report = async (stripe: FakeStripe, anyApiVersion = false) =>
    ensureReport(await ensure(stripe), { url, apiVersion, anyApiVersion, dryRun: false });

  it('adds missing events to an endpoint (X-13), and changes nothing the second time', async () => {
    const stripe = account(existing({ enabled_events: ['charge.succeeded'] }));
    await ensure(stripe);
    await ensure(stripe);
    expect(changesOf(stripe)).toEqual(['update']);
    expect(storedIn(stripe)[0]?.enabled_events).toEqual(STRIPE_EVENT_TYPES);
  });

  it('moves the named endpoint to a new URL', async () => {
    const stripe = account(existing({ url: 'https://old.example.com/stripe/webhooks' }));
    expect(await ensure(stripe)).toEqual([]);
    await ensure(stripe, { id: 'we_existing' });
    expect(storedIn(stripe)[0]?.url).toBe(url);
  });

  it('keeps the endpoint’s address, and fails, while our service does not answer at the new URL, unless it is forced', async () => {
    const old = 'https://old.example.com/stripe/webhooks';
    const stripe = account(existing({ url: old, enabled_events: ['charge.succeeded'] }));
    const whyUnanswered = async () => 'it cannot be reached from here (getaddrinfo ENOTFOUND)';
    const done = await ensure(stripe, { id: 'we_existing', whyUnanswered });
    expect(storedIn(stripe)[0]).toMatchObject({ url: old, enabled_events: STRIPE_EVENT_TYPES });
    const { lines, isFine } = ensureReport(done, { url, apiVersion, anyApiVersion: false, dryRun: false });
    expect(isFine).toBe(false);
    expect(lines.join('\n')).toContain(
      `still posts to ${old}, and not to ${url}: it cannot be reached from here (getaddrinfo ENOTFOUND).`,
    );
    await ensure(stripe, { id: 'we_existing', whyUnanswered, force: true });
    expect(storedIn(stripe)[0]?.url).toBe(url);
  });

  it('does not check an address that does not change', async () => {
    const whyUnanswered = async () => expect.fail('it was asked');
    const stripe = account(existing({ enabled_events: [] }));
    expect((await ensure(stripe, { whyUnanswered }))[0]?.refused).toBeUndefined();
  });

  it("leaves other integrations' endpoints alone", async () => {
    const other = existing({ id: 'we_other', url: 'https://erp.example.com/hooks', enabled_events: ['payout.paid'] });
    const stripe = account(other, existing({ enabled_events: [] }));
    await ensure(stripe);
    expect(storedIn(stripe)[0]).toEqual(other);
  });

  it('fails if the named endpoint does not exist, but not if there is no endpoint at all', async () => {
    await expect(ensure(account(), { id: 'we_gone' })).rejects.toThrow(NotFoundError);
    expect(await report(account())).toMatchObject({ isFine: true });
  });

  it('changes nothing in a dry run', async () => {
    const stripe = account(existing({ enabled_events: [] }));
    expect((await ensure(stripe, { dryRun: true }))[0]?.drift.events).toEqual(STRIPE_EVENT_TYPES);
    expect(changesOf(stripe)).toEqual([]);
  });

  it.each<[string, string | null, boolean]>([
    ['the same version', apiVersion, true],
    ['another version of the release', '2026-09-30.endive', true],
    ['another release', '2025-12-15.clover', false],
    ["the account's default", null, false],
  ])('with %s: %s is fine = %s', async (_what, actual, isFine) => {
    const stripe = account(existing({ api_version: actual }));
    expect(await report(stripe)).toMatchObject({ isFine });
    expect(await report(stripe, true)).toMatchObject({ isFine: true });
  });

  it('does not fail because of the older version of an endpoint that is being replaced', async () => {
    const stripe = account(existing({ id: 'we_new', created: 2 }), existing({ api_version: null }));
    expect(await report(stripe)).toMatchObject({ isFine: true });
  });

  it.each([false, true])('fails for a disabled endpoint, and says so; any API version = %s', async (anyApiVersion) => {
    const { lines, isFine } = await report(account(existing({ status: 'disabled' })), anyApiVersion);
    expect(lines.join('\n')).toContain('is disabled at Stripe');
    expect(isFine).toBe(false);
  });

  it('does not fail because of a disabled endpoint beside an enabled one', async () => {
    const both = account(existing({ id: 'we_new', created: 2 }), existing({ status: 'disabled' }));
    expect(await report(both)).toMatchObject({ isFine: true });
    const outdated = existing({ id: 'we_new', created: 2, api_version: null });
    expect(await report(account(outdated, existing({ status: 'disabled' })))).toMatchObject({ isFine: false });
  });
});

it('a purge deletes only our endpoints', async () => {
  const stripe = account(existing(), existing({ id: 'we_other', url: 'https://erp.example.com/hooks' }));
  expect(await purgeWebhookEndpoints({ endpoints: stripeWebhookEndpoints(stripe), url, dryRun: true })).toHaveLength(1);
  expect(changesOf(stripe)).toEqual([]);
  await purgeWebhookEndpoints({ endpoints: stripeWebhookEndpoints(stripe), url, dryRun: false });
  expect(changesOf(stripe)).toEqual(['delete']);
  expect(await purgeWebhookEndpoints({ endpoints: stripeWebhookEndpoints(stripe), url, dryRun: false })).toEqual([]);
});
