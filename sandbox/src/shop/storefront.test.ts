import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStorefront, type SandboxEvent, type Storefront } from './index.ts';

describe('the storefront', () => {
  let commercetools: CommercetoolsSimulator;
  let storefront: Storefront;
  let server: Server;
  let url = '';
  const listeners = new Set<(event: SandboxEvent) => void>();
  const emit = (event: Partial<SandboxEvent>) => {
    for (const listener of listeners)
      listener({ topic: 'payments.events', key: 'pi_1', id: 'evt_1', type: 'x', time: '', ...event });
  };

  beforeAll(async () => {
    commercetools = await startCommercetoolsSimulator({ port: 0, clientId: 'shop', clientSecret: 'secret' });
    server = createServer((req, res) => {
      void storefront.handle(req, res).then((isAnswered) => {
        if (!isAnswered) res.writeHead(404).end('not the storefront');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    storefront = createStorefront({
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

  it('leads back to the local port that was asked, whichever was forwarded, and to no other host', async () => {
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

  it('sends the shopper back to where the caller wants', async () => {
    const { sessionId } = await checkout({ currency: 'EUR', returnUrl: 'https://shop.example/thanks?a=b' });
    const session = (await commercetools.state()).sessions.find(({ id }) => id === sessionId);
    expect(session).toMatchObject({ metadata: { merchantReturnUrl: 'https://shop.example/thanks?a=b' } });
  });

  it('knows a returning customer', async () => {
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

  it('says that a payment does not exist', async () => {
    expect((await fetch(`${url}/storefront/api/payments/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
  });

  it('streams a payment’s changes and its events, also those from before', async () => {
    const { id } = await createPayment();
    emit({ id: 'evt_before', paymentReference: id });
    emit({ id: 'evt_other', key: 'pi_other', paymentReference: 'somebody-else' });
    const stop = new AbortController();
    const response = await fetch(`${url}/storefront/api/payments/${id}/stream`, { signal: stop.signal });
    const seen: string[] = [];
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) seen.push(decoder.decode(chunk));
    })().catch(() => {});
    await expect.poll(() => seen.join('')).toContain('event: payment');
    emit({ id: 'evt_live', type: 'com.stripe.charge.succeeded' });
    await expect.poll(() => seen.join('')).toContain('evt_live');
    stop.abort();
    await reading;
    expect(seen.join('')).toContain('evt_before');
    expect(seen.join('')).not.toContain('evt_other');
  });

  it('passes fault switches to the simulators, and has none for a real side', async () => {
    expect((await send('PUT', '/_sandbox/commercetools/faults', [{ status: 503, match: 'nothing' }])).status).toBe(200);
    expect(commercetools.faults()).toMatchObject([{ status: 503, match: 'nothing' }]);
    commercetools.setFaults([]);
    expect((await send('PUT', '/_sandbox/stripe/faults', [])).status).toBe(404);
    expect((await fetch(`${url}/storefront/stripe.js`)).status).toBe(404);
  });

  it('leaves what is not its own to others', async () => {
    expect(await (await fetch(`${url}/payments`)).text()).toBe('not the storefront');
  });
});
