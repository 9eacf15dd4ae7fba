import { defaultFractionDigits, fromStripeAmount } from '@connector/payment-model/money';
import type { StripeElements, StripePaymentElement } from '@stripe/stripe-js';
import { clientSecretOptions, deferredOptions, paymentElementOptions } from '../elements-options.ts';
import {
  amountChanged,
  type EnablerError,
  fromStripe,
  NotReadyError,
  PaymentError,
  toEnablerError,
} from '../errors.ts';
import { toStripeLocale } from '../locale.ts';
import type { DropinComponent, DropinOptions, PaymentDropinBuilder, PaymentResult } from '../payment-enabler.ts';
import { confirmParams, isCartChange, type Outcome, PaymentFlow } from '../payment-flow.ts';
import type { ElementConfig, OpenedPayment } from '../processor-client.ts';
import { handled, safeCallback } from '../reporter.ts';
import type { Context, Reservation, SessionSetup } from '../setup.ts';
import { createSubmission } from '../submission.ts';
import { within } from '../timing.ts';

/** In ms. A form that is not ready after this time will not become ready. */
const READY_TIMEOUT_MS = 20_000;

/** The payment that a form is bound to in the pi_first flow. */
interface Reserved {
  reservation: Reservation;
  opened: OpenedPayment;
}

interface Form {
  elements: StripeElements;
  element: StripePaymentElement;
  selector: string;
  /** Resolves when the form takes input. Rejects when it failed to load or was removed from the page before. */
  ready: Promise<void>;
  abandon(reason: EnablerError): void;
}

/** Builds drop-ins on Stripe's Payment Element; the host's own button calls `submit`. */
export const createDropinBuilder = (
  context: Context,
  setup: SessionSetup,
  reserved: Reserved | undefined,
  resume: (url?: string) => Promise<PaymentResult | undefined>,
): PaymentDropinBuilder => ({
  dropinHasSubmit: true,
  build(options) {
    const { text, reporter, onPageRestored } = context;
    const dropin = new Dropin(context, setup, reserved, options);
    const afterFailure = (error: Error) => dropin.focus(error);
    return {
      mount: (selector) => handled(dropin.mount(selector)),
      submit: createSubmission(() => dropin.pay(), { reporter, text, onPageRestored, afterFailure }),
      unmount: async () => dropin.unmount(),
      resume,
    } satisfies DropinComponent;
  },
});

class Dropin {
  readonly #context: Context;
  readonly #setup: SessionSetup;
  readonly #reservation: Reservation | undefined;
  readonly #flow: PaymentFlow;
  readonly #onDropinReady: () => void;
  /** The amount and currency that the form shows. */
  #config: ElementConfig;
  /** The payment that the form is bound to in the pi_first flow. */
  #bound: OpenedPayment | undefined;
  #elements: StripeElements | undefined;
  #form: Form | undefined;

  constructor(context: Context, setup: SessionSetup, reserved: Reserved | undefined, options: DropinOptions) {
    const { text, processor, sleep } = context;
    this.#context = context;
    this.#setup = setup;
    this.#reservation = reserved?.reservation;
    this.#bound = reserved?.opened;
    this.#config = setup.element;
    const release = reserved?.reservation.release;
    this.#flow = new PaymentFlow({ stripe: setup.stripe, processor, text, sleep, release });
    this.#onDropinReady = safeCallback(options.onDropinReady);
  }

  /** Mounts before it returns, for pages that call `submit` without waiting. */
  async mount(selector: string): Promise<void> {
    const { text, reporter } = this.#context;
    this.unmount();
    try {
      this.#elements ??= this.#createElements();
      this.#form = this.#mountForm(this.#elements, selector);
    } catch (cause) {
      const failure = toEnablerError(cause, text, 'mount_failed', 'stripe_unavailable');
      reporter.error(failure);
      throw failure;
    }
    const mounted = this.#form;
    mounted.ready.then(
      () => this.#onDropinReady(),
      (error: EnablerError) => {
        if (mounted === this.#form) reporter.error(error);
      },
    );
  }

  unmount(): void {
    const mounted = this.#form;
    this.#form = undefined;
    mounted?.abandon(this.#notReady('unmounted'));
    mounted?.element.destroy();
  }

  async pay(): Promise<Outcome> {
    const { text, processor } = this.#context;
    const used = this.#form;
    if (!used) throw this.#notReady('not_mounted');
    await within(READY_TIMEOUT_MS, used.ready, () => {
      throw this.#notReady('not_ready');
    });
    const { error } = await used.elements.submit();
    if (error) throw fromStripe(error, text, this.#bound?.paymentReference);
    try {
      return await this.#flow.pay(
        async () => this.#bound ?? processor.openPayment(),
        (opened) =>
          this.#setup.stripe.confirmPayment({
            elements: used.elements,
            clientSecret: opened.sClientSecret,
            redirect: 'if_required',
            confirmParams: confirmParams(opened, text),
          }),
      );
    } catch (failure) {
      throw await this.#followCart(failure);
    }
  }

  /** Moves the focus to the form, so that keyboard and screen-reader users can correct a refused card. */
  focus(error: Error): void {
    if (error instanceof PaymentError && error.type === 'card_error') this.#form?.element.focus?.();
  }

  #createElements(): StripeElements {
    const { stripe, customer, appearance } = this.#setup;
    const look = { appearance, locale: toStripeLocale(this.#context.options.locale) };
    return this.#bound
      ? stripe.elements(clientSecretOptions(this.#bound.sClientSecret, look))
      : stripe.elements(deferredOptions(this.#config, customer, look));
  }

  #mountForm(from: StripeElements, selector: string): Form {
    const { text } = this.#context;
    const element = from.create('payment', paymentElementOptions(this.#config));
    const { promise: ready, resolve, reject } = deferred();
    element.on('ready', () => resolve());
    element.on('loaderror', ({ error }) => {
      const cause = fromStripe(error, text);
      reject(new NotReadyError('form_not_loaded', { message: text('stripe_unavailable'), cause }));
    });
    element.mount(selector);
    return { elements: from, element, selector, ready, abandon: reject };
  }

  #notReady(code: string): NotReadyError {
    return new NotReadyError(code, { message: this.#context.text('not_ready') });
  }

  /**
   * The cart may have another amount than the form: because a payment of the earlier amount succeeded (`cart_changed`),
   * or because the cart changed before the payment, which Stripe refuses. The form then takes the new amount, so that
   * the next submit pays what is due. Returns the text for the shopper.
   */
  async #followCart(failure: unknown): Promise<unknown> {
    if (isCartChange(failure)) {
      await (this.#reservation ? this.#rebind(this.#reservation) : this.#showDue()).catch(() => {});
      return failure;
    }
    if (this.#reservation || !(failure instanceof PaymentError) || failure.type !== 'invalid_request_error')
      return failure;
    const due = await this.#showDue().catch(() => undefined);
    return due ? amountChanged(due, failure, this.#context.text) : failure;
  }

  /** Updates the form to the amount due; undefined when it already showed that amount. */
  async #showDue() {
    const now = await this.#context.processor.elementConfig();
    if (sameTerms(now, this.#config)) return undefined;
    this.#config = now;
    this.#form?.elements.update(this.#terms(now));
    const { amount, currency } = now.cartInfo;
    return fromStripeAmount(amount, currency, defaultFractionDigits(currency));
  }

  #terms({ cartInfo: { amount, currency }, captureMethod, setupFutureUsage }: ElementConfig) {
    return {
      amount,
      currency: currency.toLowerCase(),
      captureMethod,
      ...(this.#setup.customer && setupFutureUsage && { setupFutureUsage }),
    };
  }

  /** A form that is bound to a payment cannot take another payment, so it is recreated in its place. */
  async #rebind(reservation: Reservation): Promise<void> {
    this.#bound = await reservation.current();
    this.#elements = undefined;
    if (this.#form) await this.mount(this.#form.selector);
  }
}

/** Whether Stripe would accept a payment of `now` from a form made for `shown`. */
const sameTerms = (now: ElementConfig, shown: ElementConfig): boolean =>
  now.cartInfo.amount === shown.cartInfo.amount &&
  now.cartInfo.currency === shown.cartInfo.currency &&
  now.captureMethod === shown.captureMethod &&
  now.setupFutureUsage === shown.setupFutureUsage;

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = (): void => {};
  let reject = (_error: Error): void => {};
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
