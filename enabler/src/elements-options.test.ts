import { describe, expect, it } from 'vitest';
import {
  clientSecretOptions,
  deferredOptions,
  expressElementOptions,
  parseObject,
  paymentElementOptions,
  returnUrl,
} from './elements-options.ts';

const look = { appearance: { theme: 'flat' as const }, locale: 'de' as const };
const config = { cartInfo: { amount: 2400, currency: 'EUR' }, captureMethod: 'manual' as const };
const customer = { stripeCustomerId: 'cus_1', ephemeralKey: 'ek_1', sessionId: 'cuss_secret_1' };

describe('options of stripe.elements', () => {
  it('before there is a PaymentIntent, have the values that the processor will put on it', () => {
    expect(deferredOptions(config, undefined, look)).toEqual({
      mode: 'payment',
      amount: 2400,
      currency: 'eur',
      captureMethod: 'manual',
      appearance: { theme: 'flat' },
      locale: 'de',
    });
  });

  it('have the customer session and the future usage of a known customer', () => {
    expect(deferredOptions({ ...config, setupFutureUsage: 'off_session' }, customer, look)).toMatchObject({
      customerSessionClientSecret: 'cuss_secret_1',
      setupFutureUsage: 'off_session',
    });
  });

  it('have no future usage for a guest, as at the processor', () => {
    expect(deferredOptions({ ...config, setupFutureUsage: 'off_session' }, undefined, look)).not.toHaveProperty(
      'setupFutureUsage',
    );
  });

  it('are bound to an existing PaymentIntent only by its client secret', () => {
    expect(clientSecretOptions('pi_1_secret', look)).toEqual({ clientSecret: 'pi_1_secret', ...look });
  });
});

describe('options of the Payment Element', () => {
  const tabs = { type: 'tabs', defaultCollapsed: false };
  it.each([
    ['are tabs by default', {}, { layout: tabs }],
    [
      'take the configured layout',
      { layout: '{"type":"accordion","radios":true}' },
      { layout: { type: 'accordion', radios: true } },
    ],
    ['ignore a layout that Stripe does not know', { layout: '{"type":"wheel"}' }, { layout: tabs }],
    ['ignore an unreadable layout', { layout: '{' }, { layout: tabs }],
    [
      'let the element’s own layout win',
      { layout: '{"type":"tabs"}', paymentElementOptions: '{"layout":"accordion"}' },
      { layout: 'accordion' },
    ],
    [
      'do not ask for the address when it is switched off',
      { collectBillingAddress: 'never' as const },
      { layout: tabs, fields: { billingDetails: { address: 'never' } } },
    ],
    [
      'let the element’s own fields win',
      { collectBillingAddress: 'never' as const, paymentElementOptions: '{"fields":{"billingDetails":"auto"}}' },
      { layout: tabs, fields: { billingDetails: 'auto' } },
    ],
    [
      'pass on only what the merchant may set',
      {
        paymentElementOptions:
          '{"readOnly":true,"wallets":{"applePay":"never"},"type":"x","appearance":{},"onReady":1}',
      },
      { layout: tabs, readOnly: true, wallets: { applePay: 'never' } },
    ],
    [
      'pass on terms, default values, the business and the order of methods',
      {
        paymentElementOptions:
          '{"terms":{"card":"never"},"defaultValues":{"billingDetails":{"name":"Ada"}},"business":{"name":"Shop"},"paymentMethodOrder":["card"]}',
      },
      {
        layout: tabs,
        terms: { card: 'never' },
        defaultValues: { billingDetails: { name: 'Ada' } },
        business: { name: 'Shop' },
        paymentMethodOrder: ['card'],
      },
    ],
  ])('%s', (_rule, given, expected) => {
    expect(paymentElementOptions({ collectBillingAddress: 'auto', ...given })).toEqual(expected);
  });
});

it('express settings are the seven that may be set', () => {
  expect(
    expressElementOptions(
      '{"buttonHeight":48,"emailRequired":true,"shippingAddressRequired":false,"billingAddressRequired":false}',
    ),
  ).toEqual({ buttonHeight: 48, emailRequired: true });
  expect(expressElementOptions('not json')).toEqual({});
});

describe('the return URL', () => {
  it.each([
    [
      'gets both references',
      'https://shop.example/thanks',
      'https://shop.example/thanks?cartId=c+1&paymentReference=p-1',
    ],
    [
      'keeps the merchant’s own query',
      'https://shop.example/?a=1',
      'https://shop.example/?a=1&cartId=c+1&paymentReference=p-1',
    ],
    [
      'replaces earlier references',
      'https://shop.example/?cartId=old',
      'https://shop.example/?cartId=c+1&paymentReference=p-1',
    ],
  ])('%s', (_rule, url, expected) => {
    expect(returnUrl(url, 'c 1', 'p-1')).toBe(expected);
  });

  it('must be absolute', () => {
    expect(() => returnUrl('/thanks', 'c1', 'p1')).toThrow(TypeError);
  });
});

it.each(['', '[1]', '"x"', '{', 'null'])('%j contains no object', (json) => {
  expect(parseObject(json)).toBeUndefined();
});
