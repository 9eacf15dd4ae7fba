import type { Sandbox } from '@connector/sandbox';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import type { Merchant } from './fixtures/merchant.ts';
import { shareSandbox } from './shared-sandbox.ts';
import { hasCharge, Shopper, summary } from './shopper.ts';

// A page as the original library documents its use, on another origin than the processor, in every flow: with this project's library, and
// with a client that behaves as the original library does.

let merchant: Merchant;
let sandbox: Sandbox;
let browser: Browser;
let shopper: Shopper;
let context: BrowserContext;
let page: Page;

shareSandbox((shared) => {
  ({ sandbox, merchant } = shared);
});
beforeAll(async () => {
  browser = await launchBrowser();
  shopper = new Shopper(sandbox.url);
});
afterAll(() => browser?.close());
beforeEach(async () => {
  const { text } = await shopper.call('GET', '/storefront/stripe.js');
  context = await browser.newContext({ locale: 'en-US' });
  context.setDefaultTimeout(20_000);
  await context.route('https://js.stripe.com/**', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: text }),
  );
  page = await context.newPage();
});
afterEach(async () => {
  await shopper.call('PUT', '/_sandbox/stripe/settings', {
    body: { clickNeedsRates: true, settleDelayMs: null, alsoOffers: [] },
  });
  await context.close();
});

const outcome = (beginning: string) => page.locator('#outcome', { hasText: beginning });
const reference = async (): Promise<string> => {
  await outcome('thank you').waitFor();
  return (await page.textContent('#outcome'))?.split(' ').at(-1) ?? '';
};
const bookedOnceDone = async (): Promise<string[]> =>
  summary(await shopper.until(await reference(), hasCharge)).toSorted();
const CHARGED = ['Authorization:Success 2400', 'Charge:Success 2400'];

async function payByCard(number = '4242424242424242'): Promise<void> {
  await page.fill('[name=card-number]', number);
  await page.fill('[name=card-expiry]', '1234');
  await page.fill('[name=card-cvc]', '123');
  await page.click('#pay');
}

describe.each([
  ['this project’s library', ''],
  ['a client that behaves as the original library', '/library.js'],
])('a page that the original documents, with %s', (_which, library) => {
  async function visit(wishes: Record<string, unknown> = {}, query: Record<string, string> = {}) {
    const checkout = await shopper.checkout({ returnUrl: `${merchant.origin}/original.html`, ...wishes });
    const { sessionId } = checkout;
    const asked = { processorUrl: sandbox.url, sessionId, ...(library && { library }), ...query };
    await page.goto(`${merchant.origin}/original.html?${new URLSearchParams(asked)}`);
    return checkout;
  }

  it.each([
    ['deferred', {}],
    ['pi_first', { flowType: 'pi_first' }],
  ])('pays by card (%s)', async (_flow, wishes) => {
    await visit(wishes);
    await payByCard();
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });

  it('authorises by card where the cart’s country says so', async () => {
    await visit({ captureMethod: 'manual' });
    await payByCard();
    const isHeld = (payment: Parameters<typeof summary>[0]) => summary(payment).includes('Authorization:Success 2400');
    expect(summary(await shopper.until(await reference(), isHeld))).toEqual(['Authorization:Success 2400']);
  });

  it('pays by card with 3-D Secure', async () => {
    await visit();
    await payByCard('4000002760003184');
    await page.click('#threeds-complete');
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });

  it('shows a decline, and pays with another card', async () => {
    await visit();
    await payByCard('4000000000000002');
    await outcome('error: Your card was declined.').waitFor();
    await payByCard();
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });

  it('pays as a known customer, whose customer session the elements are made with', async () => {
    await visit({ customer: true });
    await payByCard();
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });

  it('keeps a card with the shopper’s consent, and pays the next order with it', async () => {
    const { customerId } = await visit({ customer: true });
    await page.check('#save-payment-method');
    await payByCard();
    expect(await bookedOnceDone()).toEqual(CHARGED);
    await visit({ customer: customerId });
    await page.locator('#container', { hasText: '4242' }).waitFor();
    await page.click('#pay');
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });

  it('does not thank for a voucher that the shopper takes away', async () => {
    await shopper.call('PUT', '/_sandbox/stripe/settings', { body: { alsoOffers: ['multibanco'] } });
    await visit();
    await page.click('[data-method=multibanco]');
    await page.fill('#voucher-name', 'Jenny Rosen');
    await page.fill('#voucher-email', 'jenny@example.com');
    await page.click('#pay');
    await page.waitForSelector('#voucher-dialog[open]');
    await page.click('#voucher-close');
    await outcome('payment failed').waitFor();
  });

  it('does not thank for a bank debit that is pending', async () => {
    await visit();
    await page.click('[data-method=sepa_debit]');
    await page.fill('#sepa-iban', 'DE89370400440532013000');
    await page.fill('#sepa-name', 'Jenny Rosen');
    await page.fill('#sepa-email', 'jenny@example.com');
    await page.click('#pay');
    await outcome('payment failed').waitFor();
  });

  it('goes to a bank and comes back, where the page asks the processor itself', async () => {
    await visit();
    await page.click('[data-method=ideal]');
    await page.click('#pay');
    await page.waitForURL('**/_sandbox/3ds/**');
    await page.click('#threeds-complete');
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });

  it.each([
    ['with a session', {}],
    ['without a session until the wallet opens', { express: 'without-session' }],
  ])('pays by its express button, %s', async (_what, query) => {
    // The original answers a wallet's click without rates.
    await shopper.call('PUT', '/_sandbox/stripe/settings', { body: { clickNeedsRates: library === '' } });
    await visit({}, query);
    await page.click('#express-pay');
    await page.locator('#express-lines', { hasText: '€24.00' }).first().waitFor();
    await page.click('#express-confirm:enabled');
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });

  it('is told of a wallet that was closed, and pays by card', async () => {
    await shopper.call('PUT', '/_sandbox/stripe/settings', { body: { clickNeedsRates: library === '' } });
    await visit();
    await page.click('#express-pay');
    await page.click('#express-cancel');
    await outcome('error:').waitFor();
    await payByCard();
    expect(await bookedOnceDone()).toEqual(CHARGED);
  });
});
