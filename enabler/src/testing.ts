import type { PaymentIntentResult, Stripe, StripeError } from '@stripe/stripe-js';
import type { EnablerOptions } from './payment-enabler.ts';
import type { Dependencies } from './setup.ts';

/**
 * A processor for tests. It answers by `METHOD /path`; several answers are given in order, the last one from then on.
 * It keeps the calls.
 */
export function fakeProcessor(answers: Record<string, Answer | Answer[]> = {}) {
  const calls: { call: string; headers: Record<string, string>; body: unknown }[] = [];
  const all: Record<string, Answer | Answer[]> = { ...HEALTHY, ...answers };
  const fetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const path = String(url).replace('https://processor.example', '');
    const call = `${init.method} ${path}`;
    calls.push({
      call,
      headers: init.headers as Record<string, string>,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    });
    const given = all[call];
    if (fake.hangs === call) return new Promise(() => {});
    const answer = isList(given) ? (given.length > 1 ? given.shift() : given[0]) : given;
    if (answer === undefined) throw new Error(`the fake processor has no answer for ${call}`);
    if (answer === 'lost') throw new TypeError('Failed to fetch');
    const [status, body] = answer;
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  };
  const fake = {
    fetch: fetch as typeof globalThis.fetch,
    calls,
    /** A call that is never answered. */
    hangs: undefined as string | undefined,
    count: (call: string) => calls.filter((c) => c.call === call).length,
  };
  return fake;
}
export type Answer = [status: number, body?: unknown] | 'lost';
const isList = (given: Answer | Answer[] | undefined): given is Answer[] =>
  Array.isArray(given) && typeof given[0] !== 'number';

const HEALTHY: Record<string, Answer> = {
  'GET /operations/config': [
    200,
    { environment: 'live', publishableKey: 'pk_test_1', storedPaymentMethodsConfig: { isEnabled: true } },
  ],
  'GET /config-element/payment': [
    200,
    {
      cartInfo: { amount: 2400, currency: 'EUR' },
      captureMethod: 'automatic',
      collectBillingAddress: 'auto',
      flowType: 'deferred',
    },
  ],
  'GET /customer/session': [204],
  'GET /payments': [
    200,
    {
      sClientSecret: 'pi_1_secret',
      paymentReference: 'payment-1',
      merchantReturnUrl: 'https://shop.example/thanks',
      cartId: 'cart-1',
    },
  ],
  'POST /confirmPayments/payment-1': [200, { outcome: 'approved' }],
};

export const succeeded = { paymentIntent: { id: 'pi_1', status: 'succeeded' } } as PaymentIntentResult;
export const paymentIntent = (fields: object) => ({ paymentIntent: { id: 'pi_1', ...fields } }) as PaymentIntentResult;
export const stripeError = (error: Partial<StripeError>) => ({ error }) as PaymentIntentResult;

interface FakeElement {
  type: string;
  options: unknown;
  isMounted: boolean;
  isFocused: boolean;
  emit(event: string, payload?: unknown): void;
}

/**
 * Stripe.js for tests: the calls it got, and answers that a test may replace. An element is ready as soon as it is
 * mounted.
 */
class FakeStripe {
  readonly elementsOptions: unknown[] = [];
  readonly elementsUpdates: unknown[] = [];
  readonly elements: FakeElement[] = [];
  readonly confirms: Record<string, unknown>[] = [];
  /** As when Stripe.js refuses the merchant's appearance. */
  elementsFails = false;
  isReadyAtOnce = true;
  submit = async (): Promise<{ error?: Partial<StripeError> }> => ({});
  confirm = async (): Promise<PaymentIntentResult> => succeeded;
  retrieve = async (): Promise<PaymentIntentResult> => succeeded;

  get element(): FakeElement {
    const latest = this.elements.at(-1);
    if (!latest) throw new Error('no element was created');
    return latest;
  }

  readonly stripe = {
    elements: (options: unknown) => {
      if (this.elementsFails) throw new Error('IntegrationError: Invalid value for elements()');
      this.elementsOptions.push(options);
      return {
        create: (type: string, options: unknown) => this.#createElement(type, options),
        submit: () => this.submit(),
        update: (update: unknown) => this.elementsUpdates.push(update),
      };
    },
    confirmPayment: (options: Record<string, unknown>) => {
      this.confirms.push(options);
      return this.confirm();
    },
    confirmCardPayment: (clientSecret: string, data: Record<string, unknown>) => {
      this.confirms.push({ clientSecret, ...data });
      return this.confirm();
    },
    retrievePaymentIntent: () => this.retrieve(),
  } as unknown as Stripe;

  #createElement(type: string, options: unknown) {
    const handlers: Record<string, ((payload: unknown) => void)[]> = {};
    const element: FakeElement = {
      type,
      options,
      isMounted: false,
      isFocused: false,
      emit: (event, payload) => {
        for (const handler of handlers[event] ?? []) handler(payload);
      },
    };
    this.elements.push(element);
    return {
      on(event: string, handler: (payload: unknown) => void) {
        handlers[event] = [...(handlers[event] ?? []), handler];
      },
      mount: (selector: string) => {
        if (selector === '#missing') throw new Error('IntegrationError: no such element');
        element.isMounted = true;
        if (this.isReadyAtOnce) element.emit('ready');
      },
      unmount: () => {
        element.isMounted = false;
      },
      destroy: () => {
        element.isMounted = false;
      },
      focus: () => {
        element.isFocused = true;
      },
    };
  }
}

export const fakeStripe = () => new FakeStripe();

/** A host page for tests: what it was told, and the surroundings of the enabler. */
export function fakeHost(stripe: ReturnType<typeof fakeStripe>, processor: ReturnType<typeof fakeProcessor>) {
  const results: unknown[] = [];
  const errors: { error: Error & Record<string, unknown>; paymentReference: string | undefined }[] = [];
  const waits: number[] = [];
  let restored = () => {};
  const options: EnablerOptions = {
    processorUrl: 'https://processor.example/',
    sessionId: 'session-1',
    locale: 'en',
    onComplete: (result) => results.push(result),
    onError: (error, context) =>
      errors.push({ error: error as Error & Record<string, unknown>, paymentReference: context?.paymentReference }),
  };
  const dependencies: Dependencies = {
    fetch: processor.fetch,
    loadStripe: async () => stripe.stripe,
    sleep: async (ms) => {
      waits.push(ms);
    },
    onPageRestored: (listener) => {
      restored = listener;
    },
  };
  return { options, dependencies, results, errors, waits, restorePage: () => restored() };
}
