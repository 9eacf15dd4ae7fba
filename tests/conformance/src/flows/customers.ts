import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { EUR, type Flow, ok, PATIENTLY, paid, signedIn } from './flow.ts';

/** What is kept for a customer, and charged without them. */
export const CUSTOMERS: readonly Flow[] = [
  {
    name: 'a card saved while paying, paid with again, and removed',
    run: async (system) => {
      const customerId = await system.customer();
      await paid(system, { setup_future_usage: 'off_session' }, { customerId });
      const method = await system.storedMethod(customerId);
      const { session } = await system.checkout({ customerId });
      await ok(system.call('GET', '/stored-payment-methods', { session }));
      await ok(system.call('DELETE', `/stored-payment-methods/${method.id}`, { session }));
    },
  },
  {
    name: 'a saved card that is renewed, and then taken from its customer at Stripe',
    run: async (system) => {
      const customerId = await system.customer();
      const { id, token } = await system.storedMethod(customerId);
      const stored = () => system.merchant<{ name?: { en: string } }>('GET', `/payment-methods/${id}`);
      await system.stripeCall(`/payment_methods/${token}`, { 'card[exp_month]': '2', 'card[exp_year]': '2040' });
      await vi.waitUntil(async () => (await stored()).name?.en === 'Visa •••• 4242, 02/40', PATIENTLY);
      await system.stripeCall(`/payment_methods/${token}/detach`, {});
      await vi.waitUntil(
        () =>
          stored().then(
            () => false,
            () => true,
          ),
        PATIENTLY,
      );
    },
  },
  {
    name: 'iDEAL, saved as the SEPA debit that it leaves',
    run: async (system) => {
      const customerId = await signedIn(system);
      const pay = {
        type: 'ideal',
        return_url: 'https://shop.example/back',
        setup_future_usage: 'off_session',
      } as const;
      await paid(system, pay, { customerId });
    },
  },
  {
    name: 'a cart that recurs: its method is saved, and Checkout has a job',
    run: async (system) => {
      const recurrenceInfo = { recurrencePolicy: { typeId: 'recurrence-policy', id: 'monthly' } };
      const item = { name: { en: 'Book' }, slug: 'book', quantity: 1, money: EUR(2400), recurrenceInfo };
      const customerId = await signedIn(system);
      const { payment } = await paid(system, {}, { customerId, draft: { customLineItems: [item] } });
      await vi.waitUntil(async () => {
        const { recurringPaymentJobs } = await system.commercetools.state();
        return recurringPaymentJobs.some(({ originPayment }) => originPayment.id === payment);
      }, PATIENTLY);
    },
  },
  {
    name: 'a Stripe customer who is gone',
    run: async (system) => {
      const customerId = await system.customer();
      const { stripeCustomer } = await system.storedMethod(customerId);
      await system.opened({ customerId });
      await system.stripeCall(`/customers/${stripeCustomer}`, {}, 'DELETE');
      await system.opened({ customerId });
    },
  },
  {
    name: 'a charge without the shopper',
    run: async (system) => {
      const customerId = await system.customer();
      const { id } = await system.storedMethod(customerId);
      const { cart } = await system.checkout({ customerId });
      const body = { type: 'Recurring', cartId: cart, checkoutTransactionItemId: randomUUID(), paymentMethodId: id };
      await ok(
        system.call('POST', '/operations/transactions', { token: system.token('manage_checkout_transactions'), body }),
      );
    },
  },
  {
    name: 'a charge without the shopper that is declined, and asked for again',
    run: async (system) => {
      const customerId = await system.customer();
      const { id } = await system.storedMethod(customerId, { paymentMethod: 'pm_card_chargeCustomerFail' });
      const { cart } = await system.checkout({ customerId });
      for (const idempotencyKey of [randomUUID(), randomUUID()]) {
        const body = { type: 'Recurring', cartId: cart, paymentMethodId: id, idempotencyKey };
        await system.call('POST', '/operations/transactions', {
          token: system.token('manage_checkout_transactions'),
          body,
        });
      }
    },
  },
];
