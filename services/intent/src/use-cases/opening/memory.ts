import type Stripe from 'stripe';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { OptionalField } from '../../domain/optional-data.ts';

/** What one request learned on its way, for as long as it lasts. */
export interface Memory {
  /** How often it has looked; only the first look may go by a remembered cart. */
  looks: number;
  /** Payments that are not on the cart (yet), by id: this request made them, or found them by their key. */
  readonly detached: Map<string, Payment>;
  /** PaymentIntents that this request created, by idempotency key. */
  readonly created: Map<string, Stripe.PaymentIntent>;
  /** PaymentIntents that belong to an attempt, by id. */
  readonly attachedIds: Set<string>;
  /** Payments whose PaymentIntent can't be made or found any more, by id. */
  readonly givenUp: Set<string>;
  readonly rejectedUpdates: Set<string>;
  readonly leftOut: Set<OptionalField>;
  /** What makes the keys of create calls differ from those of calls that Stripe refused. */
  readonly variant: string[];
  /** A Stripe customer that was gone has been replaced, once. */
  replacesCustomer: boolean;
  /** The customer was not asked for now; once commercetools refused on the strength of that, it is. */
  recalledCustomer: boolean;
  /** commercetools has refused to put a payment on the cart. */
  attachRefused: boolean;
}

export const newMemory = (): Memory => ({
  looks: 0,
  detached: new Map(),
  created: new Map(),
  attachedIds: new Set(),
  givenUp: new Set(),
  rejectedUpdates: new Set(),
  leftOut: new Set(),
  variant: [],
  replacesCustomer: false,
  recalledCustomer: false,
  attachRefused: false,
});
