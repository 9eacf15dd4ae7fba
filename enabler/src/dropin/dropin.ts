import type { StripeElements, StripePaymentElement } from '@stripe/stripe-js';
import { clientSecretOptions, deferredOptions, paymentElementOptions } from '../elements-options.ts';
import { type EnablerError, fromStripe, NotReadyError, PaymentError, toEnablerError } from '../errors.ts';
import { toStripeLocale } from '../locale.ts';
import type { DropinComponent, DropinOptions, PaymentDropinBuilder, PaymentResult } from '../payment-enabler.ts';
import { confirmParams, createPaymentFlow, type Outcome } from '../payment-flow.ts';
import { handled, shielded } from '../reporter.ts';
import type { Context, Reserved, SessionSetup } from '../setup.ts';
import { createSubmission } from '../submission.ts';

/** A form that isn't ready by then is not going to be. */
const READY_TIMEOUT_MS = 20_000;

interface Form {
  element: StripePaymentElement;
  /** Resolves when the form takes input; rejects when it failed to load or was taken off the page before. */
  ready: Promise<void>;
  abandon(reason: EnablerError): void;
}

/** Builds drop-ins on Stripe's Payment Element; the host's own button calls `submit`. */
export function createDropinBuilder(
  context: Context,
  setup: SessionSetup,
  reserved: Reserved,
  resume: (url?: string) => Promise<PaymentResult | undefined>,
): PaymentDropinBuilder {
  return { dropinHasSubmit: true, build: (options) => buildDropin(context, setup, reserved, resume, options) };
}

function buildDropin(
  context: Context,
  { stripe, element: config, customer, appearance }: SessionSetup,
  reserved: Reserved,
  resume: (url?: string) => Promise<PaymentResult | undefined>,
  options: DropinOptions,
): DropinComponent {
  const { text, reporter, processor, sleep, onPageRestored } = context;
  const look = { appearance, locale: toStripeLocale(context.options.locale) };
  const elements = reserved
    ? stripe.elements(clientSecretOptions(reserved.sClientSecret, look))
    : stripe.elements(deferredOptions(config, customer, look));
  const flow = createPaymentFlow({ stripe, processor, text, sleep });
  const onDropinReady = shielded(options.onDropinReady);
  let form: Form | undefined;

  async function pay(): Promise<Outcome> {
    if (!form) throw new NotReadyError('not_mounted', { message: text('not_ready') });
    await within(READY_TIMEOUT_MS, form.ready, () => new NotReadyError('not_ready', { message: text('not_ready') }));
    const { error } = await elements.submit();
    if (error) throw fromStripe(error, text, reserved?.paymentReference);
    return flow.pay(
      async () => reserved ?? processor.openPayment(),
      (opened) =>
        stripe.confirmPayment({
          elements,
          clientSecret: opened.sClientSecret,
          redirect: 'if_required',
          confirmParams: confirmParams(opened, text),
        }),
    );
  }

  /** Keyboard and screen-reader users land where they can do something about a refused card. */
  function focusForm(error: Error): void {
    if (error instanceof PaymentError && error.type === 'card_error') form?.element.focus?.();
  }

  function unmount(): void {
    const mounted = form;
    form = undefined;
    mounted?.abandon(new NotReadyError('unmounted', { message: text('not_ready') }));
    mounted?.element.destroy();
  }

  /** Mounts before it returns, for pages that call `submit` without having waited. */
  async function mount(selector: string): Promise<void> {
    unmount();
    try {
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
    return { element, ready, abandon: reject };
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = (): void => {};
  let reject = (_error: Error): void => {};
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

async function within<T>(ms: number, promise: Promise<T>, tooLate: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), ms);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
