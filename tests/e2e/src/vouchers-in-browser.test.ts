import { type Sandbox, startSandbox } from '@connector/sandbox';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import { ShopPage } from './shop-page.ts';
import { type Payment, Shopper, summary } from './shopper.ts';

const DAY_MS = 86_400_000;
/** For what a busy machine does with webhooks. */
const WITHIN_MS = 60_000;

// A system of its own: Stripe's clock is put ahead by days.

let sandbox: Sandbox;
let browser: Browser;
let shopper: Shopper;
let shop: ShopPage;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([startSandbox({ port: 0 }), launchBrowser()]);
  shopper = new Shopper(sandbox.url);
  await stripe('PUT', 'settings', { voucherDelayMs: null, alsoOffers: ['multibanco', 'customer_balance'] });
});
afterAll(async () => {
  await browser?.close();
  await sandbox?.stop();
});
afterEach(async () => {
  const { complaints } = shop;
  await shop.close();
  expect(complaints).toEqual([]);
});

const stripe = async (method: string, path: string, body: object) => {
  const { status, text } = await shopper.call(method, `/_sandbox/stripe/${path}`, { body });
  if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
};
const shows =
  (...names: string[]) =>
  ({ transactions }: Payment) =>
    names.every((name) => transactions.some(({ type, state }) => `${type}:${state}` === name));
const until = async (...names: string[]): Promise<Payment> =>
  shopper.until(await shop.paymentReference(), shows(...names), WITHIN_MS);

/** The shopper chooses `method`, reads what to pay with, and is told that the payment is pending. Answers the PaymentIntent's id. */
async function takeAway(method: string): Promise<string> {
  await shop.askForVoucher(method);
  await shop.page.click('#voucher-close');
  await shop.result('pending');
  const payment = await until('Authorization:Pending');
  expect(summary(payment)).toEqual(['Authorization:Pending 2400']);
  return payment.interfaceId ?? '';
}

describe('a Multibanco voucher', () => {
  it('is shown, is pending for the shopper and in commercetools, and is paid three days later', async () => {
    shop = await ShopPage.open(browser, `${sandbox.url}/`);
    const paymentIntent = await takeAway('multibanco');
    await stripe('POST', 'clock', { advanceMs: 3 * DAY_MS });
    await stripe('POST', `payment_intents/${paymentIntent}/fund`, {});
    const paid = await until('Authorization:Success', 'Charge:Success');
    expect(summary(paid).toSorted()).toEqual(['Authorization:Success 2400', 'Charge:Success 2400']);
    await shop.result('approved');
  });

  it('that nobody pays expires after a week: its Authorization fails, and the cart can be paid by card', async () => {
    shop = await ShopPage.open(browser, `${sandbox.url}/`);
    await takeAway('multibanco');
    await stripe('POST', 'clock', { advanceMs: 7 * DAY_MS });
    const expired = await until('Authorization:Failure');
    expect(summary(expired)).toEqual(['Authorization:Failure 2400']);
    await shop.result('failed');
    await shop.newOrder();
    await shop.payByCard();
    await shop.result('approved');
  });
});

it('a bank transfer that comes in two parts stays pending after the first, and is charged whole with the second', async () => {
  shop = await ShopPage.open(browser, `${sandbox.url}/`);
  await shop.choose('customer');
  const paymentIntent = await takeAway('customer_balance');
  await stripe('POST', `payment_intents/${paymentIntent}/fund`, { amount: 1000 });
  await shop.timeline('com.stripe.payment_intent.partially_funded').waitFor({ timeout: WITHIN_MS });
  const reference = await shop.paymentReference();
  expect(summary(await shopper.payment(reference))).toEqual(['Authorization:Pending 2400']);
  await stripe('POST', `payment_intents/${paymentIntent}/fund`, { amount: 1400 });
  const paid = await until('Authorization:Success', 'Charge:Success');
  expect(summary(paid).toSorted()).toEqual(['Authorization:Success 2400', 'Charge:Success 2400']);
  await shop.result('approved');
});
