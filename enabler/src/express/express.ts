import type {
  ClickResolveDetails,
  StripeElements,
  StripeExpressCheckoutElement,
  StripeExpressCheckoutElementClickEvent,
  StripeExpressCheckoutElementConfirmEvent,
} from '@stripe/stripe-js';
import { CancelledError, type EnablerError, fromStripe, hostFailed, NotReadyError, toEnablerError } from '../errors.ts';
import type { ExpressComponent, ExpressOptions, PaymentExpressBuilder } from '../payment-enabler.ts';
import { isCartChange, PaymentFlow } from '../payment-flow.ts';
import { createProcessorClient, type ProcessorClient } from '../processor-client.ts';
import { handled, safeCallback, toPaymentResult } from '../reporter.ts';
import type { Context, ExpressSetup } from '../setup.ts';
import { within } from '../timing.ts';
import { createExpressElement, createExpressElements } from './express-elements.ts';
import { cartTotals, initialTotals, type Totals } from './totals.ts';
import { WalletChanges } from './wallet-changes.ts';
import { explainedFailure, notifyHost, payByWallet } from './wallet-payment.ts';
import { WalletSession } from './wallet-session.ts';

/** In ms. Stripe waits one second for the answer to a click; reading the cart may take part of it. */
const CLICK_WAIT_MS = 600;

/** Builds wallet buttons on Stripe's Express Checkout Element. */
export const createExpressBuilder = (context: Context, setup: ExpressSetup): PaymentExpressBuilder => ({
  build(options) {
    const button = new ExpressButton(context, setup, options);
    return { mount: (selector) => handled(button.mount(selector)) } satisfies ExpressComponent;
  },
});

class ExpressButton {
  readonly #context: Context;
  readonly #setup: ExpressSetup;
  readonly #options: ExpressOptions;
  readonly #wallet: WalletSession;
  readonly #processor: ProcessorClient;
  /** Reads the cart with the previous wallet's session, while the host looks for the next one. */
  readonly #reader: ProcessorClient;
  readonly #flow: PaymentFlow;
  readonly #changes: WalletChanges;
  readonly #onError: (...args: Parameters<NonNullable<ExpressOptions['onError']>>) => void;
  readonly #onComplete: (...args: Parameters<NonNullable<ExpressOptions['onComplete']>>) => void;
  /** The totals that Elements and the sheet show now. */
  #totals: Totals;
  #elements: StripeElements | undefined;
  #element: StripeExpressCheckoutElement | undefined;
  #isMounted = false;
  #isSettled = false;

  /** Throws ConfigurationError when the initial amount is missing, or Stripe cannot express it. */
  constructor(context: Context, setup: ExpressSetup, options: ExpressOptions) {
    const { text, sleep, fetch } = context;
    const { processorUrl, sessionId } = context.options;
    this.#context = context;
    this.#setup = setup;
    this.#options = options;
    this.#totals = initialTotals(options.initialAmount);
    this.#wallet = new WalletSession(() => options.onPayButtonClick(), sessionId || undefined, text);
    const clientOf = (session: () => string | undefined) =>
      createProcessorClient({ processorUrl, sessionId: session, text, fetch, sleep });
    this.#processor = clientOf(() => this.#wallet.id);
    this.#reader = clientOf(() => this.#wallet.known);
    this.#flow = new PaymentFlow({ stripe: setup.stripe, processor: this.#processor, text, sleep });
    this.#changes = new WalletChanges({
      wallet: this.#wallet,
      processor: this.#processor,
      host: options,
      totals: () => this.#totals,
      show: (totals) => this.#show(totals),
      fail: (error) => this.#fail(error),
    });
    this.#onError = safeCallback(options.onError);
    this.#onComplete = safeCallback(options.onComplete ?? context.options.onComplete);
  }

  async mount(selector: string): Promise<void> {
    try {
      this.#elements ??= createExpressElements(this.#setup, this.#totals, this.#context.options.locale);
      this.#element ??= this.#createElement(this.#elements);
      if (this.#isMounted) this.#element.unmount();
      this.#element.mount(selector);
      this.#isMounted = true;
    } catch (cause) {
      const failure = toEnablerError(cause, this.#context.text, 'mount_failed', 'stripe_unavailable');
      this.#fail(failure);
      throw failure;
    }
  }

  #createElement(elements: StripeElements): StripeExpressCheckoutElement {
    const { text } = this.#context;
    const element = createExpressElement(elements, this.#setup, this.#options);
    element.on('click', (event) => this.#click(event));
    element.on('shippingaddresschange', (event) => void this.#changes.address(event));
    element.on('shippingratechange', (event) => void this.#changes.rate(event));
    element.on('cancel', () => {
      this.#wallet.close();
      this.#fail(new CancelledError('cancelled', { message: text('cancelled') }));
    });
    element.on('confirm', (event) => void this.#confirm(event));
    element.on('loaderror', ({ error }) => {
      const cause = fromStripe(error, text);
      this.#fail(new NotReadyError('form_not_loaded', { message: text('stripe_unavailable'), cause }));
    });
    return element;
  }

  #fail(error: EnablerError): void {
    this.#context.reporter.error(error);
    if (error.paymentReference) this.#onError(error, { paymentReference: error.paymentReference });
    else this.#onError(error);
  }

  /** Elements first, because Stripe refuses lines that exceed the Elements' amount. */
  #show(totals: Totals): void {
    const { amount, currency } = totals;
    const isOtherCurrency = currency !== this.#totals.currency;
    this.#elements?.update({ amount, ...(isOtherCurrency && { currency }) });
    this.#totals = totals;
  }

  #click(event: StripeExpressCheckoutElementClickEvent): void {
    // Before the host is asked, because its answer may be about another cart.
    const isReopened = this.#wallet.known !== undefined;
    const cart = isReopened ? this.#reader.expressPaymentData().then(cartTotals) : undefined;
    // The host may name another cart, as a page does that continues to sell after an order.
    this.#isSettled = false;
    const opening = this.#wallet.open();
    const isOpen = this.#wallet.stillOpen();
    opening.catch((error: unknown) => {
      if (isOpen()) this.#fail(hostFailed('express_session_failed', SESSION_FAILED, error));
    });
    if (cart) void this.#resolveReopened(event, cart);
    else event.resolve(this.#clickDetails());
  }

  /**
   * The cart may have changed since the last wallet was closed. A cart that cannot be read in time is shown unchanged.
   */
  async #resolveReopened(event: StripeExpressCheckoutElementClickEvent, cart: Promise<Totals>): Promise<void> {
    const totals = await within<Totals | undefined>(
      CLICK_WAIT_MS,
      cart.catch(() => undefined),
      () => undefined,
    );
    if (totals) this.#show(totals);
    event.resolve(this.#clickDetails());
  }

  /** The rates follow when there is an address. */
  #clickDetails(): ClickResolveDetails {
    const { lineItems } = this.#totals;
    return {
      lineItems,
      shippingRates: [{ id: 'pending', displayName: this.#context.text('shipping'), amount: 0 }],
    };
  }

  async #confirm(event: StripeExpressCheckoutElementConfirmEvent): Promise<void> {
    if (this.#isSettled) return;
    const { text } = this.#context;
    let isAddressRefused = false;
    try {
      await this.#wallet.current();
      const { error } = (await this.#elements?.submit()) ?? {};
      if (error) throw fromStripe(error, text);
      isAddressRefused = true;
      await notifyHost(this.#options, event);
      isAddressRefused = false;
      const deps = { flow: this.#flow, processor: this.#processor, setup: this.#setup, text };
      const outcome = await payByWallet(deps, this.#elements as StripeElements, event);
      this.#isSettled = true;
      this.#onComplete({ ...toPaymentResult(outcome), method: { type: event.expressPaymentType } });
    } catch (error) {
      const about = { processor: this.#processor, shown: this.#totals, text };
      const failure = await explainedFailure(toEnablerError(error, text), about);
      // A payment that went through is not a failure of the wallet, whatever the cart costs by now.
      if (!isCartChange(failure))
        event.paymentFailed({ reason: isAddressRefused ? 'invalid_shipping_address' : 'fail' });
      this.#fail(failure);
    }
  }
}

const SESSION_FAILED = 'Failed to get session ID for Express Checkout.';
