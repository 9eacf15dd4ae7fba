import { ADDRESS, confirm, type Flow, ok, paid, settles, signedIn } from './flow.ts';

/** How shoppers pay, and fail to. */
export const SHOPPERS: readonly Flow[] = [
  {
    name: 'config, element, customer session, open, 4242, confirm',
    run: async (system) => {
      const customerId = await system.customer({ addresses: [ADDRESS] });
      const { session } = await system.checkout({ customerId, draft: { shippingAddress: ADDRESS } });
      for (const path of ['/operations/config', '/config-element/payment', '/customer/session'])
        await ok(system.call('GET', path, { session }));
      const opened = await system.opened({ customerId, pay: true });
      await ok(confirm(system, opened));
    },
  },
  {
    name: '3-D Secure, done by the shopper',
    run: async (system) => void (await paid(system, { card: '4000002760003184' })),
  },
  {
    name: '3-D Secure, which the shopper fails, then passes',
    run: async (system) => {
      const opened = await paid(system, { card: '4000002760003184', authentication: 'fail' });
      system.stripe.controls.pay(opened.paymentIntent, { card: '4000002760003184' });
      await ok(confirm(system, opened));
    },
  },
  {
    name: 'a decline, then another card',
    run: async (system) => {
      const opened = await paid(system, { card: '4000000000000002' });
      system.stripe.controls.pay(opened.paymentIntent);
      await ok(confirm(system, opened));
    },
  },
  { name: 'insufficient funds', run: async (system) => void (await paid(system, { card: '4000000000009995' })) },
  {
    name: 'SEPA debit that succeeds',
    run: async (system) => void settles(system, await paid(system, { iban: 'DE89370400440532013000' }), 'succeeded'),
  },
  {
    name: 'SEPA debit that fails',
    run: async (system) => void settles(system, await paid(system, { iban: 'DE62370400440532013001' }), 'failed'),
  },
  {
    name: 'a redirect method',
    run: async (system) => void (await paid(system, { type: 'ideal', return_url: 'https://shop.example/back' })),
  },
  {
    name: 'a redirect that the shopper gives up',
    run: async (system) =>
      void (await paid(system, {
        type: 'ideal',
        return_url: 'https://shop.example/back',
        authentication: 'fail',
      })),
  },
  ...(
    [
      ['konbini', { currency: 'JPY', centAmount: 3900 }],
      ['oxxo', { currency: 'MXN', centAmount: 39_000 }],
      ['boleto', { currency: 'BRL', centAmount: 3900 }],
    ] as const
  ).flatMap(([type, wishes]): Flow[] => [
    {
      name: `a voucher of ${type}, paid later`,
      run: async (world) => void world.stripe.controls.fund((await paid(world, { type }, wishes)).paymentIntent),
    },
    {
      name: `a voucher of ${type}, expired`,
      run: async (world) => void world.stripe.controls.expire((await paid(world, { type }, wishes)).paymentIntent),
    },
  ]),
  {
    name: 'a voucher of multibanco, paid later',
    run: async (system) => {
      system.stripe.controls.configure({ alsoOffers: ['multibanco', 'customer_balance'] });
      const { paymentIntent } = await paid(system, { type: 'multibanco' });
      system.stripe.controls.fund(paymentIntent);
    },
  },
  {
    name: 'a bank transfer that comes in two parts',
    run: async (system) => {
      system.stripe.controls.configure({ alsoOffers: ['multibanco', 'customer_balance'] });
      const { paymentIntent } = await paid(
        system,
        { type: 'customer_balance' },
        { customerId: await signedIn(system) },
      );
      system.stripe.controls.fund(paymentIntent, 1000);
      system.stripe.controls.fund(paymentIntent);
    },
  },
  {
    name: 'express checkout',
    run: async (system) => {
      const { session } = await system.checkout();
      await ok(system.call('POST', '/express-config', { body: {}, headers: { origin: system.sandbox.url } }));
      await ok(system.call('GET', '/express-payment-data', { session }));
      await ok(system.call('GET', '/payments', { session, headers: { 'x-express-checkout': 'true' } }));
    },
  },
];
