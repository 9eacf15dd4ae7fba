import type { Cart, Payment, PaymentDraft, PaymentUpdateAction } from '@commercetools/platform-sdk';
import type { ChargeObject, DisputeObject, PaymentIntentObject, RefundObject } from '../domain/stripe-objects.ts';

/** The payments of the commercetools project. Each method makes one call; failures are those of @connector/errors. */
export interface Payments {
  byId(id: string): Promise<Payment | undefined>;
  byKey(key: string): Promise<Payment | undefined>;
  byPaymentIntent(paymentIntentId: string): Promise<Payment | undefined>;
  /** Throws StaleVersionError when the payment is at another version by now. */
  update(payment: Pick<Payment, 'id' | 'version'>, actions: PaymentUpdateAction[]): Promise<Payment>;
  /** Answers undefined when a payment with the draft's key exists already. */
  create(draft: PaymentDraft): Promise<Payment | undefined>;
}

export interface Carts {
  byId(id: string): Promise<Cart | undefined>;
  /** Throws StaleVersionError when the cart is at another version by now. */
  addPayment(cart: Pick<Cart, 'id' | 'version'>, paymentId: string): Promise<void>;
}

/** What Stripe says now; each throws PermanentError (`gone_from_stripe`) for an object that Stripe does not have. */
export interface StripeFacts {
  paymentIntent(id: string): Promise<PaymentIntentObject>;
  /** All refunds of a charge, however many. */
  refundsOf(chargeId: string): Promise<{ charge: ChargeObject; refunds: RefundObject[] }>;
  dispute(id: string): Promise<{ dispute: DisputeObject; charge: ChargeObject | undefined }>;
}

/** A Stripe object as Stripe gave it. */
export type Snapshot = { readonly id: string; readonly object: string } & Record<string, unknown>;
