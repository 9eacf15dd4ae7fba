import { addPayButton } from '../dom.ts';
import { ConfigurationError } from '../errors.ts';
import type { StoredComponent, StoredComponentBuilder, StoredComponentOptions } from '../payment-enabler.ts';
import { confirmParams, PaymentFlow } from '../payment-flow.ts';
import type { RawStoredPaymentMethod } from '../processor-client.ts';
import type { Context, Reservation, SessionSetup } from '../setup.ts';
import { createSubmission } from '../submission.ts';

/** Builds components that pay with one of the shopper's `methods`; their Stripe token never leaves the library. */
export const createStoredBuilder = (
  context: Context,
  setup: SessionSetup,
  methods: readonly RawStoredPaymentMethod[],
  payments: Reservation,
): StoredComponentBuilder => ({
  componentHasSubmit: true,
  build(options) {
    const method = methods.find(({ id }) => id === options.id);
    if (!method) {
      const message = `No stored payment method has the id ${options.id}.`;
      throw new ConfigurationError('unknown_stored_payment_method', { message });
    }
    return buildStored(context, setup, method, payments, options);
  },
});

function buildStored(
  context: Context,
  { stripe }: SessionSetup,
  method: RawStoredPaymentMethod,
  payments: Reservation,
  options: StoredComponentOptions,
): StoredComponent {
  const { text, processor, reporter, sleep, onPageRestored } = context;
  const flow = new PaymentFlow({ stripe, processor, text, sleep, release: payments.release });
  const submit = createSubmission(
    () =>
      flow.pay(payments.current, (opened) => {
        const { return_url } = confirmParams(opened, text);
        return stripe.confirmPayment({
          clientSecret: opened.sClientSecret,
          redirect: 'if_required',
          confirmParams: { return_url, payment_method: method.token },
        });
      }),
    { reporter, text, onPageRestored },
  );
  let removeButton = () => {};

  return {
    async mount(selector) {
      removeButton();
      if (!options.showPayButton) return;
      removeButton = addPayButton(selector, text('pay'), { askHost: () => options.onPayButtonClick?.(), pay: submit });
    },
    submit,
    async remove() {
      await processor.deleteStoredPaymentMethod(method.id);
      removeButton();
    },
    // The form has no fields, because the stored method is complete.
    async showValidation() {},
    isValid: async () => true,
    isAvailable: async () => true,
  };
}
