import type { Payment } from '@commercetools/platform-sdk';
import { payment } from '@connector/testing';
import { expect, it } from 'vitest';
import { lookAhead } from './look-ahead.ts';

function world(stored: readonly Payment[]) {
  const remembered = new Map<string, Payment>();
  const asked: (readonly string[])[] = [];
  const look = lookAhead({
    paymentsOf: async (ids) => {
      asked.push(ids);
      return stored.filter(({ interfaceId }) => interfaceId && ids.includes(interfaceId));
    },
    known: { get: (id) => remembered.get(id), set: (id, each) => remembered.set(id, each), delete: () => {} },
    paymentInterface: 'checkout-stripe',
  });
  return { look, remembered, asked };
}
const of = (interfaceId: string, paymentInterface = 'checkout-stripe') =>
  payment({ id: `payment-of-${interfaceId}`, interfaceId, paymentMethodInfo: { paymentInterface } });

it('caches the payments of a backlog after one call', async () => {
  const { look, remembered, asked } = world([of('pi_1'), of('pi_2')]);
  await look(['pi_1', 'pi_2', 'pi_3']);
  expect([...remembered.keys()]).toEqual(['pi_1', 'pi_2']);
  expect(asked).toEqual([['pi_1', 'pi_2', 'pi_3']]);
});

it('reads only payments that it does not know', async () => {
  const { look, asked } = world([of('pi_1')]);
  await look(['pi_1', 'ch_1', 'cus_1']);
  await look(['pi_1']);
  expect(asked).toEqual([['pi_1']]);
});

it('reads a hundred at once', async () => {
  const { look, asked } = world([]);
  await look(Array.from({ length: 250 }, (_, at) => `pi_${at}`));
  expect(asked.map(({ length }) => length)).toEqual([100, 100, 50]);
});

it("leaves another integration's payments alone", async () => {
  const { look, remembered } = world([of('pi_1', 'other-connector')]);
  await look(['pi_1']);
  expect(remembered.size).toBe(0);
});
