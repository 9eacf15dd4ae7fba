import { fittingMetadata, idempotencyKey, METADATA, operationNote, operationNoteKey } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import type Stripe from 'stripe';
import { inWords } from '../../domain/operation-identity.ts';
import type { StripeStep } from '../../domain/operations.ts';
import { beginningOf } from '../../domain/text.ts';
import type { Work } from './work.ts';

/** How often an operation is asked for again within one request because Stripe repeats a refusal of an earlier one. */
const MAX_REPLAYS = 10;

/**
 * Asks Stripe under the operation's id. A refusal that Stripe remembers from an earlier request says nothing about now, and nothing was
 * done by it: the operation is asked for again under the next key, the same for everybody who comes this far.
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

/** The longest value, in characters, that Stripe takes in metadata. */
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
    case 'capture':
      return paymentIntents.capture(
        paymentIntent.id,
        { amount: step.amount, isFinal: step.isFinal, metadata: { ...reference, ...note } },
        key,
      );
    case 'increment':
      return paymentIntents.increment(
        paymentIntent.id,
        { amount: step.amount, metadata: { ...reference, ...note } },
        key,
      );
    case 'refund': {
      const ids = { [METADATA.paymentId]: payment.id, [METADATA.operationId]: id, [METADATA.operation]: words };
      return paymentIntents.refund(paymentIntent.id, { amount: step.amount, metadata: { ...label, ...ids } }, key);
    }
    case 'cancel':
      // Stripe takes no metadata with a cancelation. What is canceled already was so by another.
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

/** Takes back the note of a cancelation that Stripe refused, so that another's is never taken for it. */
export async function forget({ deps, paymentIntent, id }: Work): Promise<void> {
  const key = operationNoteKey(id);
  const now = await deps.paymentIntents.find(paymentIntent.id);
  if (!now?.metadata[key]) return;
  const params = { metadata: { [key]: '' } };
  await deps.paymentIntents.update(now.id, params, idempotencyKey('forget', id, now.status));
}
