import type { Payment } from '@commercetools/platform-sdk';
import type Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFailed, vi } from 'vitest';
import { RunningLedger } from './running-ledger.ts';

const EACH = 10;
const WINDOW = ['--since', '6h', '--until', '0h'];

let system: RunningLedger;
beforeAll(async () => {
  system = await RunningLedger.start();
});
afterAll(() => system?.stop());
beforeEach(() => {
  system.transcript.length = 0;
  onTestFailed(() => console.error(system.transcript.join('\n')));
});

interface Opened {
  readonly id: string;
  readonly key: string;
}

const booked = (id: string) =>
  vi.waitFor(
    async () => {
      const { latest_charge: charge } = await system.stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
      expect((charge as Stripe.Charge).balance_transaction).toEqual(expect.stringMatching(/^txn_/));
    },
    { timeout: 30_000, interval: 100 },
  );

/** A PaymentIntent that is paid at Stripe. `isOurs` false: another integration's. */
async function paid({
  currency = 'eur',
  amount = 4_999,
  isOurs = true,
  isManual = false,
  iban,
}: {
  currency?: string;
  amount?: number;
  isOurs?: boolean;
  isManual?: boolean;
  iban?: string;
} = {}): Promise<Opened> {
  const key = `cart-${crypto.randomUUID()}-1`;
  const { id } = await system.stripe.paymentIntents.create({
    amount,
    currency,
    automatic_payment_methods: { enabled: true },
    ...(isManual && !iban && { capture_method: 'manual' }),
    metadata: isOurs ? { ct_project_key: 'shop', cart_id: 'cart', ct_payment_key: key } : { shop: 'another' },
  });
  system.stripeSimulator.controls.pay(id, iban ? { iban } : {});
  // Stripe books what was captured a moment later.
  if (!isManual) await booked(id);
  return { id, key };
}

/** The payment of a PaymentIntent as somebody left it. */
const recorded = ({ id, key }: Opened, transactions: object[] = []): Promise<Payment> =>
  system.post<Payment>('/payments', {
    key,
    amountPlanned: { centAmount: 4_999, currencyCode: 'EUR' },
    paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
    interfaceId: id,
    transactions,
  });

const transaction = (type: string, interactionId: string, centAmount = 4_999, state = 'Success') => ({
  type,
  state,
  interactionId,
  amount: { centAmount, currencyCode: 'EUR' },
  timestamp: new Date(Date.now() - 3 * 60 * 60_000).toISOString(),
});
const authorized = ({ id }: Opened) => transaction('Authorization', id);
const charged = (of: Opened, centAmount?: number) => transaction('Charge', of.id, centAmount);
const refund = (payment_intent: string, amount = 1_000) => system.stripe.refunds.create({ payment_intent, amount });

const times = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: EACH }, work));

async function audited(...args: string[]) {
  const { code, out } = await system.command('audit', ...WINDOW, '--json', ...args);
  return { code, ...JSON.parse(out) };
}

it('finds each kind of difference, names it right, repairs what can be repaired, and touches nothing else', async () => {
  const healthy = await times(async () => {
    const one = await paid();
    return recorded(one, [authorized(one), charged(one)]);
  });
  const partlyCaptured = await paid({ isManual: true });
  await system.stripe.paymentIntents.capture(partlyCaptured.id, { amount_to_capture: 2_000 });
  await recorded(partlyCaptured, [authorized(partlyCaptured), charged(partlyCaptured, 2_000)]);
  // The uncaptured rest is booked back by a movement of its own: no money was given back.
  system.stripeSimulator.controls.configure({ releases: 'movement' });
  const bookedBack = await paid({ isManual: true });
  await system.stripe.paymentIntents.capture(bookedBack.id, { amount_to_capture: 2_000 });
  await recorded(bookedBack, [authorized(bookedBack), charged(bookedBack, 2_000)]);
  // A bank debit that failed: its source is the charge.
  const failed = await paid({ isManual: true, iban: 'DE89370400440532013000' });
  system.stripeSimulator.controls.settle(failed.id, 'failed');
  await recorded(failed, [transaction('Authorization', failed.id, 4_999, 'Failure')]);
  await times(() => paid({ isOurs: false }));
  expect(await audited()).toMatchObject({ code: 0, payments: 13, foreign: EACH, complete: true, differences: [] });

  // The refund was made in the past, and its events are gone.
  await times(async () => {
    const one = await paid();
    await recorded(one, [authorized(one), charged(one)]);
    await refund(one.id);
  });
  // The chargeback is missing.
  await times(async () => {
    const one = await paid();
    await recorded(one, [authorized(one), charged(one)]);
    system.stripeSimulator.controls.openDispute({ payment_intent: one.id });
  });
  // commercetools has no payment, in another currency without a fraction.
  await times(() => paid({ currency: 'jpy', amount: 5_000 }));
  const invented = await times(async () => {
    const one = await paid();
    return recorded(one, [authorized(one), charged(one), transaction('Refund', 're_1Invented', 500)]);
  });
  const doubled = await times(async () => {
    const one = await paid();
    return recorded(one, [authorized(one), charged(one), charged(one)]);
  });
  const tooMuch = await times(async () => {
    const one = await paid();
    return recorded(one, [authorized(one), charged(one, 5_999)]);
  });
  // Over too little: the ledger adds the rest.
  await times(async () => {
    const one = await paid();
    return recorded(one, [authorized(one), charged(one, 4_000)]);
  });
  await times(async () => {
    const one = await paid();
    const { id } = await refund(one.id);
    return recorded(one, [authorized(one), charged(one), transaction('Refund', id, 1_000, 'Failure')]);
  });

  // The refund failed after all, and its events are gone.
  await times(async () => {
    const one = await paid();
    const { id } = await refund(one.id);
    await recorded(one, [authorized(one), charged(one), transaction('Refund', id, 1_000)]);
    system.stripeSimulator.controls.setRefundStatus(id, 'failed');
  });

  const first = await audited();
  expect(first.code).toBe(1);
  expect(first.kinds).toEqual({
    payment_missing: EACH,
    missing_here: 2 * EACH,
    missing_there: EACH,
    other_amount: 2 * EACH,
    other_state: 2 * EACH,
    doubled: EACH,
  });
  expect(first.differences.every(({ repaired }: { repaired: boolean }) => !repaired)).toBe(true);

  const dry = await audited('--repair', '--dry-run');
  expect(dry.kinds).toEqual(first.kinds);
  expect(Object.values(dry.repairs).every((count) => count === 0)).toBe(true);
  const fixed = await audited('--repair');
  expect(fixed.repairs).toEqual({
    payment_missing: EACH,
    missing_here: 2 * EACH,
    missing_there: 0,
    other_amount: EACH,
    other_state: 2 * EACH,
    doubled: 0,
  });

  // What is left is what a person has to look at.
  await vi.waitFor(
    async () =>
      expect((await audited()).kinds).toEqual({
        payment_missing: 0,
        missing_here: 0,
        missing_there: EACH,
        other_amount: EACH,
        other_state: 0,
        doubled: EACH,
      }),
    { timeout: 60_000, interval: 1_000 },
  );
  const { payments } = await system.commercetools.state();
  const now = new Map(payments.map(({ id, version }) => [id, version]));
  for (const { id, version } of [...healthy, ...invented, ...doubled, ...tooMuch]) expect(now.get(id)).toBe(version);

  const { code, out } = await system.command('audit', ...WINDOW);
  expect(code).toBe(1);
  expect(out).toMatch(/DIFFERENCE +OF +STRIPE +COMMERCETOOLS/);
  expect(out).toMatch(/there twice +Charge EUR +4999 Success +9998 Success/);
  expect(out).toContain('30 differences.');
  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

it('makes a payment again that somebody deleted after the ledger had recorded it', async () => {
  const one = await paid();
  await recorded(one);
  const known = async () => (await system.commercetools.state({ payments: [one.key] })).payments[0];
  const shows = () =>
    vi.waitFor(
      async () => expect((await known())?.transactions.map(({ type }) => type)).toEqual(['Authorization', 'Charge']),
      { timeout: 60_000, interval: 100 },
    );
  await audited('--repair');
  await shows();
  const before = await known();
  await system.remove(`/payments/${before?.id}?version=${before?.version}`);
  const { differences } = await audited('--repair');
  expect(differences.filter(({ paymentIntentId: id }: { paymentIntentId: string }) => id === one.id)).toMatchObject([
    { kind: 'payment_missing', repaired: true },
  ]);
  await shows();
  expect((await known())?.id).not.toBe(before?.id);
});

it('gives finance a row for each movement, with its fee, its order and its payout', async () => {
  const one = await paid();
  const payment = await recorded(one, [authorized(one), charged(one)]);
  const cart = await system.post<{ id: string; version: number }>('/carts', { currency: 'EUR' });
  const withPayment = await system.post<{ id: string; version: number }>(`/carts/${cart.id}`, {
    version: cart.version,
    actions: [{ action: 'addPayment', payment: { typeId: 'payment', id: payment.id } }],
  });
  await system.post('/orders', {
    cart: { typeId: 'cart', id: cart.id },
    version: withPayment.version,
    orderNumber: 'A-1001',
  });
  const paidOut = await fetch(`${system.stripeSimulator.url}/_sandbox/payouts`, { method: 'POST' });
  const { id: payout } = (await paidOut.json()) as { id: string };
  const { out, told } = await system.command('audit', ...WINDOW, '--csv');
  const [head = '', ...rows] = out.trimEnd().split('\n');
  const names = head.split(',');
  const records = rows.map((row) => Object.fromEntries(row.split(',').map((value, at) => [names[at], value])));
  expect(records.find(({ payment_intent: id }) => id === one.id)).toMatchObject({
    type: 'charge',
    payment_id: payment.id,
    payment_key: one.key,
    cart_id: 'cart',
    order_number: 'A-1001',
    presented_currency: 'EUR',
    presented_amount: '49.99',
    amount: '49.99',
    payout,
  });
  for (const { amount, fee, net } of records) expect(Number(net)).toBeCloseTo(Number(amount) - Number(fee), 6);
  expect(records.find(({ presented_currency: yen }) => yen === 'JPY')).toMatchObject({ presented_amount: '5000' });
  expect(told).toContain('payments compared');
});
