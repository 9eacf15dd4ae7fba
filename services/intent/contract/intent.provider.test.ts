import { METADATA } from '@connector/payment-model';
import { verifyAnswers } from '@connector/testing/pact';
import { it } from 'vitest';
import { inWords, operationIdOf } from '../src/domain/operation-identity.ts';
import type { Operation } from '../src/domain/operations.ts';
import { aCart, aPayment, aPaymentIntent, euro } from '../src/testing/builders.ts';
import { FakeWorld } from '../src/testing/fake-world.ts';
import type { PaymentIntents } from '../src/use-cases/ports.ts';
import {
  authorised,
  captured,
  customersCart,
  refusing,
  startProcessor,
  without,
  withPaymentIntent,
  withStoredCard,
} from './processor.ts';

const STORED_METHOD = '11111111-1111-4111-8111-111111111111';
const CART = '22222222-2222-4222-8222-222222222222';

const LOOKS = {
  STRIPE_APPEARANCE_PAYMENT_ELEMENT: '{"theme":"flat"}',
  STRIPE_EXPRESS_ELEMENT_OPTIONS: '{"buttonHeight":44}',
  STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE: 'off_session',
};
const STORED = { STORED_PAYMENT_METHODS_ENABLED: 'true' };

/** A customer's cart with a stored card, and the result of charging it at Stripe. */
function charging(status: 'succeeded' | 'processing') {
  const world = withStoredCard(customersCart(CART), STORED_METHOD);
  const confirm: PaymentIntents['confirm'] = async (id) => {
    world.change(id, { status });
    return world.intents.get(id) ?? aPaymentIntent();
  };
  const paymentIntents = { ...world.paymentIntents, confirm };
  return { world, options: { env: STORED, ports: { paymentIntents } } };
}

/** A captured payment, fully refunded by an operation with a key that Stripe itself has forgotten. */
function refundedUnder(idempotencyKey: string) {
  const world = captured();
  const operation: Operation = { action: 'refundPayment', amount: { centAmount: 1190, currencyCode: 'EUR' } };
  const id = operationIdOf('payment-1', operation, { idempotencyKey }, { refunds: 0, captured: 1190 });
  const metadata = { [METADATA.operationId]: id, [METADATA.operation]: inWords(operation) };
  const refund = { id: 're_1', object: 'refund', payment_intent: 'pi_1', amount: 1190, metadata };
  world.stripe.refunds.set(refund.id, refund as never);
  return world;
}

function declining() {
  const world = withStoredCard(customersCart(CART), STORED_METHOD);
  world.stripe.declines = () => 'insufficient_funds';
  return { world, options: { env: STORED } };
}

it('intent answers as the enabler and Checkout expect', async () => {
  await using processor = await startProcessor();
  const { url, state } = processor;
  const declined = { type: 'card_error', code: 'card_declined', decline_code: 'insufficient_funds' } as const;
  await verifyAnswers('intent', ['enabler', 'checkout'], {
    url,
    states: {
      'everything is configured': state(() => ({ world: customersCart(), options: { env: { ...LOOKS, ...STORED } } })),
      "a guest's cart": state(() => ({ world: new FakeWorld() })),
      "a customer's cart": state(() => ({ world: customersCart() })),
      'a customer with a stored card': state(() => ({
        world: withStoredCard(customersCart(), 'method-1'),
        options: { env: STORED },
      })),
      'the form does not ask for the billing address': state(() => ({
        world: new FakeWorld(aCart({ billingAddress: { country: 'DE', firstName: 'Ada' } })),
        options: { env: { STRIPE_COLLECT_BILLING_ADDRESS: 'never' } },
      })),
      'a paid cart': state(() => ({ world: captured() })),
      'a paid PaymentIntent': state(() => ({
        world: withPaymentIntent({ status: 'succeeded', amount_received: 1190 }),
      })),
      'a PaymentIntent that is processing': state(() => ({ world: withPaymentIntent({ status: 'processing' }) })),
      'a declined PaymentIntent': state(() => ({
        world: withPaymentIntent({ last_payment_error: declined as never }),
      })),
      'a paid PaymentIntent of a cart that has grown': state(() => {
        const world = withPaymentIntent({ status: 'succeeded', amount_received: 1190 });
        world.setTotal('cart-1', euro(24_000));
        return { world };
      }),
      "another cart's payment": state(() => {
        const world = new FakeWorld();
        const metadata = { cart_id: 'cart-2', ct_project_key: 'project', ct_payment_key: 'cart-2-1' };
        world.intents.set('pi_1', aPaymentIntent({ status: 'succeeded', amount_received: 1190, metadata }));
        world.putPayment(aPayment({ key: 'cart-2-1', interfaceId: 'pi_1' }));
        return { world };
      }),
      'Stripe is away': state(() => ({ world: without(withPaymentIntent({}), 'payment_intents.retrieve') })),
      'an authorised payment': state(() => ({ world: authorised() })),
      'an authorised payment, several captures being possible': state(() => ({
        world: authorised(),
        options: { env: { STRIPE_ENABLE_MULTI_OPERATIONS: 'true' } },
      })),
      'an authorised payment that Stripe does not capture': state(() => ({
        world: refusing(authorised(), 'payment_intents.capture', 'charge_expired_for_capture'),
      })),
      'a captured payment': state(() => ({ world: captured() })),
      'a captured payment that was refunded under the key refund-1': state(() => ({
        world: refundedUnder('refund-1'),
      })),
      'a payment that waits for the shopper': state(() => ({ world: withPaymentIntent({}) })),
      'all parts work': state(() => ({
        world: new FakeWorld(),
        options: {
          ports: { healthChecks: [{ name: 'Stripe Status check', check: async () => ({ message: 'works' }) }] },
        },
      })),
      'a stored card that can be charged': state(() => charging('succeeded')),
      'a stored method whose charges take days': state(() => charging('processing')),
      'a stored card that is declined': state(declining),
      'stored methods are off': state(() => ({ world: customersCart() })),
    },
  });
});
