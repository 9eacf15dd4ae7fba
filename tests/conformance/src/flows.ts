import { randomUUID } from 'node:crypto';
import type { TestSystem } from '@connector/e2e-tests/test-system';
import { StripeApiError } from '@connector/simulator-stripe';
import { vi } from 'vitest';

/** What a shopper, Checkout or a merchant does, through every service; it throws when the answer is not the wanted one. */
export interface Flow {
  readonly name: string;
  run(system: TestSystem): Promise<void>;
}

/** For what comes by a webhook. */
const PATIENTLY = { timeout: 60_000, interval: 100 };
const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
/** What a payment shows of its money. */
interface Shown {
  readonly amountPlanned: { readonly centAmount: number };
  readonly transactions: readonly {
    readonly type: string;
    readonly state: string;
    readonly amount: { readonly centAmount: number };
  }[];
}
const ADDRESS = {
  country: 'DE',
  firstName: 'Ada',
  lastName: 'Lovelace',
  streetName: 'Lange Straße',
  city: 'Kiel',
  phone: '+49 431 1',
};

async function ok(answer: ReturnType<TestSystem['call']>): Promise<Awaited<ReturnType<TestSystem['call']>>> {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`answered ${status}: ${text}`);
  return answer;
}

async function operate(system: TestSystem, payment: string, action: object, headers: Record<string, string> = {}) {
  const { json } = await ok(
    system.call('POST', `/operations/payment-intents/${payment}`, {
      token: system.token('manage_project'),
      body: { actions: [action] },
      headers,
    }),
  );
  return json.outcome as string;
}

const confirm = (system: TestSystem, { payment, session, paymentIntent }: Opened) =>
  system.call('POST', `/confirmPayments/${payment}`, { session, body: { paymentIntent } });

type Opened = Awaited<ReturnType<TestSystem['opened']>>;

/** Opens, pays as told, confirms. */
async function paid(
  system: TestSystem,
  pay: Parameters<TestSystem['stripe']['controls']['pay']>[1],
  wishes: Parameters<TestSystem['opened']>[0] = {},
) {
  const opened = await system.opened(wishes);
  try {
    system.stripe.controls.pay(opened.paymentIntent, pay);
  } catch (error) {
    // The page tells the shopper; Stripe tells the webhook.
    if (!(error instanceof StripeApiError) || error.status !== 402) throw error;
  }
  await confirm(system, opened);
  return opened;
}

const settles = (system: TestSystem, { paymentIntent }: Opened, outcome: 'succeeded' | 'failed') =>
  system.stripe.controls.settle(paymentIntent, outcome);

export const FLOWS: readonly Flow[] = [
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
    name: 'an authorization that nobody captures in time',
    run: async (world) => void world.stripe.controls.expire((await paid(world, {}, { country: 'NL' })).paymentIntent),
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
    name: 'manual capture, the whole',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(2400) });
    },
  },
  {
    name: 'partial captures, the last final',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(400), merchantReference: 'INV-1' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(2000), merchantReference: 'INV-1' });
    },
  },
  {
    name: 'an authorization that is raised, declined for more, and captured above itself',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      const raise = (centAmount: number) =>
        operate(system, payment, { action: 'incrementAuthorization', amount: EUR(centAmount) });
      const outcomes = [await raise(3000), await raise(3000), await raise(9000)];
      const capture = { action: 'capturePayment', amount: EUR(3300) };
      outcomes.push(await operate(system, payment, capture));
      if (outcomes.join() !== 'approved,approved,rejected,approved') throw new Error(outcomes.join());
      const shown = async () => {
        const { amountPlanned, transactions } = await system.merchant<Shown>('GET', `/payments/${payment}`);
        return [
          `planned ${amountPlanned.centAmount}`,
          ...transactions.map(({ type, state, amount }) => `${type}:${state} ${amount.centAmount}`).toSorted(),
        ].join();
      };
      const expected = [
        'planned 3300',
        'Authorization:Failure 6000',
        'Authorization:Success 2400',
        'Authorization:Success 600',
        'Charge:Success 3300',
      ].join();
      await vi.waitUntil(async () => (await shown()) === expected, PATIENTLY);
    },
  },
  {
    name: 'refunds, several, by reference and by key',
    run: async (system) => {
      const { payment } = await system.opened({ pay: true });
      for (const key of ['a', 'b'])
        await operate(
          system,
          payment,
          { action: 'refundPayment', amount: EUR(300), merchantReference: 'INV-2' },
          { 'idempotency-key': randomUUID() + key },
        );
      await operate(system, payment, { action: 'refundPayment', amount: EUR(100) });
    },
  },
  {
    name: 'a refund that fails later',
    run: async (system) => {
      const opened = await paid(system, { card: '4000000000005126' });
      await operate(system, opened.payment, { action: 'refundPayment', amount: EUR(2400) });
    },
  },
  {
    name: 'cancel and reverse',
    run: async (system) => {
      await operate(system, (await paid(system, {}, { country: 'NL' })).payment, { action: 'cancelPayment' });
      await operate(system, (await paid(system, {}, { country: 'NL' })).payment, { action: 'reversePayment' });
      await operate(system, (await paid(system, {})).payment, { action: 'reversePayment' });
    },
  },
  {
    name: 'a dispute, lost, and one won',
    run: async (system) => {
      for (const status of ['lost', 'won'] as const) {
        const { paymentIntent } = await paid(system, {});
        const dispute = system.stripe.controls.openDispute({ payment_intent: paymentIntent });
        system.stripe.controls.moveDispute(dispute.id, { status: 'under_review' });
        system.stripe.controls.moveDispute(dispute.id, { status, ...(status === 'won' && { reinstate: true }) });
      }
    },
  },
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
    name: "Checkout's status question",
    run: async (system) => void (await ok(system.call('GET', '/operations/status', { token: await system.jwt() }))),
  },
];
