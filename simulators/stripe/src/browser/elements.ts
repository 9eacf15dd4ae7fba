/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { exponentOf } from '../money.ts';
import type { Api, Result } from './api.ts';
import { bindMethods } from './bound.ts';
import { CardElement, type CardElementOptions } from './card-element.ts';
import type { ElementsContext, ElementsOptions, SavedMethod, Session } from './elements-context.ts';
import { IntegrationError, type StripeError } from './errors.ts';
import { ExpressElement, type ExpressOptions } from './express-element.ts';
import { PaymentElement, type PaymentElementOptions } from './payment-element.ts';
import { type Texts, textsFor } from './texts.ts';

/** What `stripe.elements()` returns: the elements of one payment and what they know of it. */
export class ElementsGroup implements ElementsContext {
  options: ElementsOptions;
  session: Promise<Result<Session>>;
  isSubmitted = false;
  readonly #api: Api;
  readonly #locale: string | undefined;
  #known: Session | null = null;
  #payment: PaymentElement | null = null;
  #express: ExpressElement | null = null;
  #card: CardElement | null = null;

  constructor(api: Api, options: ElementsOptions, locale: string | undefined) {
    check(options);
    bindMethods(this);
    this.#api = api;
    this.options = options;
    this.#locale = locale;
    this.session = this.#load();
  }

  get isDeferred(): boolean {
    return this.options.clientSecret === undefined;
  }

  get texts(): Texts {
    return textsFor(this.options.locale ?? this.#locale);
  }

  get features(): Session['features'] {
    return this.#known?.features ?? null;
  }

  get savedMethods(): SavedMethod[] {
    return this.#known?.customer?.payment_methods ?? [];
  }

  get clickNeedsRates(): boolean {
    return this.#known?.click_needs_rates ?? true;
  }

  get amount(): number {
    return this.#known?.payment_intent?.amount ?? this.options.amount ?? 0;
  }

  get currency(): string {
    return this.#known?.payment_intent?.currency ?? this.options.currency ?? 'eur';
  }

  get futureUsage(): string | null {
    return this.options.setupFutureUsage ?? this.options.setup_future_usage ?? null;
  }

  get captureMethod(): string {
    return this.options.captureMethod ?? this.options.capture_method ?? 'automatic';
  }

  /** The kinds of payment that the form offers. */
  get methodTypes(): string[] {
    const offered = this.#known?.payment_intent?.payment_method_types;
    if (offered) {
      const isOffered = (type: string) => offered.includes(type);
      return [...['card', 'sepa_debit', ...REDIRECTS].filter(isOffered).slice(0, 3), ...VOUCHERS.filter(isOffered)];
    }
    const isManual = this.captureMethod === 'manual';
    const usual =
      this.currency === 'eur' ? (isManual ? ['klarna'] : ['sepa_debit', 'ideal']) : isManual ? [] : ['klarna'];
    return ['card', ...usual, ...(isManual ? [] : this.#vouchers)];
  }

  /** The vouchers of the currency, and what the account offers beside; a bank transfer is for customers only. */
  get #vouchers(): string[] {
    const also = this.#known?.also_offers ?? [];
    return VOUCHERS.filter((type) => {
      if (type === 'customer_balance' && !this.#known?.customer) return false;
      return VOUCHER_OF[this.currency] === type || also.includes(type);
    });
  }

  get payment(): PaymentElement | null {
    return this.#payment?.isMounted ? this.#payment : null;
  }

  get express(): ExpressElement | null {
    return this.#express?.isMounted ? this.#express : null;
  }

  money(amount: number): string {
    const format = new Intl.NumberFormat(undefined, { style: 'currency', currency: this.currency });
    return format.format(amount / 10 ** exponentOf(this.currency));
  }

  create(
    type: string,
    options: PaymentElementOptions & ExpressOptions & CardElementOptions = {},
  ): PaymentElement | ExpressElement | CardElement {
    if (type === 'card') {
      if (this.#card)
        throw new IntegrationError('Can only create one Element of type card through an Elements instance.');
      this.#card = new CardElement(this, options, () => {
        this.#card = null;
      });
      return this.#card;
    }
    if (type === 'payment') {
      if (this.#payment)
        throw new IntegrationError('Can only create one Element of type payment through an Elements instance.');
      this.#payment = new PaymentElement(this, options, () => {
        this.#payment = null;
      });
      return this.#payment;
    }
    if (type === 'expressCheckout') {
      if (this.#express)
        throw new IntegrationError('Can only create one Element of type expressCheckout through an Elements instance.');
      this.#express = new ExpressElement(this, options, () => {
        this.#express = null;
      });
      return this.#express;
    }
    throw new IntegrationError(
      `A valid Element name must be provided. Valid Elements here are: payment, expressCheckout, card; you passed: ${type}.`,
    );
  }

  getElement(type: string): PaymentElement | ExpressElement | CardElement | null {
    if (type === 'payment') return this.#payment;
    if (type === 'card') return this.#card;
    return type === 'expressCheckout' ? this.#express : null;
  }

  update(options: ElementsOptions): void {
    if (options.clientSecret !== undefined && options.clientSecret !== this.options.clientSecret) {
      throw new IntegrationError('The clientSecret of an Elements instance cannot be updated.');
    }
    this.options = { ...this.options, ...options };
    this.#payment?.refresh();
  }

  async fetchUpdates(): Promise<{ error?: StripeError }> {
    this.session = this.#load();
    const { error } = await this.session;
    if (error) return { error };
    this.#payment?.refresh();
    return {};
  }

  async submit(): Promise<{ error?: StripeError; selectedPaymentMethod?: string }> {
    const { payment, express } = this;
    if (!payment && !express) {
      throw new IntegrationError('elements.submit() needs a mounted Payment Element or Express Checkout Element.');
    }
    const isWallet = express?.billing !== undefined;
    const error = isWallet ? null : (payment?.validate() ?? null);
    if (error) return { error };
    this.isSubmitted = true;
    return { selectedPaymentMethod: isWallet ? 'google_pay' : (payment?.selectedType ?? 'card') };
  }

  async #load(): Promise<Result<Session>> {
    const { clientSecret, customerSessionClientSecret } = this.options;
    const result = await this.#api.get<Session>('/v1/elements/sessions', {
      client_secret: clientSecret,
      customer_session_client_secret: customerSessionClientSecret,
    });
    if (result.value) this.#known = result.value;
    return result;
  }
}

const VOUCHERS = ['boleto', 'konbini', 'multibanco', 'oxxo', 'customer_balance'];
const VOUCHER_OF: Readonly<Record<string, string>> = { brl: 'boleto', jpy: 'konbini', mxn: 'oxxo' };
const REDIRECTS = ['ideal', 'klarna', 'twint', 'p24', 'bancontact'];

function check({ clientSecret, mode, amount, currency }: ElementsOptions): void {
  if (clientSecret !== undefined) {
    if (!/^pi_\w+_secret_\w+$/.test(clientSecret)) {
      throw new IntegrationError(
        'Invalid value for elements(): clientSecret should be a client secret of the form pi_…_secret_….',
      );
    }
    if (mode !== undefined) throw new IntegrationError('You cannot pass both clientSecret and mode to elements().');
    return;
  }
  if (mode === undefined) return;
  if (mode !== 'payment')
    throw new IntegrationError(`The stand-in for Stripe.js supports mode "payment" only; you passed: ${mode}.`);
  if (!Number.isInteger(amount) || (amount ?? 0) <= 0) {
    throw new IntegrationError(
      'Invalid value for elements(): amount should be a positive integer in the smallest currency unit.',
    );
  }
  if (typeof currency !== 'string' || !/^[a-z]{3}$/.test(currency)) {
    throw new IntegrationError(
      `Invalid value for elements(): currency should be a three-letter ISO code in lowercase; you passed: ${String(currency)}.`,
    );
  }
}
