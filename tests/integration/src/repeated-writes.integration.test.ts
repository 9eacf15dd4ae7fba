import type { Commercetools } from '@connector/commercetools';
import { StaleVersionError } from '@connector/errors';
import {
  type CommercetoolsSimulator,
  createCart,
  startCommercetoolsSimulator,
} from '@connector/simulator-commercetools';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commercetoolsCarts } from '../../../services/intent/src/adapters/carts.ts';
import { commercetoolsPayments as intentPayments } from '../../../services/intent/src/adapters/payments.ts';
import { commercetoolsPayments as ledgerPayments } from '../../../services/ledger/src/adapters/commercetools-payments.ts';
import {
  checkoutRecurringJobs,
  commercetoolsPaymentMethods,
} from '../../../services/ledger/src/adapters/payment-methods.ts';
import { unorderedOrders } from '../../../services/ledger/src/adapters/unordered-orders.ts';
import { clientOf } from './client-of.ts';

/**
 * commercetools may answer 503 with Retry-After to a call that had its effect, and the gate of the client then makes the call again. Every
 * write has what keeps it from being done twice: a key, an order number, or the version that it starts from (docs/adr/0023).
 */
describe('a write that had its effect and was answered 503 with Retry-After', () => {
  let project: CommercetoolsSimulator;
  const clients: Commercetools[] = [];
  const paymentDraft = {
    key: 'cart-1-1',
    amountPlanned: { centAmount: 1190, currencyCode: 'EUR' },
    paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
  };

  beforeAll(async () => {
    project = await startCommercetoolsSimulator();
  });
  afterAll(() => project?.close());
  beforeEach(async () => {
    await project.reset();
    return async () => {
      for (const client of clients.splice(0)) await client.close();
    };
  });

  /** Another one each time: a gate that was told to slow down is slow for the next call, too. */
  const client = () => {
    const made = clientOf(project);
    clients.push(made);
    return made;
  };
  const twice = (match: string) => project.setFaults([{ match, when: 'after', times: 1, status: 503, retryAfterS: 0 }]);
  const calls = (match: string) => project.log({ match }).length;
  const aCart = async () => {
    const token = { ctUrl: project.url, projectKey: project.projectKey, token: project.issueToken() };
    return createCart(token, { currency: 'EUR', centAmount: 1190, country: 'DE' });
  };

  it("makes one payment, of intent's and of the ledger's, by its key", async () => {
    twice('POST .*/payments$');
    expect(await intentPayments(client()).create(paymentDraft as never)).toMatchObject({ kind: 'exists' });
    twice('POST .*/payments$');
    expect(await ledgerPayments(client()).create({ ...paymentDraft, key: 'stripe-pi_1' })).toBeUndefined();
    expect((await project.state()).payments.map(({ key }) => key)).toEqual(['cart-1-1', 'stripe-pi_1']);
    expect(calls('POST .*/payments$')).toBe(4);
  });

  it('changes a payment once, by its version', async () => {
    const { payment } = await intentPayments(client()).create(paymentDraft as never);
    twice('POST .*/payments/');
    const transaction = { type: 'Charge' as const, amount: paymentDraft.amountPlanned, state: 'Success' as const };
    const update = ledgerPayments(client()).update(payment as never, [{ action: 'addTransaction', transaction }]);
    await expect(update).rejects.toThrow(StaleVersionError);
    expect((await project.state()).payments[0]?.transactions).toHaveLength(1);
  });

  it('puts a payment on its cart once, by its version', async () => {
    const [cart, { payment }] = [await aCart(), await intentPayments(client()).create(paymentDraft as never)];
    twice('POST .*/carts/');
    await commercetoolsCarts(client()).addPayment(cart, payment.id);
    expect((await project.state()).carts[0]?.paymentInfo?.payments).toHaveLength(1);
  });

  it('makes one order of a cart, by its number', async () => {
    const cart = await aCart();
    twice('POST .*/orders$');
    const made = unorderedOrders(client()).create(cart, { orderNumber: 'order-1', paymentState: 'Paid' });
    expect(await made.catch((error: unknown) => error)).toSatisfy(
      (outcome) => outcome === 'number-taken' || outcome instanceof StaleVersionError,
    );
    expect((await project.state()).orders).toHaveLength(1);
    expect(await unorderedOrders(client()).byNumber('order-1')).toMatchObject({ cartId: cart.id });
  });

  it('stores one payment method, and makes one recurring payment job, by their keys', async () => {
    const { payment } = await intentPayments(client()).create(paymentDraft as never);
    twice('POST .*/payment-methods$');
    const draft = { key: 'stripe-pm_1', paymentMethodStatus: 'Active' as const, default: false };
    expect(
      await commercetoolsPaymentMethods(client()).create({ ...draft, paymentInterface: 'checkout-stripe' } as never),
    ).toBeUndefined();
    const stored = await commercetoolsPaymentMethods(client()).byKey('stripe-pm_1');
    twice('POST .*/recurring-payment-jobs$');
    await checkoutRecurringJobs(client(), project.url).create(payment.id, stored?.id ?? '');
    const { paymentMethods, recurringPaymentJobs } = await project.state();
    expect([paymentMethods.length, recurringPaymentJobs.length]).toEqual([1, 1]);
  });
});
