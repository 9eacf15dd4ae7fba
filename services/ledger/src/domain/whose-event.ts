import { type Ownership, ownershipOf } from '@connector/payment-model';
import type { PaymentEvent } from './payment-event.ts';

type Metadata = Parameters<typeof ownershipOf>[0];

export type Whose = 'ours' | 'foreign' | 'unknown';

/**
 * Whose an event is, by itself alone. PaymentIntents of ours carry our metadata from the moment they are created, and charges copy them; what
 * has other metadata, or none on a PaymentIntent, is another integration's. Refunds and disputes need not say: `unknown`.
 */
export function whoseEvent({ livemode, detail }: PaymentEvent, projectKey: string): Whose {
  // Events of this system's own services carry no mode.
  if (livemode === undefined) return 'ours';
  switch (detail.kind) {
    case 'payment-intent-changed':
    case 'payment-failed':
    case 'shopper-must-act':
      return ownerOf(detail.paymentIntent.metadata, projectKey) ?? 'foreign';
    case 'charge-changed':
    case 'charge-refunded': {
      const { metadata } = detail.charge;
      return ownerOf(metadata, projectKey) ?? (isSilent(metadata) ? 'unknown' : 'foreign');
    }
    case 'refund-changed':
      return ownerOf(detail.refund.metadata, projectKey) ?? 'unknown';
    case 'dispute-changed':
    case 'payment-suspected':
      return 'unknown';
    default:
      return 'ours';
  }
}

/** Whose the bearer of `metadata` is; undefined when they have no key that only a connector of commercetools writes (`cart_id` anyone may). */
export function ownerOf(metadata: Metadata, projectKey: string): Exclude<Whose, 'unknown'> | undefined {
  const { paymentId, paymentKey, projectKey: named }: Ownership = ownershipOf(metadata);
  if (named) return named === projectKey ? 'ours' : 'foreign';
  return paymentId || paymentKey ? 'ours' : undefined;
}

/** Whether metadata say nothing at all: whoever writes some of their own says that it is theirs. */
export const isSilent = (metadata: Metadata): boolean => Object.keys(metadata ?? {}).length === 0;
