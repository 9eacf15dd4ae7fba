import { type Ownership, ownershipOf } from '@connector/payment-model';
import type { PaymentEvent } from './payment-event.ts';

type Metadata = Parameters<typeof ownershipOf>[0];

export type Whose = 'ours' | 'foreign' | 'unknown';

/**
 * The owner of an event, decided from the event alone. Our PaymentIntents have our metadata from their creation, and
 * their charges copy it. An object with other metadata, or a PaymentIntent without any, belongs to another integration.
 * Refunds and disputes may not name their owner: `unknown`.
 */
export function whoseEvent({ livemode, detail }: PaymentEvent, projectKey: string): Whose {
  // Events of our own services have no mode.
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

/**
 * The owner of an object with this `metadata`; undefined when it has no key that only a commercetools connector writes
 * (anyone may write `cart_id`).
 */
export function ownerOf(metadata: Metadata, projectKey: string): Exclude<Whose, 'unknown'> | undefined {
  const { paymentId, paymentKey, projectKey: named }: Ownership = ownershipOf(metadata);
  if (named) return named === projectKey ? 'ours' : 'foreign';
  return paymentId || paymentKey ? 'ours' : undefined;
}

/** Whether the metadata is empty. Metadata of another kind means that the object belongs to somebody else. */
export const isSilent = (metadata: Metadata): boolean => Object.keys(metadata ?? {}).length === 0;
