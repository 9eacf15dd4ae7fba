import { beforeEach, describe } from 'vitest';
import { itIsStripe } from '../conformance/stripe.ts';
import { FakeStripe } from './fake-stripe.ts';

describe('the fake Stripe', () => {
  let stripe: FakeStripe;
  beforeEach(() => {
    stripe = new FakeStripe();
  });
  itIsStripe(() => stripe);
});
