import { addPaymentToCart, type Commercetools } from '@connector/commercetools';
import { NotFoundError, StaleVersionError, TransientError } from '@connector/errors';
import {
  type CommercetoolsSimulator,
  createCart,
  startCommercetoolsSimulator,
} from '@connector/simulator-commercetools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commercetoolsCarts as intentCarts } from '../../../../services/intent/src/adapters/carts.ts';
import { commercetoolsCarts as ledgerCarts } from '../../../../services/ledger/src/adapters/commercetools-payments.ts';
import { clientOf } from '../client-of.ts';

/** A cart that somebody at the merchant's locked, and what our services do with it. */
describe('a locked cart', () => {
  let project: CommercetoolsSimulator;
  const clients: Commercetools[] = [];

  beforeAll(async () => {
    project = await startCommercetoolsSimulator();
  });
  afterAll(async () => {
    for (const client of clients) await client.close();
    await project?.close();
  });

  const clientWith = (...scopes: string[]): Commercetools => {
    const client = clientOf(project, project.createClient({ scopes }));
    clients.push(client);
    return client;
  };
  const merchant = () => clientWith('manage_orders', 'manage_payments', 'manage_locked_carts');

  const cartAndPayment = async ({ locked }: { locked: boolean }) => {
    const { api, call } = merchant();
    const token = { ctUrl: project.url, projectKey: project.projectKey, token: project.issueToken() };
    const cart = await createCart(token, { currency: 'EUR', centAmount: 1190, country: 'DE' });
    const body = { amountPlanned: { centAmount: 1190, currencyCode: 'EUR' } };
    const payment = await call('payments.create', api.payments().post({ body }));
    const change = (version: number, action: 'lockCart' | 'unlockCart') =>
      call(
        'carts.update',
        api
          .carts()
          .withId({ ID: cart.id })
          .post({ body: { version, actions: [{ action }] } }),
      );
    const current = locked ? await change(cart.version, 'lockCart') : cart;
    return {
      cart: { id: cart.id, version: current.version },
      payment: payment.id,
      unlock: () => change(2, 'unlockCart'),
    };
  };

  it('takes the payment of a client that has manage_locked_carts', async () => {
    const { cart, payment } = await cartAndPayment({ locked: true });
    await ledgerCarts(merchant()).addPayment(cart, payment);
    expect(await intentCarts(merchant()).holding(payment)).toEqual([cart.id]);
  });

  it('is a refusal of this cart to the ledger, which records the money all the same, and no outage', async () => {
    const { cart, payment } = await cartAndPayment({ locked: true });
    await expect(ledgerCarts(clientWith('manage_orders')).addPayment(cart, payment)).rejects.toMatchObject({
      name: 'CommercetoolsRejection',
      code: 'cart_locked',
      status: 403,
    });
  });

  it('is told to who opens a payment as 400 cart_locked, and is paid once it is unlocked', async () => {
    const { cart, payment, unlock } = await cartAndPayment({ locked: true });
    const carts = intentCarts(clientWith('manage_orders'));
    await expect(carts.addPayment(cart, payment, { onlyAtThisVersion: true })).rejects.toMatchObject({
      statusCode: 400,
      code: 'cart_locked',
      fields: { resource: { typeId: 'cart', id: cart.id } },
    });
    const { version } = await unlock();
    await carts.addPayment({ id: cart.id, version }, payment, { onlyAtThisVersion: true });
    expect(await carts.holding(payment)).toEqual([cart.id]);
  });

  it('is not what a missing scope is taken for: that stays an outage until somebody grants it', async () => {
    const { cart, payment } = await cartAndPayment({ locked: false });
    const readOnly = clientWith('view_orders');
    await expect(addPaymentToCart(readOnly, cart, payment)).rejects.toThrow(TransientError);
    await expect(addPaymentToCart(readOnly, cart, payment)).rejects.toMatchObject({ reason: 'unauthorized' });
  });

  it('leaves the other refusals as they are', async () => {
    const { cart, payment } = await cartAndPayment({ locked: false });
    await expect(addPaymentToCart(merchant(), { ...cart, version: 9 }, payment)).rejects.toThrow(StaleVersionError);
    await expect(addPaymentToCart(merchant(), { id: 'none', version: 1 }, payment)).rejects.toThrow(NotFoundError);
  });
});
