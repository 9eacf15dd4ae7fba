import { launchBrowser } from '@connector/e2e-tests/browser';
import { ShopPage } from '@connector/e2e-tests/shop-page';
import { type Findings, lines } from './findings.ts';

/** A shopper in Chromium: the page, the browser library and the stand-in for Stripe.js come through the ingress. */
export async function inBrowser(url: string, found: Findings): Promise<void> {
  const browser = await launchBrowser();
  try {
    const shop = await ShopPage.open(browser, url);
    await shop.payByCard();
    const words = await shop.result('approved');
    await shop.transaction('Charge:Success');
    await shop.timeline('com.stripe.payment_intent.succeeded').waitFor();
    found.figure('paid in Chromium', words.trim());
    found.check(shop.complaints.length === 0, 'the browser complained about nothing', shop.complaints);
  } catch (error) {
    found.check(false, 'a shopper can pay in a browser', lines((error as Error).message));
  } finally {
    await browser.close();
  }
}
