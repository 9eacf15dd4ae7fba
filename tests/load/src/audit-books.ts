import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  balanceTransaction,
  chargeOf,
  money,
  paymentIntent,
  payment as paymentOf,
  refundOf,
  transaction,
} from '@connector/testing';

/** Each this many payments one was refunded in part. */
const REFUNDED = 10;

export interface Books {
  readonly url: string;
  readonly payments: number;
  readonly calls: { stripe: number; commercetools: number };
  close(): Promise<void>;
}

/**
 * A Stripe and a commercetools whose money agrees, made up call by call from the number of the payment: however many there are, they need no
 * memory. They serve the calls of audit alone. `movements` are spread evenly over the window; each tenth payment was refunded in part.
 */
export async function startBooks(options: {
  movements: number;
  since: Date;
  until: Date;
  latencyMs: number;
}): Promise<Books> {
  const payments = Math.round((options.movements * REFUNDED) / (REFUNDED + 1));
  const calls = { stripe: 0, commercetools: 0 };
  const made = booksOf(payments, options.since, options.until);
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? '/', 'http://localhost');
    calls[url.pathname.startsWith('/v1/') ? 'stripe' : 'commercetools'] += 1;
    req.resume();
    if (options.latencyMs > 0) await sleep(options.latencyMs);
    answer(req, res, url, made);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    payments,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The number of a payment, in its ids. */
const named = (prefix: string, at: number): string => `${prefix}_${String(at).padStart(24, '0')}`;
const numberIn = (id: string): number => Number(id.slice(id.lastIndexOf('_') + 1));
const paymentId = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;

/** What both sides show of payments that were made one after the other from `since` to `until`, each by its number. */
function booksOf(payments: number, since: Date, until: Date) {
  const begin = since.getTime() / 1000;
  const length = (until.getTime() - since.getTime()) / 1000;
  const createdOf = (at: number) => Math.floor(begin + (at * length) / payments);
  return {
    payments,
    isRefunded,
    charge: (at: number) => chargeAt(at, createdOf(at)),
    refund: (at: number) => refundAt(at, createdOf(at)),
    movement: (type: 'charge' | 'refund', at: number) => movementAt(type, at, createdOf(at)),
    payment: (at: number) => paymentAt(at, createdOf(at)),
    /** The first payment that was made at or after a time, in s. */
    firstAt(seconds: number) {
      let at = Math.max(0, Math.floor(((seconds - begin) / length) * payments) - 2);
      while (at < payments && createdOf(at) < seconds) at += 1;
      return at;
    },
  };
}

const isRefunded = (at: number): boolean => at % REFUNDED === 0;

const intentAt = (at: number, created: number) =>
  paymentIntent({
    id: named('pi', at),
    status: 'succeeded',
    amount_received: 10_000,
    created,
    latest_charge: named('ch', at),
  });

const chargeAt = (at: number, created: number) => ({
  ...chargeOf(intentAt(at, created), { amount_captured: 10_000, amount_refunded: isRefunded(at) ? 2_500 : 0 }),
  id: named('ch', at),
  created,
});

const refundAt = (at: number, created: number) =>
  refundOf(chargeAt(at, created), {
    id: named('re', at),
    amount: 2_500,
    created,
    balance_transaction: named('txn', at),
  });

/** A movement with its source, the charge and the PaymentIntent themselves. */
function movementAt(type: 'charge' | 'refund', at: number, created: number) {
  const [charge, payment_intent] = [chargeAt(at, created), intentAt(at, created)];
  const source =
    type === 'charge' ? { ...charge, payment_intent } : { ...refundAt(at, created), payment_intent, charge };
  return balanceTransaction({
    id: named(`txn_${type}`, at),
    type,
    reporting_category: type,
    amount: type === 'charge' ? 10_000 : -2_500,
    currency: 'eur',
    exchange_rate: null,
    created,
    source: source as never,
  });
}

function paymentAt(at: number, created: number) {
  const timestamp = new Date(created * 1000).toISOString();
  const shown = (type: 'Authorization' | 'Charge' | 'Refund', centAmount: number, interactionId: string) =>
    transaction(type, 'Success', { timestamp, interactionId, amount: money(centAmount) });
  return paymentOf({
    id: paymentId(at),
    interfaceId: named('pi', at),
    transactions: [
      shown('Authorization', 10_000, named('pi', at)),
      shown('Charge', 10_000, named('pi', at)),
      ...(isRefunded(at) ? [shown('Refund', 2_500, named('re', at))] : []),
    ],
  });
}

type Made = ReturnType<typeof booksOf>;

function answer(_req: IncomingMessage, res: ServerResponse, url: URL, made: Made): void {
  const json = (body: unknown) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const list = (data: unknown[]) => json({ object: 'list', url: url.pathname, has_more: false, data });
  switch (url.pathname) {
    case '/oauth/token':
      return void json({ access_token: 'bench', expires_in: 172_800, token_type: 'Bearer', scope: '' });
    case '/v1/balance_transactions':
      return void list(movementsOf(url.searchParams, made));
    case '/v1/refunds':
      return void list([made.refund(numberIn(url.searchParams.get('charge') ?? ''))]);
    case '/v1/payouts':
      return void list([]);
    case '/shop-eu/orders':
      return void json({ limit: 500, offset: 0, count: 0, results: [] });
    case '/shop-eu/payments': {
      const results = paymentsOf(url.searchParams.get('where') ?? '', Number(url.searchParams.get('limit')), made);
      return void json({ limit: 500, offset: 0, count: results.length, results });
    }
    default:
      res
        .writeHead(404, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { message: url.pathname } }));
  }
}

/** One page, newest first, as `created`, `type` and `starting_after` ask for. */
function movementsOf(params: URLSearchParams, { movement, firstAt, isRefunded }: Made): unknown[] {
  const type = params.get('type');
  if (type !== 'charge' && type !== 'refund') return [];
  const first = firstAt(Number(params.get('created[gte]')));
  const after = params.get('starting_after');
  const page: unknown[] = [];
  for (let at = (after ? numberIn(after) : firstAt(Number(params.get('created[lt]')))) - 1; at >= first; at -= 1) {
    if (type === 'refund' && !isRefunded(at)) continue;
    page.push(movement(type, at));
    if (page.length === 100) break;
  }
  return page;
}

/** Those of the PaymentIntents that a predicate lists, or of the time that it names, by id. */
function paymentsOf(where: string, limit: number, { payments, payment, firstAt }: Made): unknown[] {
  const listed = /^interfaceId in \((.*)\)$/.exec(where)?.[1];
  if (listed !== undefined) return [...listed.matchAll(/"([^"]+)"/g)].map(([, id = '']) => payment(numberIn(id)));
  const [, since = '', until = ''] = /timestamp >= "([^"]+)" and timestamp < "([^"]+)"/.exec(where) ?? [];
  const after = /and id > "([^"]+)"/.exec(where)?.[1];
  const from = after === undefined ? firstAt(Date.parse(since) / 1000) : Number(after.slice(-12)) + 1;
  const to = Math.min(payments, firstAt(Date.parse(until) / 1000), from + limit);
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => payment(from + index));
}
