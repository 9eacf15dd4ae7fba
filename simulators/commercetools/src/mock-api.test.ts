import { afterEach, beforeEach, expect, it } from 'vitest';
import { MockApi } from './mock-api.ts';
import { Payments } from './payments/payments.ts';
import { SandboxStorage } from './storage.ts';

let api: MockApi;
let payments: Payments;
beforeEach(async () => {
  const storage = new SandboxStorage();
  payments = new Payments({ findType: () => undefined, find: () => undefined }, Date.now);
  storage.payments = payments;
  api = new MockApi({ storage, payments, projectKey: 'shop' });
  await api.start();
});
afterEach(() => api.close());

const post = (collection: string, body: unknown, id?: string): Promise<{ status: number; body: { id: string } }> =>
  api
    .handle({
      method: 'POST',
      collection,
      address: id === undefined ? undefined : { id },
      url: id === undefined ? `/shop/${collection}` : `/shop/${collection}/${id}`,
      params: new URLSearchParams(),
      body,
      clientId: 'test',
      needOneOf: () => {},
    })
    .then(
      ({ status, body }) => ({ status, body: body as { id: string } }),
      (error: { status: number }) => ({ status: error.status, body: { id: '' } }),
    );
const createCart = async () => (await post('carts', { currency: 'EUR' })).body.id;
const inTheSameInstant = async (times: number, call: (i: number) => Promise<{ status: number }>) => {
  const answers = await Promise.all(Array.from({ length: times }, (_, i) => call(i)));
  return answers.map((answer) => answer.status).sort();
};

it('lets one update of a version win, so that no payment of a cart is lost', async () => {
  const id = await createCart();
  const statuses = await inTheSameInstant(8, () => {
    const payment = payments.create({ amountPlanned: { centAmount: 1, currencyCode: 'EUR' } }, 'test');
    const actions = [{ action: 'addPayment', payment: { typeId: 'payment', id: payment.id } }];
    return post('carts', { version: 1, actions }, id);
  });
  expect(statuses).toEqual([200, ...Array(7).fill(409)]);
  expect((await api.findCart({ id }))?.paymentInfo?.payments).toHaveLength(1);
});

it('creates only one resource for a key', async () => {
  expect(await inTheSameInstant(4, () => post('carts', { currency: 'EUR', key: 'once' }))).toEqual([
    201, 400, 400, 400,
  ]);
});

it('creates only one order of a cart', async () => {
  const cart = { typeId: 'cart', id: await createCart() };
  expect(await inTheSameInstant(3, (i) => post('orders', { version: 1, cart, orderNumber: `o-${i}` }))).toEqual([
    201, 409, 409,
  ]);
});

it('uses an order number once, and keeps the payment state', async () => {
  const order = async (paymentState?: string) => ({
    version: 1,
    cart: { typeId: 'cart', id: await createCart() },
    orderNumber: 'o-1',
    ...(paymentState && { paymentState }),
  });
  expect(await post('orders', await order('Paid'))).toMatchObject({
    status: 201,
    body: { orderNumber: 'o-1', paymentState: 'Paid' },
  });
  const second = await order();
  expect((await post('orders', second)).status).toBe(400);
  expect((await api.findCart(second.cart))?.cartState).toBe('Active');
});

it('keeps an update that happens together with a change of the total', async () => {
  const id = await createCart();
  const setEmail = { version: 1, actions: [{ action: 'setCustomerEmail', email: 'a@example.com' }] };
  await Promise.all([post('carts', setEmail, id), api.setCartTotal(id, 500)]);
  expect(await api.findCart({ id })).toMatchObject({ customerEmail: 'a@example.com', totalPrice: { centAmount: 500 } });
});
