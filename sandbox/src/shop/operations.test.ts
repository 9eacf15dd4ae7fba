import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Payment } from './merchant.ts';
import { createOperations } from './operations.ts';

const eur = (centAmount: number) => ({ centAmount, currencyCode: 'EUR', fractionDigits: 2 });
const transaction = (type: string, state: string, centAmount: number) => ({
  id: `${type}-${centAmount}`,
  type,
  state,
  amount: eur(centAmount),
});
const payment = (...transactions: Payment['transactions']): Payment => ({
  id: 'payment-1',
  version: 1,
  interfaceId: 'pi_1',
  amountPlanned: eur(2400),
  transactions,
});

describe('operations of the back office', () => {
  let server: Server;
  let url = '';
  const received: { path: string | undefined; authorization: string | undefined; key?: unknown; body: unknown }[] = [];
  beforeAll(async () => {
    server = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      received.push({
        path: req.url,
        authorization: req.headers.authorization,
        ...(req.headers['idempotency-key'] && { key: req.headers['idempotency-key'] }),
        body: JSON.parse(Buffer.concat(chunks).toString()),
      });
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"outcome":"received"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    received.length = 0;
  });

  const run = (request: unknown, at: Payment, stripeSimulator?: string, idempotencyKey?: string) =>
    createOperations(
      { token: async () => 'token-1', payment: async () => at },
      { processorUrl: url, stripeSimulator },
    ).run(at.id, request, idempotencyKey);

  it.each([
    [
      'captures the requested amount',
      { action: 'capture', amount: 1000 },
      payment(),
      { action: 'capturePayment', amount: { centAmount: 1000, currencyCode: 'EUR' } },
    ],
    [
      'captures the rest by default',
      { action: 'capture' },
      payment(transaction('Charge', 'Success', 400)),
      { action: 'capturePayment', amount: { centAmount: 2000, currencyCode: 'EUR' } },
    ],
    [
      'refunds the rest of the captured amount by default',
      { action: 'refund' },
      payment(
        transaction('Charge', 'Success', 2000),
        transaction('Refund', 'Pending', 500),
        transaction('Refund', 'Failure', 900),
      ),
      { action: 'refundPayment', amount: { centAmount: 1500, currencyCode: 'EUR' } },
    ],
    ['cancels without an amount', { action: 'cancel', amount: 5 }, payment(), { action: 'cancelPayment' }],
    [
      'accepts the connector’s own names',
      { action: 'reversePayment', merchantReference: 'r-1' },
      payment(),
      { action: 'reversePayment', merchantReference: 'r-1' },
    ],
  ])('%s', async (_rule, request, at, action) => {
    await expect(run(request, at)).resolves.toEqual({ status: 200, body: { outcome: 'received' } });
    expect(received).toEqual([
      { path: '/operations/payment-intents/payment-1', authorization: 'Bearer token-1', body: { actions: [action] } },
    ]);
  });

  it('pass on the caller’s idempotency key', async () => {
    await run({ action: 'cancel' }, payment(), undefined, 'key-1');
    expect(received).toMatchObject([{ key: 'key-1', body: { actions: [{ action: 'cancelPayment' }] } }]);
  });

  it('open a dispute at the simulated Stripe', async () => {
    await run({ action: 'dispute' }, payment(), url);
    expect(received).toMatchObject([{ path: '/_sandbox/disputes', body: { payment_intent: 'pi_1' } }]);
  });

  it('cannot open a dispute at the real Stripe', async () => {
    await expect(run({ action: 'dispute' }, payment())).resolves.toMatchObject({ status: 404 });
    expect(received).toEqual([]);
  });

  it('refuse an unknown operation', async () => {
    await expect(run({ action: 'explode' }, payment())).rejects.toThrow();
  });
});
