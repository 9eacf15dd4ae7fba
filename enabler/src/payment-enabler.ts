/** The browser contract of commercetools Checkout: what a host page may call, and what it gets. */

export interface EnablerOptions {
  /** Base URL of the processor; a trailing slash is fine. */
  processorUrl: string;
  /** Id of the commercetools Checkout session. Only express works without it, until a wallet opens. */
  sessionId?: string;
  /** BCP-47-like, e.g. `de-AT` or `de_AT`: language of Stripe's form and of error messages. */
  locale?: string;
  /** ISO 3166 alpha-2. */
  countryCode?: string;
  onActionRequired?: () => Promise<void>;
  onComplete?: (result: PaymentResult) => void;
  /** `error` is always an `Error` with a `code`; the reference is present once it is known. */
  onError?: (error: Error, context?: { paymentReference?: string }) => void;
}

/**
 * The result of the payment. `isPending` is this connector's extension of the failure variant: the money is on its way
 * and the outcome follows later, so a host must neither confirm the order nor ask for another payment.
 */
export type PaymentResult =
  | { isSuccess: true; paymentReference: string; isPending?: false }
  | { isSuccess: false; paymentReference?: string; isPending?: boolean };

/** Wire values of the payment methods that Checkout knows. */
export const PaymentMethod = {
  applePay: 'applepay',
  bancontactcard: 'bcmc',
  card: 'card',
  dropin: 'dropin',
  eps: 'eps',
  googlePay: 'googlepay',
  ideal: 'ideal',
  invoice: 'invoice',
  klarna_pay_later: 'klarna',
  klarna_pay_now: 'klarna_paynow',
  klarna_pay_overtime: 'klarna_account',
  paypal: 'paypal',
  purchaseorder: 'purchaseorder',
  twint: 'twint',
  customtestmethod: 'customtestmethod',
} as const;
export type PaymentMethod = (typeof PaymentMethod)[keyof typeof PaymentMethod];

export const DropinType = { embedded: 'embedded', hpp: 'hpp' } as const;
export type DropinType = (typeof DropinType)[keyof typeof DropinType];

export interface PaymentEnabler {
  /** Rejects when the type is not supported. */
  createComponentBuilder(type: string): Promise<PaymentComponentBuilder>;
  createDropinBuilder(type: string): Promise<PaymentDropinBuilder>;
  createExpressBuilder(type: string): Promise<PaymentExpressBuilder>;
  /** Rejects when stored payment methods are disabled or the type is not supported. */
  createStoredPaymentMethodBuilder(type: string): Promise<StoredComponentBuilder>;
  isStoredPaymentMethodsEnabled(): Promise<boolean>;
  getStoredPaymentMethods(options: { allowedMethodTypes: string[] }): Promise<StoredPaymentMethodsResponse>;
  /** Notes whether the shopper agreed that the payment method is stored. */
  setStorePaymentDetails(enabled: boolean): void;
}

// Components

export interface ComponentOptions {
  showPayButton?: boolean;
  /** A rejection means: do not pay. */
  // biome-ignore lint/suspicious/noConfusingVoidType: hosts written for the older contract resolve without a value.
  onPayButtonClick?: () => Promise<{ storePaymentDetails?: boolean } | void>;
}

export interface PaymentComponentState {
  card?: { endDigits?: string; brand?: string; expiryDate?: string };
}

export interface PaymentComponent {
  mount(selector: string): Promise<void>;
  submit(options?: { storePaymentDetails?: boolean }): Promise<void>;
  showValidation?(): Promise<void>;
  isValid?(): Promise<boolean>;
  getState?(): Promise<PaymentComponentState>;
  isAvailable?(): Promise<boolean>;
  /** Extension: removes the component from the page. */
  unmount?(): Promise<void>;
}

export interface PaymentComponentBuilder {
  componentHasSubmit?: boolean;
  build(options: ComponentOptions): PaymentComponent;
}

// Drop-in

export interface DropinOptions {
  /** Never honoured: the host's own button calls `submit()`. */
  showPayButton?: boolean;
  /** Called when the form is on the page and takes input. */
  onDropinReady?: () => Promise<void>;
  onPayButtonClick?: () => Promise<void>;
}

export interface DropinComponent {
  mount(selector: string): Promise<void>;
  /** Never rejects: failures are reported to `onError`. */
  submit(): Promise<void>;
  /** Extension: removes the form from the page. A payment that is already under way is still reported. */
  unmount(): Promise<void>;
  /** Extension: finishes a payment whose shopper returned from a redirect; see `Enabler.resume`. */
  resume(url?: string): Promise<PaymentResult | undefined>;
}

export interface PaymentDropinBuilder {
  dropinHasSubmit: boolean;
  build(options: DropinOptions): DropinComponent;
}

// Redirects

/** What the query of the return URL says about a payment that went through a redirect. */
export interface RedirectReturn {
  paymentReference: string;
  paymentIntentId: string;
  cartId?: string;
  /** Stripe's hint (`succeeded`, `pending`, `failed`). It decides nothing, because anybody can write a URL. */
  redirectStatus?: string;
}

// Express

/** `centAmount` counts the currency's minor units of commercetools; integers only. */
export interface Money {
  centAmount: number;
  currencyCode: string;
  fractionDigits: number;
}

export interface ExpressAddress {
  country: string;
  firstName?: string;
  lastName?: string;
  streetName?: string;
  streetNumber?: string;
  additionalStreetInfo?: string;
  postalCode?: string;
  city?: string;
  /** The same value twice: older hosts read `state`, current ones `region`. */
  state?: string;
  region?: string;
  phone?: string;
  mobile?: string;
  email?: string;
}

export interface ShippingOption {
  id: string;
  name?: string;
  description?: string;
  isSelected?: boolean;
  amount?: { centAmount: number; currencyCode: string; fractionDigits?: number };
}

/** `method.type` is Stripe's name of the wallet, e.g. `apple_pay`. */
export type ExpressPaymentResult = PaymentResult & { method: { type: string } };

export interface ExpressOptions {
  initialAmount: Money;
  /** Called whenever a wallet opens, so it must be idempotent; returns the session that pays for the cart. */
  onPayButtonClick: () => Promise<{ sessionId: string }>;
  onShippingAddressSelected: (options: { address: ExpressAddress }) => Promise<void>;
  getShippingMethods: (options: { address: ExpressAddress }) => Promise<ShippingOption[]>;
  onShippingMethodSelected: (options: { shippingMethod: { id: string } }) => Promise<void>;
  onPaymentSubmit: (options: {
    shippingAddress?: ExpressAddress;
    billingAddress?: ExpressAddress;
    customerEmail?: string;
  }) => Promise<void>;
  /** Replaces the enabler's own `onComplete` for this button. */
  onComplete?: (result: ExpressPaymentResult) => void;
  onError?: (error: Error, context?: { paymentReference?: string }) => void;
  /** ISO 3166 alpha-2 codes of the countries that can be shipped to. */
  allowedCountries?: string[];
}

export interface ExpressComponent {
  mount(selector: string): Promise<void>;
}

export interface PaymentExpressBuilder {
  build(options: ExpressOptions): ExpressComponent;
}

// Stored payment methods

export interface StoredPaymentMethod {
  id: string;
  type: string;
  /** ISO 8601. */
  createdAt: string;
  isDefault: boolean;
  displayOptions: {
    logoUrl?: string;
    endDigits?: string;
    brand?: { key: string };
    expiryMonth?: number;
    expiryYear?: number;
    [other: string]: unknown;
  };
}

export interface StoredPaymentMethodsResponse {
  storedPaymentMethods?: StoredPaymentMethod[];
}

export interface StoredComponentOptions {
  /** Id of the commercetools PaymentMethod, as listed by `getStoredPaymentMethods`. */
  id: string;
  brands: string[];
  showPayButton?: boolean;
  onPayButtonClick?: () => Promise<void>;
}

export interface StoredComponent {
  mount(selector: string): Promise<void>;
  submit(): Promise<void>;
  /** Deletes the stored payment method; throws when the processor refuses. */
  remove(): Promise<void>;
  showValidation?(): Promise<void>;
  isValid?(): Promise<boolean>;
  isAvailable?(): Promise<boolean>;
}

export interface StoredComponentBuilder {
  componentHasSubmit: boolean;
  /** Throws when the id is not one of the shopper's. */
  build(options: StoredComponentOptions): StoredComponent;
}
