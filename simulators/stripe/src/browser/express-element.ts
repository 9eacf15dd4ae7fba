/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { create, dress, freeId } from './dom.ts';
import { BaseElement } from './element.ts';
import type { ElementsContext } from './elements-context.ts';
import { IntegrationError } from './errors.ts';
import { ADDRESSES, type LineItem, type SampleAddress, Sheet, type ShippingRate } from './express-sheet.ts';

interface ClickDetails {
  lineItems?: LineItem[];
  shippingRates?: ShippingRate[];
  shippingAddressRequired?: boolean;
}

export interface ExpressOptions extends ClickDetails {
  billingAddressRequired?: boolean;
  emailRequired?: boolean;
  phoneNumberRequired?: boolean;
  buttonHeight?: number;
  allowedShippingCountries?: string[];
  [option: string]: unknown;
}

/** The answer to the wallet's click must come within this time, in ms. */
const CLICK_TIMEOUT_MS = 1000;
/** Wallets wait this long for an answer to a change of address or rate, in ms. */
const CHANGE_TIMEOUT_MS = 20_000;

/** One test wallet behind a button: click, address, delivery, confirm. */
export class ExpressElement extends BaseElement {
  readonly #group: ElementsContext;
  #options: ExpressOptions;
  #sheet: Sheet | null = null;

  constructor(group: ElementsContext, options: ExpressOptions, onDestroy: () => void) {
    super('expressCheckout', onDestroy);
    this.#group = group;
    this.#options = options;
  }

  update(options: ExpressOptions): this {
    this.#options = { ...this.#options, ...options };
    return this;
  }

  /** Billing details of the open sheet; undefined when no wallet is open. */
  get billing(): ReturnType<typeof billingOf> | undefined {
    return this.#sheet ? billingOf(this.#sheet.address, this.#options) : undefined;
  }

  /** The page's confirmation is over; a failed one leaves the sheet open for another try. */
  finish(isPaid: boolean): void {
    if (isPaid) this.#close();
    else this.#sheet?.fail(this.#group.texts.walletFailed);
  }

  override unmount(): void {
    super.unmount();
    this.#close();
  }

  protected override render(root: HTMLElement): void {
    dress(root, this.#group.options.appearance);
    const button = create(
      'button',
      { type: 'button', class: 'sjs-wallet', id: freeId('express-pay') },
      this.#group.texts.wallet,
    );
    if (this.#options.buttonHeight) button.style.height = `${this.#options.buttonHeight}px`;
    button.addEventListener('click', () => void this.#open());
    button.addEventListener('focus', () => this.emit('focus', {}));
    button.addEventListener('blur', () => this.emit('blur', {}));
    void this.#group.session.then(({ error }) => {
      if (this.root !== root) return;
      if (error) {
        this.emit('loaderror', { error });
        return;
      }
      root.replaceChildren(button);
      const availablePaymentMethods = {
        amazonPay: false,
        applePay: false,
        googlePay: true,
        klarna: false,
        link: false,
        paypal: false,
      };
      this.emit('ready', { availablePaymentMethods });
    });
  }

  async #open(): Promise<void> {
    if (this.#sheet) return;
    const details = await this.#click();
    if (!details || !this.root) return;
    const asksAddress = details.shippingAddressRequired ?? this.#options.shippingAddressRequired ?? false;
    const countries = this.#options.allowedShippingCountries;
    const sheet = new Sheet(this.#group, {
      addresses: ADDRESSES.filter(({ country }) => !asksAddress || !countries || countries.includes(country)),
      asksAddress,
      lineItems: details.lineItems ?? this.#options.lineItems ?? [],
      rates: details.shippingRates ?? this.#options.shippingRates ?? [],
    });
    this.#sheet = sheet;
    sheet.onCancel = () => {
      this.#close();
      this.emit('cancel', {});
    };
    sheet.onAddress = () => this.#change(sheet, 'shippingaddresschange');
    sheet.onRate = () => this.#change(sheet, 'shippingratechange');
    sheet.onConfirm = () => this.#confirm(sheet, asksAddress);
    sheet.show();
    if (asksAddress) await this.#change(sheet, 'shippingaddresschange');
  }

  /** The page decides what the wallet shows; null when it refused or was late. */
  async #click(): Promise<ClickDetails | null> {
    if (!this.handles('click')) return {};
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        console.error('The Express Checkout Element click event was not resolved within 1 second.');
        resolve(null);
      }, CLICK_TIMEOUT_MS);
      this.emit('click', {
        expressPaymentType: 'google_pay',
        resolve: (details: ClickDetails = {}) => {
          const asksAddress = details.shippingAddressRequired ?? this.#options.shippingAddressRequired;
          const rates = details.shippingRates ?? this.#options.shippingRates;
          clearTimeout(timer);
          if (asksAddress && !rates?.length && this.#group.clickNeedsRates) {
            resolve(null);
            throw new IntegrationError('When `shippingAddressRequired` is true, you must specify `shippingRates`.');
          }
          try {
            checkLines(details.lineItems, this.#group.amount);
          } catch (error) {
            resolve(null);
            throw error;
          }
          resolve(details);
        },
        reject: () => {
          clearTimeout(timer);
          resolve(null);
        },
      });
    });
  }

  async #change(sheet: Sheet, type: 'shippingaddresschange' | 'shippingratechange'): Promise<void> {
    if (!this.handles(type)) return;
    sheet.setBusy(true);
    const { name, city, state, postal_code, country } = sheet.address;
    const answer = await new Promise<ClickDetails | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), CHANGE_TIMEOUT_MS);
      const settle = (details: ClickDetails | null): void => {
        clearTimeout(timer);
        resolve(details);
      };
      this.emit(type, {
        ...(type === 'shippingaddresschange'
          ? { name, address: { city, state, postal_code, country } }
          : { shippingRate: sheet.rate }),
        resolve: (details: ClickDetails = {}) => {
          checkLines(details.lineItems, this.#group.amount);
          settle(details);
        },
        reject: () => settle(null),
      });
    });
    if (this.#sheet !== sheet) return;
    sheet.setBusy(false);
    if (!answer) {
      sheet.fail(this.#group.texts.walletFailed);
      return;
    }
    if (answer.shippingRates) sheet.setRates(answer.shippingRates);
    if (answer.lineItems) sheet.setLineItems(answer.lineItems);
  }

  #confirm(sheet: Sheet, asksAddress: boolean): void {
    sheet.setBusy(true);
    const { name, line1, city, state, postal_code, country } = sheet.address;
    this.emit('confirm', {
      expressPaymentType: 'google_pay',
      billingDetails: billingOf(sheet.address, this.#options),
      ...(asksAddress
        ? {
            shippingAddress: { name, address: { line1, line2: null, city, state, postal_code, country } },
            shippingRate: sheet.rate,
          }
        : {}),
      paymentFailed: ({ message }: { message?: string } = {}) => sheet.fail(message ?? this.#group.texts.walletFailed),
    });
  }

  #close(): void {
    this.#sheet?.close();
    this.#sheet = null;
  }
}

/** Stripe.js throws at lines that sum up to more than the amount of Elements. */
function checkLines(lineItems: readonly LineItem[] = [], amount: number): void {
  const sum = lineItems.reduce((total, line) => total + line.amount, 0);
  if (lineItems.some((line) => line.amount < 0) || sum > amount) {
    throw new IntegrationError(
      `Invalid value for resolve(): the amount of Elements (${amount}) is less than the sum of the line items (${sum}), or a line is negative.`,
    );
  }
}

const billingOf = ({ name, line1, city, state, postal_code, country }: SampleAddress, options: ExpressOptions) => ({
  name,
  ...(options.emailRequired ? { email: 'jenny@example.com' } : {}),
  ...(options.phoneNumberRequired ? { phone: '+4930123456' } : {}),
  address: { line1, line2: null, city, state, postal_code, country },
});
