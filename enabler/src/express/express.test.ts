import { describe, expect, it, vi } from 'vitest';
import { Enabler } from '../enabler.ts';
import type { ExpressOptions } from '../payment-enabler.ts';
import { type Answer, fakeHost, fakeProcessor, fakeStripe, stripeError } from '../testing.ts';

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
const OPENED: Answer = [
  200,
  {
    sClientSecret: 'pi_1_secret',
    paymentReference: 'payment-1',
    merchantReturnUrl: 'https://shop.example/thanks',
    cartId: 'cart-1',
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

  it('shows only countries that can be shipped to', async () => {
    const { stripe } = await button({ options: { allowedCountries: ['US', 'DE'] } });
    expect(stripe.element.options).toMatchObject({ allowedShippingCountries: ['US', 'DE'] });
  });

  it('has the customer when there is a session', async () => {
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
  ])('reports %i with the messages that hosts know', async (status, message) => {
    await expect(button({ answers: { 'POST /express-config': [status, {}] } })).rejects.toThrow(message);
  });

  it('requires an initial amount', async () => {
    await expect(button({ options: { initialAmount: {} as never } })).rejects.toMatchObject({
      code: 'invalid_initial_amount',
    });
  });

  it.each([
    [{ centAmount: 7993, currencyCode: 'KWD', fractionDigits: 3 }, 'Stripe takes KWD amounts that end in 0 only'],
    [{ centAmount: 11.9, currencyCode: 'EUR', fractionDigits: 2 }, '11.9 EUR is not a whole number'],
  ])('refuses an initial amount that Stripe cannot express, with a message: %j', async (initialAmount, message) => {
    await expect(button({ options: { initialAmount } })).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_initial_amount',
      message,
    });
  });

  it.each([
    ['EUR', 2400, 2400],
    ['ISK', 1000, 100_000],
    ['MGA', 50_000, 500],
  ])('reads an amount without fraction digits as commercetools does: %s', async (currencyCode, centAmount, amount) => {
    const { stripe } = await button({ options: { initialAmount: { centAmount, currencyCode } as never } });
    expect(stripe.elementsOptions[0]).toMatchObject({ amount, currency: currencyCode.toLowerCase() });
  });

  it('reports to the page when Elements cannot be created, and may be mounted again', async () => {
    const stripe = fakeStripe();
    const processor = fakeProcessor({
      'POST /express-config': [200, { publishableKey: 'pk_test_1', environment: 'x' }],
    });
    const { options, dependencies, errors } = fakeHost(stripe, processor);
    const told: unknown[] = [];
    const enabler = new Enabler({ ...options, sessionId: '' }, dependencies);
    const express = (await enabler.createExpressBuilder('dropin')).build({
      initialAmount: eur(2400),
      onError: (error: Error) => told.push(error),
    } as unknown as ExpressOptions);
    stripe.elementsFails = true;
    await expect(express.mount('#express')).rejects.toMatchObject({ name: 'EnablerError', code: 'mount_failed' });
    expect(errors.map(({ error }) => error.code)).toEqual(['mount_failed']);
    expect(told).toEqual([errors[0]?.error]);
    stripe.elementsFails = false;
    await expect(express.mount('#express')).resolves.toBeUndefined();
  });

  it('needs no session in its options at all', async () => {
    const stripe = fakeStripe();
    const processor = fakeProcessor({
      'POST /express-config': [200, { publishableKey: 'pk_test_1', environment: 'x' }],
    });
    const { dependencies } = fakeHost(stripe, processor);
    const enabler = new Enabler({ processorUrl: 'https://processor.example' }, dependencies);
    await expect(enabler.createExpressBuilder('dropin')).resolves.toHaveProperty('build');
    await expect(enabler.isStoredPaymentMethodsEnabled()).resolves.toBe(false);
    for (const create of [() => enabler.createDropinBuilder('embedded'), () => enabler.createComponentBuilder('card')])
      await expect(create()).rejects.toMatchObject({ name: 'ConfigurationError', code: 'session_required' });
    expect(processor.calls.map(({ call }) => call)).toEqual(['POST /express-config']);
  });

  it('opens the wallet at once, and asks the host for the session meanwhile', async () => {
    const { click, options } = await button();
    expect(click()).toHaveBeenCalledWith(expect.objectContaining({ lineItems: [{ name: 'Total', amount: 2400 }] }));
    await expect.poll(() => vi.mocked(options.onPayButtonClick).mock.calls.length).toBe(1);
  });

  it('reports that the host has no session', async () => {
    const { click, errors } = await button({
      options: { onPayButtonClick: async () => Promise.reject(new Error('no cart')) },
    });
    click();
    await expect.poll(() => errors[0]?.error.message).toBe('Failed to get session ID for Express Checkout.');
  });
});

describe('shipping', () => {
  it('selects the first method, the new total and the rates of the address', async () => {
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

  it('refuses an address without any shipping method, which is not a failure', async () => {
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

describe('a wallet that is opened again', () => {
  const line = (name: string, amount: number) => ({ name, amount });
  const answer = (total: number): Answer => [
    200,
    {
      totalPrice: eur(total),
      currencyCode: 'EUR',
      lineItems: [
        { name: 'Subtotal', amount: eur(total - 500), type: 'SUBTOTAL' },
        { name: 'Shipping', amount: eur(500), type: 'SHIPPING' },
      ],
    },
  ];

  it.each([
    ['costs more', 3900],
    ['costs less', 900],
  ])('shows the present cart, where it %s than at first', async (_what, total) => {
    const { click, send, stripe, processor } = await button({
      answers: { 'GET /express-payment-data': [answer(2900), answer(total)] },
    });
    click();
    await send('shippingaddresschange', { name: 'Ada', address: ADDRESS });
    await send('cancel');
    const resolve = click();
    await expect.poll(() => resolve.mock.calls.length).toBe(1);
    expect(stripe.elementsUpdates).toEqual([{ amount: 2900 }, { amount: total }]);
    expect(resolve).toHaveBeenCalledWith(
      expect.objectContaining({ lineItems: [line('Subtotal', total - 500), line('Shipping', 500)] }),
    );
    expect(processor.calls.at(-1)?.headers).toMatchObject({ 'X-Session-Id': 'wallet-session' });
  });

  it("shows the Elements' amount when the cart cannot be read", async () => {
    const { click, send, stripe } = await button({
      answers: { 'GET /express-payment-data': [answer(2900), [401, {}]] },
    });
    click();
    await send('shippingaddresschange', { name: 'Ada', address: ADDRESS });
    await send('cancel');
    const resolve = click();
    await expect.poll(() => resolve.mock.calls.length).toBe(1);
    expect(stripe.elementsUpdates).toEqual([{ amount: 2900 }]);
    expect(resolve).toHaveBeenCalledWith(
      expect.objectContaining({ lineItems: [line('Subtotal', 2400), line('Shipping', 500)] }),
    );
  });

  it("shows the Elements' amount when the cart is not read within the second that a wallet waits", async () => {
    const { click, send, stripe, processor } = await button({ answers: { 'GET /express-payment-data': answer(2900) } });
    click();
    await send('shippingaddresschange', { name: 'Ada', address: ADDRESS });
    await send('cancel');
    vi.useFakeTimers();
    try {
      processor.hangs = 'GET /express-payment-data';
      const resolve = click();
      await vi.advanceTimersByTimeAsync(599);
      expect(resolve).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      expect(resolve).toHaveBeenCalledOnce();
      expect(stripe.elementsUpdates).toEqual([{ amount: 2900 }]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gets the currency when the cart has another one', async () => {
    const usd = (centAmount: number) => ({ centAmount, currencyCode: 'USD', fractionDigits: 2 });
    const { click, send, stripe } = await button({
      answers: { 'GET /express-payment-data': [200, { totalPrice: usd(3000), currencyCode: 'USD', lineItems: [] }] },
    });
    click();
    const { resolve } = await send('shippingaddresschange', { name: 'Ada', address: ADDRESS });
    expect(stripe.elementsUpdates).toEqual([{ amount: 3000, currency: 'usd' }]);
    expect(resolve).toHaveBeenCalledWith(expect.objectContaining({ lineItems: [line('Total', 3000)] }));
  });

  it('keeps the amount of the last change when an earlier one is answered later', async () => {
    const waiting: (() => void)[] = [];
    const { click, stripe, send } = await button({
      answers: { 'GET /express-payment-data': [answer(4400), answer(2900)] },
      options: {
        onShippingMethodSelected: ({ shippingMethod }) =>
          shippingMethod.id === 'fast' ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(),
      },
    });
    click();
    const late = { resolve: vi.fn(), reject: vi.fn() };
    stripe.element.emit('shippingratechange', { shippingRate: { id: 'fast' }, ...late });
    await expect.poll(() => waiting.length).toBe(1);
    await send('shippingratechange', { shippingRate: { id: 'standard' } });
    waiting[0]?.();
    await expect.poll(() => late.reject.mock.calls.length).toBe(1);
    expect(stripe.elementsUpdates).toEqual([{ amount: 4400 }]);
    expect(late.resolve).not.toHaveBeenCalled();
  });
});

describe('paying with a wallet', () => {
  const paid = {
    billingDetails: { name: 'Ada Lovelace', email: 'ada@example.com', phone: '', address: ADDRESS },
    shippingAddress: { name: 'Ada Lovelace', address: ADDRESS },
  };

  it('gives the host the addresses, pays as express, and names the wallet', async () => {
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

  it('pays the next cart with the same button, when the host names another session', async () => {
    const onPayButtonClick = vi
      .fn()
      .mockResolvedValueOnce({ sessionId: 'first-session' })
      .mockResolvedValueOnce({ sessionId: 'second-session' });
    const { click, send, processor, expressResults } = await button({ options: { onPayButtonClick } });
    click();
    await send('confirm', paid);
    const reopened = click();
    await vi.waitFor(() => expect(reopened).toHaveBeenCalled());
    await send('confirm', paid);
    const opened = processor.calls.filter(({ call }) => call === 'GET /payments');
    expect(opened.map(({ headers }) => headers['X-Session-Id'])).toEqual(['first-session', 'second-session']);
    expect(expressResults).toHaveLength(2);
  });

  it('tells the wallet that the cart is paid when it is opened for that cart again', async () => {
    const alreadyPaid = { message: 'The cart has already been paid in full', errors: [{ code: 'InvalidOperation' }] };
    const { click, send, processor, errors } = await button({
      answers: { 'GET /payments': [OPENED, [400, alreadyPaid]] },
    });
    click();
    await send('confirm', paid);
    const reopened = click();
    await vi.waitFor(() => expect(reopened).toHaveBeenCalled());
    const { paymentFailed } = await send('confirm', paid);
    expect(paymentFailed).toHaveBeenCalledWith({ reason: 'fail' });
    expect(errors[0]?.error).toMatchObject({ code: 'already_paid' });
    expect(processor.count('GET /payments')).toBe(2);
  });

  it('happens once, however often its wallet is confirmed', async () => {
    const { click, send, stripe, expressResults } = await button();
    click();
    await send('confirm', paid);
    stripe.element.emit('confirm', { ...paid, expressPaymentType: 'apple_pay', paymentFailed() {} });
    await Promise.resolve();
    expect(stripe.confirms).toHaveLength(1);
    expect(expressResults).toHaveLength(1);
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

  it('for a cart that costs more than the sheet shows is refused, and the amount is shown', async () => {
    const { stripe, click, send, errors } = await button();
    stripe.confirm = async () =>
      stripeError({ type: 'invalid_request_error', code: 'payment_intent_invalid_parameter' });
    click();
    const { paymentFailed } = await send('confirm', paid);
    expect(paymentFailed).toHaveBeenCalledWith({ reason: 'fail' });
    expect(errors).toEqual([
      {
        error: expect.objectContaining({
          code: 'amount_changed',
          amountDue: eur(2900),
          message: 'The amount to pay has changed to €29.00. Please check your order and pay again.',
        }),
        paymentReference: 'payment-1',
      },
    ]);
    // The open sheet still shows the old amount.
    expect(stripe.elementsUpdates).toEqual([]);
  });

  it('for a cart that grew meanwhile: the wallet gets no failure, the page gets the remaining amount, and a second opening pays it', async () => {
    const rest = {
      sClientSecret: 'pi_2_secret',
      paymentReference: 'payment-2',
      merchantReturnUrl: 'https://shop.example/thanks',
      cartId: 'cart-1',
    };
    const first = { ...rest, sClientSecret: 'pi_1_secret', paymentReference: 'payment-1' };
    const { stripe, click, send, errors, expressResults } = await button({
      answers: {
        'GET /payments': [
          [200, first],
          [200, rest],
        ],
        'POST /confirmPayments/payment-1': [
          400,
          { outcome: 'rejected', error: 'Payment confirmation failed', code: 'cart_changed', amountDue: eur(500) },
        ],
        'POST /confirmPayments/payment-2': [200, { outcome: 'approved' }],
      },
    });
    click();
    const { paymentFailed } = await send('confirm', paid);
    expect(paymentFailed).not.toHaveBeenCalled();
    expect(errors[0]).toMatchObject({
      error: {
        code: 'cart_changed',
        amountDue: eur(500),
        message: expect.stringContaining('€5.00 remains to be paid'),
      },
      paymentReference: 'payment-1',
    });
    const resolve = click();
    await expect.poll(() => resolve.mock.calls.length).toBe(1);
    await send('confirm', paid);
    expect(stripe.confirms.map(({ clientSecret }) => clientSecret)).toEqual(['pi_1_secret', 'pi_2_secret']);
    expect(expressResults).toEqual([{ isSuccess: true, paymentReference: 'payment-2', method: { type: 'apple_pay' } }]);
  });

  it('to an address that the host refuses tells the wallet so', async () => {
    const { click, send } = await button({
      options: { onPaymentSubmit: async () => Promise.reject(new Error('no delivery there')) },
    });
    click();
    const { paymentFailed } = await send('confirm', paid);
    expect(paymentFailed).toHaveBeenCalledWith({ reason: 'invalid_shipping_address' });
  });

  it('that the shopper closes is reported as a cancel', async () => {
    const { click, send, errors } = await button();
    click();
    await send('cancel');
    expect(errors[0]?.error.name).toBe('CANCEL');
  });

  it('never uses the session of a closed wallet', async () => {
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
