import type { Commercetools } from '@connector/commercetools';
import { expect, it } from 'vitest';
import { storedMethods } from './stored-methods.ts';

const customer = { typeId: 'customer', id: 'customer-1' };
const unit = (key: string) => ({ businessUnit: { typeId: 'business-unit', key } });
const METHODS = [
  { id: 'own', customer, paymentMethodStatus: 'Active' },
  { id: 'own-inactive', customer, paymentMethodStatus: 'Inactive' },
  { id: 'of-acme', customer, paymentMethodStatus: 'Active', ...unit('acme') },
  { id: 'of-other', customer, paymentMethodStatus: 'Active', ...unit('other') },
];

const methods = storedMethods(
  {
    api: { paymentMethods: () => ({ get: () => undefined }) },
    call: async () => ({ results: METHODS }),
  } as unknown as Commercetools,
  { call: () => Promise.reject(new Error('Stripe is not asked')) },
  { paymentInterface: 'checkout-stripe' },
);

it.each([
  [undefined, ['own']],
  ['acme', ['of-acme']],
  ['unknown', []],
])('only active methods stored for the business unit %s can be used for it', async (key, ids) => {
  expect((await methods.list('customer-1', key)).map(({ id }) => id)).toEqual(ids);
});
