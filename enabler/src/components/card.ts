import type { StripeCardElement, StripeCardElementChangeEvent, StripeElements } from '@stripe/stripe-js';
import { addPayButton } from '../dom.ts';
import { fromStripe, NotReadyError, PaymentError, toEnablerError } from '../errors.ts';
import { toStripeLocale } from '../locale.ts';
import type { ComponentOptions, PaymentComponent, PaymentComponentBuilder } from '../payment-enabler.ts';
import { confirmParams, createPaymentFlow } from '../payment-flow.ts';
import { handled } from '../reporter.ts';
import type { Context, Reservation, SessionSetup } from '../setup.ts';
import { createSubmission } from '../submission.ts';

/** Builds card forms on Stripe's Card Element; `payments` is shared with the drop-in where a payment is opened beforehand. */
export const createCardBuilder = (
  context: Context,
  setup: SessionSetup,
  payments: Reservation,
): PaymentComponentBuilder => ({
  componentHasSubmit: true,
  build: (options) => buildCard(context, setup, payments, options),
});

function buildCard(
  context: Context,
  { stripe, customer, appearance }: SessionSetup,
  payments: Reservation,
  options: ComponentOptions,
): PaymentComponent {
  const { text, processor, reporter, sleep, onPageRestored } = context;
  const flow = createPaymentFlow({ stripe, processor, text, sleep, release: payments.release });
  /** Made when the card is mounted, so that `build` cannot fail on Stripe's side. */
  let elements: StripeElements | undefined;
  let element: StripeCardElement | undefined;
  let state: StripeCardElementChangeEvent | undefined;
  let removeButton = () => {};

  /** Stripe's own words for what is wrong with the input, or that something is missing. */
  function refusal(): PaymentError | undefined {
    if (state?.complete) return undefined;
    if (state?.error) return fromStripe(state.error, text);
    return new PaymentError('incomplete_card', 'validation_error', { message: text('incomplete_card') });
  }

  const submission = createSubmission(
    async () => {
      const card = element;
      if (!card) throw new NotReadyError('not_mounted', { message: text('not_ready') });
      const wrong = refusal();
      if (wrong) throw wrong;
      return flow.pay(payments.current, (opened) => {
        const { return_url, payment_method_data } = confirmParams(opened, text);
        const isKept = customer !== undefined && context.storePaymentDetails;
        return stripe.confirmCardPayment(opened.sClientSecret, {
          return_url,
          payment_method: { card, ...payment_method_data, ...(isKept && { allow_redisplay: 'always' as const }) },
          ...(isKept && { setup_future_usage: 'off_session' as const }),
        });
      });
    },
    { reporter, text, onPageRestored, afterFailure: () => element?.focus() },
  );

  function unmount(): void {
    removeButton();
    removeButton = () => {};
    element?.destroy();
    element = undefined;
    state = undefined;
  }

  /** Mounts before it returns, for pages that do not wait. */
  async function mount(selector: string): Promise<void> {
    unmount();
    try {
      elements ??= stripe.elements({ appearance, locale: toStripeLocale(context.options.locale) });
      element = elements.create('card', { hidePostalCode: true });
      element.on('change', (event) => {
        state = event;
      });
      element.mount(selector);
    } catch (cause) {
      const failure = toEnablerError(cause, text, 'mount_failed', 'stripe_unavailable');
      reporter.error(failure);
      throw failure;
    }
    if (options.showPayButton) removeButton = addPayButton(selector, text('pay'), payByButton);
  }

  const component = {
    mount: (selector: string) => handled(mount(selector)),
    submit(consent: { storePaymentDetails?: boolean } = {}) {
      if (consent.storePaymentDetails !== undefined) context.storePaymentDetails = consent.storePaymentDetails;
      return submission();
    },
    async showValidation() {
      if (refusal()) element?.focus();
    },
    isValid: async () => state?.complete ?? false,
    async getState() {
      const brand = state?.brand;
      return brand && brand !== 'unknown' ? { card: { brand } } : {};
    },
    isAvailable: async () => true,
    unmount: async () => unmount(),
  };
  return component;

  /** The host may refuse to pay, e.g. because its terms are not accepted; that is no failure of the payment. */
  async function payByButton(): Promise<void> {
    let consent: Awaited<ReturnType<NonNullable<ComponentOptions['onPayButtonClick']>>>;
    try {
      consent = await options.onPayButtonClick?.();
    } catch {
      return;
    }
    await component.submit(consent ?? {});
  }
}
