import { fittingMetadata, idempotencyKey, METADATA, operationNote, operationNoteKey } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import { inWords } from '../../domain/operation-identity.ts';
import type { StripeStep } from '../../domain/operations.ts';
import { refusedOfPaymentIntent } from '../../domain/optional-data.ts';
import { beginningOf } from '../../domain/text.ts';
import type { Work } from './work.ts';

/** How often one request repeats an operation under a new key because Stripe repeats an earlier refusal. */
const MAX_REPLAYS = 10;

/**
 * Calls Stripe with the operation's id as idempotency key. A refusal that Stripe has stored from an earlier request
 * says nothing about the present, and that request did nothing. So the call is repeated with the next key, which is the
 * same for every request that gets this far.
 */
export async function callStripe(work: Work, step: StripeStep): Promise<Stripe.PaymentIntent | Stripe.Refund> {
  for (let replays = 0; ; replays += 1) {
    const key = replays === 0 ? work.id : `${work.id}-${replays}`;
    try {
      return await callOnce(work, step, key);
    } catch (error) {
      if (!(error instanceof StripeRejection) || !error.isReplayed || replays >= MAX_REPLAYS) throw error;
    }
  }
}

/** Stripe's maximum length of a metadata value, in characters. */
const MAX_METADATA_VALUE = 500;

async function callOnce(work: Work, step: StripeStep, key: string): Promise<Stripe.PaymentIntent | Stripe.Refund> {
  const { deps, request, payment, paymentIntent, id } = work;
  const { paymentIntents } = deps;
  const words = inWords(request.operation);
  const note = operationNote(id, words, paymentIntent.metadata);
  const label: Record<string, string> = request.merchantReference
    ? { [METADATA.merchantReference]: beginningOf(request.merchantReference, MAX_METADATA_VALUE) }
    : {};
  const reference = fittingMetadata({ ...paymentIntent.metadata, ...note }, label);
  switch (step.kind) {
    case 'capture': {
      const { amount, isFinal } = step;
      const capture = { amount, isFinal, metadata: { ...reference, ...note } };
      return withoutItemsIfRefused(work, key, (items) =>
        paymentIntents.capture(paymentIntent.id, { ...capture, ...items.params }, items.key),
      );
    }
    case 'increment': {
      const increment = { amount: step.amount, metadata: { ...reference, ...note } };
      return withoutItemsIfRefused(work, key, (items) =>
        paymentIntents.increment(paymentIntent.id, { ...increment, ...items.params }, items.key),
      );
    }
    case 'refund': {
      const ids = { [METADATA.paymentId]: payment.id, [METADATA.operationId]: id, [METADATA.operation]: words };
      return paymentIntents.refund(paymentIntent.id, { amount: step.amount, metadata: { ...label, ...ids } }, key);
    }
    case 'cancel':
      // Stripe accepts no metadata with a cancelation, so it is written before. If it is canceled already, somebody
      // else did it.
      if (paymentIntent.status !== 'canceled') {
        await paymentIntents.update(
          paymentIntent.id,
          { metadata: { ...reference, ...note } },
          idempotencyKey('note', key, reference, note),
        );
      }
      return paymentIntents.cancel(paymentIntent.id, key);
  }
}

interface Items {
  readonly key: string;
  readonly params: { readonly withoutLineItems?: boolean };
}

/**
 * The line items of a PaymentIntent may not fit another amount: then they are removed, and the operation is done
 * (rulings 38).
 */
async function withoutItemsIfRefused<T>(
  { deps, paymentIntent }: Work,
  key: string,
  ask: (items: Items) => Promise<T>,
): Promise<T> {
  try {
    return await ask({ key, params: {} });
  } catch (error) {
    const isRefused = paymentIntent.metadata[METADATA.lineItems] && refusedOfPaymentIntent(error) === 'line_items';
    if (!isRefused) throw error;
    metrics.optionalDataRefused.inc({ field: 'line_items' });
    deps.log.warn(
      { error, paymentIntentId: paymentIntent.id },
      'the goods of a payment do not fit what is taken of it',
    );
    return ask({ key: `${key}-without-items`, params: { withoutLineItems: true } });
  }
}

/** Removes the entry of a refused cancelation, so that somebody else's cancelation never counts as this one. */
export async function forget({ deps, paymentIntent, id }: Work): Promise<void> {
  const key = operationNoteKey(id);
  const now = await deps.paymentIntents.find(paymentIntent.id);
  if (!now?.metadata[key]) return;
  const params = { metadata: { [key]: '' } };
  await deps.paymentIntents.update(now.id, params, idempotencyKey('forget', id, now.status));
}
