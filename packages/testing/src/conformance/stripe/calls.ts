import { randomUUID } from 'node:crypto';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';

/** An account under test, with the client that the services use. */
export type Account = Pick<StripeClient, 'call'>;

export type StripeCalls = ReturnType<typeof callsOf>;

/** The tests' calls to Stripe, each with a new idempotency key unless a test gives one. */
export function callsOf(account: () => Account) {
  const call = <T>(operation: string, work: (stripe: Stripe) => Promise<T>): Promise<T> =>
    account().call(operation, work);
  const key = () => ({ idempotencyKey: randomUUID() });
  const create = (fields: Partial<Stripe.PaymentIntentCreateParams> = {}, options = key()) =>
    call('payment_intents.create', (stripe) =>
      stripe.paymentIntents.create({ amount: 1190, currency: 'eur', ...fields }, options),
    );
  const paid = (fields: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
    create({ payment_method: 'pm_card_visa', confirm: true, return_url: 'https://shop.example.com', ...fields });
  const held = () =>
    paid({ capture_method: 'manual', payment_method_options: { card: { request_multicapture: 'if_available' } } });
  const retrieve = (id: string, expand: string[] = []) =>
    call('payment_intents.retrieve', (stripe) => stripe.paymentIntents.retrieve(id, { expand }));
  const update = (id: string, params: Stripe.PaymentIntentUpdateParams) =>
    call('payment_intents.update', (stripe) => stripe.paymentIntents.update(id, params, key()));
  const cancel = (id: string) =>
    call('payment_intents.cancel', (stripe) => stripe.paymentIntents.cancel(id, {}, key()));
  const capture = (id: string, params: Stripe.PaymentIntentCaptureParams = {}) =>
    call('payment_intents.capture', (stripe) => stripe.paymentIntents.capture(id, params, key()));
  const refund = (payment_intent: string, amount?: number, options = key()) =>
    call('refunds.create', (stripe) =>
      stripe.refunds.create({ payment_intent, ...(amount !== undefined && { amount }) }, options),
    );
  const refundsOf = (payment_intent: string) =>
    call('refunds.list', (stripe) => Array.fromAsync(stripe.refunds.list({ payment_intent, limit: 2 })));
  const chargeOf = async ({ latest_charge }: Stripe.PaymentIntent) =>
    call('charges.retrieve', (stripe) => stripe.charges.retrieve(latest_charge as string));
  const customer = (fields: Stripe.CustomerCreateParams = {}) =>
    call('customers.create', (stripe) => stripe.customers.create(fields, key()));
  return { create, paid, held, retrieve, update, cancel, capture, refund, refundsOf, chargeOf, customer, call, key };
}
