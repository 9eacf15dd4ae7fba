import { eventRecord, PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ, PAYMENT_TRANSACTIONS, SOURCES } from '@connector/contracts';
import { createDeadLetterQueue, type Kafka, type Producer, scanTopic } from '@connector/kafka';
import type { CommercetoolsSimulator } from '@connector/simulator-commercetools';
import type { StripeSimulator } from '@connector/simulator-stripe';
import type Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFailed, vi } from 'vitest';
import { type Opening, RunningLedger } from './running-ledger.ts';

let system: RunningLedger;
let commercetools: CommercetoolsSimulator;
let stripeSimulator: StripeSimulator;
let stripe: Stripe;
let kafka: Kafka;
let producer: Producer;

beforeAll(async () => {
  system = await RunningLedger.start();
  ({ commercetools, stripeSimulator, stripe, kafka, producer } = system);
});
afterAll(() => system?.stop());
afterEach(() => commercetools.setFaults([]));

// What the commands of a test printed is shown when it fails.
beforeEach(() => {
  system.transcript.length = 0;
  onTestFailed(() => console.error(system.transcript.join('\n')));
});

const command = (name: 'redrive' | 'reconcile-pending' | 'unordered', ...args: string[]) =>
  system.command(name, ...args);

const opened = (given?: Opening) => system.opened(given);
const deliver = (paymentIntentId: string, type: string) => system.deliver(paymentIntentId, type);

const transactions = async (key: string) => {
  const { payments } = await commercetools.state({ payments: [key] });
  return payments[0]?.transactions.map(({ type, state, amount }) => `${type} ${state} ${amount.centAmount}`);
};
const shows = (key: string, ...expected: string[]) =>
  vi.waitFor(async () => expect(await transactions(key)).toEqual(expected), { timeout: 30_000, interval: 100 });
const deadLetters = () => createDeadLetterQueue(kafka, { topic: PAYMENT_EVENTS_DLQ, producer, by: 'test' });

it('makes a refused event a dead letter, delays no other by it, and applies it once its cause is fixed and it is redriven', async () => {
  const [poisoned, other] = [await opened(), await opened()];
  stripeSimulator.controls.pay(poisoned.id);
  stripeSimulator.controls.pay(other.id);
  const { payments } = await commercetools.state({ payments: [poisoned.key] });
  commercetools.setFaults([{ match: `POST /shop/payments/${payments[0]?.id}`, status: 400 }]);
  const eventId = await deliver(poisoned.id, 'payment_intent.succeeded');
  await deliver(other.id, 'payment_intent.succeeded');
  await shows(other.key, 'Authorization Success 4999', 'Charge Success 4999');
  await vi.waitFor(async () => expect(await deadLetters().depth()).toBe(1), { timeout: 30_000, interval: 200 });
  expect(await transactions(poisoned.key)).toEqual([]);

  const listed = await command('redrive', 'list', '--payment-intent', poisoned.id);
  expect(listed).toMatchObject({ code: 0, told: '' });
  expect(listed.out).toContain('payment_intent.succeeded');
  const asJson = await command('redrive', 'list', '--json');
  const [{ id, reason }] = JSON.parse(asJson.out).deadLetters;
  expect(JSON.parse(asJson.out).deadLetters).toMatchObject([{ eventId, key: poisoned.id, reason: 'rejected' }]);
  const shown = await command('redrive', 'show', id);
  expect(shown.out).toContain(eventId);
  expect(shown.out).not.toMatch(/_secret_|jenny|Jenny/);

  expect(await command('redrive', 'redrive', '--reason', reason, '--dry-run')).toMatchObject({ code: 0 });
  expect(await command('redrive', 'redrive', '--reason', reason)).toMatchObject({ code: 1 });
  expect(await deadLetters().depth()).toBe(1);

  commercetools.setFaults([]);
  expect(await command('redrive', 'redrive', '--reason', reason, '--yes')).toMatchObject({ code: 0 });
  await shows(poisoned.key, 'Authorization Success 4999', 'Charge Success 4999');
  expect((await command('redrive', 'list')).out).toBe('No dead letters wait.\n');
  // Once more is harmless.
  expect(await command('redrive', 'redrive', id, '--again', '--yes')).toMatchObject({ code: 0 });
  expect(await deadLetters().depth()).toBe(0);
  await shows(poisoned.key, 'Authorization Success 4999', 'Charge Success 4999');
});

it('brings payments up to date whose webhooks never came', async () => {
  const debit = await opened();
  const waiting = await opened();
  stripeSimulator.controls.configure({ settleDelayMs: null });
  for (const { id } of [debit, waiting]) {
    stripeSimulator.controls.pay(id, { iban: 'DE89370400440532013000' });
    await deliver(id, 'payment_intent.processing');
  }
  await shows(debit.key, 'Authorization Pending 4999');
  await shows(waiting.key, 'Authorization Pending 4999');
  stripeSimulator.controls.settle(debit.id);
  const [unseen, orphan] = [await opened(), await opened({ withPayment: false })];
  stripeSimulator.controls.pay(unseen.id);
  stripeSimulator.controls.pay(orphan.id);

  const dry = await command('reconcile-pending', '--since', '1d', '--repair', '--dry-run', '--json');
  const { payments, paymentIntents, kinds, open, divergences } = JSON.parse(dry.out);
  expect(dry.code).toBe(0);
  expect(payments).toEqual({ checked: 2, pending: 1, diverging: 1, repaired: 1, failed: 0 });
  expect(paymentIntents).toMatchObject({ diverging: 2, repaired: 2, failed: 0 });
  expect(kinds).toEqual({
    transaction_outdated: 1,
    transaction_missing: 1,
    payment_missing: 1,
    payment_untied: 0,
    gone_from_stripe: 0,
    operation_unfinished: 0,
  });
  expect(open).toMatchObject({ Pending: { payments: 2 }, Initial: { payments: 0 } });
  expect(divergences[0]).toMatchObject({
    kind: 'transaction_outdated',
    paymentIntentId: debit.id,
    change: 'Authorization Pending → Success, + Charge Success 4999 EUR',
  });
  expect(await transactions(debit.key)).toEqual(['Authorization Pending 4999']);

  const found = await command('reconcile-pending', '--since', '1d');
  expect(found.code).toBe(0);
  expect(found.out).toMatch(/payments with open transactions +2 +1 +1 +1 +0/);
  await shows(debit.key, 'Authorization Success 4999', 'Charge Success 4999');
  expect(await transactions(unseen.key)).toEqual([]);

  const repaired = await command('reconcile-pending', '--since', '1d', '--repair');
  expect(repaired.code).toBe(0);
  await shows(unseen.key, 'Authorization Success 4999', 'Charge Success 4999');
  await shows(orphan.key, 'Authorization Success 4999', 'Charge Success 4999');
  expect(await transactions(waiting.key)).toEqual(['Authorization Pending 4999']);

  const after = await command('reconcile-pending', '--since', '1d', '--repair', '--json');
  expect(JSON.parse(after.out)).toMatchObject({
    complete: true,
    payments: { checked: 1, pending: 1, diverging: 0 },
    paymentIntents: { diverging: 0, failed: 0 },
  });
});

it('makes the order of a paid cart that has none, once, and tells it', async () => {
  const { id: cartId, version } = await system.post<{ id: string; version: number }>('/carts', {
    currency: 'EUR',
    country: 'DE',
    taxMode: 'Disabled',
    customLineItems: [
      { name: { en: 'Book' }, slug: 'book', quantity: 1, money: { centAmount: 4_999, currencyCode: 'EUR' } },
    ],
  });
  const { id, key } = await opened({ cart_id: cartId });
  const { payments } = await commercetools.state({ payments: [key] });
  const addPayment = { action: 'addPayment', payment: { typeId: 'payment', id: payments[0]?.id } };
  await system.post(`/carts/${cartId}`, { version, actions: [addPayment] });
  stripeSimulator.controls.pay(id);
  await deliver(id, 'payment_intent.succeeded');
  await shows(key, 'Authorization Success 4999', 'Charge Success 4999');

  const settle = ['--after', '0', '--settle', 'create', '--order-number', 'test-{cartId}'];
  const listed = await command('unordered', '--after', '0', '--json');
  expect(listed.code).toBe(0);
  expect(JSON.parse(listed.out).findings).toContainEqual(
    expect.objectContaining({ reason: 'ready', paymentId: payments[0]?.id, cartId, paymentIntentId: id }),
  );
  const made = await command('unordered', ...settle, '--json');
  expect(made.code).toBe(0);
  expect(JSON.parse(made.out).settled).toEqual([
    {
      settlement: 'order_created',
      orderNumber: `test-${cartId}`,
      cartId,
      paymentIds: [payments[0]?.id],
    },
  ]);
  const again = await command('unordered', ...settle);
  expect(again.code).toBe(0);
  expect(again.out).not.toContain(cartId);

  const told: string[] = [];
  await scanTopic(kafka, PAYMENT_TRANSACTIONS, ({ headers, value }) => {
    if (headers.ce_type === 'checkout.payment.settled_without_order') told.push(value.toString());
  });
  expect(told.map((value) => JSON.parse(value))).toMatchObject([
    { paymentId: payments[0]?.id, cartId, settlement: { kind: 'order_created', orderNumber: `test-${cartId}` } },
  ]);
});

it('ends an operation as a Failure whose refusal no event says, once', async () => {
  const { id, key } = await opened();
  stripeSimulator.controls.pay(id);
  await deliver(id, 'payment_intent.succeeded');
  await shows(key, 'Authorization Success 4999', 'Charge Success 4999');
  const { payments } = await commercetools.state({ payments: [key] });
  const paymentId = payments[0]?.id ?? '';
  const operationId = `refundPayment-${crypto.randomUUID().replaceAll('-', '')}`;
  const asked = {
    key: id,
    id: crypto.randomUUID(),
    source: SOURCES.intent,
    time: new Date(Date.now() - 2 * 3_600_000),
  };
  const amount = { centAmount: 5_000, currencyCode: 'EUR', fractionDigits: 2 };
  await producer.send(
    PAYMENT_EVENTS,
    eventRecord('checkout.payment.operation_requested', asked, {
      paymentId,
      paymentIntentId: id,
      operationId,
      operation: 'refundPayment',
      transactionType: 'Refund',
      amount,
    }),
  );
  const found = await command('reconcile-pending', '--since', 'never', '--json');
  expect(JSON.parse(found.out)).toMatchObject({ operations: { checked: 1, diverging: 1, repaired: 1 } });
  await shows(key, 'Authorization Success 4999', 'Charge Success 4999', 'Refund Failure 5000');
  const after = await command('reconcile-pending', '--since', 'never', '--json');
  expect(JSON.parse(after.out)).toMatchObject({ operations: { checked: 0 } });
});

it('checks the others when one cannot be checked, and says that it is not done', async () => {
  stripeSimulator.controls.setFaults([{ match: 'GET /v1/payment_intents/', status: 400 }]);
  const { code, out, told } = await command('reconcile-pending', '--since', 'never');
  stripeSimulator.controls.setFaults([]);
  expect(code).toBe(1);
  expect(told).toMatch(/payment [0-9a-f-]+ could not be checked: Stripe refused payment_intents.retrieve/);
  expect(out).toMatch(/payments with open transactions +1 +0 +0 +0 +1/);
});

it('keeps the payment method that a customer saved, and asks for one job for a recurring cart', async () => {
  const { customer } = (await system.post('/customers', {
    email: 'jane@example.com',
    password: 'secret',
  })) as never as {
    customer: { id: string };
  };
  const recurrenceInfo = {
    recurrencePolicy: { typeId: 'recurrence-policy', id: 'monthly' },
    priceSelectionMode: 'Fixed',
  };
  const item = {
    name: { en: 'Coffee' },
    slug: 'coffee',
    quantity: 1,
    money: { centAmount: 4_999, currencyCode: 'EUR' },
  };
  const cart = await system.post<{ id: string }>('/carts', {
    currency: 'EUR',
    customerId: customer.id,
    customLineItems: [{ ...item, recurrenceInfo }],
  });
  const shopper = await stripe.customers.create({ name: 'Jane' });
  const { id, key } = await opened({ customer: shopper.id, cart_id: cart.id, ct_customer_id: customer.id });
  stripeSimulator.controls.pay(id, { setup_future_usage: 'off_session' });
  const types = ['charge.succeeded', 'payment_intent.succeeded', 'charge.succeeded', 'payment_intent.succeeded'];
  for (const type of types) await deliver(id, type);
  await shows(key, 'Authorization Success 4999', 'Charge Success 4999');
  await vi.waitFor(
    async () => {
      const { payments, paymentMethods, recurringPaymentJobs } = await commercetools.state();
      const payment = payments.find((one) => one.key === key);
      const token = payment?.paymentMethodInfo.token;
      expect(token?.value).toMatch(/^pm_/);
      expect(paymentMethods).toMatchObject([{ customer: { id: customer.id }, method: 'card', token }]);
      expect(recurringPaymentJobs).toMatchObject([{ originPayment: { id: payment?.id } }]);
    },
    { timeout: 30_000, interval: 100 },
  );
  // A payment's events are handled one after the other: with the result of the fourth the third is done with.
  await vi.waitFor(
    async () => {
      let results = 0;
      await scanTopic(kafka, PAYMENT_TRANSACTIONS, (message) => {
        if (message.key === id) results += 1;
      });
      expect(results).toBe(types.length);
    },
    { timeout: 30_000, interval: 200 },
  );
  const calls = commercetools.log({ method: 'POST', match: 'payment-methods|recurring-payment-jobs' });
  expect(calls.map(({ path }) => path)).toEqual(['/shop/payment-methods', '/shop/recurring-payment-jobs']);
});
