// `npm run screenshots`: the pictures of docs/images, taken of a sandbox that is started for it; `npm run screenshots -- voucher` takes those alone.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox } from '@connector/sandbox';
import type { BrowserContextOptions } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { toPalettePng } from './palette-png.ts';
import { ShopPage } from './shop-page.ts';
import { Shopper } from './shopper.ts';

const FOLDER = join(import.meta.dirname, '../../../docs/images');
const DESKTOP: BrowserContextOptions = {
  viewport: { width: 1200, height: 900 },
  deviceScaleFactor: 1.5,
  reducedMotion: 'reduce',
};
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  reducedMotion: 'reduce',
};

/** As much as a reader needs of what the shopper holds in their hand. */
const SMALL: BrowserContextOptions = { viewport: { width: 900, height: 700 }, reducedMotion: 'reduce' };

type Shot = [name: string, options: BrowserContextOptions, story: (shop: ShopPage) => Promise<unknown>];

/** Authorised, captured, and a part of it given back: a timeline that tells something. */
async function paidAndRefunded(shop: ShopPage): Promise<void> {
  await shop.choose('manual');
  await shop.payByCard();
  await shop.transaction('Authorization:Success');
  await shop.operate('capture');
  await shop.transaction('Charge:Success');
  await shop.operate('refund', '6.00');
  await shop.transaction('Refund:Success');
  // The figures beside the faults are read every two seconds.
  await shop.page
    .locator('#metrics dd', { hasText: /^([4-9]|\d\d)/ })
    .first()
    .waitFor();
}

/** Has the voucher, or the money of the transfer, come three days later. */
async function paidLater(shop: ShopPage): Promise<void> {
  await shop.askForVoucher('multibanco');
  await shop.page.click('#voucher-close');
  await shop.result('pending');
  await shop.transaction('Authorization:Pending');
  await control('POST', 'clock', { advanceMs: 3 * 86_400_000 });
  const { interfaceId } = await new Shopper(sandbox.url).payment(await shop.paymentReference());
  await control('POST', `payment_intents/${interfaceId}/fund`, {});
  await shop.result('approved');
  await shop.transaction('Charge:Success');
}

const SHOTS: Shot[] = [
  ['voucher', SMALL, (shop) => shop.askForVoucher('multibanco')],
  [
    'bank-transfer',
    SMALL,
    async (shop) => {
      await shop.choose('customer');
      await shop.askForVoucher('customer_balance');
    },
  ],
  ['voucher-paid', DESKTOP, paidLater],
  ['payment-form', DESKTOP, (shop) => shop.fillCard()],
  ['payment-form-dark', { ...DESKTOP, colorScheme: 'dark' }, (shop) => shop.fillCard()],
  ['confirmation', DESKTOP, paidAndRefunded],
  ['confirmation-dark', { ...DESKTOP, colorScheme: 'dark' }, paidAndRefunded],
  ['payment-form-phone', PHONE, (shop) => shop.fillCard()],
  ['confirmation-phone', PHONE, paidAndRefunded],
  [
    'commercetools-down',
    DESKTOP,
    async (shop) => {
      await shop.payByCard('4000002760003184');
      await shop.page.waitForSelector('#threeds-complete');
      await shop.fault('ct-down');
      await shop.page.click('#threeds-complete');
      await shop.result('pending');
      await shop.timeline('com.stripe.payment_intent.succeeded').waitFor();
    },
  ],
];

const showFromAbove = (element: { scrollIntoView(options: object): void; id: string }) =>
  element.scrollIntoView({ block: element.id === 'pay' ? 'end' : 'start' });

/** A switch of the simulated Stripe. */
async function control(method: string, path: string, body: object): Promise<void> {
  const { status, text } = await new Shopper(sandbox.url).call(method, `/_sandbox/stripe/${path}`, { body });
  if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
}

const only = process.argv.slice(2);
const [sandbox, browser] = await Promise.all([startSandbox({ port: 0 }), launchBrowser()]);
try {
  await mkdir(FOLDER, { recursive: true });
  await control('PUT', 'settings', { voucherDelayMs: null, alsoOffers: ['multibanco', 'customer_balance'] });
  for (const [name, options, story] of SHOTS) {
    if (only.length > 0 && !only.includes(name)) continue;
    const shop = await ShopPage.open(browser, `${sandbox.url}/`, options);
    await story(shop);
    await shop.page.evaluate('document.activeElement?.blur()');
    // A phone's picture is what fits its screen, from the payment on.
    if (options.isMobile) await shop.page.locator('#pay:visible, #result:visible').first().evaluate(showFromAbove);
    const picture = await shop.page.screenshot({ fullPage: !options.isMobile && options !== SMALL });
    await writeFile(join(FOLDER, `${name}.png`), toPalettePng(picture));
    await shop.heal();
    await shop.close();
    console.log(`docs/images/${name}.png`);
  }
} finally {
  await browser.close();
  await sandbox.stop();
}
