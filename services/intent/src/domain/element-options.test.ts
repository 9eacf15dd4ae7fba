import { describe, expect, it } from 'vitest';
import { readPaymentElementOptions } from './element-options.ts';

describe('options of the payment element', () => {
  it.each([
    ['unset', undefined, {}, 0],
    ['no JSON', 'layout', {}, 1],
    ['a list', '[]', {}, 1],
    ['good ones', '{"readOnly":true,"terms":{"card":"never"}}', { readOnly: true, terms: { card: 'never' } }, 0],
    ['an unknown key', '{"readOnly":true,"paymentMethodTypes":["card"]}', { readOnly: true }, 1],
    ['an invalid value', '{"readOnly":"yes","business":{"name":"Shop"}}', { business: { name: 'Shop' } }, 1],
    [
      'unknown nested keys',
      '{"wallets":{"applePay":"auto","link":"never"}}',
      { wallets: { applePay: 'auto', link: 'never' } },
      0,
    ],
    [
      'fields',
      '{"fields":{"billingDetails":{"address":"if_required"}}}',
      { fields: { billingDetails: { address: 'if_required' } } },
      0,
    ],
    ['a member of every object', '{"constructor":{}}', {}, 1],
  ])('keep the valid ones and report the others: %s', (_what, text, usable, problems) => {
    const read = readPaymentElementOptions(text);
    expect(JSON.parse(read.json)).toEqual(usable);
    expect(read.problems).toHaveLength(problems);
  });

  it('name a mistake by its path', () => {
    expect(readPaymentElementOptions('{"terms":{"card":"often"}}').problems).toEqual([
      'terms.card is not valid, terms is left out',
    ]);
  });
});
