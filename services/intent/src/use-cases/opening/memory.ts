import type Stripe from 'stripe';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { OptionalField } from '../../domain/optional-data.ts';

/** What one request remembers between its steps. */
export interface Memory {
  /** Number of looks so far; only the first look may use a cached cart. */
  looks: number;
  /** Payments that are not on the cart (yet), by id: created by this request, or found by their key. */
  readonly detached: Map<string, Payment>;
  /** PaymentIntents that this request created, by idempotency key. */
  readonly created: Map<string, Stripe.PaymentIntent>;
  /** PaymentIntents that belong to an attempt, by id. */
  readonly attachedIds: Set<string>;
  /** Payments whose PaymentIntent can be neither created nor found, by id. */
  readonly givenUp: Set<string>;
  readonly rejectedUpdates: Set<string>;
  readonly leftOut: Set<OptionalField>;
  /** A suffix that makes the keys of create calls differ from those of refused calls. */
  readonly variant: string[];
  /** Whether a deleted Stripe customer has been replaced; that is done only once. */
  replacesCustomer: boolean;
  /** The customer is from the cache; after commercetools has refused it, it is read. */
  recalledCustomer: boolean;
  /** Whether commercetools has refused to put a payment on the cart. */
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
