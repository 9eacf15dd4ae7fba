import { NotFoundError, TransientError } from '@connector/errors';
import { FakeStripe } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import type { PaymentIntents } from '../use-cases/ports.ts';
import { stripePaymentIntents } from './payment-intents.ts';

describe('the refunds of a PaymentIntent that Stripe does not have', () => {
  const answering = (error?: Error) =>
    stripePaymentIntents(Object.assign(new FakeStripe(), error && { refuse: () => error }));

  it.each([
    ['as a missing object', new NotFoundError('no such PaymentIntent')],
    ['as an invalid parameter', undefined],
  ])('are none, told %s', async (_how, error) => {
    expect(await answering(error).refundsOf('PAYPAL-1')).toEqual([]);
  });

  it('are unknown while Stripe does not answer', async () => {
    await expect(answering(new TransientError('away')).refundsOf('pi_1')).rejects.toBeInstanceOf(TransientError);
  });
});

describe('a call repeated with the same key', () => {
  const params = { amount: 1190, currency: 'eur', capture_method: 'manual' as const };
  const withCard = { ...params, payment_method: 'pm_card_visa' };
  const paid = { ...withCard, capture_method: 'automatic' as const, confirm: true };
  const whole = { amount: 1190, isFinal: true, metadata: {} };

  it.each<[string, object, (paymentIntents: PaymentIntents, id: string, key: string) => Promise<unknown>]>([
    ['a PaymentIntent', params, (to, _id, key) => to.create(params, key)],
    ['its confirmation', withCard, (to, id, key) => to.confirm(id, { off_session: true }, key)],
    ['its update', params, (to, id, key) => to.update(id, { amount: 1000 }, key)],
    ['its cancelation', params, (to, id, key) => to.cancel(id, key)],
    ['its capture', { ...withCard, confirm: true }, (to, id, key) => to.capture(id, whole, key)],
    ['its refund', paid, (to, id, key) => to.refund(id, { amount: 500, metadata: {} }, key)],
  ])('%s is done once, and answered as it was', async (_what, made, ask) => {
    const stripe = new FakeStripe();
    const paymentIntents = stripePaymentIntents(stripe);
    await paymentIntents.create(made as typeof params, 'made');
    const [id = ''] = stripe.paymentIntents.keys();
    const first = await ask(paymentIntents, id, 'key');
    const after = structuredClone([stripe.paymentIntents, stripe.refunds]);
    expect(await ask(paymentIntents, id, 'key')).toEqual(first);
    expect([stripe.paymentIntents, stripe.refunds]).toEqual(after);
  });

  it('is refused with other parameters, and creates no PaymentIntent', async () => {
    const stripe = new FakeStripe();
    const paymentIntents = stripePaymentIntents(stripe);
    await paymentIntents.create(params, 'key');
    expect(await paymentIntents.create({ ...params, amount: 1 }, 'key')).toEqual({ kind: 'other-parameters' });
    expect(stripe.paymentIntents.size).toBe(1);
  });
});

it('a PaymentIntent is found by its payment key and amount, one that was paid first, whatever it is over, and one that is not canceled before one that is', async () => {
  const stripe = new FakeStripe();
  const paymentIntents = stripePaymentIntents(stripe);
  const made = async (amount: number) => {
    const outcome = await paymentIntents.create(
      { amount, currency: 'eur', metadata: { ct_payment_key: 'cart-1-1' } },
      `${amount}-${stripe.paymentIntents.size}`,
    );
    if (outcome.kind !== 'created') throw new Error('not created');
    return outcome.paymentIntent.id;
  };
  const [alive, canceled, other, paid] = [await made(1190), await made(1190), await made(500), await made(700)];
  await paymentIntents.cancel(canceled, 'cancel-1');
  expect((await paymentIntents.search('cart-1-1', 1190))?.id).toBe(alive);
  await paymentIntents.cancel(alive, 'cancel-2');
  expect((await paymentIntents.search('cart-1-1', 1190))?.status).toBe('canceled');
  expect((await paymentIntents.search('cart-1-1', 500))?.id).toBe(other);
  expect(await paymentIntents.search('cart-1-2', 1190)).toBeUndefined();
  // Paid, and raised before commercetools knew of it.
  await paymentIntents.confirm(paid, { payment_method: 'pm_card_visa' }, 'confirm');
  expect((await paymentIntents.search('cart-1-1', 500))?.id).toBe(paid);
});
