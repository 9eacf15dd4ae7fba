import type { Sandbox } from '@connector/sandbox';
import { expect, it } from 'vitest';
import { shareSandbox } from './shared-sandbox.ts';
import { hasCharge, paymentIntentOf, Shopper, summary } from './shopper.ts';

// Intent is killed, and started again.

let sandbox: Sandbox;
let shopper: Shopper;

shareSandbox((shared) => {
  ({ sandbox } = shared);
  shopper = new Shopper(sandbox.url);
});

/** Every call that opening a checkout makes: the process dies while it waits for this one's answer. */
it.each([
  ['reading the cart', 'commercetools', '^GET /[^/]+/carts/'],
  ['creating the PaymentIntent', 'stripe', '^POST /v1/payment_intents$'],
  ['creating the payment', 'commercetools', '^POST /[^/]+/payments$'],
  ['putting the payment on the cart', 'commercetools', '^POST /[^/]+/carts/'],
  ['tying the payment to the PaymentIntent', 'commercetools', '^POST /[^/]+/payments/'],
  ['naming the payment on the PaymentIntent', 'stripe', '^POST /v1/payment_intents/'],
] as const)(
  'leaves nothing that the next click does not fix when it is killed while %s',
  async (_point, side, match) => {
    const setFaults = side === 'stripe' ? shopper.stripeFaults : shopper.commercetoolsFaults;
    const checkout = await shopper.checkout();
    const before = (await shopper.stripeState()).payment_intents?.length ?? 0;
    await setFaults([{ match, hang: true, times: 1 }]);
    const abandoned = shopper.open(checkout).catch(() => 'died');
    // A spent fault says that the call has arrived and is left without an answer.
    const left = async () => {
      const faults = (await (await fetch(`${sandbox.url}/_sandbox/${side}/faults`)).json()) as { times?: number }[];
      return faults.map(({ times }) => times);
    };
    await expect.poll(left, { timeout: 60_000, message: 'the call arrives' }).toEqual([0]);
    await sandbox.kill('intent');
    await abandoned;
    await setFaults([]);
    await sandbox.startService('intent');

    const open = await shopper.open(checkout);
    const paymentIntent = paymentIntentOf(open.sClientSecret);
    await shopper.pay(paymentIntent);
    const payment = await shopper.until(open.paymentReference, hasCharge);
    expect(payment.interfaceId).toBe(paymentIntent);
    expect(summary(payment).toSorted()).toEqual(['Authorization:Success 2400', 'Charge:Success 2400']);
    const stripe = await shopper.stripeState();
    const { payments, carts } = await shopper.commercetoolsState();
    expect({
      paymentIntents: (stripe.payment_intents?.length ?? 0) - before,
      payments: payments.filter(({ key }) => key?.startsWith(checkout.cartId)).length,
      onTheCart: carts.find(({ id }) => id === checkout.cartId)?.paymentInfo?.payments.length,
    }).toEqual({ paymentIntents: 1, payments: 1, onTheCart: 1 });
  },
);
