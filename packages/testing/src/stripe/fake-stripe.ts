import { errorOf, type StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import { copyOf } from '../copy.ts';
import type { Gate } from '../gate.ts';
import type { Truth } from '../payment-life.ts';
import { balanceOf } from './balance.ts';
import { customersOf } from './customers.ts';
import { eventsOf } from './events.ts';
import { moneyOf } from './money.ts';
import { paymentIntentsOf } from './payment-intents.ts';
import { paymentMethodsOf } from './payment-methods.ts';
import { StripeState } from './state.ts';
import { webhookEndpointsOf } from './webhook-endpoints.ts';

/**
 * Stripe in memory, behind the client that all services use: their adapters run over it as over the real one. It passes
 * the suite of `conformance/stripe.ts`, as the client over the simulated Stripe does. Answers are copies.
 */
export class FakeStripe extends StripeState implements Pick<StripeClient, 'call'> {
  /** Names of the calls, such as `payment_intents.create`, in order. */
  readonly calls: string[] = [];
  gate: Gate = async () => {};
  /**
   * Called instead of a call's usual effect, to refuse the call. Such a refusal is not kept for the idempotency key.
   */
  refuse: (call: string) => Error | undefined = () => undefined;
  readonly #sdk = {
    paymentIntents: paymentIntentsOf(this),
    ...moneyOf(this),
    ...balanceOf(this),
    ...customersOf(this),
    ...eventsOf(this),
    paymentMethods: paymentMethodsOf(this),
    webhookEndpoints: webhookEndpointsOf(this),
  } as unknown as Stripe;

  readonly call: StripeClient['call'] = async (operation, work) => {
    this.calls.push(operation);
    await this.gate(operation, 'before');
    const refused = this.refuse(operation);
    if (refused) throw refused;
    const answer = copyOf(await this.#translated(operation, () => work(this.#sdk)));
    await this.gate(operation, 'after');
    return answer;
  };

  async #translated<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw errorOf(operation, error);
    }
  }

  addCustomer(id: string, metadata: Record<string, string> = {}): this {
    this.customers.set(id, {
      id,
      object: 'customer',
      created: this.seconds,
      livemode: false,
      metadata,
    } as Stripe.Customer);
    return this;
  }

  /**
   * Shows the state at one moment of a payment's life. Kinds of objects that `truth` does not contain are unchanged.
   */
  show({ paymentIntent, charges, refunds, disputes }: Partial<Truth>): this {
    if (paymentIntent) replace(this.paymentIntents, [paymentIntent as Stripe.PaymentIntent]);
    if (charges) replace(this.charges, charges as Stripe.Charge[]);
    if (refunds) replace(this.refunds, refunds as Stripe.Refund[]);
    if (disputes) replace(this.disputes, disputes as Stripe.Dispute[]);
    return this;
  }
}

function replace<T extends { id: string }>(stored: Map<string, T>, by: readonly T[]): void {
  stored.clear();
  for (const one of by) stored.set(one.id, one);
}
