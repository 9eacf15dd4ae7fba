import type { Sandbox } from '@connector/sandbox';
import { fractionDigitsOf } from '@connector/simulator-commercetools';
import { CURRENCIES, exponentOf } from '@connector/simulator-stripe';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import type { Merchant } from './fixtures/merchant.ts';
import { shareSandbox } from './shared-sandbox.ts';
import { each, hasCharge, Shopper } from './shopper.ts';

/** How many forms stand on one page at the same time. */
const AT_ONCE = 10;
const WHOLE_UNITS = 1234;

let merchant: Merchant;
let sandbox: Sandbox;
let browser: Browser;
let shopper: Shopper;

shareSandbox((shared) => {
  ({ sandbox, merchant } = shared);
});
beforeAll(async () => {
  browser = await launchBrowser();
  shopper = new Shopper(sandbox.url);
});
afterAll(() => browser?.close());

/** The same money on each side: whole units, in commercetools' minor units and in Stripe's. */
const money = (code: string) => ({
  currency: code.toUpperCase(),
  centAmount: WHOLE_UNITS * 10 ** fractionDigitsOf(code.toUpperCase()),
  amount: WHOLE_UNITS * 10 ** exponentOf(code),
});

const batches = Array.from({ length: Math.ceil(CURRENCIES.size / AT_ONCE) }, (_, index) =>
  [...CURRENCIES].slice(index * AT_ONCE, (index + 1) * AT_ONCE).map(money),
);

it.each(batches.map((batch) => [batch.map(({ currency }) => currency).join(' '), batch] as const))(
  'carts are shown, opened, paid and booked in the units of each side: %s',
  async (_codes, batch) => {
    const context = await browser.newContext();
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const { text: stripeJs } = await shopper.call('GET', '/storefront/stripe.js');
    await context.route('https://js.stripe.com/**', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: stripeJs }),
    );
    await page.goto(`${merchant.origin}/shop.html`);
    const checkouts = await each(batch, 5, ({ currency, centAmount }) => shopper.checkout({ currency, centAmount }));
    const sessions = JSON.stringify(checkouts.map(({ sessionId }) => ({ processorUrl: sandbox.url, sessionId })));
    // Config and element: a form for each cart; then the card, and all are submitted.
    await page.evaluate(`(async () => {
      window.forms = [];
      for (const [index, options] of ${sessions}.entries()) {
        const place = document.createElement('div');
        place.id = 'place-' + index;
        document.querySelector('main').append(place);
        forms.push(await shop.dropin(options, '#place-' + index));
      }
    })()`);
    for (const index of batch.keys()) {
      await page.waitForSelector(`#place-${index}[data-ready]`);
      await page.fill(`#place-${index} [name=card-number]`, '4242424242424242');
      await page.fill(`#place-${index} [name=card-expiry]`, '1234');
      await page.fill(`#place-${index} [name=card-cvc]`, '123');
    }
    await page.evaluate('Promise.all(forms.map((form) => form.submit())).then(() => {})');
    const told = await page.evaluate<{ kind: string; message?: string; paymentReference: string }[]>('shop.told');
    expect(told.map(({ kind, message }) => message ?? kind)).toEqual(batch.map(() => 'approved'));

    // Open and webhook: what Stripe charged, and what commercetools shows.
    const payments = await each(told, 5, ({ paymentReference }) => shopper.until(paymentReference, hasCharge));
    const intents = (await shopper.stripeState()).payment_intents ?? [];
    const seen = payments.map(({ amountPlanned, interfaceId, transactions }) => {
      const charge = transactions.find(({ type }) => type === 'Charge');
      const intent = intents.find(({ id }) => id === interfaceId);
      expect(charge?.amount).toMatchObject({
        centAmount: amountPlanned.centAmount,
        currencyCode: amountPlanned.currencyCode,
      });
      expect(intent?.currency).toBe(amountPlanned.currencyCode.toLowerCase());
      return {
        currency: amountPlanned.currencyCode,
        centAmount: amountPlanned.centAmount,
        amount: intent?.amount_received,
      };
    });
    const byCode = (a: { currency: string }, b: { currency: string }) => a.currency.localeCompare(b.currency);
    expect(seen.toSorted(byCode)).toEqual([...batch].toSorted(byCode));
    await context.close();
  },
);
