import type { Stripe } from '@stripe/stripe-js';
import { createCardBuilder } from './components/card.ts';
import { createDropinBuilder } from './dropin/dropin.ts';
import { ConfigurationError, ProcessorError } from './errors.ts';
import { createExpressBuilder } from './express/express.ts';
import { textsFor } from './messages.ts';
import type {
  EnablerOptions,
  PaymentComponentBuilder,
  PaymentDropinBuilder,
  PaymentEnabler,
  PaymentExpressBuilder,
  PaymentResult,
  RedirectReturn,
  StoredComponentBuilder,
  StoredPaymentMethodsResponse,
} from './payment-enabler.ts';
import type { OperationsConfig, RawStoredPaymentMethod } from './processor-client.ts';
import { readRedirect, resumeRedirect } from './resume.ts';
import {
  browserDependencies,
  type Context,
  createContext,
  createReservation,
  type Dependencies,
  type ExpressSetup,
  once,
  type Reservation,
  type SessionSetup,
  setUpSession,
} from './setup.ts';
import { createStoredBuilder } from './stored/stored.ts';
import { startStripe } from './stripe.ts';

/**
 * The class that pages call. Its methods also work on their own, because frameworks wrap objects (Vue, MobX), and
 * private members do not work through a wrapper.
 */
const METHODS = [
  'createDropinBuilder',
  'createComponentBuilder',
  'createExpressBuilder',
  'createStoredPaymentMethodBuilder',
  'isStoredPaymentMethodsEnabled',
  'getStoredPaymentMethods',
  'setStorePaymentDetails',
  'resume',
] as const;

/**
 * Created by Checkout, or by a merchant's page, for one session. The constructor never throws and does nothing yet,
 * also on a server. Unusable options reject the builder promises with an Error that has a `code`.
 */
export class Enabler implements PaymentEnabler {
  readonly #context: Context;
  readonly #operationsConfig: () => Promise<OperationsConfig>;
  readonly #session: () => Promise<SessionSetup>;
  readonly #express: () => Promise<ExpressSetup>;
  /** A pi_first payment is opened once per enabler; otherwise each form would leave a PaymentIntent behind. */
  readonly #reservation: Reservation;

  constructor(options: EnablerOptions);
  /** @internal Tests bring their own surroundings. */
  constructor(options: EnablerOptions, dependencies: Dependencies);
  constructor(given: EnablerOptions, dependencies: Dependencies = browserDependencies) {
    // A page in plain JavaScript may leave out any option, and the builder reports it.
    const options = given ?? {};
    const context = createContext(options, textsFor(options.locale), dependencies);
    this.#context = context;
    this.#operationsConfig = once(() => context.processor.operationsConfig());
    this.#session = once(() => setUpSession(context, this.#operationsConfig));
    this.#express = once(() => this.#setUpExpress());
    this.#reservation = createReservation(() => context.processor.openPayment());
    for (const name of METHODS) {
      Object.defineProperty(this, name, { value: this[name].bind(this), configurable: true, writable: true });
    }
  }

  async createDropinBuilder(type: string): Promise<PaymentDropinBuilder> {
    if (type !== 'embedded') throw unsupported('Component', type, ['embedded']);
    const setup = await this.#session();
    const reserved = isReserved(setup)
      ? { reservation: this.#reservation, opened: await this.#reservation.current() }
      : undefined;
    return createDropinBuilder(this.#context, setup, reserved, (url) => this.resume(url));
  }

  /** With a session, express knows the customer too. Without one it knows only what any page of the shop may know. */
  async #setUpExpress(): Promise<ExpressSetup> {
    const { processor, loadStripe, options } = this.#context;
    if (options.sessionId) {
      const session = await this.#session();
      return { stripe: session.stripe, config: session.config, session };
    }
    const config = await processor.expressConfig();
    return { config, stripe: await startStripe(loadStripe, config.publishableKey, options.locale) };
  }

  /** Loads Stripe.js even if the session has expired, because the shop's account is public. */
  async #stripe(): Promise<Stripe> {
    const { processor, loadStripe, options } = this.#context;
    const { publishableKey } = await this.#operationsConfig().catch(() => processor.expressConfig());
    return startStripe(loadStripe, publishableKey, options.locale);
  }

  async createComponentBuilder(type: string): Promise<PaymentComponentBuilder> {
    if (type !== 'card') throw unsupported('Component', type, ['card']);
    const setup = await this.#session();
    return createCardBuilder(this.#context, setup, this.#payments(setup));
  }

  async createExpressBuilder(type: string): Promise<PaymentExpressBuilder> {
    if (type !== 'dropin') throw unsupported('Express checkout', type, ['dropin']);
    return createExpressBuilder(this.#context, await this.#express());
  }

  async createStoredPaymentMethodBuilder(type: string): Promise<StoredComponentBuilder> {
    if (type !== 'card') throw unsupported('Stored payment method', type, ['card']);
    if (!(await this.isStoredPaymentMethodsEnabled())) {
      const message = 'Stored payment methods are not enabled.';
      throw new ConfigurationError('stored_payment_methods_disabled', { message });
    }
    const [setup, methods] = await Promise.all([this.#session(), this.#storedPaymentMethods()]);
    return createStoredBuilder(this.#context, setup, methods, this.#payments(setup));
  }

  /**
   * The payment of a form: the one that was opened before, in the pi_first flow; otherwise a new one at each submit.
   */
  #payments(setup: SessionSetup): Reservation {
    if (isReserved(setup)) return this.#reservation;
    return { current: () => this.#context.processor.openPayment(), release: () => {} };
  }

  /** Without a session there is no shopper, and so no stored methods. */
  async isStoredPaymentMethodsEnabled(): Promise<boolean> {
    if (!this.#context.options.sessionId) return false;
    const { storedPaymentMethodsConfig } = await this.#operationsConfig();
    return storedPaymentMethodsConfig?.isEnabled ?? false;
  }

  async getStoredPaymentMethods({
    allowedMethodTypes,
  }: {
    allowedMethodTypes: string[];
  }): Promise<StoredPaymentMethodsResponse> {
    if (!(await this.isStoredPaymentMethodsEnabled())) return { storedPaymentMethods: [] };
    const storedPaymentMethods = (await this.#storedPaymentMethods())
      .filter(({ type }) => allowedMethodTypes.includes(type))
      .map(({ token: _token, ...shown }) => shown);
    return { storedPaymentMethods };
  }

  /** A guest has no stored methods, which is not a failure of the calling page. */
  #storedPaymentMethods(): Promise<RawStoredPaymentMethod[]> {
    return this.#context.processor.storedPaymentMethods().catch((error: unknown) => {
      if (error instanceof ProcessorError && error.code === 'RequiredField') return [];
      throw error;
    });
  }

  setStorePaymentDetails(enabled: boolean): void {
    this.#context.storePaymentDetails = enabled;
  }

  /**
   * Finishes a payment whose shopper returned from a redirect (a bank, a wallet). Call it on the page of the return
   * URL. It calls `onComplete` or `onError` and never rejects. `url` defaults to the page's; without a redirect's query
   * nothing happens.
   */
  resume(url?: string): Promise<PaymentResult | undefined> {
    return resumeRedirect(this.#context, () => this.#stripe(), url);
  }

  /** Whether `url` is a return from a redirect, and for which payment; for pages that decide early what to show. */
  static readRedirect(url: string): RedirectReturn | undefined {
    return readRedirect(url);
  }
}

const isReserved = ({ element }: SessionSetup): boolean => element.flowType === 'pi_first';

/** The message that hosts of earlier connectors know. */
function unsupported(what: string, type: string, supported: string[]): ConfigurationError {
  const message = `${what} type not supported: ${type}. Supported types: ${supported.join(', ')}`;
  return new ConfigurationError('unsupported_type', { message });
}
