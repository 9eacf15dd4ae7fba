import type { Appearance, Stripe } from '@stripe/stripe-js';
import { parseObject } from './elements-options.ts';
import { ConfigurationError } from './errors.ts';
import type { Texts } from './messages.ts';
import type { EnablerOptions } from './payment-enabler.ts';
import {
  type CustomerSession,
  createProcessorClient,
  type ElementConfig,
  type OpenedPayment,
  type OperationsConfig,
  type ProcessorClient,
} from './processor-client.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { browserLoadStripe, type LoadStripe, startStripe } from './stripe.ts';
import { type OnPageRestored, onBrowserPageRestored } from './submission.ts';

/** The parts of the browser that the library uses; tests bring their own. */
export interface Dependencies {
  fetch: typeof fetch;
  loadStripe: LoadStripe;
  sleep: (ms: number) => Promise<void>;
  onPageRestored: OnPageRestored;
}

export const browserDependencies: Dependencies = {
  fetch: (...args) => fetch(...args),
  loadStripe: browserLoadStripe,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  onPageRestored: onBrowserPageRestored,
};

/** Shared by everything that one `Enabler` builds. */
export interface Context extends Dependencies {
  options: EnablerOptions;
  text: Texts;
  processor: ProcessorClient;
  reporter: Reporter;
  /** The shopper's consent to keep the payment method. */
  storePaymentDetails: boolean;
}

export function createContext(options: EnablerOptions, text: Texts, dependencies: Dependencies): Context {
  const { fetch, sleep } = dependencies;
  const sessionId = () => options.sessionId || undefined;
  const processor = createProcessorClient({ processorUrl: options.processorUrl, sessionId, text, fetch, sleep });
  return { ...dependencies, options, text, processor, reporter: createReporter(options), storePaymentDetails: false };
}

/** Everything that is known before a form with a session is built. */
export interface SessionSetup {
  stripe: Stripe;
  config: OperationsConfig;
  element: ElementConfig;
  customer: CustomerSession | undefined;
  appearance: Appearance;
}

/**
 * Reads the processor's configuration and the shopper, and starts Stripe.js, all in parallel, because none needs
 * another. Throws ConfigurationError (`session_required`) without a session.
 */
export async function setUpSession(
  context: Context,
  operationsConfig: () => Promise<OperationsConfig>,
): Promise<SessionSetup> {
  if (!context.options.sessionId) {
    const message = 'A sessionId is needed; only express works without one, until a wallet opens.';
    throw new ConfigurationError('session_required', { message });
  }
  const starting = operationsConfig().then(async (config) => ({
    config,
    stripe: await startStripe(context.loadStripe, config.publishableKey, context.options.locale),
  }));
  const [{ config, stripe }, element, customer] = await Promise.all([
    starting,
    context.processor.elementConfig(),
    context.processor.customerSession(),
  ]);
  return { stripe, config, element, customer, appearance: parseObject(element.appearance) ?? {} };
}

/** The payment that pi_first opens before the form is shown; all forms of the enabler share it until it is spent. */
export interface Reservation {
  current(): Promise<OpenedPayment>;
  /** The payment was paid, and some amount remains: the next `current` opens another payment. */
  release(paymentReference: string): void;
}

export function createReservation(open: () => Promise<OpenedPayment>): Reservation {
  const spent = new Set<string>();
  let reserved = once(open);
  return {
    async current() {
      const asked = reserved;
      const opened = await asked();
      if (!spent.has(opened.paymentReference)) return opened;
      // Several forms may ask at the same time; the first one begins the next payment.
      if (reserved === asked) reserved = once(open);
      return reserved();
    },
    release(paymentReference) {
      spent.add(paymentReference);
    },
  };
}

/** Runs `load` once and shares its result. A failure is forgotten, so that the next call tries again. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

/** What express needs before a wallet opens; `session` is present when the page had a session from the start. */
export interface ExpressSetup {
  stripe: Stripe;
  config: OperationsConfig;
  session?: SessionSetup;
}
