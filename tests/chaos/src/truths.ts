/**
 * The fields of the simulated Stripe's `/_sandbox/stripe/state` that the consistency check reads. Amounts in Stripe
 * minor units.
 */
export interface StripeTruth {
  readonly payment_intents: readonly StripePaymentIntent[];
  readonly charges: readonly StripeCharge[];
  readonly refunds: readonly StripeRefund[];
  readonly disputes: readonly StripeDispute[];
}
export interface StripePaymentIntent {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
  readonly amount_received: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
}
export interface StripeCharge {
  readonly id: string;
  readonly payment_intent: string | null;
  readonly status: string;
  readonly payment_method_details?: { readonly type: string } | null;
}
export interface StripeRefund {
  readonly id: string;
  readonly payment_intent: string | null;
  readonly amount: number;
  readonly status: string | null;
  /** The refund only released authorised money that was never captured. */
  readonly is_release: boolean;
}
export interface StripeDispute {
  readonly id: string;
  readonly payment_intent: string | null;
  readonly amount: number;
  readonly status: string;
  readonly balance_transactions: readonly { readonly amount: number }[];
}

/** The fields of the simulated commercetools' `/_sandbox/commercetools/state` that the consistency check reads. */
export interface CommercetoolsTruth {
  readonly payments: readonly CommercetoolsPayment[];
  readonly carts: readonly { id: string; paymentInfo?: { payments: readonly { id: string }[] } }[];
}
export interface CommercetoolsPayment {
  readonly id: string;
  readonly key?: string;
  readonly interfaceId?: string;
  readonly transactions: readonly Transaction[];
}
export interface Transaction {
  readonly type: string;
  readonly state: string;
  readonly interactionId?: string;
  readonly amount: { readonly centAmount: number; readonly currencyCode: string; readonly fractionDigits: number };
}
