import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFailed, vi } from 'vitest';
import { RunningLedger } from './running-ledger.ts';

let system: RunningLedger;
beforeAll(async () => {
  system = await RunningLedger.start();
});
afterAll(() => system?.stop());
beforeEach(() => {
  system.transcript.length = 0;
  onTestFailed(() => console.error(system.transcript.join('\n')));
});
afterEach(() => system.commercetools.setFaults([]));

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';
const explained = (asked: string, ...args: string[]) => system.command('explain', asked, ...args);

/** A cart as the shopper left it. */
const emptyCart = () => system.post<{ id: string; version: number }>('/carts', { currency: 'EUR' });

async function paid({ cartId = 'cart', withPayment = true } = {}) {
  const opened = await system.opened({ cart_id: cartId, withPayment });
  system.stripeSimulator.controls.pay(opened.id);
  return opened;
}

async function recorded(given: Parameters<typeof paid>[0] = {}) {
  const opened = await paid(given);
  await system.deliver(opened.id, 'payment_intent.succeeded');
  await vi.waitFor(
    async () => {
      const { payments } = await system.commercetools.state({ payments: [opened.key] });
      expect(payments[0]?.transactions.map(({ type }) => type)).toContain('Charge');
    },
    { timeout: 30_000, interval: 100 },
  );
  return opened;
}

describe('a healthy payment', () => {
  it('is told from the cart to the last record in Kafka, by every one of its names', async () => {
    const cart = await emptyCart();
    const { id, key, paymentId } = await recorded({ cartId: cart.id });
    const withPayment = await system.post<{ version: number }>(`/carts/${cart.id}`, {
      version: cart.version,
      actions: [{ action: 'addPayment', payment: { typeId: 'payment', id: paymentId } }],
    });
    const orderNumber = `A-${key.slice(5, 13)}`;
    const version = withPayment.version;
    await system.post('/orders', { cart: { typeId: 'cart', id: cart.id }, version, orderNumber });
    const { latest_charge: charge } = await system.stripe.paymentIntents.retrieve(id);
    const { code, out } = await explained(id);
    expect(code).toBe(0);
    for (const told of [
      `cart ${cart.id} created, Ordered now`,
      `payment ${paymentId} created, key ${key}, over 4999 EUR, of ${id}`,
      `PaymentIntent ${id} created, succeeded now, over 4999 EUR`,
      `charge ${charge} succeeded, 4999 EUR captured of 4999`,
      `Charge Success 4999 EUR [${id}]`,
      `order ${orderNumber} created`,
      'com.stripe.payment_intent.succeeded evt_',
      'checkout.transaction.recorded of evt_',
      'The ledger would write nothing more.',
    ]) {
      expect(out).toContain(told);
    }
    const times = out.split('\n').flatMap((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/.exec(line)?.[0] ?? []);
    expect(times).toEqual(times.toSorted());
    expect(lastLine(out)).toBe('All is well: 4999 charged, and commercetools shows the same as Stripe.');
    for (const name of [key, paymentId, cart.id, orderNumber, String(charge)]) {
      expect(lastLine((await explained(name)).out), name).toBe(lastLine(out));
    }
  });
});

describe('ends with the right sentence', () => {
  it('for a declined payment', async () => {
    const { id } = await system.opened();
    expect(() => system.stripeSimulator.controls.pay(id, { card: '4000000000009995' })).toThrow('insufficient funds');
    const { code, out } = await explained(id);
    expect(code).toBe(0);
    expect(out).toMatch(/charge ch_\w+ declined: insufficient_funds/);
    expect(lastLine(out)).toBe(
      'All is well: the attempt was declined (insufficient_funds), no money moved, and the shopper may try again.',
    );
  });

  it('for a disputed payment', async () => {
    const { id } = await recorded();
    const dispute = system.stripeSimulator.controls.openDispute({ payment_intent: id }) as { id: string };
    await system.deliver(id, 'charge.dispute.funds_withdrawn', dispute.id);
    await vi.waitFor(
      async () =>
        expect(lastLine((await explained(dispute.id)).out)).toContain(
          `All is recorded; dispute ${dispute.id} (needs_response) waits for your answer at Stripe`,
        ),
      { timeout: 30_000, interval: 500 },
    );
  });

  it('for a payment whose events Stripe did not deliver', async () => {
    const { id } = await paid();
    const { code, out } = await explained(id);
    expect(code).toBe(1);
    expect(lastLine(out)).toMatch(
      /^commercetools is behind Stripe: the ledger would write .*run reconcile-pending .*ReconciliationDivergence\.md\)\.$/,
    );
  });

  it('for a parked payment', async () => {
    const { id, paymentId } = await paid();
    system.commercetools.setFaults([{ match: `POST /shop/payments/${paymentId}`, status: 503 }]);
    await system.deliver(id, 'payment_intent.succeeded');
    const { code, out } = await explained(id, '--late-after', '0s');
    expect(code).toBe(1);
    expect(lastLine(out)).toMatch(
      /^One of its events waits to be handled since .*: nothing is lost, .* \(docs\/runbooks\/KeysParked\.md\)\.$/,
    );
  });

  it('for a payment with a dead letter, and again once it is redriven', async () => {
    const { id, key, paymentId } = await paid();
    system.commercetools.setFaults([{ match: `POST /shop/payments/${paymentId}`, status: 400 }]);
    await system.deliver(id, 'payment_intent.succeeded');
    await vi.waitFor(
      async () => expect(JSON.parse((await explained(key, '--json')).out)).toMatchObject({ kind: 'dead_lettered' }),
      { timeout: 60_000, interval: 500 },
    );
    const { out } = await explained(key);
    expect(lastLine(out)).toMatch(
      /^One event is a dead letter \(.+\): fix the cause, then redrive \d+:\d+ \(docs\/runbooks\/redrive-dead-letters\.md\)\.$/,
    );
    system.commercetools.setFaults([]);
    await system.command('redrive', 'redrive', '--payment-intent', id, '--yes');
    await vi.waitFor(async () => expect(lastLine((await explained(key)).out)).toMatch(/^All is well/), {
      timeout: 30_000,
      interval: 500,
    });
  });

  it('for an orphaned payment', async () => {
    const { id } = await paid({ withPayment: false });
    const { code, out } = await explained(id);
    expect(code).toBe(1);
    expect(out).toContain('Stripe has money for which commercetools has no payment: run reconcile-pending');
  });

  it('for a payment without an order', async () => {
    const cart = await emptyCart();
    const { id } = await recorded({ cartId: cart.id });
    const { code, out } = await explained(id);
    expect(code).toBe(1);
    expect(lastLine(out)).toMatch(
      new RegExp(`^Paid since .*, and there is no order: make it from cart ${cart.id}, .* by the command unordered `),
    );
  });

  it('for what nobody knows', async () => {
    const { code, out } = await explained('pi_nobody');
    expect(code).toBe(1);
    expect(lastLine(out)).toMatch(/^Nothing is known of it in this project/);
  });
});

it('names a side that does not answer, and tells the rest', async () => {
  const { id } = await recorded();
  system.commercetools.setFaults([{ match: 'GET /shop/(carts|orders)', status: 403 }]);
  const { code, out } = await explained(id);
  expect(code).toBe(1);
  expect(out).toContain(`PaymentIntent ${id} created`);
  expect(lastLine(out)).toMatch(/^Not all could be asked \(.*the cart.*\): run it again\.$/);
});

it('tells of another integration that nothing of it is recorded', async () => {
  const { id } = await system.stripe.paymentIntents.create({ amount: 500, currency: 'eur', metadata: { order: '7' } });
  system.stripeSimulator.controls.pay(id);
  const { code, out } = await explained(id);
  expect(code).toBe(0);
  expect(lastLine(out)).toBe(
    'All is well: it belongs to another integration or project, and nothing of it is recorded.',
  );
});

it('tells the rest without Kafka', async () => {
  const { id } = await recorded();
  const { KAFKA_BROKERS = '' } = system.environment;
  system.environment.KAFKA_BROKERS = '127.0.0.1:1';
  try {
    const { code, out } = await explained(id);
    expect(code).toBe(1);
    expect(out).toContain(`PaymentIntent ${id} created`);
    expect(lastLine(out)).toMatch(
      /^Not all could be asked \((?=.*the topics)(?=.*the dead letters).*\): run it again\.$/,
    );
  } finally {
    system.environment.KAFKA_BROKERS = KAFKA_BROKERS;
  }
});

it('shows nothing of a person unless it is asked to, and never a secret', async () => {
  const cart = await system.post<{ id: string }>('/carts', { currency: 'EUR', customerEmail: 'ada@example.com' });
  const { id } = await recorded({ cartId: cart.id });
  for (const args of [[], ['--json']]) {
    const { out } = await explained(id, ...args);
    expect(out).not.toMatch(/ada@example\.com|_secret_|sk_test/);
  }
  expect((await explained(id, '--reveal')).out).toContain('ada@example.com');
});
