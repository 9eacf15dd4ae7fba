import { readFile } from 'node:fs/promises';
import type { Sandbox } from '@connector/sandbox';
import { source as axeSource } from 'axe-core';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import type { Merchant } from './fixtures/merchant.ts';
import { shareSandbox } from './shared-sandbox.ts';
import { ShopPage } from './shop-page.ts';
import { type Checkout, hasCharge, Shopper, summary } from './shopper.ts';

/** What a page was told by the enabler, in order; the fields are those of the result, or of the error and its context. */
interface Told {
  kind: 'approved' | 'pending' | 'failed' | 'error';
  isError?: boolean;
  name?: string;
  message?: string;
  code?: string;
  type?: string;
  declineCode?: string;
  decline_code?: string;
  paymentReference?: string;
  method?: { type: string };
}

let merchant: Merchant;
let sandbox: Sandbox;
let browser: Browser;
let shopper: Shopper;
let readme: string;
let stripeJs: string;

let context: BrowserContext;
let page: Page;
let complaints: string[];
let expected: RegExp[];
let before: number;

shareSandbox((shared) => {
  ({ sandbox, merchant } = shared);
});
beforeAll(async () => {
  [browser, readme] = await Promise.all([
    launchBrowser(),
    readFile(new URL('../../../enabler/README.md', import.meta.url), 'utf8'),
  ]);
  shopper = new Shopper(sandbox.url);
  merchant.policy = documentedPolicy();
  stripeJs = (await shopper.call('GET', '/storefront/stripe.js')).text;
});
afterAll(() => browser?.close());

beforeEach(async () => {
  complaints = [];
  expected = [];
  before = await paymentIntents();
  await shopper.call('PUT', '/_sandbox/stripe/settings', { body: { settleDelayMs: null } });
  context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(15_000);
  await context.route('https://js.stripe.com/**', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: stripeJs }),
  );
  page = await newPage();
});
afterEach(async () => {
  const told = await all().catch((): Told[] => []);
  await context.close();
  expect(complaints.filter((text) => !expected.some((pattern) => pattern.test(text)))).toEqual([]);
  for (const error of told.filter(({ kind }) => kind === 'error'))
    expect(error).toMatchObject({ isError: true, code: expect.stringMatching(/^\w+$/), message: /./ });
});

/** The policy of the README, for this processor; beyond it only the page's own scripts. */
function documentedPolicy(): string {
  const lines = /```csp\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const documented = lines.trim().replaceAll('https://payments.example.com', sandbox.url).split('\n').join(' ');
  return `default-src 'none'; base-uri 'none'; form-action 'none'; ${documented.replace('script-src', "script-src 'self'")}`;
}

async function newPage(): Promise<Page> {
  const tab = await context.newPage();
  tab.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  // Chromium reports unhandled rejections here too.
  tab.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  return tab;
}

const HTTP = (status: number) => new RegExp(`Failed to load resource: the server responded with a status of ${status}`);
const BROKEN = /net::ERR_(FAILED|INTERNET_DISCONNECTED)/;

const paymentIntents = async (): Promise<number> => (await shopper.stripeState()).payment_intents?.length ?? 0;
const opened = async (): Promise<number> => (await paymentIntents()) - before;

const pageUrl = (name: string, query: Record<string, string> = {}): string =>
  `${merchant.origin}/${name}?${new URLSearchParams(query)}`;
const queryOf = ({ sessionId }: Checkout, more: Record<string, string> = {}) => ({
  processorUrl: sandbox.url,
  sessionId,
  ...more,
});

/** Runs a line of the page's own code. */
const inPage = <T>(code: string): Promise<T> => page.evaluate<T>(`(async () => (${code}))()`);
const all = (): Promise<Told[]> => inPage('window.shop?.told ?? []');
const options = ({ sessionId }: { sessionId: string }, more: object = {}): string =>
  JSON.stringify({ processorUrl: sandbox.url, sessionId, ...more });

/** Waits until the page was told `count` things, and answers the last. */
async function told(count = 1): Promise<Told> {
  await expect.poll(async () => (await all()).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
  const list = await all();
  expect(list).toHaveLength(count);
  return list.at(-1) as Told;
}

const ready = (place = '#payment') => page.waitForSelector(`${place}[data-ready]`);

/** A new cart and the shop's page with the form for it. */
async function open(wishes: Record<string, unknown> = {}): Promise<Checkout> {
  const checkout = await shopper.checkout(wishes);
  await page.goto(pageUrl('shop.html', queryOf(checkout)));
  await ready();
  return checkout;
}

/** The shop's page without anything on it yet. */
const openEmpty = () => page.goto(pageUrl('shop.html'));

async function fillCard(number = '4242424242424242', place = 'body'): Promise<void> {
  await page.fill(`${place} [name=card-number]`, number);
  await page.fill(`${place} [name=card-expiry]`, '1234');
  await page.fill(`${place} [name=card-cvc]`, '123');
}
async function payByCard(number?: string): Promise<void> {
  await fillCard(number);
  await page.click('#pay');
}

const PAID = ['Authorization:Success 2400', 'Charge:Success 2400'];
const booked = async (reference: string | undefined): Promise<string[]> =>
  summary(await shopper.until(reference ?? '', hasCharge)).toSorted();
const outcome = (beginning: string) => page.locator('#outcome', { hasText: beginning });

/** The request arrives and takes effect; its answer does not come back. */
const loseAnswer = async (route: Route) => {
  await route.fetch();
  await route.abort();
};
const expire = ({ sessionId }: Checkout) =>
  shopper.call('POST', `/_sandbox/commercetools/sessions/${sessionId}`, { body: { state: 'EXPIRED' } });

describe('a page written for the original enabler', () => {
  const visit = async () => page.goto(pageUrl('original.html', queryOf(await shopper.checkout())));

  it('pays', async () => {
    await visit();
    await payByCard();
    await outcome('thank you').waitFor();
    expect(await booked((await page.textContent('#outcome'))?.split(' ').at(-1))).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('shows a decline, and pays with another card', async () => {
    expected.push(HTTP(402));
    await visit();
    await payByCard('4000000000000002');
    await outcome('error: Your card was declined.').waitFor();
    await payByCard();
    await outcome('thank you').waitFor();
  });

  it('does not thank for a payment that is pending', async () => {
    await visit();
    await page.click('[data-method=sepa_debit]');
    await page.fill('#sepa-iban', 'DE89370400440532013000');
    await page.fill('#sepa-name', 'Jenny Rosen');
    await page.fill('#sepa-email', 'jenny@example.com');
    await page.click('#pay');
    await outcome('payment failed').waitFor();
  });

  it('pays by its express button', async () => {
    await visit();
    await page.click('#express-pay');
    await page.click('#express-confirm:enabled');
    await outcome('thank you').waitFor();
  });
});

describe('a page written for the current template', () => {
  const visit = async (method: string, wishes: Record<string, unknown> = {}, more: Record<string, string> = {}) => {
    const checkout = await shopper.checkout(wishes);
    await page.goto(pageUrl('template.html', queryOf(checkout, { method, ...more })));
    await outcome('ready').waitFor();
    return checkout;
  };
  const pay = async () => {
    await page.click('#submit');
    await outcome('thank you').waitFor();
    return booked(/thank you: (\S+)/.exec((await page.textContent('#outcome')) ?? '')?.[1]);
  };

  it('pays by its drop-in', async () => {
    expected.push(HTTP(400));
    await visit('dropin');
    await fillCard();
    expect(await pay()).toEqual(PAID);
  });

  it('shows a decline and of which payment', async () => {
    expected.push(HTTP(400), HTTP(402));
    await visit('dropin');
    await fillCard('4000000000009995');
    await page.click('#submit');
    await outcome('error: Your card has insufficient funds.').waitFor();
    expect(await page.textContent('#outcome')).toMatch(/\([0-9a-f-]{36}\)$/);
  });

  it('pays by its express button', async () => {
    expected.push(HTTP(400));
    await visit('express');
    await page.click('#express-pay');
    await page.click('#express-confirm:enabled');
    await outcome('by google_pay').waitFor();
  });

  it('keeps a card with consent, lists it, pays with it, removes it', async () => {
    const { customerId = '' } = (await visit('card', { customer: true }, { consent: 'true' })) as Checkout & {
      customerId?: string;
    };
    await page.click('#submit');
    await outcome('please complete the card').waitFor();
    await fillCard();
    expect(await pay()).toEqual(PAID);
    expect(await page.textContent('#submit')).toBe('Paying with visa');

    await stored(customerId, 1);
    await visit('stored', { customer: customerId });
    expect(await page.textContent('#stored')).toContain('visa 4242');
    expect(await pay()).toEqual(PAID);

    await visit('stored', { customer: customerId });
    await page.click('#remove');
    await outcome('removed').waitFor();
    await page.goto(
      pageUrl('template.html', queryOf(await shopper.checkout({ customer: customerId }), { method: 'card' })),
    );
    await outcome('ready').waitFor();
    expect(await page.locator('#stored li').count()).toBe(0);
  });
});

/** Waits until commercetools keeps `count` methods of the customer, which happens after the payment. */
async function stored(customerId: string, count: number): Promise<void> {
  const { sessionId } = await shopper.checkout({ customer: customerId });
  const list = async () =>
    (await shopper.call('GET', '/stored-payment-methods', { headers: { 'x-session-id': sessionId } })).json
      .storedPaymentMethods?.length;
  await expect.poll(list, { timeout: 10_000 }).toBe(count);
}

it('the example of the README pays as it stands, with this sandbox as the processor', async () => {
  const example = /```html\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(20);
  const { sessionId } = await shopper.checkout();
  const html = example
    .replaceAll('https://payments.example.com', sandbox.url)
    .replace('<id of the commercetools Checkout session>', sessionId);
  merchant.pages.set('/readme.html', `<!doctype html><html lang="de"><title>Shop</title>${html}</html>`);
  await page.goto(pageUrl('readme.html'));
  await fillCard();
  await page.click('#pay');
  const result = page.locator('#result', { hasText: 'Paid: ' });
  await result.waitFor();
  expect(await booked((await result.textContent())?.split(' ').at(-1))).toEqual(PAID);
});

describe('the form', () => {
  it('has the layout and the look of the configuration', async () => {
    await open();
    expect(await page.locator('#payment .sjs-accordion').count()).toBe(1);
    const color = `getComputedStyle(document.querySelector('#payment [aria-selected=true]')).borderTopColor`;
    expect(await inPage(color)).toBe('rgb(122, 31, 162)');
  });

  it('is worked with the keyboard alone, takes the focus after a decline, and axe finds nothing', async () => {
    const violations = async () => {
      await page.evaluate(axeSource);
      return inPage(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map((n) => n.html)]))',
      );
    };
    const type = async (number: string) => {
      for (const text of [number, '1234', '123']) {
        await page.keyboard.press('Control+A');
        await page.keyboard.type(text);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
    };
    const toNumber = async () => {
      for (let i = 0; i < 5; i += 1) {
        if (await inPage(`document.activeElement?.id === 'card-number'`)) return;
        await page.keyboard.press('Tab');
      }
    };
    expected.push(HTTP(402));
    await open();
    expect(await violations()).toEqual([]);
    await toNumber();
    await type('4000000000000002');
    expect(await told()).toMatchObject({ code: 'card_declined' });
    expect(await inPage(`document.querySelector('#payment').contains(document.activeElement)`)).toBe(true);
    expect(await page.textContent('[role=status]')).toBe('Your card was declined.');
    expect(await violations()).toEqual([]);
    await toNumber();
    await type('4242424242424242');
    expect(await told(2)).toMatchObject({ kind: 'approved' });
    expect(await page.textContent('[role=status]')).toBe('Thank you.');
    expect(await violations()).toEqual([]);
  });

  it.each(['AT', 'IT'])('that does not ask for the billing address sends the cart’s (rule of %s)', async (country) => {
    const opening = page.waitForResponse(/\/payments$/);
    await open({ country, address: { city: 'Wien', postalCode: '1010', streetName: 'Graben 1' } });
    await payByCard();
    expect(JSON.parse((await (await opening).json()).billingAddress)).toMatchObject({ address: { city: 'Wien' } });
    const { paymentReference } = await told();
    expect(await booked(paymentReference)).toEqual(PAID);
    const { charges = [] } = await shopper.stripeState();
    expect(charges.at(-1)).toMatchObject({
      billing_details: { name: 'Ada Lovelace', address: { city: 'Wien', postal_code: '1010' } },
    });
  });

  it('is there soon, after few requests and bytes', async () => {
    let bytes = 0;
    page.on('requestfinished', async (request) => {
      const { responseBodySize, responseHeadersSize } = await request.sizes();
      if (!request.url().startsWith('https://js.stripe.com')) bytes += responseBodySize + responseHeadersSize;
    });
    await open();
    const { ms, requests } = await inPage<{ ms: number; requests: number }>(`({
      ms: Math.round(performance.now()),
      requests: performance.getEntriesByType('resource').length + 1,
    })`);
    const kilobytes = Math.round(bytes / 1024);
    console.log(`a shop's page: payment form after ${ms} ms, ${requests} requests, ${kilobytes} kB beside Stripe.js`);
    expect(ms).toBeLessThan(3_000);
    expect(requests).toBeLessThanOrEqual(12);
    expect(kilobytes).toBeLessThan(150);
  });
});

describe('a refusal', () => {
  it.each([
    ['en', '4000000000000002', 'card_declined', 'generic_decline', 'Your card was declined.'],
    ['en', '4000000000009995', 'card_declined', 'insufficient_funds', 'Your card has insufficient funds.'],
    ['de-AT', '4000000000009995', 'card_declined', 'insufficient_funds', 'Ihre Karte hat nicht genügend Guthaben.'],
    [
      'fr_FR',
      '4000000000000127',
      'incorrect_cvc',
      'incorrect_cvc',
      'Le code de sécurité de votre carte est incorrect.',
    ],
  ])('in %s of %s has its payment, Stripe’s codes and words', async (locale, card, code, declineCode, message) => {
    expected.push(HTTP(402));
    const checkout = await shopper.checkout();
    await openEmpty();
    await inPage(`shop.dropin(${options(checkout, { locale })})`);
    await ready();
    await payByCard(card);
    const refused = await told();
    expect(refused).toMatchObject({ kind: 'error', isError: true, name: 'PaymentError', code, message });
    expect([refused.declineCode, refused.decline_code]).toEqual([declineCode, declineCode]);
    expect(await shopper.payment(refused.paymentReference ?? '')).toMatchObject({ transactions: [] });
  });

  it('of the processor is in the shopper’s language too', async () => {
    expected.push(HTTP(401));
    const checkout = await shopper.checkout();
    await openEmpty();
    await inPage(`shop.dropin(${options(checkout, { locale: 'de' })})`);
    await ready();
    await expire(checkout);
    await payByCard();
    expect(await told()).toMatchObject({ message: 'Ihre Sitzung ist abgelaufen. Bitte laden Sie die Seite neu.' });
    expect(await opened()).toBe(0);
  });
});

describe('a method that takes its time', () => {
  it.each([
    ['succeeded', PAID],
    ['failed', ['Authorization:Failure 2400']],
  ])('is pending, and %s when the bank has decided', async (decision, transactions) => {
    await open();
    await page.click('[data-method=sepa_debit]');
    await page.fill('#sepa-iban', 'DE89370400440532013000');
    await page.fill('#sepa-name', 'Jenny Rosen');
    await page.fill('#sepa-email', 'jenny@example.com');
    await page.click('#pay');
    const { kind, paymentReference = '' } = await told();
    expect(kind).toBe('pending');
    expect(await page.textContent('#result')).toBe('Your payment is on its way.');
    await page.click('#pay');
    const { interfaceId } = await shopper.payment(paymentReference);
    await shopper.call('POST', `/_sandbox/stripe/payment_intents/${interfaceId}/settle`, {
      body: { outcome: decision },
    });
    const final = await shopper.until(paymentReference, (payment) =>
      transactions.every((wanted) => summary(payment).includes(wanted)),
    );
    expect(summary(final).toSorted()).toEqual(transactions);
    expect(await all()).toHaveLength(1);
    expect(await opened()).toBe(1);
  });
});

describe('a bank on a page of its own', () => {
  const leave = async () => {
    const checkout = await shopper.checkout({ returnUrl: pageUrl('shop.html') });
    await page.goto(pageUrl('shop.html', queryOf(checkout)));
    await ready();
    await page.click('[data-method=ideal]');
    await page.click('#pay');
    await page.waitForURL('**/_sandbox/3ds/**');
    return checkout;
  };
  const back = async () => {
    await page.waitForURL(`${merchant.origin}/shop.html?**payment_intent=**`);
    return new URL(page.url());
  };

  it('sends the shopper back to the same page, which resumes', async () => {
    await leave();
    await page.click('#threeds-complete');
    await back();
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('sends the shopper back to another page, freshly loaded, which resumes by the URL alone', async () => {
    const checkout = await leave();
    await page.click('#threeds-complete');
    const url = await back();
    await page.close();
    page = await newPage();
    await openEmpty();
    const result = await inPage(
      `shop.enabler(${options(checkout)}).then((e) => e.resume(${JSON.stringify(url.href)}))`,
    );
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(result).toEqual({ isSuccess: true, paymentReference });
  });

  it('that refuses is told with its payment, and a card pays instead', async () => {
    expected.push(HTTP(400));
    await leave();
    await page.click('#threeds-fail');
    await back();
    const refused = await told();
    expect(refused).toMatchObject({ kind: 'error', paymentReference: expect.any(String) });
    await ready();
    await payByCard();
    expect(await told(2)).toMatchObject({ kind: 'approved', paymentReference: refused.paymentReference });
    expect(await opened()).toBe(1);
  });

  it('outlasts the session: pending, because Stripe has the payment, and recorded without the page', async () => {
    expected.push(HTTP(401));
    const checkout = await leave();
    await expire(checkout);
    await page.click('#threeds-complete');
    await back();
    const { kind, paymentReference } = await told();
    expect(kind).toBe('pending');
    expect(await booked(paymentReference)).toEqual(PAID);
  });

  it('is left by the back button: the page is loaded again, and a card pays instead', async () => {
    await leave();
    await page.goBack();
    await ready();
    await payByCard();
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
  });

  it('is left by the back button of a browser that kept the page: Stripe is asked before the card pays', async () => {
    const checkout = await shopper.checkout();
    // The page stays as it is, with a payment that never ends, as one that comes out of the back/forward cache.
    await page.route('**/_sandbox/3ds/**', (route) => route.fulfill({ status: 204 }));
    await page.goto(pageUrl('shop.html', queryOf(checkout)));
    await ready();
    await page.click('[data-method=ideal]');
    const left = page.waitForRequest('**/_sandbox/3ds/**');
    await page.click('#pay');
    await left;
    await inPage(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`);
    await page.click('[data-method=card]');
    const asked = page.waitForRequest(
      (request) => request.method() === 'GET' && /v1\/payment_intents/.test(request.url()),
    );
    await payByCard();
    await asked;
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('took the payment, and the browser kept the page: a click there is told of it and pays nothing more', async () => {
    const checkout = await shopper.checkout();
    await page.route('**/_sandbox/3ds/**', (route) => route.fulfill({ status: 204 }));
    await page.goto(pageUrl('shop.html', queryOf(checkout)));
    await ready();
    await page.click('[data-method=ideal]');
    const left = page.waitForRequest('**/_sandbox/3ds/**');
    await page.click('#pay');
    const bank = (await left).url().replace('?', '/finish?');
    await fetch(`${bank}&outcome=complete&dialog=true`, { method: 'POST' });
    await inPage(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`);
    await page.click('#pay');
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('was paid at, and the shopper goes back to the form: the cart is paid already', async () => {
    expected.push(HTTP(400));
    const checkout = await open();
    await payByCard();
    const { paymentReference } = await told();
    await booked(paymentReference);
    await openEmpty();
    await page.goBack();
    await expect.poll(() => complaints.some((text) => text.includes('already been paid'))).toBe(true);
    expected.push(/already been paid/);
    await expect(inPage(`shop.dropin(${options(checkout)})`)).rejects.toThrow('This order has already been paid.');
    expect(await opened()).toBe(1);
  });
});

describe('an impatient shopper', () => {
  it('who clicks twice pays once', async () => {
    await open();
    await fillCard();
    await page.dblclick('#pay');
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    await page.click('#pay');
    expect(await all()).toHaveLength(1);
    expect(await opened()).toBe(1);
  });

  it('who clicks before the form is ready is answered by the form', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/v1/elements/sessions**', async (route) => {
      await held;
      await route.continue();
    });
    const checkout = await shopper.checkout();
    await openEmpty();
    await inPage(`shop.dropin(${options(checkout)}).then(() => {})`);
    await page.click('#pay');
    expect(await all()).toEqual([]);
    release();
    expect(await told()).toMatchObject({ code: 'incomplete_number', type: 'validation_error' });
    await payByCard();
    expect(await told(2)).toMatchObject({ kind: 'approved' });
    expect(await opened()).toBe(1);
  });

  it('whose form is taken away while it is confirmed is still told the result', async () => {
    await open();
    await payByCard('4000002760003184');
    await page.waitForSelector('#threeds-complete');
    await inPage('shop.latest.unmount()');
    expect(await page.locator('#payment *').count()).toBe(0);
    await page.click('#threeds-complete');
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
  });

  it('whose form is taken away before it was ready is told so', async () => {
    await page.route('**/v1/elements/sessions**', () => {});
    const checkout = await shopper.checkout();
    await openEmpty();
    await inPage(`shop.dropin(${options(checkout)}).then(() => {})`);
    await page.click('#pay');
    await inPage('shop.latest.unmount()');
    expect(await told()).toMatchObject({ code: 'unmounted' });
    expect(await opened()).toBe(0);
  });

  it('whose form is taken away and put somewhere else pays there', async () => {
    await open();
    await inPage(`shop.latest.unmount().then(() => shop.latest.mount('#second'))`);
    expect(await page.locator('#payment *').count()).toBe(0);
    await fillCard('4242424242424242', '#second');
    await page.click('#pay');
    expect(await told()).toMatchObject({ kind: 'approved' });
    expect(await opened()).toBe(1);
  });

  it('with two forms of one order on the page pays it once', async () => {
    expected.push(HTTP(400));
    const checkout = await shopper.checkout();
    await openEmpty();
    await inPage(`(async () => {
      const enabler = await shop.enabler(${options(checkout)});
      const builder = await enabler.createDropinBuilder('embedded');
      window.both = [builder.build({}), builder.build({})];
      await both[0].mount('#payment');
      await both[1].mount('#second');
    })()`);
    await fillCard('4242424242424242', '#payment');
    await fillCard('4242424242424242', '#second');
    await inPage('Promise.all(both.map((form) => form.submit())).then(() => {})');
    // Whichever comes second finds the payment confirmed, or the order paid.
    const both = (await all()).map(({ kind, code }) => code ?? kind);
    expect(both.toSorted()).toEqual([expect.stringMatching(/^(already_paid|approved)$/), 'approved']);
    const paid = (await all()).find(({ kind }) => kind === 'approved');
    expect(await booked(paid?.paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('with two forms of one order that was opened before them (pi_first) has one payment', async () => {
    const checkout = await shopper.checkout({ flowType: 'pi_first' });
    await openEmpty();
    await inPage(`(async () => {
      const enabler = await shop.enabler(${options(checkout)});
      const form = async (place) => {
        const form = (await enabler.createDropinBuilder('embedded')).build({});
        await form.mount(place);
        return form;
      };
      window.both = await Promise.all([form('#payment'), form('#second')]);
    })()`);
    expect(await opened()).toBe(1);
    await fillCard('4242424242424242', '#second');
    await inPage('both[1].submit()');
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('with two orders on one page pays each', async () => {
    const [first, second] = await Promise.all([shopper.checkout(), shopper.checkout()]);
    await openEmpty();
    await inPage(`(async () => {
      window.both = [await shop.dropin(${options(first)}), await shop.dropin(${options(second)}, '#second')];
    })()`);
    await ready('#second');
    await fillCard('4242424242424242', '#payment');
    await fillCard('5555555555554444', '#second');
    await inPage('Promise.all(both.map((form) => form.submit())).then(() => {})');
    const references = (await all()).map(({ paymentReference }) => paymentReference);
    expect(new Set(references).size).toBe(2);
    for (const reference of references) expect(await booked(reference)).toEqual(PAID);
    expect(await opened()).toBe(2);
  });
});

describe('while Stripe.js', () => {
  /** Stripe.js that comes when the returned function is called. */
  const hold = async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('https://js.stripe.com/**', async (route) => {
      await held;
      await route.fallback();
    });
    return () => release();
  };

  it('takes three seconds, the page waits, and pays', async () => {
    const release = await hold();
    await page.clock.install();
    const checkout = await shopper.checkout();
    const asked = page.waitForRequest('https://js.stripe.com/**');
    await page.goto(pageUrl('shop.html', queryOf(checkout)));
    await asked;
    await page.clock.fastForward(3_000);
    expect(await all()).toEqual([]);
    release();
    await ready();
    await payByCard();
    expect(await told()).toMatchObject({ kind: 'approved' });
  });

  it('does not come within 20 seconds, the builder says so, and builds when it is there', async () => {
    const release = await hold();
    await page.clock.install();
    const checkout = await shopper.checkout();
    await openEmpty();
    const asked = page.waitForRequest('https://js.stripe.com/**');
    await inPage(`void (window.failed = shop.dropin(${options(checkout)}).catch((error) => error.code))`);
    await asked;
    await page.clock.fastForward(20_000);
    expect(await inPage('failed')).toBe('stripe_js_unavailable');
    release();
    await inPage(`shop.dropin(${options(checkout)}).then(() => {})`);
    await ready();
    await payByCard();
    expect(await told()).toMatchObject({ kind: 'approved' });
  });

  it('is blocked, the builder says so, and builds when it is not', async () => {
    expected.push(BROKEN);
    await page.route('https://js.stripe.com/**', (route) => route.abort());
    const checkout = await shopper.checkout();
    await openEmpty();
    const code = await inPage(`(async () => {
      window.enabler = await shop.enabler(${options(checkout)});
      return enabler.createDropinBuilder('embedded').catch((error) => error.code);
    })()`);
    expect(code).toBe('stripe_js_unavailable');
    await page.unroute('https://js.stripe.com/**');
    await inPage(`enabler.createDropinBuilder('embedded').then(async (builder) => {
      window.form = builder.build({});
      await form.mount('#payment');
    })`);
    await fillCard();
    await inPage('form.submit()');
    expect(await told()).toMatchObject({ kind: 'approved' });
  });
});

describe('while the network', () => {
  it.each([
    ['the opened payment', '**/payments'],
    ["Stripe's confirmation", '**/v1/payment_intents/*/confirm'],
    ["the processor's confirmation", '**/confirmPayments/*'],
  ])('loses the answer with %s, the result is asked for again: paid once', async (_answer, url) => {
    expected.push(BROKEN);
    await open();
    await page.route(url, loseAnswer, { times: 1 });
    await payByCard();
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  /** Stripe takes the payment, and from then on this shopper has no network. */
  const takeAndDisconnect = async (route: Route) => {
    await route.fetch();
    await context.setOffline(true);
    await route.abort();
  };

  it('is away in the middle of a payment and comes back, the result is asked for and not guessed', async () => {
    expected.push(BROKEN);
    await open();
    await page.route('**/v1/payment_intents/*/confirm', takeAndDisconnect, { times: 1 });
    const asked = page.waitForEvent('requestfailed', (request) => request.method() === 'GET');
    await payByCard();
    await asked;
    expect(await all()).toEqual([]);
    await context.setOffline(false);
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('stays away, the shopper is told that nobody knows, and the next click asks before it pays', async () => {
    expected.push(BROKEN);
    await page.clock.install();
    await open();
    await page.route('**/v1/payment_intents/*/confirm', takeAndDisconnect, { times: 1 });
    await payByCard();
    const passTime = async () => {
      await page.clock.fastForward(2_000);
      return (await all()).length;
    };
    await expect.poll(passTime, { timeout: 10_000 }).toBe(1);
    const unknown = await told();
    expect(unknown).toMatchObject({ code: 'payment_status_unknown', paymentReference: expect.any(String) });
    expect(unknown.message).toContain('do not pay by other means');
    await context.setOffline(false);
    const confirms: string[] = [];
    page.on('request', (request) => void (/\/confirm$/.test(request.url()) && confirms.push(request.url())));
    await page.click('#pay');
    expect(await told(2)).toMatchObject({ kind: 'approved', paymentReference: unknown.paymentReference });
    expect(confirms).toEqual([]);
    expect(await booked(unknown.paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });
});

describe('a session that ends', () => {
  it('before the form is there rejects the builder with what to do', async () => {
    expected.push(HTTP(401));
    const checkout = await shopper.checkout();
    await expire(checkout);
    await openEmpty();
    const error = await inPage(`shop.dropin(${options(checkout)}).catch((error) =>
      ({ isError: error instanceof Error, code: error.code, status: error.status, message: error.message }))`);
    expect(error).toEqual({
      isError: true,
      code: expect.any(String),
      status: 401,
      message: 'Your checkout session has expired. Please reload the page.',
    });
  });

  it('while the shopper is asked for 3-D Secure: pending, never failed, and recorded', async () => {
    expected.push(HTTP(401));
    const checkout = await open();
    await payByCard('4000002760003184');
    await page.waitForSelector('#threeds-complete');
    await expire(checkout);
    await page.click('#threeds-complete');
    const { kind, paymentReference } = await told();
    expect(kind).toBe('pending');
    expect(await booked(paymentReference)).toEqual(PAID);
  });
});

describe('a cart that another page changes', () => {
  const setTotal = ({ cartId }: Checkout, centAmount: number) =>
    shopper.call('POST', `/_sandbox/commercetools/carts/${cartId}/total`, { body: { centAmount } });

  it('before it is paid: the shopper is told the new amount, nothing is paid, and the next click pays it', async () => {
    const checkout = await open();
    await setTotal(checkout, 3000);
    await payByCard();
    expect(await told()).toMatchObject({
      code: 'amount_changed',
      message: 'The amount to pay has changed to €30.00. Please check your order and pay again.',
    });
    await page.click('#pay');
    const { kind, paymentReference } = await told(2);
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(['Authorization:Success 3000', 'Charge:Success 3000']);
    expect(await opened()).toBe(1);
  });
});

describe('a cart that grows while it is paid', () => {
  it.each([
    ['deferred', {}],
    ['pi_first', { flowType: 'pi_first' }],
    ['manual capture', { captureMethod: 'manual' }],
  ])('keeps what was paid, says what remains, and the same form pays that (%s)', async (_flow, wishes) => {
    expected.push(HTTP(400));
    const checkout = await open(wishes);
    await payByCard('4000002760003184');
    await page.waitForSelector('#threeds-complete');
    const path = `/_sandbox/commercetools/carts/${checkout.cartId}/total`;
    await shopper.call('POST', path, { body: { centAmount: 24_000 } });
    await page.click('#threeds-complete');
    const changed = await told();
    expect(changed).toMatchObject({
      code: 'cart_changed',
      message: 'Your payment was received, but your cart has changed since then. €216.00 remains to be paid.',
    });
    await ready();
    await payByCard();
    const { kind, paymentReference = '' } = await told(2);
    expect(kind).toBe('approved');
    expect(paymentReference).not.toBe(changed.paymentReference);
    const holds = (amount: number) => (payment: Parameters<typeof summary>[0]) =>
      summary(payment).includes(`Authorization:Success ${amount}`);
    await shopper.until(changed.paymentReference ?? '', holds(2400));
    await shopper.until(paymentReference, holds(21_600));
    expect(await opened()).toBe(2);
  });
});

describe('a shopper with two tabs of one order', () => {
  it('pays in one, and the other says that it is paid', async () => {
    expected.push(HTTP(400));
    const checkout = await open();
    const other = page;
    page = await newPage();
    await page.goto(pageUrl('shop.html', queryOf(checkout)));
    await ready();
    await payByCard();
    const { paymentReference } = await told();
    expect(await booked(paymentReference)).toEqual(PAID);
    page = other;
    await payByCard();
    expect(await told()).toMatchObject({ kind: 'error', code: 'already_paid' });
    expect(await opened()).toBe(1);
  });

  it('pays in both at the same moment, and is charged once', async () => {
    expected.push(HTTP(400));
    const checkout = await open();
    const tabs = [page, await newPage()];
    await tabs[1]?.goto(pageUrl('shop.html', queryOf(checkout)));
    for (page of tabs) {
      await ready();
      await fillCard();
    }
    await Promise.all(tabs.map((tab) => tab.click('#pay')));
    const results: Told[] = [];
    for (page of tabs) results.push(await told());
    const approved = results.find(({ kind }) => kind === 'approved');
    expect(await booked(approved?.paymentReference)).toEqual(PAID);
    for (const { kind, code } of results) expect(kind === 'approved' || code === 'already_paid').toBe(true);
    expect(await opened()).toBe(1);
  });
});

it('a page that is reloaded while the bank asks for 3-D Secure pays once', async () => {
  await open();
  await payByCard('4000002760003184');
  await page.waitForSelector('#threeds-complete');
  await page.reload();
  await ready();
  await payByCard();
  const { kind, paymentReference } = await told();
  expect(kind).toBe('approved');
  expect(await booked(paymentReference)).toEqual(PAID);
  expect(await opened()).toBe(1);
});

describe('the card component', () => {
  const mount = async (wishes: Record<string, unknown> = {}, build = '{}') => {
    const checkout = await shopper.checkout(wishes);
    await openEmpty();
    await inPage(`(async () => {
      const enabler = await shop.enabler(${options(checkout)});
      window.card = (await enabler.createComponentBuilder('card')).build(${build});
      await card.mount('#payment');
    })()`);
    return checkout as Checkout & { customerId: string };
  };

  it('knows whether it is complete, shows what is missing, and pays', async () => {
    expected.push(HTTP(402));
    await mount();
    expect(await inPage('card.isAvailable()')).toBe(true);
    expect(await inPage('card.isValid()')).toBe(false);
    await inPage('card.showValidation()');
    expect(await inPage('document.activeElement.id')).toBe('card-number');
    await page.fill('#card-number', '4242424242424241');
    await page.fill('#card-expiry', '1234');
    await inPage('card.submit()');
    expect(await told()).toMatchObject({ code: 'invalid_number', type: 'validation_error' });
    await fillCard('4000000000000002');
    expect(await inPage('card.isValid()')).toBe(true);
    await inPage('card.submit()');
    expect(await told(2)).toMatchObject({ code: 'card_declined', paymentReference: expect.any(String) });
    await fillCard('5555555555554444');
    expect(await inPage('card.getState()')).toEqual({ card: { brand: 'mastercard' } });
    await inPage('card.submit()');
    const { kind, paymentReference } = await told(3);
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('has a button of its own where it is wanted, which the host may stop; 3-D Secure works', async () => {
    await mount(
      {},
      `{ showPayButton: true, onPayButtonClick: async () => {
      if (!window.agreed) throw new Error('terms not accepted');
    } }`,
    );
    await fillCard('4000002760003184');
    await page.getByRole('button', { name: 'Pay' }).first().click();
    expect(await opened()).toBe(0);
    await inPage('(window.agreed = true)');
    await page.locator('.ctc-connector-pay:enabled').click();
    await page.click('#threeds-complete');
    expect(await told()).toMatchObject({ kind: 'approved' });
  });

  it('keeps the card with consent; it is listed, pays by its own button, and can be removed', async () => {
    const { customerId } = await mount({ customer: true });
    await fillCard();
    await inPage('card.submit({ storePaymentDetails: true })');
    expect(await told()).toMatchObject({ kind: 'approved' });
    await stored(customerId, 1);

    const next = await shopper.checkout({ customer: customerId });
    await openEmpty();
    const { list, error } = await inPage<{ list: Record<string, unknown>[]; error: string }>(`(async () => {
      window.enabler = await shop.enabler(${options(next)});
      const { storedPaymentMethods: list } = await enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] });
      const builder = await enabler.createStoredPaymentMethodBuilder('card');
      window.method = builder.build({ id: list[0].id, brands: ['visa'], showPayButton: true });
      await method.mount('#payment');
      let error;
      try { builder.build({ id: 'of-somebody-else', brands: [] }); } catch (thrown) { error = thrown.code; }
      return { list, error };
    })()`);
    expect(list).toEqual([
      expect.objectContaining({
        type: 'card',
        displayOptions: expect.objectContaining({ endDigits: '4242', brand: { key: 'visa' }, expiryMonth: 12 }),
      }),
    ]);
    expect(JSON.stringify(list)).not.toContain('pm_');
    expect(error).toBe('unknown_stored_payment_method');
    await page.click('.ctc-connector-pay');
    const { kind, paymentReference } = await told();
    expect(kind).toBe('approved');
    expect(await booked(paymentReference)).toEqual(PAID);

    await inPage('method.remove()');
    expect(await page.locator('.ctc-connector-pay').count()).toBe(0);
    expect(await inPage(`enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] })`)).toEqual({
      storedPaymentMethods: [],
    });
  });
});

it('the sandbox’s own shop lists a kept card, pays with it, and removes it', async () => {
  const shop = await ShopPage.open(browser, `${sandbox.url}/`);
  // A guest asks for stored methods, and has none.
  shop.expectComplaint(HTTP(400));
  await shop.choose('customer');
  await shop.page.check('#save-payment-method');
  await shop.payByCard();
  await shop.result('approved');
  const customerId = await shop.page.evaluate<string>(`JSON.parse(localStorage.getItem('shopper')).customerId`);
  await stored(customerId, 1);
  await shop.newOrder();
  await shop.page.locator('#stored-list label', { hasText: '4242' }).click();
  await shop.pay();
  await shop.result('approved');
  expect(await booked(await shop.paymentReference())).toEqual(PAID);
  await shop.newOrder();
  await shop.page.click('#stored-list button');
  await stored(customerId, 0);
  await shop.page.locator('#stored-list label', { hasText: '4242' }).waitFor({ state: 'detached' });
  const { complaints: told } = shop;
  await shop.close();
  expect(told).toEqual([]);
});

describe('an express button', () => {
  const RATES = { standard: 500, fast: 900 } as Record<string, number>;
  let carts: Checkout[];
  let host: string[];
  let sessions: Set<string>;
  /** The shop has one cart for each time that the wallet opens, or one for all. */
  let isOneCart: boolean;
  /** The session is known only when the shop's backend has answered. */
  let answers: ((checkout: Checkout) => Promise<unknown>)[];

  async function mount(build: Record<string, unknown> = {}, sessionId = ''): Promise<void> {
    carts = [];
    host = [];
    isOneCart = false;
    sessions = new Set();
    answers = [];
    page.on('request', (request) => {
      const used = request.headers()['x-session-id'];
      if (used) sessions.add(used);
    });
    await page.exposeFunction('backend', async (what: string, value: { country?: string; id?: string } = {}) => {
      host.push(`${what} ${value.country ?? value.id ?? ''}`.trim());
      if (what === 'session') {
        const checkout = (isOneCart && carts[0]) || (await shopper.checkout());
        carts.push(checkout);
        await answers.shift()?.(checkout);
        return checkout;
      }
      if (what === 'method') {
        const centAmount = 2400 + (RATES[value.id ?? ''] ?? 0);
        const path = `/_sandbox/commercetools/carts/${carts.at(-1)?.cartId}/total`;
        await shopper.call('POST', path, { body: { centAmount } });
      }
      return undefined;
    });
    await openEmpty();
    await inPage(`(async () => {
      const enabler = await shop.enabler(${options({ sessionId })});
      const euro = (centAmount) => ({ centAmount, currencyCode: 'EUR', fractionDigits: 2 });
      const express = (await enabler.createExpressBuilder('dropin')).build({
        initialAmount: euro(2400),
        onPayButtonClick: () => backend('session'),
        onShippingAddressSelected: ({ address }) => backend('address', address),
        getShippingMethods: async ({ address }) => address.country === 'US' ? [] :
          [{ id: 'standard', name: 'Standard', amount: euro(500) }, { id: 'fast', name: 'Fast', amount: euro(900) }],
        onShippingMethodSelected: ({ shippingMethod }) => backend('method', shippingMethod),
        onPaymentSubmit: ({ shippingAddress }) => backend('submit', shippingAddress),
        ...${JSON.stringify(build)},
      });
      await express.mount('#payment');
    })()`);
  }

  it('asks for the session when the wallet opens, goes with address and rate, and pays the total of the last one', async () => {
    await mount();
    expect(host).toEqual([]);
    await page.click('#express-pay');
    await page.locator('#express-lines', { hasText: '€29.00' }).waitFor();
    await page.check('[name=express-rate][value=fast]');
    await page.locator('#express-lines', { hasText: '€33.00' }).waitFor();
    await page.selectOption('#express-address', '1');
    await page.locator('#express-lines', { hasText: '€29.00' }).waitFor();
    await page.click('#express-confirm:enabled');
    const { kind, paymentReference = '', method } = await told();
    expect([kind, method]).toEqual(['approved', { type: 'google_pay' }]);
    expect(host).toEqual([
      'session',
      'address DE',
      'method standard',
      'method fast',
      'address FR',
      'method standard',
      'submit FR',
    ]);
    const paid = await shopper.until(paymentReference, hasCharge);
    expect(summary(paid)).toContain('Charge:Success 2900');
  });

  it.each([
    ['less', 900, '€9.00'],
    ['more', 4000, '€40.00'],
  ])(
    'that is opened again begins from the cart as it is, which costs %s than before',
    async (_what, centAmount, shown) => {
      await mount();
      isOneCart = true;
      await page.click('#express-pay');
      await page.locator('#express-lines', { hasText: '€29.00' }).waitFor();
      await page.click('#express-cancel');
      await told();
      await shopper.call('POST', `/_sandbox/commercetools/carts/${carts[0]?.cartId}/total`, { body: { centAmount } });
      // The host takes its time, so the sheet shows what the click was answered with.
      let answer = () => {};
      answers.push(() => new Promise<void>((resolve) => (answer = resolve)));
      await page.click('#express-pay');
      await page.waitForSelector('#express-sheet');
      const lines = await page.locator('#express-lines > div').allTextContents();
      expect(lines.at(-1)).toBe(`Total${shown}`);
      expect(lines.join(' ')).not.toMatch(/€(24|29)\.00/);
      answer();
      await page.locator('#express-lines', { hasText: '€29.00' }).waitFor();
      await page.click('#express-confirm:enabled');
      const { kind, paymentReference } = await told(2);
      expect(kind).toBe('approved');
      expect(await booked(paymentReference)).toContain('Charge:Success 2900');
    },
  );

  it('refuses an address without shipping methods, which is no error, and ships elsewhere', async () => {
    await mount();
    await page.click('#express-pay');
    await page.locator('#express-lines', { hasText: '€29.00' }).waitFor();
    await page.selectOption('#express-address', '2');
    await page.locator('#express-sheet [role=alert]:not(:empty)').waitFor();
    expect(await all()).toEqual([]);
    expect(host.at(-1)).toBe('address US');
    await page.selectOption('#express-address', '0');
    await page.click('#express-confirm:enabled');
    expect(await told()).toMatchObject({ kind: 'approved' });
  });

  it('offers only countries that are shipped to', async () => {
    await mount({ allowedCountries: ['FR'] });
    await page.click('#express-pay');
    await page.waitForSelector('#express-sheet');
    expect(await page.locator('#express-address option').allTextContents()).toEqual([expect.stringContaining('(FR)')]);
  });

  it('that is closed is a cancel; the session of the closed wallet is never used, however late it comes', async () => {
    await mount();
    let release = () => {};
    answers = [() => new Promise<void>((resolve) => (release = resolve)), async () => {}];
    await page.click('#express-pay');
    await expect.poll(() => carts.length).toBe(1);
    await page.keyboard.press('Escape');
    expect(await told()).toMatchObject({ name: 'CANCEL', code: 'cancelled' });
    await page.click('#express-pay');
    await expect.poll(() => carts.length).toBe(2);
    release();
    await page.locator('#express-lines', { hasText: '€29.00' }).waitFor();
    await page.click('#express-confirm:enabled');
    expect(await told(2)).toMatchObject({ kind: 'approved' });
    expect(host.filter((call) => call === 'session')).toHaveLength(2);
    expect([...sessions]).toEqual([carts[1]?.sessionId]);
  });

  it('whose payment fails tells the wallet and the page', async () => {
    expected.push(HTTP(402));
    await mount();
    await page.route(
      '**/v1/payment_intents/*/confirm',
      async (route) => {
        const body = (route.request().postData() ?? '').replace('4242424242424242', '4000000000000002');
        await route.continue({ postData: body });
      },
      { times: 1 },
    );
    await page.click('#express-pay');
    await page.click('#express-confirm:enabled');
    expect(await told()).toMatchObject({ code: 'card_declined', paymentReference: expect.any(String) });
    await page.locator('#express-sheet [role=alert]:not(:empty)').waitFor();
    await page.click('#express-confirm:enabled');
    expect(await told(2)).toMatchObject({ kind: 'approved' });
    expect(await opened()).toBe(1);
  });

  it('is refused to a page of an origin that is not allowed', async () => {
    const { status } = await shopper.call('POST', '/express-config', {
      body: {},
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(status).toBe(403);
  });
});
