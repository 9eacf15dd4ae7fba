import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TransientError } from '@connector/errors';
import { stripeRejection } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { aCart, aCustomer, aPayment, aPaymentIntent, aTransaction } from '../src/testing/builders.ts';
import { FakeWorld } from '../src/testing/fake-world.ts';
import { type RunningApp, startApp } from '../src/testing/start-app.ts';

type Options = Parameters<typeof startApp>[1];

/** intent at one address for a whole verification, restarted for each state. */
export async function startProcessor() {
  let current: RunningApp | undefined;
  const front = createServer((req, res) => {
    if (!current) throw new Error('no state was set up');
    const { method, headers } = req;
    const onward = request(`${current.url}${req.url}`, { method, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    req.pipe(onward);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const restart = async (world: FakeWorld, options: Options) => {
    await current?.[Symbol.asyncDispose]();
    current = await startApp(world, options);
  };
  await restart(new FakeWorld(), {});
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    /** The handler of a state: it starts intent with the result of `prepare`. */
    state: (prepare: () => { world: FakeWorld; options?: Options }) => async () => {
      const { world, options } = prepare();
      await restart(world, options);
    },
    [Symbol.asyncDispose]: async () => {
      await current?.[Symbol.asyncDispose]();
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

const CUSTOMER = aCustomer();

/** A customer's cart of 11.90 EUR. */
export function customersCart(id?: string): FakeWorld {
  const world = new FakeWorld(aCart({ ...(id && { id }), customerId: CUSTOMER.id }));
  world.putCustomer(CUSTOMER);
  return world;
}

/** The cart's payment-1 with the PaymentIntent pi_1 in the given state; commercetools does not show it yet. */
export function withPaymentIntent(fields: Partial<Stripe.PaymentIntent>): FakeWorld {
  const world = new FakeWorld();
  world.intents.set('pi_1', aPaymentIntent(fields));
  world.putPayment(aPayment({ interfaceId: 'pi_1' }), 'cart-1');
  return world;
}

/** A charge of 11.90 EUR with the fields that operations read. */
const chargeWith = (fields: Partial<Stripe.Charge>): Stripe.Charge =>
  ({ id: 'ch_1', object: 'charge', amount: 1190, amount_captured: 0, amount_refunded: 0, ...fields }) as Stripe.Charge;

/** payment-1, authorised and not captured, in both systems. */
export function authorised(): FakeWorld {
  const world = withPaymentIntent({
    status: 'requires_capture',
    amount_capturable: 1190,
    latest_charge: chargeWith({}),
  });
  world.addTransaction('payment-1', aTransaction('Authorization', 'Success', { interactionId: 'pi_1' }));
  return world;
}

/** payment-1, captured as `charge-1`, in both systems. */
export function captured(): FakeWorld {
  const world = withPaymentIntent({
    status: 'succeeded',
    amount_received: 1190,
    latest_charge: chargeWith({ amount_captured: 1190 }),
  });
  world.addTransaction('payment-1', aTransaction('Authorization', 'Success', { interactionId: 'pi_1' }));
  world.addTransaction('payment-1', aTransaction('Charge', 'Success', { id: 'charge-1', interactionId: 'pi_1' }));
  return world;
}

/** `world`, but Stripe refuses a call. */
export function refusing(world: FakeWorld, refused: string, code: string, declineCode?: string): FakeWorld {
  world.stripe.refuse = (call) =>
    call === refused ? stripeRejection(code, { ...(declineCode && { declineCode }), type: 'card_error' }) : undefined;
  return world;
}

/** `world`, but one call gets no answer. */
export function without(world: FakeWorld, away: string): FakeWorld {
  world.gate = async (call) => {
    if (call === away) throw new TransientError(`${away} is away`);
  };
  return world;
}

/** The customer of the world's cart has a stored card. */
export function withStoredCard(world: FakeWorld, id: string): FakeWorld {
  world.stripe.addCustomer('cus_1');
  const customer = { typeId: 'customer' as const, id: CUSTOMER.id };
  world.saveMethod(id, { customer, default: true, createdAt: '2026-01-01T00:00:00.000Z' });
  return world;
}
