import { createDropinBuilder } from './dropin/dropin.ts';
import { ConfigurationError } from './errors.ts';
import { textsFor } from './messages.ts';
import type {
  EnablerOptions,
  PaymentComponentBuilder,
  PaymentDropinBuilder,
  PaymentEnabler,
  PaymentExpressBuilder,
  PaymentResult,
  StoredComponentBuilder,
  StoredPaymentMethodsResponse,
} from './payment-enabler.ts';
import type { OpenedPayment, OperationsConfig } from './processor-client.ts';
import { type RedirectReturn, readRedirect, resumeRedirect } from './resume.ts';
import {
  browserDependencies,
  type Context,
  createContext,
  type Dependencies,
  once,
  type SessionSetup,
  setUpSession,
} from './setup.ts';

/**
 * What Checkout, or a merchant's page, creates for one session. The constructor never throws and does nothing yet, also on a server;
 * what can't work rejects the builder promises with an Error that has a `code`.
 */
export class Enabler implements PaymentEnabler {
  readonly #context: Context;
  readonly #operationsConfig: () => Promise<OperationsConfig>;
  readonly #session: () => Promise<SessionSetup>;
  /** A pi_first payment is opened once per enabler, or each form would leave a PaymentIntent behind. */
  readonly #reserved: () => Promise<OpenedPayment>;

  constructor(options: EnablerOptions, dependencies: Dependencies = browserDependencies) {
    const context = createContext(options, textsFor(options.locale), dependencies);
    this.#context = context;
    this.#operationsConfig = once(() => context.processor.operationsConfig());
    this.#session = once(() => setUpSession(context, this.#operationsConfig));
    this.#reserved = once(() => context.processor.openPayment());
  }

  async createDropinBuilder(type: string): Promise<PaymentDropinBuilder> {
    if (type !== 'embedded') throw unsupported('Component', type, ['embedded']);
    const setup = await this.#session();
    const reserved = setup.element.flowType === 'pi_first' ? await this.#reserved() : undefined;
    return createDropinBuilder(this.#context, setup, reserved, (url) => this.resume(url));
  }

  async createComponentBuilder(type: string): Promise<PaymentComponentBuilder> {
    throw unsupported('Component', type, []);
  }

  async createExpressBuilder(type: string): Promise<PaymentExpressBuilder> {
    throw unsupported('Express checkout', type, []);
  }

  async createStoredPaymentMethodBuilder(type: string): Promise<StoredComponentBuilder> {
    throw unsupported('Stored payment method', type, []);
  }

  async isStoredPaymentMethodsEnabled(): Promise<boolean> {
    const { storedPaymentMethodsConfig } = await this.#operationsConfig();
    return storedPaymentMethodsConfig?.isEnabled ?? false;
  }

  async getStoredPaymentMethods({
    allowedMethodTypes,
  }: {
    allowedMethodTypes: string[];
  }): Promise<StoredPaymentMethodsResponse> {
    if (!(await this.isStoredPaymentMethodsEnabled())) return { storedPaymentMethods: [] };
    const all = await this.#context.processor.storedPaymentMethods();
    const storedPaymentMethods = all
      .filter(({ type }) => allowedMethodTypes.includes(type))
      .map(({ token: _token, ...shown }) => shown);
    return { storedPaymentMethods };
  }

  setStorePaymentDetails(enabled: boolean): void {
    this.#context.storePaymentDetails = enabled;
  }

  /**
   * Finishes a payment whose shopper came back from a redirect (a bank, a wallet): call it on the page of the return URL. Tells
   * `onComplete` or `onError` and never rejects. `url` defaults to the page's; without a redirect's query nothing happens.
   */
  resume(url?: string): Promise<PaymentResult | undefined> {
    return resumeRedirect(this.#context, url);
  }

  /** Whether `url` is a return from a redirect, and of which payment; for pages that decide early what to show. */
  static readRedirect(url: string): RedirectReturn | undefined {
    return readRedirect(url);
  }
}

/** The message is the one that hosts of earlier connectors know. */
function unsupported(what: string, type: string, supported: string[]): ConfigurationError {
  const message = `${what} type not supported: ${type}. Supported types: ${supported.join(', ')}`;
  return new ConfigurationError('unsupported_type', { message });
}
