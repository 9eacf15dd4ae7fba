import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '@connector/sandbox';
import { afterEach, expect, it } from 'vitest';
import { shareSandbox } from './shared-sandbox.ts';
import {
  type Checkout,
  each,
  hasCharge,
  type Opened,
  type Payment,
  paymentIntentOf,
  range,
  Shopper,
  summary,
} from './shopper.ts';
import { deliver } from './stripe-webhook.ts';

// Both sides fail and the ledger is killed; each test leaves all of it whole again.

let sandbox: Sandbox;
let shopper: Shopper;

shareSandbox((shared) => {
  ({ sandbox } = shared);
  shopper = new Shopper(sandbox.url);
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail')
    console.log((await sandbox.logs('intent')).split('\n').slice(-6).join('\n'));
  await shopper.commercetoolsFaults([]);
  await shopper.stripeFaults([]);
  await shopper.webhooks({ paused: false });
});

const opened = async (): Promise<{ checkout: Checkout; open: Opened; paymentIntent: string }> => {
  const checkout = await shopper.checkout();
  const open = await shopper.open(checkout);
  return { checkout, open, paymentIntent: paymentIntentOf(open.sClientSecret) };
};
const charges = ({ transactions }: Payment) => transactions.filter(({ type }) => type === 'Charge');

it('shows a paid checkout in commercetools: one authorization, one charge, tied to the PaymentIntent', async () => {
  const { checkout, open, paymentIntent } = await opened();
  await shopper.pay(paymentIntent);
  const confirmed = await shopper.confirm(checkout, open);
  expect(confirmed).toMatchObject({ status: 200, json: { outcome: 'approved' } });
  const payment = await shopper.until(open.paymentReference, hasCharge);
  expect(summary(payment).toSorted()).toEqual(['Authorization:Success 2400', 'Charge:Success 2400']);
  expect(payment.interfaceId).toBe(paymentIntent);
});

it('captures by hand, refunds in parts and cancels as the merchant asks', async () => {
  const settle = async (id: string, expected: string[]) =>
    expect(
      summary(await shopper.until(id, (payment) => payment.transactions.length >= expected.length)).toSorted(),
    ).toEqual(expected);
  const amount = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
  const manual = async () => {
    const checkout = await shopper.checkout({ captureMethod: 'manual' });
    const open = await shopper.open(checkout);
    await shopper.pay(paymentIntentOf(open.sClientSecret));
    await shopper.confirm(checkout, open);
    await settle(open.paymentReference, ['Authorization:Success 2400']);
    return open.paymentReference;
  };
  const captured = await manual();
  expect(await shopper.operate(captured, { action: 'capturePayment', amount: amount(2400) })).toEqual({
    outcome: 'approved',
  });
  await settle(captured, ['Authorization:Success 2400', 'Charge:Success 2400']);
  for (const [centAmount, merchantReference] of [
    [700, 'r1'],
    [300, 'r2'],
  ] as const) {
    const refund = { action: 'refundPayment', amount: amount(centAmount), merchantReference };
    expect(await shopper.operate(captured, refund)).toEqual({ outcome: 'received' });
  }
  await settle(captured, [
    'Authorization:Success 2400',
    'Charge:Success 2400',
    'Refund:Success 300',
    'Refund:Success 700',
  ]);
  const canceled = await manual();
  expect(await shopper.operate(canceled, { action: 'cancelPayment' })).toEqual({ outcome: 'approved' });
  await settle(canceled, ['Authorization:Success 2400', 'CancelAuthorization:Success 2400']);
});

it('keeps every charge, once, when the ledger is killed in the middle of 100 payments', async () => {
  let begun = 0;
  const paid = each(range(100), 8, async () => {
    const { open, paymentIntent } = await opened();
    await shopper.pay(paymentIntent);
    begun += 1;
    return open.paymentReference;
  });
  const areBegun = (count: number) => expect.poll(() => begun, { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
  await areBegun(30);
  await sandbox.kill('ledger');
  await areBegun(60);
  await sandbox.startService('ledger');
  const payments = await each(await paid, 8, (id) => shopper.until(id, hasCharge, 60_000));
  expect(payments.map((payment) => charges(payment).map(({ state }) => state))).toEqual(
    payments.map(() => ['Success']),
  );
});

it('makes one PaymentIntent and one payment of a double click, for each of 32 carts', async () => {
  const before = await shopper.stripeState();
  const carts = await each(range(32), 8, () => shopper.checkout());
  const pairs = await Promise.all(
    carts.map((checkout) => Promise.all([shopper.open(checkout), shopper.open(checkout)])),
  );
  expect(
    pairs.filter(([a, b]) => a.paymentReference !== b.paymentReference || a.sClientSecret !== b.sClientSecret),
  ).toEqual([]);
  const after = await shopper.stripeState();
  const made = (after.payment_intents?.length ?? 0) - (before.payment_intents?.length ?? 0);
  const state = await shopper.commercetoolsState();
  const ids = new Set(carts.map(({ cartId }) => cartId));
  const onCarts = state.carts.filter(({ id }) => ids.has(id)).flatMap(({ paymentInfo }) => paymentInfo?.payments ?? []);
  const keyed = state.payments.filter(({ key }) => key && ids.has(key.replace(/-\d+$/, '')));
  expect({ paymentIntents: made, payments: keyed.length, onCarts: onCarts.length }).toEqual({
    paymentIntents: 32,
    payments: 32,
    onCarts: 32,
  });
});

it.each(['before', 'after'] as const)(
  'leaves no orphan when commercetools fails right after the PaymentIntent (%s the payment is made) and the shopper tries again',
  async (when) => {
    const checkout = await shopper.checkout();
    const before = (await shopper.stripeState()).payment_intents?.length ?? 0;
    await shopper.commercetoolsFaults([{ match: '^POST /[^/]+/payments$', status: 503, times: 1, when }]);
    const failed = await shopper.call('GET', '/payments', { headers: { 'x-session-id': checkout.sessionId } });
    expect(failed.status).toBe(503);
    const open = await shopper.open(checkout);
    expect((await shopper.stripeState()).payment_intents?.length).toBe(before + 1);
    await shopper.pay(paymentIntentOf(open.sClientSecret));
    const payment = await shopper.until(open.paymentReference, hasCharge);
    expect(payment.interfaceId).toBe(paymentIntentOf(open.sClientSecret));
    const { payments } = await shopper.commercetoolsState();
    expect(payments.filter(({ key }) => key?.startsWith(checkout.cartId))).toHaveLength(1);
  },
);

it('acknowledges 200 webhooks within a second each while commercetools is down for 10 s, and books all charges afterwards', async () => {
  await shopper.webhooks({ paused: true });
  const payments = await each(range(200), 8, async () => {
    const { open, paymentIntent } = await opened();
    await shopper.pay(paymentIntent);
    return { id: open.paymentReference, paymentIntent };
  });
  const events = await succeededEvents(new Set(payments.map(({ paymentIntent }) => paymentIntent)));
  expect(events).toHaveLength(200);

  const down = [{ status: 503 }, { status: 500 }, { reset: true }];
  const started = performance.now();
  await shopper.commercetoolsFaults([down[0]]);
  const outage = (async () => {
    for (const fault of down) {
      await shopper.commercetoolsFaults([fault]);
      await sleep(10_000 / down.length);
    }
  })();
  const acknowledged = await each(events, 16, async (event) => {
    const sent = performance.now();
    const status = await deliver(sandbox, event);
    return { status, ms: performance.now() - sent };
  });
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(acknowledged.filter(({ status }) => status !== 200)).toEqual([]);
  expect(Math.max(...acknowledged.map(({ ms }) => ms))).toBeLessThan(1_000);
  await outage;
  await shopper.commercetoolsFaults([]);
  const booked = await each(payments, 8, ({ id }) => shopper.until(id, hasCharge, 60_000));
  expect(booked.map((payment) => charges(payment).length)).toEqual(booked.map(() => 1));
});

it('carries one trace from the request, over Kafka, to the write in commercetools', async () => {
  const trace = (n: number) => `${n}`.repeat(32);
  const traced = (n: number) => ({ traceparent: `00-${trace(n)}-${`${n}`.repeat(16)}-01` });
  const soon = { timeout: 30_000, interval: 100 };
  // From Stripe's webhook: the request that reaches the gateway carries the trace, as a proxy in front would give it.
  const { open, paymentIntent } = await opened();
  await shopper.webhooks({ paused: true });
  await shopper.pay(paymentIntent);
  const [event] = await succeededEvents(new Set([paymentIntent]));
  expect(await deliver(sandbox, event, traced(1))).toBe(200);
  await shopper.until(open.paymentReference, hasCharge);
  // From the browser's first request, for which the session is asked for, and from its confirmation.
  const checkout = await shopper.checkout();
  const opening = await shopper.call('GET', '/payments', {
    headers: { 'x-session-id': checkout.sessionId, ...traced(2) },
  });
  expect(opening.status).toBe(200);
  const { paymentReference, sClientSecret } = opening.json as Opened;
  await shopper.pay(paymentIntentOf(sClientSecret));
  const confirmed = await shopper.call('POST', `/confirmPayments/${paymentReference}`, {
    body: { paymentIntent: paymentIntentOf(sClientSecret) },
    headers: { 'x-session-id': checkout.sessionId, ...traced(3) },
  });
  expect(confirmed.json).toEqual({ outcome: 'approved' });

  for (const [id, path, services] of [
    [trace(1), open.paymentReference, ['webhook-ingest', 'ledger']],
    [trace(2), undefined, ['intent', 'session-auth']],
    [trace(3), paymentReference, ['intent', 'ledger']],
  ] as const) {
    for (const service of services)
      await expect.poll(() => sandbox.logs(service), { message: `${service} logs the trace`, ...soon }).toContain(id);
    if (!path) continue;
    const writes = () => shopper.commercetoolsLog(`^POST /[^/]+/payments/${path}`);
    const traces = async () => (await writes()).map(({ traceparent }) => traceparent?.split('-')[1]);
    await expect.poll(traces, soon).toContain(id);
  }
});

// biome-ignore lint/suspicious/noExplicitAny: an event goes through as it came
async function succeededEvents(paymentIntents: ReadonlySet<string>): Promise<any[]> {
  const { STRIPE_API_BASE, STRIPE_SECRET_KEY } = sandbox.env;
  const events: unknown[] = [];
  let after = '';
  for (;;) {
    const page = `${STRIPE_API_BASE}/v1/events?type=payment_intent.succeeded&limit=100${after}`;
    const answer = await fetch(page, { headers: { authorization: `Bearer ${STRIPE_SECRET_KEY}` } });
    const { data, has_more } = (await answer.json()) as {
      data: { id: string; data: { object: { id: string } } }[];
      has_more: boolean;
    };
    events.push(...data.filter((event) => paymentIntents.has(event.data.object.id)));
    if (!has_more) return events;
    after = `&starting_after=${data.at(-1)?.id}`;
  }
}
