import { randomUUID } from 'node:crypto';
import type { World } from '@connector/e2e-tests/world';
import { StripeApiError } from '@connector/simulator-stripe';

/** What a shopper, Checkout or a merchant does, through every service; it throws when the answer is not the wanted one. */
export interface Flow {
  readonly name: string;
  run(world: World): Promise<void>;
}

const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
const ADDRESS = {
  country: 'DE',
  firstName: 'Ada',
  lastName: 'Lovelace',
  streetName: 'Lange Straße',
  city: 'Kiel',
  phone: '+49 431 1',
};

async function ok(answer: ReturnType<World['call']>): Promise<Awaited<ReturnType<World['call']>>> {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`answered ${status}: ${text}`);
  return answer;
}

async function operate(world: World, payment: string, action: object, headers: Record<string, string> = {}) {
  const { json } = await ok(
    world.call('POST', `/operations/payment-intents/${payment}`, {
      token: world.token('manage_project'),
      body: { actions: [action] },
      headers,
    }),
  );
  return json.outcome as string;
}

const confirm = (world: World, { payment, session, paymentIntent }: Opened) =>
  world.call('POST', `/confirmPayments/${payment}`, { session, body: { paymentIntent } });

type Opened = Awaited<ReturnType<World['opened']>>;

/** Opens, pays as told, confirms. */
async function paid(
  world: World,
  pay: Parameters<World['stripe']['controls']['pay']>[1],
  wishes: Parameters<World['opened']>[0] = {},
) {
  const opened = await world.opened(wishes);
  try {
    world.stripe.controls.pay(opened.paymentIntent, pay);
  } catch (error) {
    // The page tells the shopper; Stripe tells the webhook.
    if (!(error instanceof StripeApiError) || error.status !== 402) throw error;
  }
  await confirm(world, opened);
  return opened;
}

const settles = (world: World, { paymentIntent }: Opened, outcome: 'succeeded' | 'failed') =>
  world.stripe.controls.settle(paymentIntent, outcome);

export const FLOWS: readonly Flow[] = [
  {
    name: 'config, element, customer session, open, 4242, confirm',
    run: async (world) => {
      const customerId = await world.customer({ addresses: [ADDRESS] });
      const { session } = await world.checkout({ customerId, draft: { shippingAddress: ADDRESS } });
      for (const path of ['/operations/config', '/config-element/payment', '/customer/session'])
        await ok(world.call('GET', path, { session }));
      const opened = await world.opened({ customerId, pay: true });
      await ok(confirm(world, opened));
    },
  },
  {
    name: '3-D Secure, done by the shopper',
    run: async (world) => void (await paid(world, { card: '4000002760003184' })),
  },
  {
    name: 'a decline, then another card',
    run: async (world) => {
      const opened = await paid(world, { card: '4000000000000002' });
      world.stripe.controls.pay(opened.paymentIntent);
      await ok(confirm(world, opened));
    },
  },
  { name: 'insufficient funds', run: async (world) => void (await paid(world, { card: '4000000000009995' })) },
  {
    name: 'SEPA debit that succeeds',
    run: async (world) => void settles(world, await paid(world, { iban: 'DE89370400440532013000' }), 'succeeded'),
  },
  {
    name: 'SEPA debit that fails',
    run: async (world) => void settles(world, await paid(world, { iban: 'DE62370400440532013001' }), 'failed'),
  },
  {
    name: 'a redirect method',
    run: async (world) => void (await paid(world, { type: 'ideal', return_url: 'https://shop.example/back' })),
  },
  {
    name: 'express checkout',
    run: async (world) => {
      const { session } = await world.checkout();
      await ok(world.call('POST', '/express-config', { body: {}, headers: { origin: world.sandbox.url } }));
      await ok(world.call('GET', '/express-payment-data', { session }));
      await ok(world.call('GET', '/payments', { session, headers: { 'x-express-checkout': 'true' } }));
    },
  },
  {
    name: 'yen, a currency without decimals',
    run: async (world) => void (await paid(world, {}, { currency: 'JPY', centAmount: 3900 })),
  },
  {
    name: 'dinars, a currency with three',
    run: async (world) => void (await paid(world, {}, { currency: 'KWD', centAmount: 7990 })),
  },
  {
    name: 'forint, with Stripe and commercetools of one mind',
    run: async (world) => void (await paid(world, {}, { currency: 'HUF', centAmount: 390_000 })),
  },
  {
    name: 'a cart that changes between two openings',
    run: async (world) => {
      const { session, cart } = await world.opened();
      await world.commercetools.setCartTotal(cart, 2500);
      await ok(world.call('GET', '/payments', { session }));
    },
  },
  {
    name: 'manual capture, the whole',
    run: async (world) => {
      const { payment } = await paid(world, {}, { country: 'NL' });
      await operate(world, payment, { action: 'capturePayment', amount: EUR(2400) });
    },
  },
  {
    name: 'partial captures, the last final',
    run: async (world) => {
      const { payment } = await paid(world, {}, { country: 'NL' });
      await operate(world, payment, { action: 'capturePayment', amount: EUR(400), merchantReference: 'INV-1' });
      await operate(world, payment, { action: 'capturePayment', amount: EUR(2000), merchantReference: 'INV-1' });
    },
  },
  {
    name: 'refunds, several, by reference and by key',
    run: async (world) => {
      const { payment } = await world.opened({ pay: true });
      for (const key of ['a', 'b'])
        await operate(
          world,
          payment,
          { action: 'refundPayment', amount: EUR(300), merchantReference: 'INV-2' },
          { 'idempotency-key': randomUUID() + key },
        );
      await operate(world, payment, { action: 'refundPayment', amount: EUR(100) });
    },
  },
  {
    name: 'a refund that fails later',
    run: async (world) => {
      const opened = await paid(world, { card: '4000000000005126' });
      await operate(world, opened.payment, { action: 'refundPayment', amount: EUR(2400) });
    },
  },
  {
    name: 'cancel and reverse',
    run: async (world) => {
      await operate(world, (await paid(world, {}, { country: 'NL' })).payment, { action: 'cancelPayment' });
      await operate(world, (await paid(world, {}, { country: 'NL' })).payment, { action: 'reversePayment' });
      await operate(world, (await paid(world, {})).payment, { action: 'reversePayment' });
    },
  },
  {
    name: 'a dispute, lost, and one won',
    run: async (world) => {
      for (const status of ['lost', 'won'] as const) {
        const { paymentIntent } = await paid(world, {});
        const dispute = world.stripe.controls.openDispute({ payment_intent: paymentIntent });
        world.stripe.controls.moveDispute(dispute.id, { status: 'under_review' });
        world.stripe.controls.moveDispute(dispute.id, { status, ...(status === 'won' && { reinstate: true }) });
      }
    },
  },
  {
    name: 'a card saved while paying, paid with again, and removed',
    run: async (world) => {
      const customerId = await world.customer();
      await paid(world, { setup_future_usage: 'off_session' }, { customerId });
      const method = await world.storedMethod(customerId);
      const { session } = await world.checkout({ customerId });
      await ok(world.call('GET', '/stored-payment-methods', { session }));
      await ok(world.call('DELETE', `/stored-payment-methods/${method.id}`, { session }));
    },
  },
  {
    name: 'a charge without the shopper',
    run: async (world) => {
      const customerId = await world.customer();
      const { id } = await world.storedMethod(customerId);
      const { cart } = await world.checkout({ customerId });
      const body = { type: 'Recurring', cartId: cart, checkoutTransactionItemId: randomUUID(), paymentMethodId: id };
      await ok(
        world.call('POST', '/operations/transactions', { token: world.token('manage_checkout_transactions'), body }),
      );
    },
  },
  {
    name: "Checkout's status question",
    run: async (world) => void (await ok(world.call('GET', '/operations/status', { token: await world.jwt() }))),
  },
];
