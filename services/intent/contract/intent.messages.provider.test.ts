import type { EventRecord } from '@connector/contracts';
import { METADATA } from '@connector/payment-model';
import * as stripe from '@connector/testing';
import { verifyMessages } from '@connector/testing/pact';
import { it } from 'vitest';
import { kafkaPaymentEvents } from '../src/adapters/payment-events.ts';
import { FakeWorld } from '../src/testing/fake-world.ts';
import { startApp, tokenFor } from '../src/testing/start-app.ts';
import type { PaymentIntents } from '../src/use-cases/ports.ts';
import { authorised, captured, refusing, withPaymentIntent } from './processor.ts';

/** pi_1 after it succeeded. */
const succeeded = stripe.paymentIntent({
  id: 'pi_1',
  amount: 1190,
  amount_received: 1190,
  status: 'succeeded',
  latest_charge: 'ch_1',
  metadata: { [METADATA.cartId]: 'cart-1', [METADATA.projectKey]: 'project', [METADATA.paymentKey]: 'cart-1-1' },
});
const refund = stripe.refundOf(stripe.chargeOf(succeeded), { status: 'pending' });

interface Request {
  world: FakeWorld;
  /** Stripe's answers in which whole objects matter. */
  answers?: Partial<Record<keyof PaymentIntents, () => Promise<unknown>>>;
  method: string;
  path: string;
  body?: object;
}

/** The event of `type` that a request to intent publishes. */
async function publishedBy(type: string, { world, answers, method, path, body }: Request): Promise<EventRecord> {
  const published: EventRecord[] = [];
  const events = kafkaPaymentEvents({ send: async (_topic, record) => void published.push(record) });
  const paymentIntents = { ...world.paymentIntents, ...answers } as PaymentIntents;
  await using app = await startApp(world, { ports: { events, paymentIntents } });
  const { status, text } = await app.call(method, path, {
    session: true,
    token: tokenFor('manage_checkout_payment_intents'),
    body,
  });
  await world.settled();
  const record = published.find(({ headers }) => headers.ce_type === type);
  if (!record) throw new Error(`${method} ${path} published no ${type}: ${status} ${text}`);
  return record;
}

const modify = (action: object) => ({
  method: 'POST',
  path: '/operations/payment-intents/payment-1',
  body: { actions: [action] },
});
const amount = { centAmount: 1190, currencyCode: 'EUR' };
const capture = modify({ action: 'capturePayment', amount, merchantReference: 'order-1' });

it('intent publishes what the ledger expects', async () => {
  await verifyMessages('intent', ['ledger'], {
    'a payment that was opened': () =>
      publishedBy('checkout.payment.opened', { world: new FakeWorld(), method: 'GET', path: '/payments' }),
    'a payment that the shopper confirmed': () =>
      publishedBy('checkout.payment.confirmed', {
        world: withPaymentIntent({}),
        answers: { find: async () => succeeded },
        method: 'POST',
        path: '/confirmPayments/payment-1',
        body: { paymentIntent: 'pi_1' },
      }),
    'a capture that the merchant asked for': () =>
      publishedBy('checkout.payment.operation_requested', { world: authorised(), ...capture }),
    'a capture that Stripe made': () =>
      publishedBy('checkout.payment.operation_completed', {
        world: authorised(),
        answers: { capture: async () => succeeded },
        ...capture,
      }),
    'a refund that Stripe took': () =>
      publishedBy('checkout.payment.operation_completed', {
        world: captured(),
        answers: { refund: async () => refund },
        ...modify({ action: 'refundPayment', amount }),
      }),
    'a capture that Stripe refused': () =>
      publishedBy('checkout.payment.operation_completed', {
        world: refusing(authorised(), 'payment_intents.capture', 'card_declined', 'generic_decline'),
        ...capture,
      }),
  });
});
