import type {
  Appearance,
  ClickResolveDetails,
  Stripe,
  StripeElements,
  StripeExpressCheckoutElement,
  StripeExpressCheckoutElementClickEvent,
  StripeExpressCheckoutElementConfirmEvent,
  StripeExpressCheckoutElementShippingAddressChangeEvent,
  StripeExpressCheckoutElementShippingRateChangeEvent,
} from '@stripe/stripe-js';
import { deferredOptions, expressElementOptions, parseObject } from '../elements-options.ts';
import {
  amountChanged,
  CancelledError,
  EnablerError,
  fromStripe,
  NotReadyError,
  PaymentError,
  toEnablerError,
} from '../errors.ts';
import { toStripeLocale } from '../locale.ts';
import type { ExpressComponent, ExpressOptions, PaymentExpressBuilder } from '../payment-enabler.ts';
import { confirmParams, createPaymentFlow, isCartChange, type Outcome, type PaymentFlow } from '../payment-flow.ts';
import { createProcessorClient, type OperationsConfig, type ProcessorClient } from '../processor-client.ts';
import { handled, safeCallback, toPaymentResult } from '../reporter.ts';
import type { Context, SessionSetup } from '../setup.ts';
import { within } from '../timing.ts';
import { toBillingDetails, toExpressAddress } from './address.ts';
import { cartTotals, initialTotals, shippingRate, type Totals } from './totals.ts';
import { createWalletSession, type WalletSession } from './wallet-session.ts';

/** What express needs to know before a wallet opens; `session` is there when the page had a session from the start. */
export interface ExpressSetup {
  stripe: Stripe;
  config: OperationsConfig;
  session?: SessionSetup;
}

/** Stripe waits one second for the answer to a click; the cart is asked for a part of it. */
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
  /** Reads the cart with the session of the wallet before, while the host looks for the next one. */
  readonly #reader: ProcessorClient;
  readonly #flow: PaymentFlow;
  readonly #onError: (...args: Parameters<NonNullable<ExpressOptions['onError']>>) => void;
  readonly #onComplete: (...args: Parameters<NonNullable<ExpressOptions['onComplete']>>) => void;
  /** What Elements and the sheet show now. */
  #totals: Totals;
  #elements: StripeElements | undefined;
  #element: StripeExpressCheckoutElement | undefined;
  #isMounted = false;
  #isSettled = false;
  #changes = 0;

  /** Throws ConfigurationError when there is no initial amount, or none that Stripe can take. */
  constructor(context: Context, setup: ExpressSetup, options: ExpressOptions) {
    const { text, sleep, fetch } = context;
    const { processorUrl, sessionId } = context.options;
    this.#context = context;
    this.#setup = setup;
    this.#options = options;
    this.#totals = initialTotals(options.initialAmount);
    this.#wallet = createWalletSession(() => options.onPayButtonClick(), sessionId || undefined, text);
    const clientOf = (session: () => string | undefined) =>
      createProcessorClient({ processorUrl, sessionId: session, text, fetch, sleep });
    this.#processor = clientOf(() => this.#wallet.id);
    this.#reader = clientOf(() => this.#wallet.known);
    this.#flow = createPaymentFlow({ stripe: setup.stripe, processor: this.#processor, text, sleep });
    this.#onError = safeCallback(options.onError);
    this.#onComplete = safeCallback(options.onComplete ?? context.options.onComplete);
  }

  async mount(selector: string): Promise<void> {
    try {
      this.#elements ??= this.#createElements();
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

  #createElements(): StripeElements {
    const { stripe, config, session } = this.#setup;
    const look = {
      appearance: (parseObject(config.appearance) ?? {}) as Appearance,
      locale: toStripeLocale(this.#context.options.locale),
    };
    const { amount, currency } = this.#totals;
    const cartInfo = { amount, currency };
    if (session) return stripe.elements(deferredOptions({ ...session.element, cartInfo }, session.customer, look));
    const captureMethod = config.captureMethod ?? 'automatic';
    return stripe.elements(deferredOptions({ cartInfo, captureMethod }, undefined, look));
  }

  #createElement(elements: StripeElements): StripeExpressCheckoutElement {
    const { allowedCountries } = this.#options;
    const { text } = this.#context;
    const element = elements.create('expressCheckout', {
      ...expressElementOptions(this.#setup.config.expressElementOptions),
      shippingAddressRequired: true,
      billingAddressRequired: true,
      ...(allowedCountries?.length && { allowedShippingCountries: allowedCountries }),
    });
    element.on('click', (event) => this.#click(event));
    element.on('shippingaddresschange', (event) => void this.#changeAddress(event));
    element.on('shippingratechange', (event) => void this.#changeRate(event));
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

  /** Elements first, because Stripe refuses lines above the amount that Elements have. */
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
    const opening = this.#wallet.open();
    const isOpen = this.#wallet.stillOpen();
    opening.catch((error: unknown) => {
      if (isOpen()) this.#fail(hostFailed('express_session_failed', SESSION_FAILED, error));
    });
    if (cart) void this.#resolveReopened(event, cart);
    else event.resolve(this.#clickDetails());
  }

  /** The cart may have changed since the last wallet was closed; one that can't be read in time is shown as it was. */
  async #resolveReopened(event: StripeExpressCheckoutElementClickEvent, cart: Promise<Totals>): Promise<void> {
    const totals = await within<Totals | undefined>(
      CLICK_WAIT_MS,
      cart.catch(() => undefined),
      () => undefined,
    );
    if (totals) this.#show(totals);
    event.resolve(this.#clickDetails());
  }

  /** The rates follow once there is an address. */
  #clickDetails(): ClickResolveDetails {
    const { lineItems } = this.#totals;
    return {
      lineItems,
      shippingRates: [{ id: 'pending', displayName: this.#context.text('shipping'), amount: 0 }],
    };
  }

  /** Runs one change of the wallet; a failure, or a wallet that was closed meanwhile, rejects it. */
  async #change(
    reject: () => void,
    message: string,
    run: (isCurrent: () => boolean) => Promise<boolean>,
  ): Promise<void> {
    const isOpen = this.#wallet.stillOpen();
    this.#changes += 1;
    const mine = this.#changes;
    const isCurrent = () => isOpen() && mine === this.#changes;
    try {
      await this.#wallet.current();
      if (isOpen() && !(await run(isCurrent)) && isOpen()) reject();
    } catch (error) {
      reject();
      if (isOpen()) this.#fail(hostFailed('express_shipping_failed', message, error));
    }
  }

  #changeAddress(event: StripeExpressCheckoutElementShippingAddressChangeEvent): Promise<void> {
    const { onShippingAddressSelected, getShippingMethods, onShippingMethodSelected } = this.#options;
    return this.#change(event.reject, 'Error updating shipping address.', async (isCurrent) => {
      const address = toExpressAddress(event.address, { name: event.name });
      if (!address) return false;
      await onShippingAddressSelected({ address });
      const methods = await getShippingMethods({ address });
      const first = methods[0];
      if (!first) return false;
      await onShippingMethodSelected({ shippingMethod: { id: first.id } });
      const shippingRates = methods.map((option) => shippingRate(option, this.#totals.due.fractionDigits));
      return this.#resolveChange(event, isCurrent, { shippingRates });
    });
  }

  #changeRate(event: StripeExpressCheckoutElementShippingRateChangeEvent): Promise<void> {
    return this.#change(event.reject, 'Error updating shipping method.', async (isCurrent) => {
      await this.#options.onShippingMethodSelected({ shippingMethod: { id: event.shippingRate.id } });
      return this.#resolveChange(event, isCurrent, {});
    });
  }

  /** A change that a later one overtook does not set back what the sheet shows. */
  async #resolveChange(
    event: Pick<StripeExpressCheckoutElementShippingAddressChangeEvent, 'resolve'>,
    isCurrent: () => boolean,
    rates: { shippingRates?: ReturnType<typeof shippingRate>[] },
  ): Promise<boolean> {
    const totals = cartTotals(await this.#processor.expressPaymentData());
    if (!isCurrent()) return false;
    this.#show(totals);
    event.resolve({ ...rates, lineItems: totals.lineItems });
    return true;
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
      await this.#notifyHost(event);
      isAddressRefused = false;
      const outcome = await this.#pay(event);
      this.#isSettled = true;
      this.#onComplete({ ...toPaymentResult(outcome), method: { type: event.expressPaymentType } });
    } catch (error) {
      const failure = await this.#explained(toEnablerError(error, text));
      // A payment that went through is no failure of the wallet, whatever the cart costs by now.
      if (!isCartChange(failure))
        event.paymentFailed({ reason: isAddressRefused ? 'invalid_shipping_address' : 'fail' });
      this.#fail(failure);
    }
  }

  #pay({ billingDetails }: StripeExpressCheckoutElementConfirmEvent): Promise<Outcome> {
    const { stripe, session } = this.#setup;
    const { text } = this.#context;
    const billing = toBillingDetails(billingDetails ?? {}, billingDetails?.address);
    return this.#flow.pay(
      () => this.#processor.openPayment({ withCustomer: session?.customer !== undefined }),
      (opened) => {
        const params = confirmParams(opened, text);
        const payment_method_data = billingDetails ? { billing_details: billing } : params.payment_method_data;
        return stripe.confirmPayment({
          elements: this.#elements as StripeElements,
          clientSecret: opened.sClientSecret,
          redirect: 'if_required',
          confirmParams: { ...params, ...(payment_method_data && { payment_method_data }) },
        });
      },
    );
  }

  /** Stripe refuses a sheet whose amount is not the cart's any more; the shopper is told the amount, and opens the wallet again. */
  async #explained(error: EnablerError): Promise<EnablerError> {
    if (!(error instanceof PaymentError) || error.type !== 'invalid_request_error') return error;
    const cart = await this.#processor
      .expressPaymentData()
      .then(cartTotals)
      .catch(() => undefined);
    if (!cart || (cart.amount === this.#totals.amount && cart.currency === this.#totals.currency)) return error;
    return amountChanged(cart.due, error, this.#context.text);
  }

  async #notifyHost({ shippingAddress, billingDetails }: StripeExpressCheckoutElementConfirmEvent): Promise<void> {
    const { email, phone } = billingDetails ?? {};
    const shipping = toExpressAddress(shippingAddress?.address, { name: shippingAddress?.name, email, phone });
    const billing = toExpressAddress(billingDetails?.address, { name: billingDetails?.name, email, phone });
    const customerEmail = email?.trim();
    if (!shipping && !billing && !customerEmail) return;
    await this.#options.onPaymentSubmit({
      ...(shipping && { shippingAddress: shipping }),
      ...(billing && { billingAddress: billing }),
      ...(customerEmail && { customerEmail }),
    });
  }
}

const SESSION_FAILED = 'Failed to get session ID for Express Checkout.';

/** Fixed English words, as hosts know them; the wallet shows its own text to the shopper. */
const hostFailed = (code: string, message: string, cause: unknown) => new EnablerError(code, { message, cause });
