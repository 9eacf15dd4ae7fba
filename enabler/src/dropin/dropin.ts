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
import { confirmParams, createPaymentFlow, isCartChange, type Outcome } from '../payment-flow.ts';
import type { ElementConfig, OpenedPayment } from '../processor-client.ts';
import { handled, safeCallback } from '../reporter.ts';
import type { Context, Reservation, SessionSetup } from '../setup.ts';
import { createSubmission } from '../submission.ts';
import { within } from '../timing.ts';

/** A form that isn't ready by then is not going to be. */
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
  /** Resolves when the form takes input; rejects when it failed to load or was taken off the page before. */
  ready: Promise<void>;
  abandon(reason: EnablerError): void;
}

/** Builds drop-ins on Stripe's Payment Element; the host's own button calls `submit`. */
export function createDropinBuilder(
  context: Context,
  setup: SessionSetup,
  reserved: Reserved | undefined,
  resume: (url?: string) => Promise<PaymentResult | undefined>,
): PaymentDropinBuilder {
  return { dropinHasSubmit: true, build: (options) => buildDropin(context, setup, reserved, resume, options) };
}

function buildDropin(
  context: Context,
  { stripe, element: configured, customer, appearance }: SessionSetup,
  reserved: Reserved | undefined,
  resume: (url?: string) => Promise<PaymentResult | undefined>,
  options: DropinOptions,
): DropinComponent {
  const { text, reporter, processor, sleep, onPageRestored } = context;
  const look = { appearance, locale: toStripeLocale(context.options.locale) };
  const flow = createPaymentFlow({ stripe, processor, text, sleep, release: reserved?.reservation.release });
  const onDropinReady = safeCallback(options.onDropinReady);
  /** What the form shows; `bound` is the payment that it is bound to in the pi_first flow. */
  let config = configured;
  let bound = reserved?.opened;
  let elements: StripeElements | undefined;
  let form: Form | undefined;

  async function pay(): Promise<Outcome> {
    const used = form;
    if (!used) throw notReady('not_mounted');
    await within(READY_TIMEOUT_MS, used.ready, () => {
      throw notReady('not_ready');
    });
    const { error } = await used.elements.submit();
    if (error) throw fromStripe(error, text, bound?.paymentReference);
    try {
      return await flow.pay(
        async () => bound ?? processor.openPayment(),
        (opened) =>
          stripe.confirmPayment({
            elements: used.elements,
            clientSecret: opened.sClientSecret,
            redirect: 'if_required',
            confirmParams: confirmParams(opened, text),
          }),
      );
    } catch (failure) {
      throw await followCart(failure);
    }
  }

  const notReady = (code: string) => new NotReadyError(code, { message: text('not_ready') });

  /**
   * The cart may cost something else than the form shows: after a payment of the earlier amount (`cart_changed`), or because it
   * changed before the shopper paid, which Stripe refuses. The form follows, so that the next submit pays what is due; answers what the
   * shopper is told.
   */
  async function followCart(failure: unknown): Promise<unknown> {
    if (isCartChange(failure)) {
      await (reserved ? rebind(reserved.reservation) : showDue()).catch(() => {});
      return failure;
    }
    if (reserved || !(failure instanceof PaymentError) || failure.type !== 'invalid_request_error') return failure;
    const due = await showDue().catch(() => undefined);
    return due ? amountChanged(due, failure, text) : failure;
  }

  /** Brings the form to what is due now; undefined when that is what it showed. */
  async function showDue() {
    const now = await processor.elementConfig();
    if (sameTerms(now, config)) return undefined;
    config = now;
    form?.elements.update(terms(now));
    const { amount, currency } = now.cartInfo;
    return fromStripeAmount(amount, currency, defaultFractionDigits(currency));
  }

  const terms = ({ cartInfo: { amount, currency }, captureMethod, setupFutureUsage }: ElementConfig) => ({
    amount,
    currency: currency.toLowerCase(),
    captureMethod,
    ...(customer && setupFutureUsage && { setupFutureUsage }),
  });

  /** A form that is bound to a payment can't be given another one: it is recreated in its place. */
  async function rebind(reservation: Reservation): Promise<void> {
    bound = await reservation.current();
    elements = undefined;
    if (form) await mount(form.selector);
  }

  /** Keyboard and screen-reader users land where they can do something about a refused card. */
  function focusForm(error: Error): void {
    if (error instanceof PaymentError && error.type === 'card_error') form?.element.focus?.();
  }

  function unmount(): void {
    const mounted = form;
    form = undefined;
    mounted?.abandon(notReady('unmounted'));
    mounted?.element.destroy();
  }

  /** Mounts before it returns, for pages that call `submit` without having waited. */
  async function mount(selector: string): Promise<void> {
    unmount();
    try {
      elements ??= bound
        ? stripe.elements(clientSecretOptions(bound.sClientSecret, look))
        : stripe.elements(deferredOptions(config, customer, look));
      form = mountForm(elements, selector);
    } catch (cause) {
      const failure = toEnablerError(cause, text, 'mount_failed', 'stripe_unavailable');
      reporter.error(failure);
      throw failure;
    }
    const mounted = form;
    mounted.ready.then(
      () => onDropinReady(),
      (error: EnablerError) => {
        if (mounted === form) reporter.error(error);
      },
    );
  }

  return {
    mount: (selector) => handled(mount(selector)),
    submit: createSubmission(pay, { reporter, text, onPageRestored, afterFailure: focusForm }),
    unmount: async () => unmount(),
    resume,
  };

  function mountForm(from: StripeElements, selector: string): Form {
    const element = from.create('payment', paymentElementOptions(config));
    const { promise: ready, resolve, reject } = deferred();
    element.on('ready', () => resolve());
    element.on('loaderror', ({ error }) => {
      const cause = fromStripe(error, text);
      reject(new NotReadyError('form_not_loaded', { message: text('stripe_unavailable'), cause }));
    });
    element.mount(selector);
    return { elements: from, element, selector, ready, abandon: reject };
  }
}

/** Whether Stripe would take a payment of `now` from a form made for `shown`. */
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
