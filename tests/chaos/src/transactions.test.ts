import { expect, it } from 'vitest';
import { chargedTwice } from './transactions.ts';
import type { StripePaymentIntent, StripeTruth } from './truths.ts';

const intent = (id: string, cart_id: string, status: string): StripePaymentIntent => ({
  id,
  status,
  amount: 1000,
  amount_received: status === 'succeeded' ? 1000 : 0,
  currency: 'eur',
  metadata: { cart_id },
});
const truth = (...payment_intents: StripePaymentIntent[]): StripeTruth => ({
  payment_intents,
  charges: [],
  refunds: [],
  disputes: [],
});
const carts = [{ id: 'a' }, { id: 'b' }];

it.each([
  ['one payment each', [intent('1', 'a', 'succeeded'), intent('2', 'b', 'succeeded')], []],
  [
    'a canceled and an open one beside',
    [intent('1', 'a', 'succeeded'), intent('2', 'a', 'canceled'), intent('3', 'a', 'requires_action')],
    [],
  ],
  ['two that took money', [intent('1', 'a', 'succeeded'), intent('2', 'a', 'succeeded')], ['2']],
  [
    'one that took and one that holds money',
    [intent('1', 'a', 'requires_capture'), intent('2', 'a', 'processing')],
    ['2'],
  ],
  ['carts of nobody', [intent('1', 'x', 'succeeded'), intent('2', 'x', 'succeeded')], []],
])('finds carts that are paid twice: %s', (_what, paymentIntents, found) => {
  expect(chargedTwice(truth(...paymentIntents), { carts }).map(({ paymentIntentId }) => paymentIntentId)).toEqual(
    found,
  );
});
