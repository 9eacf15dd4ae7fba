/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { Api, type FormValue, idOf, shopperUrl } from './api.ts';
import { bindMethods } from './bound.ts';
import { CardElement } from './card-element.ts';
import {
  type ConfirmParams,
  checkSecret,
  fromMethod,
  type IntentResult,
  leaveFor,
  mismatchOf,
  notSubmitted,
  returnTo,
  toIntentResult,
} from './confirmation.ts';
import { askForAuthentication } from './dialog.ts';
import { ElementsGroup } from './elements.ts';
import type { ElementsOptions } from './elements-context.ts';
import { IntegrationError, type PaymentIntentView, type StripeError } from './errors.ts';
import type { BillingDetails } from './payment-element.ts';
import { inLanguageOf, textsFor } from './texts.ts';
import { isVoucher, showVoucher } from './voucher-dialog.ts';

interface ConfirmOptions {
  elements?: ElementsGroup;
  clientSecret?: string;
  confirmParams?: ConfirmParams;
  redirect?: 'always' | 'if_required';
}

/** What `confirmCardPayment` pays with: a mounted Card Element, or a card's token. */
type CardMethod = { card?: CardElement | FormValue; [about: string]: FormValue | CardElement };

/** Stripe.js as far as the sandbox needs it, against the simulator. */
export class StripeStandIn {
  readonly #api: Api;
  readonly #locale: string | undefined;

  constructor(publishableKey: string, options: { locale?: string }) {
    bindMethods(this);
    this.#api = new Api(publishableKey);
    this.#locale = options.locale;
  }

  elements(options: ElementsOptions = {}): ElementsGroup {
    return new ElementsGroup(this.#api, options, this.#locale);
  }

  async retrievePaymentIntent(clientSecret: string): Promise<IntentResult> {
    checkSecret(clientSecret, 'retrievePaymentIntent');
    return toIntentResult(await this.#api.retrieve(clientSecret));
  }

  async confirmPayment(options: ConfirmOptions): Promise<IntentResult> {
    const { elements, confirmParams = {}, redirect = 'always' } = options;
    const clientSecret = options.clientSecret ?? elements?.options.clientSecret;
    if (!clientSecret) {
      throw new IntegrationError('stripe.confirmPayment() needs a clientSecret, or elements created with one.');
    }
    checkSecret(clientSecret, 'confirmPayment');
    if (redirect !== 'if_required' && !confirmParams.return_url) {
      throw new IntegrationError('confirmParams.return_url is required when `redirect` is not "if_required".');
    }
    if (confirmParams.return_url && !URL.canParse(confirmParams.return_url)) {
      throw new IntegrationError(
        `Invalid value for confirmParams.return_url: ${confirmParams.return_url} is not an absolute URL.`,
      );
    }
    const prepared = elements
      ? await this.#prepare(elements, clientSecret, confirmParams)
      : { params: fromMethod(confirmParams) };
    if (prepared.error) return { error: prepared.error };
    const { shipping, receipt_email } = confirmParams;
    const result = await this.#confirm(
      clientSecret,
      {
        ...prepared.params,
        return_url: confirmParams.return_url,
        ...(shipping ? { shipping } : {}),
        ...(receipt_email ? { receipt_email } : {}),
      },
      elements,
    );
    elements?.express?.finish(result.error === undefined);
    if (result.error || redirect === 'if_required') return result;
    return leaveFor(returnTo(confirmParams.return_url ?? '', result.paymentIntent));
  }

  async confirmCardPayment(
    clientSecret: string,
    data: { payment_method?: string | CardMethod; return_url?: string; setup_future_usage?: string } = {},
    { handleActions = true }: { handleActions?: boolean } = {},
  ): Promise<IntentResult> {
    checkSecret(clientSecret, 'confirmCardPayment');
    const { payment_method: method, ...rest } = data;
    const params: Record<string, FormValue> = { ...rest };
    if (typeof method === 'string') params.payment_method = method;
    else if (method) {
      const { card, ...about } = method;
      const { card: entered, error } = card instanceof CardElement ? card.read() : { card, error: undefined };
      if (error) return { error };
      params.payment_method_data = { type: 'card', ...about, card: entered } as FormValue;
    }
    return this.#confirm(clientSecret, params, undefined, handleActions);
  }

  async handleNextAction({ clientSecret }: { clientSecret: string }): Promise<IntentResult> {
    checkSecret(clientSecret, 'handleNextAction');
    const found = await this.retrievePaymentIntent(clientSecret);
    return found.error ? found : this.#act(found.paymentIntent, clientSecret, undefined);
  }

  handleCardAction(clientSecret: string): Promise<IntentResult> {
    return this.handleNextAction({ clientSecret });
  }

  async createPaymentMethod(options: {
    elements?: ElementsGroup;
    params?: { billing_details?: BillingDetails };
    [param: string]: unknown;
  }): Promise<{ paymentMethod?: unknown; error?: StripeError }> {
    const { elements, params, ...plain } = options;
    let body = plain as Record<string, FormValue>;
    if (elements) {
      if (!elements.isSubmitted) throw notSubmitted('createPaymentMethod');
      const entered = elements.payment?.params(params?.billing_details, null).payment_method_data;
      if (!entered) throw new IntegrationError('elements should have a mounted Payment Element.');
      body = entered as Record<string, FormValue>;
    }
    const { value, error } = await this.#api.post('/v1/payment_methods', body);
    return error ? { error } : { paymentMethod: value };
  }

  registerAppInfo(): void {}
  _registerWrapper(): void {}

  async #prepare(
    elements: ElementsGroup,
    clientSecret: string,
    { payment_method_data: data }: ConfirmParams,
  ): Promise<{ params?: Record<string, FormValue>; error?: StripeError }> {
    const { payment, express } = elements;
    const wallet = express?.billing;
    if (!payment && !express) {
      throw new IntegrationError(
        'Invalid value for stripe.confirmPayment(): elements should have a mounted Payment Element or Express Checkout Element.',
      );
    }
    if (elements.isDeferred && !elements.isSubmitted) throw notSubmitted('confirmPayment');
    const billing = data?.billing_details;
    if (!wallet) {
      const error = payment?.validate();
      if (error) return { error };
      payment?.checkPromises(billing);
    }
    if (elements.isDeferred) {
      const { value: paymentIntent, error } = await this.#api.retrieve(clientSecret);
      if (error) return { error };
      const mismatch = mismatchOf(elements, paymentIntent);
      if (mismatch) return { error: mismatch };
    }
    if (wallet || !payment) {
      const card = {
        number: '4242424242424242',
        exp_month: '12',
        exp_year: String(new Date().getFullYear() + 4),
        cvc: '123',
        wallet: { type: 'google_pay' },
      };
      const details = { ...wallet, ...billing } as FormValue;
      return { params: { payment_method_data: { type: 'card', card, billing_details: details } } };
    }
    return { params: payment.params(billing, elements.futureUsage) };
  }

  async #confirm(
    clientSecret: string,
    params: Record<string, FormValue>,
    elements: ElementsGroup | undefined,
    handlesActions = true,
  ): Promise<IntentResult> {
    const locale = elements?.options.locale ?? this.#locale;
    const { value: paymentIntent, error } = await this.#api.post<PaymentIntentView>(
      `/v1/payment_intents/${idOf(clientSecret)}/confirm`,
      { ...params, client_secret: clientSecret, use_stripe_sdk: true },
    );
    if (error) return { error: inLanguageOf(locale, error) };
    if (!handlesActions) return { paymentIntent };
    const result = await this.#act(paymentIntent, clientSecret, elements);
    return result.error ? { error: inLanguageOf(locale, result.error) } : result;
  }

  /** Lets the shopper do what the payment waits for: in a dialog, or on another page, from which this one does not come back. */
  async #act(
    paymentIntent: PaymentIntentView,
    clientSecret: string,
    elements: ElementsGroup | undefined,
  ): Promise<IntentResult> {
    const { next_action: action } = paymentIntent;
    if (paymentIntent.status !== 'requires_action' || !action) return { paymentIntent };
    if (action.redirect_to_url) {
      if (!action.redirect_to_url.return_url) {
        return {
          error: {
            type: 'invalid_request_error',
            code: 'parameter_missing',
            param: 'return_url',
            message: 'A return_url is required for this payment method.',
          },
        };
      }
      return leaveFor(shopperUrl(action.redirect_to_url.url));
    }
    const texts = elements?.texts ?? textsFor(this.#locale);
    if (isVoucher(paymentIntent)) {
      const { currency } = paymentIntent;
      const money = (remaining: number) => elements?.money(remaining) ?? `${remaining} ${currency}`;
      await showVoucher(texts, elements?.options.appearance, paymentIntent, money);
      return { paymentIntent };
    }
    const outcome = await askForAuthentication(texts, elements?.options.appearance);
    const { error: lost } = await this.#api.finishAction(clientSecret, outcome);
    if (lost) return { error: lost };
    const found = await this.retrievePaymentIntent(clientSecret);
    if (found.error || found.paymentIntent.status !== 'requires_payment_method') return found;
    const failure = found.paymentIntent.last_payment_error ?? { type: 'api_error', message: 'The payment failed.' };
    return { error: { ...failure, payment_intent: found.paymentIntent } };
  }
}
