import { StaleVersionError } from '@connector/errors';
import type { Payments } from '../adapters/payments.ts';
import type { Payment } from '../domain/checkout-cart.ts';

/** Tries of one link; the ledger links too. */
const TRIES = 5;

/** Ties the payment to a PaymentIntent for good, unless it is tied already: the first one stays. Answers the payment as it then is. */
export async function link(payments: Payments, payment: Payment, paymentIntentId: string): Promise<Payment> {
  let current = payment;
  for (let attempt = 1; ; attempt += 1) {
    if (current.interfaceId) return current;
    try {
      return await payments.change(current, { interfaceId: paymentIntentId });
    } catch (error) {
      if (!(error instanceof StaleVersionError) || attempt >= TRIES) throw error;
      current = await payments.get(payment.id);
    }
  }
}
