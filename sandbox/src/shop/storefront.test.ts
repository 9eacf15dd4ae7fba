import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Explanation, nothingKnown } from '@connector/ledger/explain';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Storefront } from './storefront.ts';
import type { SandboxEvent, Story } from './storyteller.ts';

describe('the storefront', () => {
  let commercetools: CommercetoolsSimulator;
  let storefront: Storefront;
  let server: Server;
  let url = '';
  const listeners = new Set<(event: SandboxEvent) => void>();
  let offset = 0;
  /** A Stripe event as seen in Kafka. */
  const emit = (id: string, event: Partial<SandboxEvent> = {}) => {
    offset += 1;
    const place = { topic: 'payments.events' as const, partition: 0, offset: String(offset) };
    const message = { ...place, at: new Date(), type: 'com.stripe.charge.succeeded', id };
    for (const listener of listeners) listener({ key: 'pi_1', message, ...event });
  };
  const explained: string[] = [];
  let verdict: Explanation['verdict'] = { kind: 'healthy', isWell: true, sentence: 'All is well.' };

  beforeAll(async () => {
    commercetools = await startCommercetoolsSimulator({ port: 0, clientId: 'shop', clientSecret: 'secret' });
    server = createServer((req, res) => {
      void storefront.handle(req, res).then((isAnswered) => {
        if (!isAnswered) res.writeHead(404).end('not the storefront');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    storefront = new Storefront({
      commercetools: {
        authUrl: `${commercetools.url}/`,
        apiUrl: commercetools.url,
        sessionUrl: commercetools.url,
        projectKey: commercetools.projectKey,
        clientId: 'shop',
        clientSecret: 'secret',
      },
      simulators: { commercetools: commercetools.url },
      publicUrl: url,
      enablerUrl: '/connector-enabler.es.js',
      explain: async (paymentId) => {
        explained.push(paymentId);
        const movements = [
          { id: 'txn_1', at: new Date(), type: 'charge', amount: 2400, fee: 60, net: 2340, currency: 'eur' },
        ];
        return { known: { ...nothingKnown(new Date()), movements }, story: [], verdict };
      },
      events: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    });
  });
  afterAll(async () => {
    storefront.close();
    server.closeAllConnections();
    server.close();
    await commercetools.close();
  });

  const send = (method: string, path: string, body: unknown) =>
    fetch(`${url}${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const checkout = async (body: object) => {
    const response = await send('POST', '/storefront/api/checkouts', body);
    expect(response.status).toBe(201);
    return (await response.json()) as { cartId: string; sessionId: string; customerId?: string };
  };
  const cart = async (id: string) => (await commercetools.state()).carts.find((one) => one.id === id);
  const createPayment = async (): Promise<{ id: string; version: number }> => {
    const response = await fetch(`${commercetools.url}/${commercetools.projectKey}/payments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${commercetools.issueToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ amountPlanned: { currencyCode: 'EUR', centAmount: 2400 } }),
    });
    return (await response.json()) as { id: string; version: number };
  };

  it('serves a page whose script and style load', async () => {
    const html = await (await fetch(`${url}/`)).text();
    expect(html).toContain('"enablerUrl":"/connector-enabler.es.js"');
    for (const path of ['/storefront/app.js', '/storefront/style.css']) {
      const response = await fetch(`${url}${path}`);
      expect(response.status).toBe(200);
      expect((await response.text()).length).toBeGreaterThan(1000);
    }
  });

  it.each([
    ['EUR', { quantity: 2 }, 4800],
    ['JPY', {}, 3900],
    ['KWD', { quantity: 1 }, 7990],
    ['USD', { centAmount: 1234 }, 1234],
  ])('opens a cart in %s and a session for it', async (currency, wishes, centAmount) => {
    const { cartId, sessionId } = await checkout({ currency, ...wishes });
    expect((await cart(cartId))?.totalPrice).toMatchObject({ currencyCode: currency, centAmount });
    const session = (await commercetools.state()).sessions.find(({ id }) => id === sessionId);
    expect(session).toMatchObject({ state: 'ACTIVE', metadata: { processorUrl: url, merchantReturnUrl: `${url}/` } });
  });

  it('returns to the requested local port, whichever was forwarded, and to no other host', async () => {
    const { port } = server.address() as AddressInfo;
    const pageAt = (host: string) =>
      new Promise<string>((resolve, reject) => {
        get({ host: '127.0.0.1', port, path: '/', headers: { host } }, async (res) => resolve(await text(res))).once(
          'error',
          reject,
        );
      });
    expect(await pageAt('localhost:9123')).toContain('"processorUrl":"http://localhost:9123"');
    expect(await pageAt('elsewhere.example.com')).toContain(`"processorUrl":"${url}"`);

    const body = JSON.stringify({ currency: 'EUR' });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://localhost:${port}/storefront/api/checkouts`, {
      method: 'POST',
      body,
      headers,
    });
    const { sessionId } = (await response.json()) as { sessionId: string };
    const session = (await commercetools.state()).sessions.find(({ id }) => id === sessionId);
    expect(session).toMatchObject({ metadata: { merchantReturnUrl: `http://localhost:${port}/` } });
  });

  it("returns the shopper to the caller's address", async () => {
    const { sessionId } = await checkout({ currency: 'EUR', returnUrl: 'https://shop.example/thanks?a=b' });
    const session = (await commercetools.state()).sessions.find(({ id }) => id === sessionId);
    expect(session).toMatchObject({ metadata: { merchantReturnUrl: 'https://shop.example/thanks?a=b' } });
  });

  it('recognises a returning customer', async () => {
    const first = await checkout({ currency: 'EUR', customer: true });
    const second = await checkout({ currency: 'EUR', customer: first.customerId });
    expect(first.customerId).toBeTypeOf('string');
    expect((await cart(second.cartId))?.customerId).toBe(first.customerId);
  });

  it('moves the cart to another address', async () => {
    const { cartId } = await checkout({ currency: 'EUR' });
    expect((await send('PUT', `/storefront/api/carts/${cartId}/address`, { city: 'Reno', country: 'US' })).status).toBe(
      200,
    );
    expect((await cart(cartId))?.shippingAddress).toMatchObject({ city: 'Reno', country: 'US' });
  });

  it.each([
    ['an unknown currency', { currency: 'XXX' }],
    ['a negative amount', { currency: 'EUR', centAmount: -1 }],
    ['no currency', {}],
  ])('refuses %s', async (_what, body) => {
    expect((await send('POST', '/storefront/api/checkouts', body)).status).toBe(400);
  });

  it('answers 404 for an unknown payment', async () => {
    expect((await fetch(`${url}/storefront/api/payments/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
  });

  /** Reads a payment's stream until the test has ended. */
  async function follow(id: string) {
    const stop = new AbortController();
    const response = await fetch(`${url}/storefront/api/payments/${id}/stream`, { signal: stop.signal });
    let seen = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) seen += decoder.decode(chunk);
    })().catch(() => {});
    const stories = () =>
      [...seen.matchAll(/^event: story\ndata: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? '') as Story);
    return {
      all: () => seen,
      story: () => stories().at(-1),
      stories,
      stop: async () => {
        stop.abort();
        await reading;
      },
    };
  }
  const AT_LENGTH = { timeout: 20_000 };
  const lineOf = (story: Story | undefined, what: string) => story?.lines.find((line) => line.what.includes(what));

  it('streams a payment’s changes and its story, with earlier events', async () => {
    const { id } = await createPayment();
    emit('evt_before', { paymentReference: id });
    emit('evt_other', { key: 'pi_other', paymentReference: 'somebody-else' });
    const { all, story, stop } = await follow(id);
    await expect.poll(all, AT_LENGTH).toContain('event: payment');
    emit('evt_live', { traceId: 'abc' });
    await expect.poll(() => lineOf(story(), 'evt_live'), AT_LENGTH).toMatchObject({ where: 'Kafka', traceId: 'abc' });
    await stop();
    expect(story()?.lines.map(({ where }) => where)).toContain('commercetools');
    expect(lineOf(story(), 'com.stripe.charge.succeeded evt_before')).toMatchObject({ where: 'Kafka' });
    expect(all()).not.toContain('evt_other');
  });

  it('ends the story as explain does, and asks again when something new is seen', async () => {
    const { id } = await createPayment();
    const { story, stories, stop } = await follow(id);
    await expect.poll(() => story()?.verdict, AT_LENGTH).toMatchObject({ isWell: true, sentence: 'All is well.' });
    expect(lineOf(story(), 'balance transaction txn_1, charge 2400 EUR')).toMatchObject({ where: 'Stripe' });
    verdict = { kind: 'dead_lettered', isWell: false, sentence: 'One event was set aside.' };
    const letter = { id: '3:7', at: new Date(), type: 'com.stripe.x', eventId: 'evt_dead', reason: 'rejected' };
    const told = stories().length;
    for (const listener of listeners) listener({ key: 'pi_1', paymentReference: id, deadLetter: letter });
    await expect.poll(() => story()?.verdict, AT_LENGTH).toMatchObject({ isWell: false });
    await stop();
    // Until all sides were asked again, the page does not say that all is well.
    expect(stories()[told]?.verdict).toBeUndefined();
    expect(lineOf(story(), 'dead letter 3:7')).toMatchObject({ what: expect.stringContaining('rejected, waits') });
    expect(explained.filter((asked) => asked === id).length).toBeGreaterThanOrEqual(2);
  });

  it('passes fault switches to the simulators, and has none for a real side', async () => {
    expect((await send('PUT', '/_sandbox/commercetools/faults', [{ status: 503, match: 'nothing' }])).status).toBe(200);
    expect(commercetools.faults()).toMatchObject([{ status: 503, match: 'nothing' }]);
    commercetools.setFaults([]);
    expect((await send('PUT', '/_sandbox/stripe/faults', [])).status).toBe(404);
    expect((await fetch(`${url}/storefront/stripe.js`)).status).toBe(404);
  });

  it('leaves other requests to others', async () => {
    expect(await (await fetch(`${url}/payments`)).text()).toBe('not the storefront');
  });
});
