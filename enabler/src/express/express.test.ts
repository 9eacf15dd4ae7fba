import { describe, expect, it, vi } from 'vitest';
import { Enabler } from '../enabler.ts';
import type { ExpressOptions } from '../payment-enabler.ts';
import { type Answer, fakeHost, fakeProcessor, fakeStripe, stripeError } from '../testing.ts';
import { lineItems, shippingRate } from './express.ts';

const eur = (centAmount: number) => ({ centAmount, currencyCode: 'EUR', fractionDigits: 2 });
const DATA: Answer = [
  200,
  {
    totalPrice: eur(2900),
    currencyCode: 'EUR',
    lineItems: [
      { name: 'Subtotal', amount: eur(2400), type: 'SUBTOTAL' },
      { name: 'Shipping', amount: eur(500), type: 'SHIPPING' },
    ],
  },
];
const ADDRESS = { line1: '1 Main St', line2: null, city: 'Reno', state: 'NV', postal_code: '89501', country: 'US' };

async function button(
  given: { sessionId?: string; answers?: Record<string, Answer | Answer[]>; options?: Partial<ExpressOptions> } = {},
) {
  const stripe = fakeStripe();
  const processor = fakeProcessor({
    'GET /express-payment-data': DATA,
    'POST /express-config': [
      200,
      {
        environment: 'TEST',
        publishableKey: 'pk_test_1',
        captureMethod: 'manual',
        expressElementOptions: '{"buttonHeight":48}',
      },
    ],
    ...given.answers,
  });
  const host = fakeHost(stripe, processor);
  const expressResults: unknown[] = [];
  const told: unknown[] = [];
  const options: ExpressOptions = {
    initialAmount: eur(2400),
    onPayButtonClick: vi.fn(async () => ({ sessionId: 'wallet-session' })),
    onShippingAddressSelected: async (selected) => void told.push(['address', selected.address.country]),
    getShippingMethods: async () => [
      { id: 'standard', name: 'Standard', amount: eur(500) },
      { id: 'fast', amount: eur(900) },
    ],
    onShippingMethodSelected: async (selected) => void told.push(['method', selected.shippingMethod.id]),
    onPaymentSubmit: async (submitted) => void told.push(['submit', submitted]),
    onComplete: (result) => expressResults.push(result),
    ...given.options,
  };
  const enabler = new Enabler({ ...host.options, sessionId: given.sessionId ?? '' }, host.dependencies);
  await (await enabler.createExpressBuilder('dropin')).build(options).mount('#express');
  const click = () => {
    const resolve = vi.fn();
    stripe.element.emit('click', { expressPaymentType: 'apple_pay', resolve, reject: vi.fn() });
    return resolve;
  };
  const send = async (event: string, payload: object = {}) => {
    const resolve = vi.fn();
    const reject = vi.fn();
    const paymentFailed = vi.fn();
    const before = host.errors.length + expressResults.length;
    stripe.element.emit(event, { resolve, reject, paymentFailed, expressPaymentType: 'apple_pay', ...payload });
    await expect
      .poll(
        () =>
          resolve.mock.calls.length +
          reject.mock.calls.length +
          paymentFailed.mock.calls.length +
          host.errors.length +
          expressResults.length -
          before,
      )
      .toBeGreaterThan(0);
    return { resolve, reject, paymentFailed };
  };
  return { ...host, stripe, processor, options, expressResults, told, click, send };
}

describe('the wallet button', () => {
  it('needs no session until a wallet opens', async () => {
    const { stripe, processor } = await button();
    expect(processor.calls.map(({ call, headers, body }) => [call, headers['X-Session-Id'], body])).toEqual([
      ['POST /express-config', undefined, {}],
    ]);
    expect(stripe.elementsOptions[0]).toMatchObject({
      mode: 'payment',
      amount: 2400,
      currency: 'eur',
      captureMethod: 'manual',
    });
    expect(stripe.element.options).toMatchObject({
      buttonHeight: 48,
      shippingAddressRequired: true,
      billingAddressRequired: true,
    });
  });

  it('says which countries can be shipped to', async () => {
    const { stripe } = await button({ options: { allowedCountries: ['US', 'DE'] } });
    expect(stripe.element.options).toMatchObject({ allowedShippingCountries: ['US', 'DE'] });
  });

  it('with a session knows the customer', async () => {
    const { stripe } = await button({
      sessionId: 'session-1',
      answers: {
        'GET /customer/session': [200, { stripeCustomerId: 'cus_1', ephemeralKey: 'ek', sessionId: 'cuss_secret' }],
      },
    });
    expect(stripe.elementsOptions[0]).toMatchObject({ customerSessionClientSecret: 'cuss_secret' });
  });

  it.each([
    [403, 'Unauthorized error fetching express config'],
    [500, 'Not able to initialize Express Checkout'],
  ])('is refused with %i in words that hosts know', async (status, message) => {
    await expect(button({ answers: { 'POST /express-config': [status, {}] } })).rejects.toThrow(message);
  });

  it('needs an initial amount', async () => {
    await expect(button({ options: { initialAmount: {} as never } })).rejects.toMatchObject({
      code: 'invalid_initial_amount',
    });
  });

  it('opens the wallet at once and asks the host for the session meanwhile', async () => {
    const { click, options } = await button();
    expect(click()).toHaveBeenCalledWith(expect.objectContaining({ lineItems: [{ name: 'Total', amount: 2400 }] }));
    await expect.poll(() => vi.mocked(options.onPayButtonClick).mock.calls.length).toBe(1);
  });

  it('tells when the host has no session', async () => {
    const { click, errors } = await button({
      options: { onPayButtonClick: async () => Promise.reject(new Error('no cart')) },
    });
    click();
    await expect.poll(() => errors[0]?.error.message).toBe('Failed to get session ID for Express Checkout.');
  });
});

describe('shipping', () => {
  it('takes the first method, the new total and the rates of the address', async () => {
    const { click, send, told, stripe, processor } = await button();
    click();
    const { resolve } = await send('shippingaddresschange', { name: 'Ada', address: ADDRESS });
    expect(told).toEqual([
      ['address', 'US'],
      ['method', 'standard'],
    ]);
    expect(stripe.elementsUpdates).toEqual([{ amount: 2900 }]);
    expect(resolve).toHaveBeenCalledWith({
      shippingRates: [
        { id: 'standard', displayName: 'Standard', amount: 500 },
        { id: 'fast', displayName: 'fast', amount: 900 },
      ],
      lineItems: [
        { name: 'Subtotal', amount: 2400 },
        { name: 'Shipping', amount: 500 },
      ],
    });
    expect(processor.calls.at(-1)?.headers).toMatchObject({ 'X-Session-Id': 'wallet-session' });
  });

  it('refuses an address without any method, which is no failure', async () => {
    const { click, send, errors } = await button({ options: { getShippingMethods: async () => [] } });
    click();
    const { reject } = await send('shippingaddresschange', { name: '', address: ADDRESS });
    expect(reject).toHaveBeenCalled();
    expect(errors).toEqual([]);
  });

  it.each([
    ['shippingaddresschange', { name: '', address: ADDRESS }, 'Error updating shipping address.'],
    ['shippingratechange', { shippingRate: { id: 'fast' } }, 'Error updating shipping method.'],
  ])('refuses %s when the host fails', async (event, payload, message) => {
    const fails = async () => Promise.reject(new Error('cart is gone'));
    const { click, send, errors } = await button({ options: { onShippingMethodSelected: fails } });
    click();
    const { reject } = await send(event, payload);
    expect(reject).toHaveBeenCalled();
    await expect.poll(() => errors[0]?.error.message).toBe(message);
  });
});

describe('paying with a wallet', () => {
  const paid = {
    billingDetails: { name: 'Ada Lovelace', email: 'ada@example.com', phone: '', address: ADDRESS },
    shippingAddress: { name: 'Ada Lovelace', address: ADDRESS },
  };

  it('hands over the addresses, pays as express, and names the wallet', async () => {
    const { click, send, told, stripe, processor, expressResults, results } = await button();
    click();
    await send('confirm', paid);
    expect(told).toEqual([
      [
        'submit',
        {
          shippingAddress: expect.objectContaining({ city: 'Reno' }),
          billingAddress: expect.objectContaining({ streetNumber: '1' }),
          customerEmail: 'ada@example.com',
        },
      ],
    ]);
    const opened = processor.calls.find(({ call }) => call === 'GET /payments');
    expect(opened?.headers).toMatchObject({ 'X-Session-Id': 'wallet-session', 'x-express-checkout': 'true' });
    expect(opened?.headers).not.toHaveProperty('x-express-customer-session');
    expect(stripe.confirms[0]?.confirmParams).toMatchObject({
      payment_method_data: { billing_details: { name: 'Ada Lovelace', address: { line2: '' } } },
    });
    expect(expressResults).toEqual([{ isSuccess: true, paymentReference: 'payment-1', method: { type: 'apple_pay' } }]);
    expect(results).toEqual([]);
  });

  it('that is still processing is pending', async () => {
    const { click, send, expressResults } = await button({
      answers: { 'POST /confirmPayments/payment-1': [202, { outcome: 'pending' }] },
    });
    click();
    await send('confirm', paid);
    expect(expressResults).toEqual([
      { isSuccess: false, isPending: true, paymentReference: 'payment-1', method: { type: 'apple_pay' } },
    ]);
  });

  it('that is declined tells the wallet and the host why', async () => {
    const { stripe, click, send, errors, expressResults } = await button();
    stripe.confirm = async () => stripeError({ type: 'card_error', code: 'card_declined', decline_code: 'lost_card' });
    click();
    const { paymentFailed } = await send('confirm', paid);
    expect(paymentFailed).toHaveBeenCalledWith({ reason: 'fail' });
    expect(errors).toEqual([
      { error: expect.objectContaining({ declineCode: 'lost_card' }), paymentReference: 'payment-1' },
    ]);
    expect(expressResults).toEqual([]);
  });

  it('to an address that the host refuses tells the wallet so', async () => {
    const { click, send } = await button({
      options: { onPaymentSubmit: async () => Promise.reject(new Error('no delivery there')) },
    });
    click();
    const { paymentFailed } = await send('confirm', paid);
    expect(paymentFailed).toHaveBeenCalledWith({ reason: 'invalid_shipping_address' });
  });

  it('that the shopper closes is told as a cancel', async () => {
    const { click, send, errors } = await button();
    click();
    await send('cancel');
    expect(errors[0]?.error.name).toBe('CANCEL');
  });

  it('never uses the session of a wallet that was closed', async () => {
    const answers = ['stale', 'fresh'];
    const waiting: (() => void)[] = [];
    const onPayButtonClick = () =>
      new Promise<{ sessionId: string }>((resolve) => {
        const sessionId = answers.shift() ?? 'fresh';
        waiting.push(() => resolve({ sessionId }));
      });
    const { click, send, processor } = await button({ options: { onPayButtonClick } });
    click();
    await expect.poll(() => waiting.length).toBe(1);
    await send('cancel');
    click();
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    waiting[0]?.();
    await send('confirm', paid);
    const sessions = processor.calls.map(({ headers }) => headers['X-Session-Id']).filter(Boolean);
    expect(new Set(sessions)).toEqual(new Set(['fresh']));
  });

  it('does nothing more for an address of a wallet that was closed meanwhile', async () => {
    const waiting: ((answer: { sessionId: string }) => void)[] = [];
    const onPayButtonClick = () => new Promise<{ sessionId: string }>((resolve) => waiting.push(resolve));
    const { click, send, told, stripe } = await button({ options: { onPayButtonClick } });
    click();
    stripe.element.emit('shippingaddresschange', { name: 'Ann', address: ADDRESS, resolve() {}, reject() {} });
    await send('cancel');
    click();
    await expect.poll(() => waiting.length).toBe(2);
    waiting[0]?.({ sessionId: 'stale' });
    waiting[1]?.({ sessionId: 'fresh' });
    await send('confirm', paid);
    expect(waiting).toHaveLength(2);
    expect(told).not.toContainEqual(['address', 'US']);
  });
});

it('lines that exceed the total become one', () => {
  expect(
    lineItems({
      totalPrice: eur(1000),
      currencyCode: 'EUR',
      lineItems: [{ name: 'Subtotal', amount: eur(2400), type: 'SUBTOTAL' }],
    }),
  ).toEqual([{ name: 'Total', amount: 1000 }]);
});

it.each([
  ['EUR', 2, 500, 500],
  ['JPY', 0, 500, 500],
  ['ISK', 0, 500, 50_000],
])('a rate in %s is in Stripe’s units', (currencyCode, fractionDigits, centAmount, amount) => {
  expect(shippingRate({ id: 'x', amount: { centAmount, currencyCode } }, fractionDigits)).toMatchObject({ amount });
});
