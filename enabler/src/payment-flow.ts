import { waitsForVoucher } from '@connector/payment-model/voucher';
import type { PaymentIntent, PaymentIntentResult, Stripe } from '@stripe/stripe-js';
import { parseObject, returnUrl } from './elements-options.ts';
import { ConfigurationError, fromStripe, isLostAnswer, NetworkError, PaymentError, toEnablerError } from './errors.ts';
import { messageKeyFor, type Texts } from './messages.ts';
import type { OpenedPayment, ProcessorClient } from './processor-client.ts';

/** The result of a payment that was not refused. */
export interface Outcome {
  kind: 'approved' | 'pending';
  paymentReference: string;
}

export interface FlowDeps {
  stripe: Pick<Stripe, 'retrievePaymentIntent'>;
  processor: Pick<ProcessorClient, 'confirmPayment'>;
  text: Texts;
  sleep: (ms: number) => Promise<void>;
  /** The payment went through, and the cart costs more: this payment cannot be used again. */
  release?: (paymentReference: string) => void;
}

/** Pauses in ms between questions about a PaymentIntent whose confirmation got lost. */
const LOOK_AGAIN_MS = [500, 1_500, 4_000];
/** Stripe has the shopper's money or promise: only the processor's answer is missing. */
const TAKEN: readonly string[] = ['succeeded', 'requires_capture', 'processing'];

/** The shopper has nothing left to do: the money is taken or promised, or will be paid with a voucher. */
export const isDone = (paymentIntent: PaymentIntent): boolean =>
  TAKEN.includes(paymentIntent.status) || waitsForVoucher(paymentIntent);

/** The payments of one form: one at a time, and none twice. */
export class PaymentFlow {
  readonly #deps: FlowDeps;
  /** The payment whose outcome is not known yet. */
  #unsettled: OpenedPayment | undefined;

  constructor(deps: FlowDeps) {
    this.#deps = deps;
  }

  /**
   * Opens a payment, lets Stripe confirm it, and asks the processor for the outcome. Throws EnablerErrors, with the
   * payment's reference as soon as it is known. When Stripe's answer to an earlier attempt got lost, that attempt is
   * checked first, so that nobody pays twice.
   */
  async pay(
    open: () => Promise<OpenedPayment>,
    confirm: (opened: OpenedPayment) => Promise<PaymentIntentResult>,
  ): Promise<Outcome> {
    const unsettled = this.#unsettled;
    let paymentReference = unsettled?.paymentReference;
    try {
      if (unsettled) {
        const earlier = await this.#lookUp(unsettled);
        if (isDone(earlier)) return await this.#settle(earlier, unsettled.paymentReference);
        this.#unsettled = undefined;
      }
      const opened = await open();
      paymentReference = opened.paymentReference;
      return await this.#settle(await this.#confirmAtStripe(opened, confirm), paymentReference);
    } catch (error) {
      const failure = toEnablerError(error, this.#deps.text);
      failure.paymentReference ??= paymentReference;
      throw failure;
    }
  }

  async #lookUp({ sClientSecret, paymentReference }: OpenedPayment): Promise<PaymentIntent> {
    const { stripe, text, sleep } = this.#deps;
    for (const delay of [...LOOK_AGAIN_MS, undefined]) {
      const { paymentIntent, error } = await stripe.retrievePaymentIntent(sClientSecret).catch(() => ({
        paymentIntent: undefined,
        error: undefined,
      }));
      if (paymentIntent) return paymentIntent;
      if (error && !isLostAnswer(error)) throw fromStripe(error, text, paymentReference);
      if (delay !== undefined) await sleep(delay);
    }
    throw new NetworkError('payment_status_unknown', { message: text('status_unknown'), paymentReference });
  }

  async #confirmAtStripe(
    opened: OpenedPayment,
    confirm: (opened: OpenedPayment) => Promise<PaymentIntentResult>,
  ): Promise<PaymentIntent> {
    this.#unsettled = opened;
    const { paymentIntent, error } = await confirm(opened);
    if (paymentIntent) return paymentIntent;
    // The answer got lost, or it was "already confirmed": Stripe's record of the PaymentIntent decides.
    if (isLostAnswer(error) || error.code === 'payment_intent_unexpected_state') {
      const found = await this.#lookUp(opened);
      if (isDone(found)) return found;
    }
    this.#unsettled = undefined;
    throw fromStripe(error, this.#deps.text, opened.paymentReference);
  }

  async #settle(paymentIntent: PaymentIntent, paymentReference: string): Promise<Outcome> {
    if (!isDone(paymentIntent)) throw notTaken(paymentIntent, this.#deps.text);
    try {
      const outcome = await this.#confirmAtProcessor(paymentIntent, paymentReference);
      this.#unsettled = undefined;
      return outcome;
    } catch (error) {
      // This payment is over; the next one is for the rest.
      if (isCartChange(error)) {
        this.#unsettled = undefined;
        this.#deps.release?.(paymentReference);
      }
      throw error;
    }
  }

  async #confirmAtProcessor(paymentIntent: PaymentIntent, paymentReference: string): Promise<Outcome> {
    const { processor } = this.#deps;
    if (waitsForVoucher(paymentIntent)) {
      // The shopper holds the voucher, whatever the processor says now. Stripe also tells the processor about the
      // payment.
      await processor.confirmPayment(paymentReference, paymentIntent.id).catch(() => {});
      return { kind: 'pending', paymentReference };
    }
    try {
      return { kind: await processor.confirmPayment(paymentReference, paymentIntent.id), paymentReference };
    } catch (error) {
      // Stripe has taken the payment. A late record must not look like a failure to the shopper, whatever does not
      // answer: the processor, an expired session, a firewall or a gateway on the way.
      if (isRefusal(error)) throw error;
      return { kind: 'pending', paymentReference };
    }
  }
}

/** Whether the payment went through and the cart costs more by now. */
export const isCartChange = (error: unknown): error is PaymentError =>
  error instanceof PaymentError && error.code === 'cart_changed';

/** Whether the processor itself has refused the payment. No other failure says anything about the payment. */
export const isRefusal = (error: unknown): error is PaymentError => error instanceof PaymentError;

/** Stripe answered without an error, but the payment makes no progress: it waits for the shopper or was declined. */
function notTaken(paymentIntent: PaymentIntent, text: Texts): PaymentError {
  const { status, next_action, last_payment_error: failure } = paymentIntent;
  if (status === 'requires_action') {
    const extra = { next_action };
    return new PaymentError('requires_action', 'requires_action', { message: text('action_required'), extra });
  }
  const message = failure?.message ?? text(messageKeyFor(failure?.code, failure?.decline_code));
  const code = failure?.code ?? `payment_${status}`;
  const extra = { last_payment_error: failure };
  return new PaymentError(code, 'payment_failed', { message, declineCode: failure?.decline_code, extra });
}

/**
 * `confirmParams` of `stripe.confirmPayment`. Billing details are sent when the form did not collect them, because
 * Stripe then requires them here. Throws ConfigurationError when the merchant's return URL is not absolute.
 */
export function confirmParams(opened: OpenedPayment, text: Texts) {
  const billingDetails = parseObject(opened.billingAddress);
  let url: string;
  try {
    url = returnUrl(opened.merchantReturnUrl, opened.cartId, opened.paymentReference);
  } catch (cause) {
    throw new ConfigurationError('invalid_return_url', { message: text('generic'), cause });
  }
  return { return_url: url, ...(billingDetails && { payment_method_data: { billing_details: billingDetails } }) };
}
