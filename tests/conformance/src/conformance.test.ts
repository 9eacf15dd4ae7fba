import type { RelayedCall } from '@connector/e2e-tests/relay';
import { startTestSystem, type TestSystem } from '@connector/e2e-tests/test-system';
import { API_VERSION } from '@connector/simulator-stripe';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readCommercetoolsDescription } from './commercetools-description.ts';
import { collect, commercetoolsDifferences, type Difference, stripeDifferences } from './exchanges.ts';
import { FLOWS } from './flows/index.ts';
import { KNOWN_DIFFERENCES, KNOWN_LENIENCIES } from './known-differences.ts';
import { mutatedDocuments, mutatedForms } from './mutations.ts';
import { readStripeDescription } from './stripe-description.ts';

let system: TestSystem;
const stripe = readStripeDescription();
const commercetools = readCommercetoolsDescription();
let differences: Difference[];

beforeAll(async () => {
  system = await startTestSystem({
    relayAll: true,
    serviceEnv: {
      intent: {
        STORED_PAYMENT_METHODS_ENABLED: 'true',
        STRIPE_ENABLE_MULTI_OPERATIONS: 'true',
        STRIPE_ENABLE_LINE_ITEMS: 'true',
        STRIPE_ENABLE_OVERCAPTURE: 'true',
        STRIPE_ENABLE_EXTENDED_AUTHORIZATION: 'true',
        STRIPE_ENABLE_INCREMENTAL_AUTHORIZATION: 'true',
      },
      ledger: { STORED_PAYMENT_METHODS_NAMES: 'true' },
    },
  });
});
afterAll(async () => {
  await system?.stop();
});

// A flow runs commands and waits for webhooks, on whatever machine.
it.each(FLOWS)('goes through: $name', { timeout: 180_000 }, async ({ run }) => {
  await run(system);
});

describe('what was said', () => {
  beforeAll(async () => {
    // The ledger has its last words once every webhook was answered.
    await vi.waitUntil(() => system.stripe.controls.webhooks.pending === 0, { timeout: 60_000 });
    const stripeCalls = system.stripeRelay.calls;
    const commercetoolsCalls = system.commercetoolsRelay.calls;
    const events = [...system.stripe.controls.events()].map(({ body }) => JSON.parse(body.toString()));
    console.log(
      `${stripeCalls.length} exchanges with Stripe, ${events.length} webhooks, ${commercetoolsCalls.length} exchanges with commercetools`,
    );
    differences = collect([
      ...stripeCalls.map((call) => ({
        rules: stripeDifferences(stripe, call, API_VERSION),
        example: `${call.method} ${call.path} ${call.body} → ${call.status} ${call.answer}`,
      })),
      ...commercetoolsCalls.map((call) => ({
        rules: commercetoolsDifferences(commercetools, call, system.commercetools.projectKey),
        example: `${call.method} ${call.path} ${call.body} → ${call.status} ${call.answer}`,
      })),
      ...events.map((event) => ({
        rules: stripe.event(event).map((wrong) => `stripe event ${event.type}: ${wrong}`),
        example: JSON.stringify(event),
      })),
    ]);
  });

  it('is what the vendors describe, but for the differences that are known', () => {
    const unknown = differences.filter(({ rule }) => !KNOWN_DIFFERENCES.some((known) => known.rule.test(rule)));
    expect(unknown.map(({ rule, example }) => `${rule}\n    ${example.slice(0, 300)}`)).toEqual([]);
  });

  it.each(KNOWN_DIFFERENCES)('still shows the known difference $rule', ({ rule }) => {
    expect(differences.some((difference) => rule.test(difference.rule))).toBe(true);
  });
});

describe('a fault on purpose is found', () => {
  const stripeCall = (method: string, path: RegExp) =>
    system.stripeRelay.calls.find(
      (call) => call.method === method && path.test(call.path) && call.status === 200,
    ) as RelayedCall;
  const commercetoolsCall = (method: string, path: RegExp) =>
    system.commercetoolsRelay.calls.find(
      (call) => call.method === method && path.test(call.path) && call.status < 300,
    ) as RelayedCall;
  const changed = (call: RelayedCall, fields: Record<string, unknown>): RelayedCall => ({
    ...call,
    answer: JSON.stringify({ ...JSON.parse(call.answer), ...fields }),
  });
  const ofStripe = (call: RelayedCall) => stripeDifferences(stripe, call, API_VERSION);
  const ofCommercetools = (call: RelayedCall) =>
    commercetoolsDifferences(commercetools, call, system.commercetools.projectKey);
  const opening = () => stripeCall('POST', /^\/v1\/payment_intents$/);
  const reading = () => stripeCall('GET', /^\/v1\/payment_intents\/pi_/);
  const writing = () => commercetoolsCall('POST', /\/payments\/[^/]+$/);

  it.each<[string, () => string[], string]>([
    [
      'in the simulated Stripe: an amount as a text',
      () => ofStripe(changed(reading(), { amount: '2400' })),
      'stripe answer GET /v1/payment_intents/{intent} 200: amount: must be integer',
    ],
    [
      'in the simulated Stripe: a status that does not exist',
      () => ofStripe(changed(reading(), { status: 'paid' })),
      'stripe answer GET /v1/payment_intents/{intent} 200: status: is none of the described values',
    ],
    [
      'in the simulated commercetools: an answer without its version',
      () => ofCommercetools(changed(writing(), { version: undefined })),
      'commercetools answer POST payments/{id} 200: version: is missing',
    ],
    [
      'in a service: a nested parameter that Stripe does not know',
      () => ofStripe({ ...opening(), body: `${opening().body}&shipping[address][zip]=24103` }),
      'stripe request POST /v1/payment_intents: shipping.address.zip: is not described',
    ],
    [
      'in a service: a text that is too long',
      () => ofStripe({ ...opening(), body: `${opening().body}&statement_descriptor=${'x'.repeat(23)}` }),
      'stripe request POST /v1/payment_intents: statement_descriptor: must NOT have more than 22 characters',
    ],
    [
      'in a service: a POST without an idempotency key',
      () => ofStripe({ ...opening(), headers: { ...opening().headers, 'idempotency-key': '' } }),
      'stripe request POST /v1/payment_intents: idempotency-key: is missing',
    ],
    [
      'in a service: an update action that does not exist',
      () => ofCommercetools({ ...writing(), body: JSON.stringify({ version: 1, actions: [{ action: 'setAmount' }] }) }),
      'commercetools request POST payments/{id}: actions.action: is none of the described values',
    ],
  ])('%s', (_fault, told, rule) => {
    expect(told()).toContain(rule);
  });
});

describe('what the vendors would refuse', () => {
  const ofPosts = (calls: readonly RelayedCall[]) =>
    calls.filter(({ method, status }) => method === 'POST' && status < 300);
  /** Each wrong request once for its call, sent where `send` says until it is answered with 2xx or 400; answers those that were taken. */
  async function accepted<T extends { name: string; mutations: { what: string; body: string }[] }>(
    calls: readonly T[],
    send: (call: T, body: string) => Promise<number>,
  ): Promise<{ tried: number; accepted: string[] }> {
    const tried = new Set<string>();
    const taken: string[] = [];
    for (const call of calls) {
      for (const { what, body } of call.mutations) {
        const name = `${call.name}: ${what}`;
        if (tried.has(name)) continue;
        const status = await send(call, body);
        // What is gone, has moved on or was just changed by the ledger says nothing of the value.
        if (status !== 400 && status >= 300) continue;
        tried.add(name);
        if (status < 300) taken.push(name);
      }
    }
    return { tried: tried.size, accepted: taken.filter((one) => !KNOWN_LENIENCIES.some(({ rule }) => rule.test(one))) };
  }

  it('is refused by the simulated Stripe: each parameter of each call that the services make, wrong', async () => {
    const calls = ofPosts(system.stripeRelay.calls).flatMap((call) => {
      const described = stripe.callOf(call.method, call.path);
      if (!described) return [];
      const asSent = new Set(described.request(call.body));
      const mutations = mutatedForms(call.body).filter(({ body }) =>
        described.request(body).some((wrong) => !asSent.has(wrong)),
      );
      return [{ ...call, name: described.name, mutations }];
    });
    const outcome = await accepted(calls, async ({ path }, body) => {
      const answer = await fetch(system.stripe.url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${system.secrets.STRIPE_SECRET_KEY}`,
          'content-type': 'application/x-www-form-urlencoded',
          'stripe-version': API_VERSION,
        },
        body,
      });
      const { error } = (await answer.json()) as { error?: { code?: string } };
      // A refusal for the state of an object says nothing of the parameter.
      return error?.code === 'payment_intent_unexpected_state' ? 409 : answer.status;
    });
    console.log(`${outcome.tried} wrong requests to the simulated Stripe`);
    expect(outcome.accepted).toEqual([]);
  });

  it('is refused by the simulated commercetools: each value of each draft and update that the services send, wrong', async () => {
    const prefix = `/${system.commercetools.projectKey}/`;
    const calls = ofPosts(system.commercetoolsRelay.calls).flatMap((call) => {
      const described = call.path.startsWith(prefix)
        ? commercetools.callOf(call.method, call.path.slice(prefix.length))
        : undefined;
      if (!described) return [];
      const mutations = mutatedDocuments(call.body).filter(
        ({ body }) => described.request(body, new URLSearchParams()).length > 0,
      );
      return [{ ...call, name: described.name, mutations }];
    });
    const authorization = `Bearer ${system.token('manage_project')}`;
    const outcome = await accepted(calls, async ({ path }, body) => {
      const url = system.commercetools.url + path;
      const current = (await (await fetch(url, { headers: { authorization } })).json()) as { version?: number };
      const wrong = JSON.parse(body) as { version?: unknown };
      if (typeof wrong.version === 'number' && wrong.version > 0) wrong.version = current.version;
      const answer = await fetch(url, { method: 'POST', headers: { authorization }, body: JSON.stringify(wrong) });
      return answer.status;
    });
    console.log(`${outcome.tried} wrong requests to the simulated commercetools`);
    expect(outcome.accepted).toEqual([]);
  });
});
