import { toStripeAmount } from '@connector/payment-model/money';
import type {
  Appearance,
  ClickResolveDetails,
  LineItem,
  Stripe,
  StripeElements,
  StripeExpressCheckoutElement,
  StripeExpressCheckoutElementConfirmEvent,
} from '@stripe/stripe-js';
import { deferredOptions, expressElementOptions, parseObject } from '../elements-options.ts';
import {
  CancelledError,
  ConfigurationError,
  EnablerError,
  fromStripe,
  NotReadyError,
  toEnablerError,
} from '../errors.ts';
import { toStripeLocale } from '../locale.ts';
import type { ExpressComponent, ExpressOptions, PaymentExpressBuilder, ShippingOption } from '../payment-enabler.ts';
import { confirmParams, createPaymentFlow, type Outcome } from '../payment-flow.ts';
import { createProcessorClient, type ExpressPaymentData, type OperationsConfig } from '../processor-client.ts';
import { handled, shielded, toPaymentResult } from '../reporter.ts';
import type { Context, SessionSetup } from '../setup.ts';
import { toBillingDetails, toExpressAddress } from './address.ts';

/** What express needs to know before a wallet opens; `session` is there when the page had a session from the start. */
export interface ExpressSetup {
  stripe: Stripe;
  config: OperationsConfig;
  session?: SessionSetup;
}

/** Builds wallet buttons on Stripe's Express Checkout Element. */
export const createExpressBuilder = (context: Context, setup: ExpressSetup): PaymentExpressBuilder => ({
  build: (options) => buildExpress(context, setup, options),
});

function buildExpress(context: Context, setup: ExpressSetup, options: ExpressOptions): ExpressComponent {
  const { text, sleep } = context;
  const { initialAmount } = options;
  if (typeof initialAmount?.centAmount !== 'number' || !initialAmount.currencyCode) {
    const message = 'Express Checkout needs initialAmount with centAmount and currencyCode.';
    throw new ConfigurationError('invalid_initial_amount', { message });
  }
  const { stripe, config, session: prepared } = setup;
  const customer = prepared?.customer;
  const amount = toStripeAmount(initialAmount);
  const elements = createElements();

  /** Counts wallet openings: what an earlier one still answers is stale. */
  let generation = 0;
  let opening: Promise<string> | undefined;
  let sessionId = context.options.sessionId || undefined;
  let isSettled = false;
  let element: StripeExpressCheckoutElement | undefined;
  let isMounted = false;

  const processor = createProcessorClient({
    processorUrl: context.options.processorUrl,
    sessionId: () => sessionId,
    text,
    fetch: context.fetch,
    sleep,
  });
  const flow = createPaymentFlow({ stripe, processor, text, sleep });
  const onError = shielded(options.onError);
  const onComplete = shielded(options.onComplete ?? context.options.onComplete);

  function createElements(): StripeElements {
    const look = {
      appearance: (parseObject(config.appearance) ?? {}) as Appearance,
      locale: toStripeLocale(context.options.locale),
    };
    const cartInfo = { amount, currency: initialAmount.currencyCode };
    if (prepared) return stripe.elements(deferredOptions({ ...prepared.element, cartInfo }, prepared.customer, look));
    const captureMethod = config.captureMethod ?? 'automatic';
    return stripe.elements(deferredOptions({ cartInfo, captureMethod }, undefined, look));
  }

  function fail(error: EnablerError): void {
    context.reporter.error(error);
    if (error.paymentReference) onError(error, { paymentReference: error.paymentReference });
    else onError(error);
  }

  /** Fixed English words, as hosts know them; the wallet shows its own text to the shopper. */
  const failed = (code: string, message: string, cause: unknown) => new EnablerError(code, { message, cause });

  /** Asks the host which session pays; the answer counts only while the same wallet is open. */
  function openSession(): Promise<string> {
    const mine = generation;
    opening = Promise.resolve()
      .then(() => options.onPayButtonClick())
      .then((answer) => {
        if (!answer?.sessionId) throw new TypeError('onPayButtonClick answered no sessionId');
        if (mine !== generation) throw new NotReadyError('stale_session', { message: text('cancelled') });
        sessionId = answer.sessionId;
        return answer.sessionId;
      });
    return opening;
  }

  /** The session of the open wallet; the host is asked once more when its first answer failed. */
  async function session(): Promise<string> {
    const mine = generation;
    if (!opening) return openSession();
    return opening.catch((error: unknown) => {
      if (mine !== generation) throw error;
      return openSession();
    });
  }

  async function refreshTotal(): Promise<LineItem[]> {
    const data = await processor.expressPaymentData();
    elements.update({ amount: toStripeAmount(data.totalPrice) });
    return lineItems(data);
  }

  /** Runs one change of the wallet; a failure, or a wallet that was closed meanwhile, rejects it. */
  async function change(reject: () => void, message: string, run: () => Promise<boolean>): Promise<void> {
    const mine = generation;
    try {
      await session();
      if (mine === generation && !(await run()) && mine === generation) reject();
    } catch (error) {
      reject();
      if (mine === generation) fail(failed('express_shipping_failed', message, error));
    }
  }

  async function confirm(event: StripeExpressCheckoutElementConfirmEvent): Promise<void> {
    if (isSettled) return;
    const method = { type: event.expressPaymentType };
    let isAddressRefused = false;
    try {
      await session();
      const { error } = await elements.submit();
      if (error) throw fromStripe(error, text);
      isAddressRefused = true;
      await tellHost(event);
      isAddressRefused = false;
      const { billingDetails } = event;
      const billing = toBillingDetails(billingDetails ?? {}, billingDetails?.address);
      const outcome: Outcome = await flow.pay(
        () => processor.openPayment({ withCustomer: customer !== undefined }),
        (opened) => {
          const params = confirmParams(opened, text);
          const payment_method_data = billingDetails ? { billing_details: billing } : params.payment_method_data;
          return stripe.confirmPayment({
            elements,
            clientSecret: opened.sClientSecret,
            redirect: 'if_required',
            confirmParams: { ...params, ...(payment_method_data && { payment_method_data }) },
          });
        },
      );
      isSettled = true;
      onComplete({ ...toPaymentResult(outcome), method });
    } catch (error) {
      event.paymentFailed({ reason: isAddressRefused ? 'invalid_shipping_address' : 'fail' });
      fail(toEnablerError(error, text));
    }
  }

  async function tellHost({
    shippingAddress,
    billingDetails,
  }: StripeExpressCheckoutElementConfirmEvent): Promise<void> {
    const { email, phone } = billingDetails ?? {};
    const shipping = toExpressAddress(shippingAddress?.address, { name: shippingAddress?.name, email, phone });
    const billing = toExpressAddress(billingDetails?.address, { name: billingDetails?.name, email, phone });
    const customerEmail = email?.trim();
    if (!shipping && !billing && !customerEmail) return;
    await options.onPaymentSubmit({
      ...(shipping && { shippingAddress: shipping }),
      ...(billing && { billingAddress: billing }),
      ...(customerEmail && { customerEmail }),
    });
  }

  function createElement(): StripeExpressCheckoutElement {
    const created = elements.create('expressCheckout', {
      ...expressElementOptions(config.expressElementOptions),
      shippingAddressRequired: true,
      billingAddressRequired: true,
      ...(options.allowedCountries?.length && { allowedShippingCountries: options.allowedCountries }),
    });
    created.on('click', (event) => {
      generation += 1;
      const mine = generation;
      openSession().catch((error: unknown) => {
        if (mine === generation)
          fail(failed('express_session_failed', 'Failed to get session ID for Express Checkout.', error));
      });
      // Stripe waits a second at most, so nothing may come before this; the rates follow once there is an address.
      const details: ClickResolveDetails = {
        lineItems: [{ name: 'Total', amount }],
        shippingRates: [{ id: 'pending', displayName: text('shipping'), amount: 0 }],
      };
      event.resolve(details);
    });
    created.on('shippingaddresschange', (event) => {
      void change(event.reject, 'Error updating shipping address.', async () => {
        const address = toExpressAddress(event.address, { name: event.name });
        if (!address) return false;
        await options.onShippingAddressSelected({ address });
        const methods = await options.getShippingMethods({ address });
        const first = methods[0];
        if (!first) return false;
        await options.onShippingMethodSelected({ shippingMethod: { id: first.id } });
        const items = await refreshTotal();
        event.resolve({
          shippingRates: methods.map((option) => shippingRate(option, initialAmount.fractionDigits)),
          lineItems: items,
        });
        return true;
      });
    });
    created.on('shippingratechange', (event) => {
      void change(event.reject, 'Error updating shipping method.', async () => {
        await options.onShippingMethodSelected({ shippingMethod: { id: event.shippingRate.id } });
        event.resolve({ lineItems: await refreshTotal() });
        return true;
      });
    });
    created.on('cancel', () => {
      generation += 1;
      opening = undefined;
      sessionId = context.options.sessionId || undefined;
      fail(new CancelledError('cancelled', { message: text('cancelled') }));
    });
    created.on('confirm', (event) => void confirm(event));
    created.on('loaderror', ({ error }) => {
      fail(
        new NotReadyError('form_not_loaded', { message: text('stripe_unavailable'), cause: fromStripe(error, text) }),
      );
    });
    return created;
  }

  async function mount(selector: string): Promise<void> {
    try {
      element ??= createElement();
      if (isMounted) element.unmount();
      element.mount(selector);
      isMounted = true;
    } catch (cause) {
      const failure = toEnablerError(cause, text, 'mount_failed', 'stripe_unavailable');
      fail(failure);
      throw failure;
    }
  }

  return { mount: (selector) => handled(mount(selector)) };
}

/** Stripe refuses lines that sum up to more than the total, as after a part was paid already. */
export function lineItems({ lineItems: lines, totalPrice }: ExpressPaymentData): LineItem[] {
  const total = toStripeAmount(totalPrice);
  const items = lines.map(({ name, amount }) => ({ name, amount: toStripeAmount(amount) }));
  const sum = items.reduce((all, { amount }) => all + amount, 0);
  return sum > total ? [{ name: 'Total', amount: total }] : items;
}

export function shippingRate({ id, name, amount }: ShippingOption, fractionDigits: number) {
  const price = amount ? toStripeAmount({ fractionDigits, ...amount }) : 0;
  return { id, displayName: name || id, amount: price };
}
