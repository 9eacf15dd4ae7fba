import { SIMULATOR_URL_MARK, stripeJsBundle } from './stripe-js-bundle.ts';

let bundle: Promise<string> | undefined;

/** The browser script that stands in for https://js.stripe.com: an IIFE that defines `window.Stripe`, talking to the simulator at `simulatorUrl`. */
export async function stripeJsSource(simulatorUrl: string): Promise<string> {
  bundle ??= stripeJsBundle();
  // Within the quotes that stand around the mark.
  return (await bundle).replaceAll(SIMULATOR_URL_MARK, () => JSON.stringify(simulatorUrl).slice(1, -1));
}
