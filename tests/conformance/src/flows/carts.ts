import { vi } from 'vitest';
import { ADDRESS, changeCart, type Flow, ok, PATIENTLY, paid, refused } from './flow.ts';

/** What carts are like, and what becomes of them while they are paid. */
export const CARTS: readonly Flow[] = [
  {
    name: 'yen, a currency without decimals',
    run: async (system) => void (await paid(system, {}, { currency: 'JPY', centAmount: 3900 })),
  },
  {
    name: 'dinars, a currency with three',
    run: async (system) => void (await paid(system, {}, { currency: 'KWD', centAmount: 7990 })),
  },
  {
    name: 'forint, with Stripe and commercetools of one mind',
    run: async (system) => void (await paid(system, {}, { currency: 'HUF', centAmount: 390_000 })),
  },
  {
    name: 'a cart that changes between two openings',
    run: async (system) => {
      const { session, cart } = await system.opened();
      await system.commercetools.setCartTotal(cart, 2500);
      await ok(system.call('GET', '/payments', { session }));
    },
  },
  {
    name: 'a cart that is paid already',
    run: async (system) => {
      const opened = await paid(system, {});
      await refused(system.call('GET', '/payments', { session: opened.session }), 400);
    },
  },
  {
    name: 'a cart that costs nothing',
    run: async (system) => {
      const { session } = await system.checkout({ centAmount: 0 });
      await refused(system.call('GET', '/payments', { session }), 400);
    },
  },
  {
    name: 'a guest who logs in between two openings',
    run: async (system) => {
      const { session, cart } = await system.opened();
      await changeCart(system, cart, { action: 'setCustomerId', customerId: await system.customer() });
      await ok(system.call('GET', '/payments', { session }));
    },
  },
  {
    name: 'a frozen cart, and a locked one',
    run: async (system) => {
      for (const action of ['freezeCart', 'lockCart']) {
        const { session, cart } = await system.checkout();
        await changeCart(system, cart, { action });
        await ok(system.call('GET', '/payments', { session }));
      }
    },
  },
  {
    name: "a cart with Stripe's tax calculation",
    run: async (system) => {
      const fields = { connectorStripeTax_calculationReferences: ['taxcalc_1'] };
      await paid(system, {}, { draft: { custom: { type: { typeId: 'type', key: 'stripe-tax' }, fields } } });
    },
  },
  {
    name: 'an address with more than Stripe takes, and one with a country alone',
    run: async (system) => {
      const long = {
        ...ADDRESS,
        firstName: 'A'.repeat(300),
        phone: '0'.repeat(40),
        additionalAddressInfo: 'x'.repeat(500),
      };
      const customerId = await system.customer({ addresses: [long] });
      await paid(system, {}, { customerId, draft: { shippingAddress: long, billingAddress: long } });
      await paid(system, {}, { draft: { shippingAddress: { country: 'DE' } } });
    },
  },
  {
    name: 'a payment that is gone from commercetools when the money comes',
    run: async (system) => {
      const { payment, paymentIntent } = await system.opened();
      // Until intent has tied it to its PaymentIntent, the payment is still changing.
      await vi.waitUntil(async () => {
        const { version, interfaceId } = await system.merchant<{ version: number; interfaceId?: string }>(
          'GET',
          `/payments/${payment}`,
        );
        if (!interfaceId) return false;
        const gone = system.merchant('DELETE', `/payments/${payment}?version=${version}`);
        return gone.then(
          () => true,
          () => false,
        );
      }, PATIENTLY);
      system.stripe.controls.pay(paymentIntent);
    },
  },
];
