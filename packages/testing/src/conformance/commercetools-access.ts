import { randomUUID } from 'node:crypto';
import type { Commercetools } from '@connector/commercetools';
import { describe, expect, it } from 'vitest';

/** The hosts of a project that authenticate callers, and the client of a service. */
export interface Access {
  readonly client: Pick<Commercetools, 'projectKey' | 'api' | 'call' | 'fetch' | 'plainFetch' | 'tokens'>;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Base URL of the Session API and of the authorization server, without a slash at the end. */
  readonly url: string;
  readonly jwksUrl: string;
}

/**
 * How commercetools' Session API and authorization server behave, for any implementation. `access` is called in each
 * test.
 */
export function itGivesAccess(access: () => Access): void {
  itKeepsSessions(access);
  itKeepsRecurringPaymentJobs(access);
  itIntrospects(access);
  it("the Merchant Center's keys are a JSON Web Key Set", async () => {
    const { status, body } = await json(access().client.plainFetch(access().jwksUrl));
    expect(status).toBe(200);
    expect(body.keys).toEqual(expect.any(Array));
  });
}

function itKeepsSessions(access: () => Access): void {
  const sessionsUrl = () => `${access().url}/${access().client.projectKey}/sessions`;
  const session = (id: string) => json(access().client.fetch(`${sessionsUrl()}/${encodeURIComponent(id)}`));
  const open = (body: object) => {
    const headers = { 'content-type': 'application/json' };
    return json(access().client.fetch(sessionsUrl(), { method: 'POST', headers, body: JSON.stringify(body) }));
  };

  describe('a session', () => {
    it('is found by its id, with its cart and metadata', async () => {
      const { api, call } = access().client;
      const { id } = await call('carts.create', api.carts().post({ body: { currency: 'EUR' } }));
      const metadata = { processorUrl: 'https://processor.example', allowedPaymentMethods: ['card'] };
      const made = await open({ cart: { cartRef: { typeId: 'cart', id } }, metadata });
      expect(made.body).toMatchObject({ state: 'ACTIVE', activeCart: { cartRef: { id } }, metadata });
      expect(await session(made.body.id)).toMatchObject({ status: 200, body: made.body });
    });

    it.each(['nobody-has-it', '../carts', 'a?b#c'])('with the id %s is not found', async (id) => {
      expect(await session(id)).toMatchObject({ status: 404, body: { statusCode: 404 } });
    });
  });
}

function itKeepsRecurringPaymentJobs(access: () => Access): void {
  describe('a recurring payment job', () => {
    const jobsUrl = () => `${access().url}/${access().client.projectKey}/recurring-payment-jobs`;
    const ask = (key: string, paymentId: string, methodId: string) => {
      const originPayment = { typeId: 'payment', id: paymentId };
      const paymentMethod = { typeId: 'payment-method', id: methodId };
      const body = JSON.stringify({ key, originPayment, paymentMethod, status: { state: 'Initial' } });
      const headers = { 'content-type': 'application/json' };
      return json(access().client.fetch(jobsUrl(), { method: 'POST', headers, body }));
    };
    const byKey = (key: string) => json(access().client.fetch(`${jobsUrl()}/key=${key}`));
    const paymentAndMethod = async () => {
      const { api, call } = access().client;
      const amountPlanned = { centAmount: 100, currencyCode: 'EUR' };
      const payment = await call('payments.create', api.payments().post({ body: { amountPlanned } }));
      const method = await call('payment-methods.create', api.paymentMethods().post({ body: {} }));
      return [payment.id, method.id] as const;
    };

    it('is created only for an existing payment and method', async () => {
      const [payment, method] = await paymentAndMethod();
      expect((await ask(randomUUID(), payment, randomUUID())).status).toBe(400);
      expect((await ask(randomUUID(), randomUUID(), method)).status).toBe(400);
      expect((await ask(randomUUID(), payment, method)).body).toMatchObject({ originPayment: { id: payment } });
    });

    it('is found by its key, and is created once per key', async () => {
      const [payment, method] = await paymentAndMethod();
      const key = randomUUID();
      expect((await byKey(key)).status).toBe(404);
      const { body } = await ask(key, payment, method);
      expect(await byKey(key)).toMatchObject({ status: 200, body });
      const again = { status: 400, body: { errors: [{ code: 'DuplicateField', field: 'key' }] } };
      expect(await ask(key, payment, method)).toMatchObject(again);
    });
  });
}

function itIntrospects(access: () => Access): void {
  const introspect = (token: string, secret = access().clientSecret) => {
    const basic = Buffer.from(`${access().clientId}:${secret}`).toString('base64');
    const body = new URLSearchParams({ token }).toString();
    const headers = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' };
    return json(access().client.plainFetch(`${access().url}/oauth/introspect`, { method: 'POST', headers, body }));
  };

  describe('introspection', () => {
    it('returns the owner of an active token, and its scopes', async () => {
      const { client, clientId } = access();
      const { accessToken } = await client.tokens.get();
      const { status, body } = await introspect(accessToken);
      expect({ status, body }).toMatchObject({ status: 200, body: { active: true, client_id: clientId } });
      expect(body.scope.split(' ')).toContainEqual(expect.stringMatching(new RegExp(`^\\w+:${client.projectKey}$`)));
    });

    it('says only that an unknown token is not active', async () => {
      expect(await introspect(randomUUID())).toEqual({ status: 200, body: { active: false } });
    });

    it('refuses a client with a wrong secret', async () => {
      const refused = { status: 401, body: { error: 'invalid_client', message: expect.any(String) } };
      expect(await introspect(randomUUID(), 'wrong')).toMatchObject(refused);
    });
  });
}

async function json(answer: ReturnType<Access['client']['fetch']>) {
  const got = await answer;
  return { status: got.status, body: JSON.parse(await got.text()) };
}
