import type { StripeEvent, StripeObject } from './stripe-events.ts';
import type { Charge, Dispute, PaymentIntent, Refund } from './stripe-objects.ts';

export type RefundStatus = 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';

export type VoucherType = 'multibanco' | 'boleto' | 'oxxo' | 'konbini' | 'customer_balance';

/** A step in a PaymentIntent's life; `share` is a percentage of the available amount. */
export type Step =
  | { does: 'changes the amount'; amount: number }
  | { does: 'is declined' }
  | { does: 'is challenged' }
  | { does: 'is authorised'; method: string }
  | { does: 'is processing'; method: string }
  /** Something that the shopper will pay with in the next days: a voucher, or an account for a transfer. */
  | { does: 'gets a voucher'; type: VoucherType }
  | { does: 'is funded in part'; share: number }
  | { does: 'settles'; well: boolean }
  | { does: 'gets its balance transaction' }
  | { does: 'is captured'; share: number; isFinal: boolean }
  /** Captured in one step, with more than was authorised. */
  | { does: 'is overcaptured'; by: number }
  /** The card's bank authorises more, before anything is captured. */
  | { does: 'has its authorization raised'; by: number }
  | { does: 'is canceled' }
  | { does: 'is refunded'; share: number; status: RefundStatus; isBooked: boolean }
  | { does: 'moves a refund'; which: number; status: RefundStatus }
  | { does: 'is disputed'; share: number; status: string; withdrawn: boolean }
  /** `to` is a status, or an index into the statuses that may follow. */
  | { does: 'moves a dispute'; which: number; to: string | number; reinstated: boolean }
  | { does: 'has disputed money moved'; which: number }
  /** A correction of at most a tenth of the withdrawn amount. */
  | { does: 'has a part reinstated'; which: number };

/** Everything that Stripe would answer at one moment. */
export interface Truth {
  readonly paymentIntent: PaymentIntent;
  readonly charges: readonly Charge[];
  readonly refunds: readonly Refund[];
  readonly disputes: readonly Dispute[];
}

/** An event, with the index of the first truth that it may be read together with. */
export type Emission = { readonly moment: number } & (
  | { readonly by: 'stripe'; readonly event: StripeEvent }
  /** Events of this project's own services, with the object as Stripe returned it. */
  | {
      readonly by: 'intent';
      readonly tells: 'opened' | 'confirmed' | 'done';
      readonly id: string;
      readonly object: StripeObject;
    }
);

export interface LifeOptions {
  /** Whether Stripe shows released money as a refund. */
  showsReleases?: boolean;
  /** Whether the endpoint's API version has no `refund.*` events for a charge. */
  isOlderEndpoint?: boolean;
  /** Whether a card's authorization can be raised. */
  isRaisable?: boolean;
}
