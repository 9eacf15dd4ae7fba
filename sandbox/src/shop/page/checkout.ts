import type { DropinComponent, EnablerConstructor, PaymentResult } from '@connector/enabler/types';
import type { Checkout } from '../merchant.ts';
import { address } from './address.ts';
import { callBackend } from './api.ts';
import { byId } from './dom.ts';
import { enablerLoader } from './enabler.ts';
import { showExpress } from './express.ts';
import type { PaymentView } from './payment-view.ts';
import type { Result } from './result.ts';
import { type Money, rememberShopper, shopper, text, total } from './shopper.ts';
import { showStoredMethods } from './stored-methods.ts';

type Enabler = InstanceType<EnablerConstructor>;
type PaymentFailure = Error & { code?: string; type?: string; declineCode?: string; amountDue?: Money };

export interface CheckoutOptions {
  readonly enablerUrl: string;
  readonly processorUrl: string;
  readonly isStripeSimulated: boolean;
  readonly view: PaymentView;
  readonly result: Result;
  /** The amount due has changed. */
  readonly onDue: () => void;
}

const pay = byId<HTMLButtonElement>('pay');
const mount = byId('payment-element');
const setBusy = (isBusy: boolean) => mount.setAttribute('aria-busy', String(isBusy));

/** A cart, its session and the form to pay it, through the enabler as on a merchant's page. */
export class CheckoutForm {
  readonly #options: CheckoutOptions;
  readonly #loadEnabler: ReturnType<typeof enablerLoader>;
  /** Number of checkouts begun; only the latest one stays on the page. */
  #begun = 0;
  #checkout: Checkout | undefined;
  #dropin: DropinComponent | undefined;
  #submit: () => Promise<void> = () => Promise.resolve();
  #due: Money | undefined;

  constructor(options: CheckoutOptions) {
    this.#options = options;
    this.#loadEnabler = enablerLoader(options.enablerUrl, options.isStripeSimulated);
  }

  get hasForm(): boolean {
    return this.#dropin !== undefined;
  }

  /** The amount due when it is not the price on the page: a part was paid, or the cart changed elsewhere. */
  get due(): Money | undefined {
    return this.#due;
  }

  /** A new cart and session for the selection on the page, and the form to pay it. */
  async start(): Promise<void> {
    this.#begun += 1;
    const mine = this.#begun;
    const isLatest = () => mine === this.#begun;
    pay.disabled = true;
    this.#setDue(undefined);
    setBusy(true);
    mount.hidden = false;
    this.#options.result.show('idle');
    await this.#dropin?.unmount();
    this.#dropin = undefined;
    try {
      const [checkout, { Enabler }] = await Promise.all([openCheckout(), this.#loadEnabler()]);
      if (!isLatest()) return;
      this.#keep(checkout);
      const enabler = new Enabler(this.#enablerOptions(checkout.sessionId));
      const builder = await enabler.createDropinBuilder('embedded');
      if (!isLatest()) return;
      await this.#mountForm(builder, isLatest);
      this.#offerOtherMethods(enabler, checkout, isLatest);
    } catch (error) {
      if (!isLatest()) return;
      setBusy(false);
      this.#options.result.show('failed', () => `${text('shopDown')} ${error instanceof Error ? error.message : ''}`);
    }
  }

  /**
   * The shopper returns from a bank or a wallet: the payment of the earlier session is finished, and no new one is
   * started.
   */
  async resume(sessionId: string): Promise<void> {
    this.#options.result.show('paying', () => text('payingText'));
    const { Enabler } = await this.#loadEnabler();
    const url = location.href;
    // A client secret must not stay in the address bar, the history and referrers.
    history.replaceState(null, '', '/');
    await new Enabler(this.#enablerOptions(sessionId)).resume(url);
    setBusy(false);
  }

  /** Pays with the form, or with the selected stored card. */
  pay(): void {
    this.#options.result.show('paying', () => text('payingText'));
    void this.#submit();
  }

  /** The form stays, because an address does not change the amount due here. */
  saveAddress(): void {
    if (!this.#checkout) return;
    callBackend('PUT', `/storefront/api/carts/${this.#checkout.cartId}/address`, address()).catch((error: Error) =>
      this.#options.result.show('failed', () => error.message),
    );
  }

  #keep(checkout: Checkout): void {
    this.#checkout = checkout;
    if (checkout.customerId) shopper.customerId = checkout.customerId;
    rememberShopper();
    sessionStorage.setItem('session', checkout.sessionId);
  }

  #setDue(due: Money | undefined): void {
    this.#due = due;
    this.#options.onDue();
  }

  async #mountForm(builder: Awaited<ReturnType<Enabler['createDropinBuilder']>>, isLatest: () => boolean) {
    const form = builder.build({
      onDropinReady: async () => {
        if (!isLatest()) return;
        setBusy(false);
        pay.disabled = false;
      },
    });
    this.#dropin = form;
    this.#payWith(() => form.submit());
    await form.mount('#payment-element');
  }

  #payWith(submit: () => Promise<void>, hasForm = true): void {
    this.#submit = submit;
    mount.hidden = !hasForm;
  }

  /** Other ways to pay must neither delay the form nor break it. */
  #offerOtherMethods(enabler: Enabler, checkout: Checkout, isLatest: () => boolean): void {
    const onComplete = (completed: PaymentResult) => this.#complete(completed);
    showExpress(enabler, checkout, { total: total(), freeShipping: text('free'), onComplete }).catch(() => {
      byId('express').hidden = true;
    });
    const submitForm = this.#submit;
    showStoredMethods(enabler, (submit) => {
      if (isLatest()) this.#payWith(submit ?? submitForm, !submit);
    }).catch(() => {
      byId('stored').hidden = true;
    });
  }

  #enablerOptions(sessionId: string) {
    return {
      processorUrl: this.#options.processorUrl,
      sessionId,
      locale: shopper.language,
      onComplete: (completed: PaymentResult) => this.#complete(completed),
      onError: (error: PaymentFailure, context?: { paymentReference?: string }) => this.#fail(error, context),
    };
  }

  #complete({ paymentReference, isSuccess, ...completed }: PaymentResult): void {
    const { view, result } = this.#options;
    if (paymentReference) view.watch(paymentReference);
    const kind = isSuccess ? 'approved' : completed.isPending ? 'pending' : 'failed';
    const tone = ({ approved: 'good', pending: 'wait', failed: 'bad' } as const)[kind];
    view.note({ source: 'browser', from: text('browser'), what: `onComplete: ${kind}`, tone });
    result.show(kind, () => (kind === 'pending' ? text('pendingText') : ''));
    if (kind === 'failed') pay.disabled = false;
  }

  #fail(error: PaymentFailure, context?: { paymentReference?: string }): void {
    const { view, result } = this.#options;
    if (context?.paymentReference) view.watch(context.paymentReference);
    const code = [error.code, error.declineCode].filter(Boolean).join(', ');
    view.note({ source: 'browser', from: text('browser'), what: `onError: ${code}`, tone: 'bad' });
    // Closing a wallet is the shopper's choice, and an incomplete field shows its own message: no payment was tried.
    if (error.name === 'CANCEL' || error.type === 'validation_error') result.show('idle');
    else {
      if (error.amountDue) this.#setDue(error.amountDue);
      result.show('failed', () => error.message, isRefusal(error) ? 'failed' : null);
    }
    pay.disabled = !this.hasForm;
  }
}

function openCheckout(): Promise<Checkout> {
  const isCustomer = byId<HTMLInputElement>('customer').checked;
  return callBackend<Checkout>('POST', '/storefront/api/checkouts', {
    currency: shopper.currency,
    quantity: shopper.quantity,
    locale: shopper.language,
    captureMethod: byId<HTMLInputElement>('manual').checked ? 'manual' : 'automatic',
    customer: isCustomer ? (shopper.customerId ?? true) : false,
    address: address(),
  });
}

/**
 * Whether a payment was tried and refused. An incomplete form, an unknown outcome and a changed amount have messages of
 * their own.
 */
const isRefusal = ({ name, code }: PaymentFailure): boolean =>
  name === 'PaymentError' && !['cart_changed', 'amount_changed', 'requires_action'].includes(code ?? '');
