import { NotFoundError, TransientError } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import { stripeRejection } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';

import { stripePaymentIntents } from './payment-intents.ts';

const answering = (error: Error) =>
  stripePaymentIntents({ call: (() => Promise.reject(error)) as StripeClient['call'] });

describe('the refunds of a PaymentIntent that Stripe does not have', () => {
  it.each([
    ['as a missing object', new NotFoundError('no such PaymentIntent')],
    ['as a parameter that names none', stripeRejection('resource_missing', { param: 'payment_intent' })],
  ])('are none, told %s', async (_how, error) => {
    expect(await answering(error).refundsOf('PAYPAL-1')).toEqual([]);
  });

  it('are not known while Stripe cannot be asked', async () => {
    await expect(answering(new TransientError('away')).refundsOf('pi_1')).rejects.toBeInstanceOf(TransientError);
  });
});
