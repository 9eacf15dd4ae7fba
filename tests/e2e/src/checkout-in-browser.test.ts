import type { Sandbox } from '@connector/sandbox';
import { source as axeSource } from 'axe-core';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import { shareSandbox } from './shared-sandbox.ts';
import { ShopPage } from './shop-page.ts';
import { hasCharge, Shopper, summary } from './shopper.ts';

// A shop's switches take commercetools and Kafka away, and bring them back (the last of a story, `heal` at the latest).

let sandbox: Sandbox;
let browser: Browser;
let shopper: Shopper;
let shop: ShopPage;
let before: number;

shareSandbox((shared) => {
  ({ sandbox } = shared);
});
beforeAll(async () => {
  browser = await launchBrowser();
  shopper = new Shopper(sandbox.url);
  // Stripe's own waits between attempts grow to hours.
  await shopper.webhooks({ retryDelaysMs: new Array(60).fill(1_000) });
});
afterAll(() => browser?.close());
beforeEach(async () => {
  before = await paymentIntents();
});
afterEach(async () => {
  const { complaints } = shop;
  await shop.heal();
  await shop.close();
  expect(complaints).toEqual([]);
});

const open = async (options?: Parameters<typeof ShopPage.open>[2]) => {
  shop = await ShopPage.open(browser, `${sandbox.url}/`, options);
};
const paymentIntents = async (): Promise<number> => (await shopper.stripeState()).payment_intents?.length ?? 0;
const opened = async (): Promise<number> => (await paymentIntents()) - before;
const booked = async (shows = hasCharge): Promise<string[]> =>
  summary(await shopper.until(await shop.paymentReference(), shows)).toSorted();

const PAID = ['Authorization:Success 2400', 'Charge:Success 2400'];
const HTTP = (status: number) => new RegExp(`Failed to load resource: the server responded with a status of ${status}`);

describe('a card', () => {
  it('is charged, and commercetools shows it', async () => {
    await open();
    await shop.payByCard();
    expect(await shop.result('approved')).toContain('paid');
    await shop.transaction('Charge:Success');
    expect(await shop.transactions()).toEqual(['Authorization:Success €24.00', 'Charge:Success €24.00']);
    expect(await booked()).toEqual(PAID);
    await shop.timeline('com.stripe.payment_intent.succeeded').waitFor();
    await shop.timeline('checkout.transaction.recorded').first().waitFor();
    // The story is the one that the command explain tells: with Stripe's side, and a sentence at its end.
    await shop.verdict(/^All is well/).waitFor({ timeout: 60_000 });
    await shop.timeline('balance transaction').waitFor({ timeout: 60_000 });
  });

  it('that is declined is told to the shopper, who pays with another one in the same form', async () => {
    await open();
    shop.expectComplaint(HTTP(402));
    await shop.payByCard('4000000000000002');
    expect(await shop.result('failed')).toContain('declined');
    expect(await shop.transactions()).toEqual([]);
    await shop.payByCard();
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it.each([
    ['4000000000009995', 'insufficient funds'],
    ['4000000000000069', 'expired'],
    ['4000000000000127', 'security code'],
  ])('%s is refused with its own reason', async (number, reason) => {
    await open();
    shop.expectComplaint(HTTP(402));
    await shop.payByCard(number);
    expect(await shop.result('failed')).toContain(reason);
  });

  it('that is not complete is named at its field alone, nothing is said to have failed, and nothing is opened', async () => {
    await open();
    await shop.pay();
    await shop.page.locator('#card-number-error:not(:empty)').waitFor();
    expect(await shop.result('idle')).toBe('');
    await shop.formIsReady();
    expect(await opened()).toBe(0);
  });

  it('for a test is chosen after another method was: the card form is shown, filled and paid with', async () => {
    await open();
    await shop.page.click('[data-method=sepa_debit]');
    await shop.pay();
    await shop.page.locator('#sepa-iban-error:not(:empty)').waitFor();
    expect(await shop.result('idle')).toBe('');
    await shop.page.locator('#cards button').first().click();
    await shop.pay();
    await shop.result('approved');
    await shop.transaction('Charge:Success');
  });

  it('is charged in a shop whose form needs the payment opened first (pi_first)', async () => {
    await open({
      before: (page) =>
        page.route('**/storefront/api/checkouts', (route) =>
          route.continue({ postData: { ...route.request().postDataJSON(), flowType: 'pi_first' } }),
        ),
    });
    expect(await opened()).toBe(1);
    await shop.payByCard();
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('is charged once when the shopper clicks twice', async () => {
    await open();
    await shop.fillCard();
    await shop.page.dblclick('#pay');
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('of a signed-in customer is kept with consent, and pays the next order', async () => {
    await open();
    await shop.choose('customer');
    await shop.page.check('#save-payment-method');
    await shop.payByCard();
    await shop.result('approved');
    await shop.newOrder();
    expect(await shop.page.locator('#payment-element').textContent()).toContain('4242');
    await shop.pay();
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(2);
  });
});

describe('3-D Secure', () => {
  it('completed is a payment', async () => {
    await open();
    await shop.payByCard('4000002760003184');
    await shop.page.click('#threeds-complete');
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
  });

  it('failed is none, and the shopper can try again', async () => {
    await open();
    await shop.payByCard('4000002760003184');
    await shop.page.click('#threeds-fail');
    expect(await shop.result('failed')).toContain('authenticate');
    expect(await shop.transactions()).toEqual([]);
    await shop.pay();
    await shop.page.click('#threeds-complete');
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(1);
  });
});

describe('a method that takes its time', () => {
  const settle = async (outcome: 'succeeded' | 'failed') => {
    const { interfaceId } = await shopper.payment(await shop.paymentReference());
    await shopper.call('POST', `/_sandbox/stripe/payment_intents/${interfaceId}/settle`, { body: { outcome } });
  };
  const paySepa = async () => {
    await shopper.call('PUT', '/_sandbox/stripe/settings', { body: { settleDelayMs: null } });
    await open();
    await shop.fillSepa();
    await shop.pay();
    expect(await shop.result('pending')).toContain('on its way');
    await shop.transaction('Authorization:Pending');
  };

  it('is shown as pending, and as paid once it settles, without a reload', async () => {
    await paySepa();
    await settle('succeeded');
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
  });

  it('is shown as failed when the bank refuses it later, and the shopper can start again', async () => {
    await paySepa();
    await settle('failed');
    await shop.result('failed');
    await shop.newOrder();
    await shop.payByCard();
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
  });
});

describe('a bank on a page of its own', () => {
  const leave = async () => {
    await open();
    await shop.page.click('[data-method=ideal]');
    await shop.pay();
    await shop.page.waitForURL('**/_sandbox/3ds/**');
  };

  it('sends the shopper back, and the payment goes on where it was', async () => {
    await leave();
    await shop.page.click('#threeds-complete');
    await shop.result('approved');
    expect(shop.page.url()).toBe(`${sandbox.url}/`);
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('that refuses leaves the shopper with a reason and a new try', async () => {
    await leave();
    shop.expectComplaint(HTTP(400));
    await shop.page.click('#threeds-fail');
    expect(await shop.result('failed')).not.toBe('');
    await shop.newOrder();
    await shop.payByCard();
    await shop.result('approved');
  });
});

describe('a wallet', () => {
  it('brings its address, and pays in two clicks', async () => {
    await open();
    await shop.page.click('#express-pay');
    await shop.page.selectOption('#express-address', '1');
    await shop.page.click('#express-confirm:enabled');
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('that is closed leaves everything as it was', async () => {
    await open();
    await shop.page.click('#express-pay');
    await shop.page.keyboard.press('Escape');
    await shop.result('idle');
    await shop.payByCard();
    await shop.result('approved');
  });
});

describe('the back office', () => {
  it('captures what was only authorised, refunds a part, and sees a dispute', async () => {
    await open();
    await shop.choose('manual');
    await shop.payByCard();
    // The page says so once the shop's own view shows the authorisation.
    await expect.poll(() => shop.result('approved'), { timeout: 60_000 }).toContain('authorised');
    expect(await shop.operate('capture')).toContain('approved');
    await shop.transaction('Charge:Success');
    expect(await shop.operate('refund', '7.50')).toContain('received');
    await shop.transaction('Refund:Success');
    await shop.operate('dispute');
    await shop.transaction('Chargeback:Success');
    expect((await shop.transactions()).toSorted()).toEqual([
      'Authorization:Success €24.00',
      'Charge:Success €24.00',
      'Chargeback:Success €24.00',
      'Refund:Success €7.50',
    ]);
  });

  it('cancels what was only authorised', async () => {
    await open();
    await shop.choose('manual');
    await shop.payByCard();
    await shop.result('approved');
    expect(await shop.operate('cancel')).toContain('approved');
    await shop.transaction('CancelAuthorization:Success');
  });

  it('is refused what is more than was paid', async () => {
    await open();
    await shop.payByCard();
    await shop.transaction('Charge:Success');
    shop.expectComplaint(HTTP(400));
    await shop.operate('refund', '24.01');
    expect(await shop.page.getAttribute('#operation-result', 'data-state')).toBe('failed');
    expect(await shop.transactions()).toHaveLength(2);
  });
});

describe('while something is broken', () => {
  const withClock = { before: (page: Page) => page.clock.install() };
  /** Lets the page's waits between two questions pass at once. */
  const hurry = (ms: number) => shop.page.clock.fastForward(ms);

  it('commercetools goes away in the middle of a payment: pending, and approved when it is back', async () => {
    await open(withClock);
    await shop.payByCard('4000002760003184');
    await shop.page.waitForSelector('#threeds-complete');
    await shop.fault('ct-down');
    shop.expectComplaint(HTTP(503));
    await shop.page.click('#threeds-complete');
    const state = async () => {
      await hurry(2_000);
      return shop.page.getAttribute('#result', 'data-state');
    };
    await expect.poll(state, { interval: 250, timeout: 20_000 }).toBe('pending');
    expect(await shop.transactions()).toEqual([]);
    await shop.fault('ct-down');
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
  });

  it('commercetools is away before: the shopper is told so, and pays once it is back', async () => {
    await open();
    await shop.fault('ct-down');
    shop.expectComplaint(HTTP(503));
    await shop.payByCard();
    expect(await shop.result('failed')).toContain('not available');
    await shop.fault('ct-down');
    await shop.pay();
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
  });

  it('Kafka goes away in the middle of a payment: approved when it is back', async () => {
    await open(withClock);
    await shop.payByCard('4000002760003184');
    await shop.page.waitForSelector('#threeds-complete');
    await shop.fault('kafka-down');
    shop.expectComplaint(HTTP(503));
    const refused = shop.page.waitForResponse(
      (answer) => /confirmPayments/.test(answer.url()) && answer.status() === 503,
    );
    await shop.page.click('#threeds-complete');
    await refused;
    await shop.fault('kafka-down');
    await hurry(8_000);
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
  });

  it('webhooks come three times each and out of order: one authorization, one charge', async () => {
    await open();
    await shop.fault('webhooks-duplicated');
    await shop.fault('webhooks-shuffled');
    await shop.payByCard();
    await shop.result('approved');
    await shopper.call('POST', '/_sandbox/stripe/webhooks/flush');
    expect(await booked()).toEqual(PAID);
  });
});

describe('while the network loses things', () => {
  const LOST = /Failed to load resource: net::ERR_FAILED/;
  /** The request arrives and takes effect; its answer does not come back. */
  const loseAnswer = async (route: Route) => {
    await route.fetch();
    await route.abort();
  };

  it.each([
    ['the opened payment', '**/payments'],
    ["Stripe's confirmation", '**/v1/payment_intents/*/confirm'],
    ["the processor's confirmation", '**/confirmPayments/*'],
  ])('the answer with %s: paid, once, and said so', async (_answer, url) => {
    await open();
    shop.expectComplaint(LOST);
    await shop.page.route(url, loseAnswer, { times: 1 });
    await shop.payByCard();
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
    expect(await opened()).toBe(1);
  });

  it('Stripe.js: the shopper is told, and tries again', async () => {
    await open({ form: false, before: (page) => page.route('**/stripe.js', (route) => route.abort(), { times: 1 }) });
    shop.expectComplaint(LOST);
    expect(await shop.result('failed')).not.toBe('');
    await shop.newOrder();
    await shop.payByCard();
    await shop.result('approved');
  });

  it('the session: the shopper is told what to do, and nothing is opened', async () => {
    await open();
    shop.expectComplaint(HTTP(401));
    await shop.page.route('**/payments', (route) =>
      route.continue({ headers: { ...route.request().headers(), 'x-session-id': 'a-session-of-yesterday' } }),
    );
    await shop.payByCard();
    expect(await shop.result('failed')).toContain('session has expired');
    expect(await opened()).toBe(0);
  });

  it("the shopper, at the bank's page, by the back button: a card pays instead", async () => {
    await open();
    await shop.page.click('[data-method=ideal]');
    await shop.pay();
    await shop.page.waitForURL('**/_sandbox/3ds/**');
    await shop.page.goBack();
    await shop.formIsReady();
    await shop.payByCard();
    await shop.result('approved');
    expect(await booked()).toEqual(PAID);
  });
});

describe('every shopper', () => {
  it('pays on a phone, with nothing beyond the edge of the screen', async () => {
    await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
    await shop.fillCard();
    await shop.page.tap('#pay');
    await shop.result('approved');
    await shop.transaction('Charge:Success');
    expect(await shop.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  it('pays with the keyboard alone', async () => {
    await open();
    await shop.page.focus('#card-number');
    for (const text of ['4242424242424242', '1234', '123']) {
      await shop.page.keyboard.type(text);
      await shop.page.keyboard.press('Tab');
    }
    await shop.page.keyboard.press('Enter');
    await shop.result('approved');
  });

  it.each([
    ['JPY', '¥3,900'],
    ['KWD', 'KWD 7.990'],
  ])('pays in %s, in its own minor units', async (currency, amount) => {
    await open();
    const restarted = shop.page.waitForResponse(/\/storefront\/api\/checkouts$/);
    await shop.page.selectOption('#currency', currency);
    await restarted;
    await shop.formIsReady();
    await shop.payByCard();
    await shop.transaction('Charge:Success');
    expect((await shop.transactions()).map((shown) => shown.replaceAll('\u00a0', ' '))).toContain(
      `Charge:Success ${amount}`,
    );
  });

  it.each(['light', 'dark'] as const)('can read the page and work it: axe finds nothing (%s)', async (colorScheme) => {
    await open({ colorScheme, reducedMotion: 'reduce' });
    shop.expectComplaint(HTTP(402));
    const violations = async () => {
      await shop.page.evaluate(axeSource);
      const found =
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map((n) => n.html)]))';
      return shop.page.evaluate(found);
    };
    expect(await violations()).toEqual([]);
    await shop.payByCard('4000000000000002');
    await shop.result('failed');
    expect(await violations()).toEqual([]);
    await shop.payByCard();
    await shop.transaction('Charge:Success');
    expect(await violations()).toEqual([]);
  });

  it('has the form within two seconds, after few requests', async () => {
    await open();
    const { ms, requests, kilobytes } = await shop.page.evaluate(() => {
      const entries = performance.getEntriesByType('resource');
      const navigation = performance.getEntriesByType('navigation' as 'resource');
      const all = [...navigation, ...entries] as unknown as { transferSize: number }[];
      return {
        ms: Math.round(performance.now()),
        requests: all.length,
        kilobytes: Math.round(all.reduce((sum, { transferSize }) => sum + transferSize, 0) / 1024),
      };
    });
    console.log(`interactive payment form after ${ms} ms, ${requests} requests, ${kilobytes} kB`);
    expect(ms).toBeLessThan(2_000);
    expect(requests).toBeLessThanOrEqual(20);
  });
});
