import { paymentMethod } from '@connector/testing';
import { FakeCommercetools, FakeStripe } from '@connector/testing/fakes';
import { expect, it } from 'vitest';
import { storedMethods } from './stored-methods.ts';

const project = new FakeCommercetools();
const stored = (id: string, fields: Parameters<typeof paymentMethod>[0] = {}) =>
  project.paymentMethods.set(
    id,
    paymentMethod({
      id,
      customer: { typeId: 'customer', id: 'customer-1' },
      paymentInterface: 'checkout-stripe',
      ...fields,
    }),
  );
const unit = (key: string) => ({ businessUnit: { typeId: 'business-unit' as const, key } });
stored('own');
stored('own-inactive', { paymentMethodStatus: 'Inactive' });
stored('of-acme', unit('acme'));
stored('of-other', unit('other'));
stored('of-another-customer', { customer: { typeId: 'customer', id: 'customer-2' } });
stored('of-another-provider', { paymentInterface: 'another' });

const account = new FakeStripe();
const methods = storedMethods(project, account, { paymentInterface: 'checkout-stripe' });

it.each([
  [undefined, ['own']],
  ['acme', ['of-acme']],
  ['unknown', []],
])('only active methods stored for the business unit %s can be used for it', async (key, ids) => {
  expect((await methods.list('customer-1', key)).map(({ id }) => id)).toEqual(ids);
  expect(account.calls).toEqual([]);
});
