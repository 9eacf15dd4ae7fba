import { StaleVersionError } from '@connector/errors';
import { cart, payment } from '@connector/testing';
import { FakeCommercetools } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import { commercetoolsCarts } from './carts.ts';

/** A cart, a payment, and another writer who changes the cart `times` times before it is written. */
function project(times: number) {
  const commercetools = new FakeCommercetools();
  const [theCart, thePayment] = [cart(), payment()];
  commercetools.addCart(theCart).add(thePayment);
  let left = times;
  commercetools.beforeAddPayment = () => {
    const { version, ...now } = commercetools.carts.get(theCart.id) ?? theCart;
    if (left > 0) commercetools.addCart({ ...now, version: version + 1 });
    left -= 1;
  };
  const paymentIds = () => commercetools.carts.get(theCart.id)?.paymentInfo?.payments.map(({ id }) => id) ?? [];
  return { commercetools, carts: commercetoolsCarts(commercetools), theCart, paymentId: thePayment.id, paymentIds };
}

describe('a payment is put on a cart', () => {
  it.each([0, 1, 7])('that changes meanwhile, %i times', async (times) => {
    const { carts, theCart, paymentId, paymentIds } = project(times);
    await carts.addPayment(theCart, paymentId);
    expect(paymentIds()).toEqual([paymentId]);
  });

  it('eight times at most', async () => {
    const { carts, theCart, paymentId, paymentIds } = project(8);
    await expect(carts.addPayment(theCart, paymentId)).rejects.toThrow(StaleVersionError);
    expect(paymentIds()).toEqual([]);
  });

  it('only at the given version, if one is given', async () => {
    const { carts, theCart, paymentId, paymentIds } = project(1);
    const put = carts.addPayment(theCart, paymentId, { onlyAtThisVersion: true });
    await expect(put).rejects.toThrow(StaleVersionError);
    expect(paymentIds()).toEqual([]);
  });

  it('once, whoever was first', async () => {
    const { commercetools, carts, theCart, paymentId, paymentIds } = project(0);
    await commercetoolsCarts(commercetools).addPayment(theCart, paymentId);
    const writes = commercetools.calls.filter((call) => call === 'carts.update').length;
    await carts.addPayment(theCart, paymentId);
    expect(paymentIds()).toEqual([paymentId]);
    expect(commercetools.calls.filter((call) => call === 'carts.update')).toHaveLength(writes + 1);
  });
});

it('a cart is read without deleted payments', async () => {
  const { commercetools, carts, theCart, paymentId } = project(0);
  await carts.addPayment(theCart, paymentId);
  expect((await carts.get(theCart.id)).payments).toMatchObject([{ id: paymentId }]);
  commercetools.stored.delete(paymentId);
  expect((await carts.get(theCart.id)).payments).toEqual([]);
  expect(await carts.holding(paymentId)).toEqual([theCart.id]);
});
