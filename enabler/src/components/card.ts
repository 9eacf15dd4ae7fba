import type { StripeCardElement, StripeCardElementChangeEvent, StripeElements } from '@stripe/stripe-js';
import { addPayButton } from '../dom.ts';
import { fromStripe, NotReadyError, PaymentError, toEnablerError } from '../errors.ts';
import { toStripeLocale } from '../locale.ts';
import type { PaymentComponent, PaymentComponentBuilder, PaymentComponentState } from '../payment-enabler.ts';
import { confirmParams, type Outcome, PaymentFlow } from '../payment-flow.ts';
import type { OpenedPayment } from '../processor-client.ts';
import { handled } from '../reporter.ts';
import type { Context, Reservation, SessionSetup } from '../setup.ts';
import { createSubmission } from '../submission.ts';

/**
 * Builds card forms on Stripe's Card Element. `payments` is shared with the drop-in when a payment is opened before the
 * form.
 */
export const createCardBuilder = (
  context: Context,
  setup: SessionSetup,
  payments: Reservation,
): PaymentComponentBuilder => ({
  componentHasSubmit: true,
  build(options) {
    const { text, reporter, onPageRestored } = context;
    const form = new CardForm(context, setup, payments);
    const afterFailure = () => form.focus();
    const pay = createSubmission(() => form.pay(), { reporter, text, onPageRestored, afterFailure });
    const payButton = (selector: string) =>
      addPayButton(selector, text('pay'), {
        askHost: () => options.onPayButtonClick?.(),
        pay: (consent) => component.submit(consent || undefined),
      });
    const component: PaymentComponent = {
      mount: (selector) => handled(form.mount(selector, options.showPayButton ? payButton : undefined)),
      submit(consent) {
        if (consent?.storePaymentDetails !== undefined) context.storePaymentDetails = consent.storePaymentDetails;
        return pay();
      },
      showValidation: async () => form.showValidation(),
      isValid: async () => form.isComplete,
      getState: async () => form.state,
      isAvailable: async () => true,
      unmount: async () => form.unmount(),
    };
    return component;
  },
});

class CardForm {
  readonly #context: Context;
  readonly #setup: SessionSetup;
  readonly #payments: Reservation;
  readonly #flow: PaymentFlow;
  /** Created when the card is mounted, so that Stripe cannot make `build` fail. */
  #elements: StripeElements | undefined;
  #element: StripeCardElement | undefined;
  #input: StripeCardElementChangeEvent | undefined;
  #removeButton = () => {};

  constructor(context: Context, setup: SessionSetup, payments: Reservation) {
    const { text, processor, sleep } = context;
    this.#context = context;
    this.#setup = setup;
    this.#payments = payments;
    this.#flow = new PaymentFlow({ stripe: setup.stripe, processor, text, sleep, release: payments.release });
  }

  get isComplete(): boolean {
    return this.#input?.complete ?? false;
  }

  get state(): PaymentComponentState {
    const brand = this.#input?.brand;
    return brand && brand !== 'unknown' ? { card: { brand } } : {};
  }

  /**
   * Mounts before it returns, for pages that do not wait. `addButton` adds a pay button and returns the function that
   * removes it.
   */
  async mount(selector: string, addButton: ((selector: string) => () => void) | undefined): Promise<void> {
    const { text, reporter, options } = this.#context;
    this.unmount();
    try {
      const { stripe, appearance } = this.#setup;
      this.#elements ??= stripe.elements({ appearance, locale: toStripeLocale(options.locale) });
      this.#element = this.#elements.create('card', { hidePostalCode: true });
      this.#element.on('change', (event) => {
        this.#input = event;
      });
      this.#element.mount(selector);
    } catch (cause) {
      const failure = toEnablerError(cause, text, 'mount_failed', 'stripe_unavailable');
      reporter.error(failure);
      throw failure;
    }
    if (addButton) this.#removeButton = addButton(selector);
  }

  unmount(): void {
    this.#removeButton();
    this.#removeButton = () => {};
    this.#element?.destroy();
    this.#element = undefined;
    this.#input = undefined;
  }

  focus(): void {
    this.#element?.focus();
  }

  showValidation(): void {
    if (this.#refusal()) this.focus();
  }

  async pay(): Promise<Outcome> {
    const card = this.#element;
    if (!card) throw new NotReadyError('not_mounted', { message: this.#context.text('not_ready') });
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    return this.#flow.pay(this.#payments.current, (opened) => this.#confirm(opened, card));
  }

  #confirm(opened: OpenedPayment, card: StripeCardElement) {
    const { return_url, payment_method_data } = confirmParams(opened, this.#context.text);
    const isKept = this.#setup.customer !== undefined && this.#context.storePaymentDetails;
    return this.#setup.stripe.confirmCardPayment(opened.sClientSecret, {
      return_url,
      payment_method: { card, ...payment_method_data, ...(isKept && { allow_redisplay: 'always' as const }) },
      ...(isKept && { setup_future_usage: 'off_session' as const }),
    });
  }

  /** Stripe's own message about the input, or that something is missing. */
  #refusal(): PaymentError | undefined {
    const { text } = this.#context;
    if (this.#input?.complete) return undefined;
    if (this.#input?.error) return fromStripe(this.#input.error, text);
    return new PaymentError('incomplete_card', 'validation_error', { message: text('incomplete_card') });
  }
}
