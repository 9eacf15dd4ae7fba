import { describe, expect, it } from 'vitest';
import { aCart, someBehaviour } from '../testing/builders.ts';
import { type BehaviourSettings, behaviourFor, discriminatorOf } from './behaviour.ts';
import type { Cart } from './checkout-cart.ts';

const store = { typeId: 'store' as const, key: 'outlet-mx' };
const billingAddress = { country: 'FR' };
const shippingAddress = { country: 'PL' };

describe('the value that picks a rule', () => {
  it.each<[Partial<Cart>, string | undefined]>([
    [{ country: 'DE', billingAddress, shippingAddress, store }, 'DE'],
    [{ billingAddress, shippingAddress, store }, 'FR'],
    [{ shippingAddress, store }, 'PL'],
    [{ store }, 'outlet-mx'],
    [{}, undefined],
  ])('is the first of country, billing, shipping and store: %j', (fields, expected) => {
    expect(discriminatorOf(aCart(fields))).toBe(expected);
  });
});

describe('behaviour rules', () => {
  const settings = someBehaviour({
    captureMethod: 'automatic_async',
    rules: { PL: { captureMethod: 'manual' }, 'outlet-mx': { flowType: 'pi_first', collectBillingAddress: 'never' } },
  });

  it('override only what they name', () => {
    expect(behaviourFor(aCart({ country: 'PL' }), false, settings)).toMatchObject({
      captureMethod: 'manual',
      flowType: 'deferred',
      collectBillingAddress: 'auto',
    });
  });

  it.each([
    ['a cart with a country never matches a store’s rule', { country: 'DE', store }],
    ['case counts', { country: 'pl' }],
    ['names of built-in object members are no rules', { country: 'constructor' }],
  ])('%s', (_rule, fields) => {
    expect(behaviourFor(aCart(fields), false, settings)).toMatchObject({
      captureMethod: 'automatic_async',
      flowType: 'deferred',
    });
  });
});

describe('setup_future_usage', () => {
  type Row = [rule: string, recurring: boolean, settings: Partial<BehaviourSettings>, expected: string | undefined];
  const withRule = (setupFutureUsage: string) => ({ rules: { DE: { setupFutureUsage } } });
  it.each<Row>([
    ['nothing is configured', false, {}, undefined],
    ['it is configured', false, { setupFutureUsage: 'on_session' }, 'on_session'],
    ['it is written loosely', false, { setupFutureUsage: ' Off_Session ' }, 'off_session'],
    [
      'empty means none, also against the saved methods',
      false,
      { setupFutureUsage: '', savedMethodsUsage: 'off_session' },
      undefined,
    ],
    ['none means none', false, { setupFutureUsage: 'none', savedMethodsUsage: 'off_session' }, undefined],
    ['unset falls back to the saved methods', false, { savedMethodsUsage: 'on_session' }, 'on_session'],
    [
      'an unknown word counts as unset',
      false,
      { setupFutureUsage: 'often', savedMethodsUsage: 'on_session' },
      'on_session',
    ],
    ['a rule wins', false, { setupFutureUsage: 'on_session', ...withRule('none') }, undefined],
    ['a recurring cart saves its method', true, { setupFutureUsage: 'none' }, 'off_session'],
    ['pi_first leaves it out', false, { setupFutureUsage: 'off_session', flowType: 'pi_first' }, undefined],
    ['pi_first leaves it out for recurring carts, too', true, { flowType: 'pi_first' }, undefined],
  ])('%s', (_rule, isRecurring, fields, expected) => {
    const { setupFutureUsage } = behaviourFor(aCart({ country: 'DE' }), isRecurring, someBehaviour(fields));
    expect(setupFutureUsage).toBe(expected);
  });
});
