import { type EventRecord, idOf, partitionKeyOf, STRIPE_TYPE_PREFIX, toRecord } from '@connector/contracts';
import type { StripeEvent } from './classify.ts';

/**
 * The record of a Stripe event for `payments.events`: keyed by PaymentIntent, with Stripe's event id, and `value` (the bytes
 * Stripe sent, or the event as its API gives it) unchanged. `accountId` is our own account, for events that name no
 * account.
 */
export function toPaymentRecord(event: StripeEvent, value: Buffer, accountId: string | undefined): EventRecord {
  const account = event.account ?? accountId;
  const attributes = {
    id: event.id,
    source: account ? `/stripe/${account}` : '/stripe',
    type: `${STRIPE_TYPE_PREFIX}${event.type}`,
    time: isoOf(event.created),
    subject: paymentIntentIdOf(event.object),
  };
  const headers: Record<string, string> = { 'stripe-livemode': String(event.livemode) };
  if (event.apiVersion) headers['stripe-api-version'] = event.apiVersion;
  if (account) headers['stripe-account'] = account;
  return toRecord(partitionKeyOf(event.object), attributes, value, headers);
}

let last = { seconds: 0, iso: new Date(0).toISOString() };

/**
 * ISO 8601 of Unix seconds, cached: events come in bursts of the same second, and formatting takes 2 % of a webhook's
 * time.
 */
function isoOf(seconds: number): string {
  if (last.seconds !== seconds) last = { seconds, iso: new Date(seconds * 1000).toISOString() };
  return last.iso;
}

const paymentIntentIdOf = (object: StripeEvent['object']): string | undefined =>
  object.object === 'payment_intent' ? idOf(object) : idOf(object.payment_intent);
