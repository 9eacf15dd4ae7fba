import http from 'node:http';
import type { AddressInfo } from 'node:net';
import chromium from '@sparticuz/chromium';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import type Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { stripeJsSource } from './stripe-js.ts';
import { startWithClient } from './testing.ts';

let simulator: StripeSimulator;
let stripe: Stripe;
let shop: http.Server;
let shopUrl: string;
let browser: Browser;
let page: Page;
let violations: string[];

beforeAll(async () => {
  ({ simulator, stripe } = await startWithClient());
  const script = await stripeJsSource(simulator.url);
  shop = http.createServer((req, res) => {
    if (req.url === '/stripe.js') {
      res.setHeader('content-type', 'text/javascript');
      res.end(script);
      return;
    }
    res.setHeader('content-type', 'text/html');
    // The evaluations of this test need eval; styles get no exception.
    res.setHeader(
      'content-security-policy',
      `default-src 'self'; script-src 'self' 'unsafe-eval'; connect-src ${simulator.url}`,
    );
    res.end(
      '<!doctype html><html lang="en"><title>Shop</title><script src="/stripe.js"></script><body><div id="form"></div></body></html>',
    );
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  // Not the package's own arguments: they switch off the browser's origin checks, which the script has to pass.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  browser = await playwright.launch({ executablePath: await chromium.executablePath(), args });
});
afterAll(async () => {
  await browser?.close();
  shop?.closeAllConnections();
  shop?.close();
  await simulator?.close();
});
beforeEach(async () => {
  violations = [];
  page = await browser.newPage();
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text());
  });
  page.on('pageerror', (error) => violations.push(error.message));
  await page.goto(shopUrl);
  return async () => {
    expect(violations).toEqual([]);
    await page.close();
  };
});

async function mount(options: object = {}, elementOptions: object = {}): Promise<void> {
  await page.evaluate(`(() => {
    window.events = [];
    window.stripe = Stripe('pk_test_sandbox1');
    window.elements = stripe.elements({ mode: 'payment', amount: 1000, currency: 'eur', ...${JSON.stringify(options)} });
    const element = elements.create('payment', ${JSON.stringify(elementOptions)});
    for (const type of ['ready', 'change', 'loaderror']) element.on(type, (event) => events.push({ type, ...event }));
    element.mount('#form');
  })()`);
  await page.waitForFunction(`events.some(({ type }) => type === 'ready')`);
}

async function fillCard(number: string): Promise<void> {
  await page.fill('#card-number', number);
  await page.fill('#card-expiry', '1234');
  await page.fill('#card-cvc', '123');
}

/** Submits and confirms as a shop does; the answer is the PaymentIntent or the error object. */
const pay = (clientSecret: string): Promise<{ paymentIntent?: { status: string }; error?: Record<string, unknown> }> =>
  page.evaluate(`(async () => {
    const { error } = await elements.submit();
    if (error) return { error };
    return stripe.confirmPayment({ elements, clientSecret: ${JSON.stringify(clientSecret)}, redirect: 'if_required',
      confirmParams: { return_url: location.origin + '/done?cartId=1' } });
  })()`);

const open = async (params: Partial<Stripe.PaymentIntentCreateParams> = {}): Promise<string> =>
  String((await stripe.paymentIntents.create({ amount: 1000, currency: 'eur', ...params })).client_secret);

describe('methods', () => {
  it('work without the object that they were taken from, as those of Stripe.js', async () => {
    const made = await page.evaluate(`(async () => {
      const { elements, retrievePaymentIntent } = Stripe('pk_test_sandbox1');
      const { create, getElement, update } = elements({ mode: 'payment', amount: 1000, currency: 'eur' });
      const { mount, on } = create('payment', {});
      const ready = new Promise((resolve) => on('ready', resolve));
      mount('#form');
      await ready;
      update({ amount: 2000 });
      const { error } = await retrievePaymentIntent('pi_unknown_secret_x');
      return [getElement('payment').elementType, error.code];
    })()`);
    expect(made).toEqual(['payment', 'resource_missing']);
  });
});

describe('the card element', () => {
  const mountCard = () =>
    page.evaluate(`(() => {
      window.events = [];
      window.stripe = Stripe('pk_test_sandbox1', { locale: 'fr' });
      window.card = stripe.elements().create('card', { hidePostalCode: true });
      for (const type of ['ready', 'change']) card.on(type, (event) => events.push({ type, ...event }));
      card.mount('#form');
    })()`);
  const payByCard = (clientSecret: string) =>
    page.evaluate(`stripe.confirmCardPayment(${JSON.stringify(clientSecret)}, {
      payment_method: { card, billing_details: { name: 'Jenny Rosen' } },
      return_url: location.href,
    })`);

  it('tells brand and completeness as the shopper types, and pays', async () => {
    await mountCard();
    await page.fill('#card-number', '5555555555554444');
    expect(await page.evaluate('events.at(-1)')).toMatchObject({ brand: 'mastercard', complete: false, empty: false });
    await fillCard('5555555555554444');
    expect(await page.evaluate('events.at(-1)')).toMatchObject({ complete: true });
    expect(await payByCard(await open())).toMatchObject({ paymentIntent: { status: 'succeeded' } });
  });

  it('tells at once what can’t become right, and refuses to pay with what is incomplete', async () => {
    await mountCard();
    await page.fill('#card-number', '4242424242424241');
    const wrong = {
      type: 'validation_error',
      code: 'invalid_number',
      message: "Votre numéro de carte n'est pas valide.",
    };
    expect(await page.evaluate('events.at(-1)')).toMatchObject({ error: wrong });
    expect(await payByCard(await open())).toMatchObject({ error: wrong });
    await page.fill('#card-number', '4242424242424242');
    expect(await payByCard(await open())).toMatchObject({ error: { code: 'incomplete_expiry' } });
  });

  it('hands over a decline in the shopper’s language', async () => {
    await mountCard();
    await fillCard('4000000000009995');
    expect(await payByCard(await open())).toMatchObject({
      error: {
        type: 'card_error',
        code: 'card_declined',
        decline_code: 'insufficient_funds',
        message: 'Votre carte ne dispose pas de fonds suffisants.',
      },
    });
  });
});

describe('the payment form', () => {
  it('pays with a card, and tells when it is complete', async () => {
    await mount();
    await fillCard('4242424242424242');
    expect(await page.inputValue('#card-number')).toBe('4242 4242 4242 4242');
    expect(await pay(await open())).toMatchObject({ paymentIntent: { status: 'succeeded' } });
    expect(await page.evaluate('events.at(-1)')).toMatchObject({
      type: 'change',
      elementType: 'payment',
      complete: true,
      empty: false,
      value: { type: 'card' },
    });
  });

  it('names what is missing, at its field', async () => {
    await mount({ locale: 'de' });
    expect(await pay(await open())).toMatchObject({ error: { type: 'validation_error', code: 'incomplete_number' } });
    expect(await page.textContent('#card-number-error')).toBe('Die Kartennummer ist unvollständig.');
  });

  it('hands a decline over as an error object, and pays at the next try', async () => {
    await mount();
    const clientSecret = await open();
    await fillCard('4000000000009995');
    expect(await pay(clientSecret)).toMatchObject({
      error: {
        type: 'card_error',
        code: 'card_declined',
        decline_code: 'insufficient_funds',
        payment_intent: { status: 'requires_payment_method' },
      },
    });
    await fillCard('4242424242424242');
    expect(await pay(clientSecret)).toMatchObject({ paymentIntent: { status: 'succeeded' } });
  });

  it.each([
    ['complete', { paymentIntent: { status: 'succeeded' } }],
    [
      'fail',
      {
        error: { code: 'payment_intent_authentication_failure', payment_intent: { status: 'requires_payment_method' } },
      },
    ],
  ])('asks for 3-D Secure in a dialog: %s', async (choice, expected) => {
    await mount();
    await fillCard('4000002760003184');
    const outcome = pay(await open());
    await page.click(`#threeds-${choice}`);
    expect(await outcome).toMatchObject(expected);
  });

  it('leaves a SEPA debit processing', async () => {
    await mount({}, { layout: 'accordion' });
    await page.click('[data-method=sepa_debit]');
    await page.fill('#sepa-iban', 'DE89370400440532013000');
    await page.fill('#sepa-name', 'Jenny Rosen');
    await page.fill('#sepa-email', 'jenny@example.com');
    expect(await pay(await open())).toMatchObject({ paymentIntent: { status: 'processing' } });
  });

  it('sends the shopper to the bank and back', async () => {
    await mount();
    await page.click('[data-method=ideal]');
    pay(await open()).catch(() => 'the page is left');
    await page.waitForURL('**/_sandbox/3ds/**');
    await page.click('#threeds-complete');
    await page.waitForURL('**/done?**');
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toMatchObject({
      cartId: '1',
      redirect_status: 'succeeded',
    });
  });

  it.each([
    ['amount', { amount: 2000 }],
    ['capture_method', { capture_method: 'manual' as const }],
    ['currency', { currency: 'usd' }],
  ])('refuses a PaymentIntent of another %s', async (param, params) => {
    await mount();
    await fillCard('4242424242424242');
    expect(await pay(await open(params))).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });

  it('throws at a page that confirms without submitting', async () => {
    await mount();
    const thrown = page.evaluate(
      `stripe.confirmPayment({ elements, clientSecret: 'pi_1_secret_2', redirect: 'if_required' })`,
    );
    await expect(thrown).rejects.toThrow('elements.submit()');
  });

  it('saves a card when asked to, and offers it the next time', async () => {
    const customer = (await stripe.customers.create({})).id;
    const features = {
      payment_method_redisplay: 'enabled',
      payment_method_save: 'enabled',
      payment_method_save_usage: 'off_session',
    } as const;
    const session = await stripe.customerSessions.create({
      customer,
      components: { payment_element: { enabled: true, features } },
    });
    const options = { customerSessionClientSecret: session.client_secret };
    await mount(options);
    await fillCard('4242424242424242');
    await page.check('#save-payment-method');
    expect(await pay(await open({ customer }))).toMatchObject({ paymentIntent: { status: 'succeeded' } });
    await page.reload();
    await mount(options);
    expect(await page.textContent('.sjs-saved')).toContain('4242');
    expect(await pay(await open({ customer }))).toMatchObject({ paymentIntent: { status: 'succeeded' } });
    expect((await stripe.paymentMethods.list({ customer })).data).toHaveLength(1);
  });

  it('tells when the PaymentIntent is unknown', async () => {
    await page.evaluate(`(() => {
      window.failed = new Promise((resolve) => {
        const element = Stripe('pk_test_sandbox1').elements({ clientSecret: 'pi_none_secret_x' }).create('payment');
        element.on('loaderror', resolve);
        element.mount('#form');
      });
    })()`);
    expect(await page.evaluate('failed')).toMatchObject({ error: { code: 'resource_missing' } });
  });
});

describe('the wallet button', () => {
  const mountWallet = (clientSecret: string): Promise<unknown> =>
    page.evaluate(`(() => {
      window.log = [];
      const stripe = Stripe('pk_test_sandbox1');
      const elements = stripe.elements({ mode: 'payment', amount: 1000, currency: 'eur' });
      const element = elements.create('expressCheckout', { shippingAddressRequired: true });
      const rates = [{ id: 'std', displayName: 'Standard', amount: 0 }, { id: 'exp', displayName: 'Express', amount: 500 }];
      element.on('ready', ({ availablePaymentMethods }) => log.push(availablePaymentMethods.googlePay && 'ready'));
      element.on('click', ({ resolve }) => resolve({ shippingRates: rates }));
      element.on('shippingaddresschange', ({ address, resolve }) => { log.push(address.country); resolve({ shippingRates: rates }); });
      element.on('shippingratechange', ({ shippingRate, resolve }) => { log.push(shippingRate.id); resolve({}); });
      element.on('cancel', () => log.push('cancel'));
      element.on('confirm', async ({ shippingRate, shippingAddress }) => {
        log.push('confirm ' + shippingRate.id + ' ' + shippingAddress.address.country);
        await elements.submit();
        const { error, paymentIntent } = await stripe.confirmPayment({ elements, clientSecret: '${clientSecret}', redirect: 'if_required',
          confirmParams: { return_url: location.origin } });
        log.push(error ? error.code : paymentIntent.status);
      });
      element.mount('#form');
    })()`);

  it('asks for address and delivery, then pays', async () => {
    await mountWallet(await open());
    await page.click('#express-pay');
    await page.selectOption('#express-address', '1');
    await page.click('input[value=exp]');
    await page.click('#express-confirm:enabled');
    await page.waitForFunction(`log.includes('succeeded')`);
    expect(await page.evaluate('log')).toEqual(['ready', 'DE', 'FR', 'exp', 'confirm exp FR', 'succeeded']);
    expect(await page.locator('#express-sheet').count()).toBe(0);
  });

  const openWith = (details: object) =>
    page.evaluate(`(() => {
      window.thrown = [];
      const elements = Stripe('pk_test_sandbox1').elements({ mode: 'payment', amount: 1000, currency: 'eur' });
      const element = elements.create('expressCheckout', { shippingAddressRequired: true });
      element.on('click', ({ resolve }) => {
        try { resolve(${JSON.stringify(details)}); } catch (error) { thrown.push(error.message); }
        thrown.push('answered');
      });
      element.mount('#form');
    })()`);
  const lines = (...amounts: number[]) => amounts.map((amount) => ({ name: 'Line', amount }));
  const shippingRates = [{ id: 'std', displayName: 'Standard', amount: 0 }];

  it.each([
    ['lines above the amount', { lineItems: lines(900, 200), shippingRates }, /less than the sum of the line items/],
    ['a negative line', { lineItems: lines(-100, 200), shippingRates }, /a line is negative/],
    ['no rates although it ships', { lineItems: lines(1000) }, /you must specify `shippingRates`/],
  ])('does not open with %s', async (_what, details, message) => {
    await openWith(details);
    await page.click('#express-pay');
    await page.waitForFunction(`thrown.includes('answered')`);
    expect(await page.evaluate('thrown[0]')).toMatch(message);
    expect(await page.locator('#express-sheet').count()).toBe(0);
  });

  it('opens without rates where the simulator is set to earlier releases of Stripe.js', async () => {
    simulator.controls.configure({ clickNeedsRates: false });
    try {
      await openWith({ lineItems: lines(1000) });
      await page.click('#express-pay');
      await page.waitForSelector('#express-sheet');
    } finally {
      simulator.controls.configure({ clickNeedsRates: true });
    }
  });

  it('can be canceled', async () => {
    await mountWallet(await open());
    await page.click('#express-pay');
    await page.keyboard.press('Escape');
    await page.waitForFunction(`log.includes('cancel')`);
    expect(await page.locator('#express-sheet').count()).toBe(0);
  });
});
