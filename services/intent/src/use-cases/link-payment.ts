import { StaleVersionError } from '@connector/errors';
import type { Money } from '@connector/payment-model';
import type { Payment } from '../domain/checkout-cart.ts';
import type { Payments } from './ports.ts';

/** Tries to link a payment; if all fail, the ledger links it. */
const TRIES = 5;

/**
 * Links the payment to a PaymentIntent for good, unless it is linked already: the first link stays. `amount` is the
 * PaymentIntent's, if amountPlanned may differ. Returns the payment after the write.
 */
export async function link(
  payments: Payments,
  payment: Payment,
  paymentIntentId: string,
  amount?: Money,
): Promise<Payment> {
  let current = payment;
  for (let attempt = 1; ; attempt += 1) {
    if (current.interfaceId) return current;
    try {
      const isPlanned = !amount || current.amountPlanned.centAmount === amount.centAmount;
      return await payments.change(current, {
        interfaceId: paymentIntentId,
        ...(!isPlanned && { amountPlanned: amount }),
      });
    } catch (error) {
      if (!(error instanceof StaleVersionError) || attempt >= TRIES) throw error;
      current = await payments.get(payment.id);
    }
  }
}

/** Makes `customerId` the payment's customer, whoever else writes the payment at the same time. */
export async function nameCustomer(payments: Payments, payment: Payment, customerId: string): Promise<void> {
  let current = payment;
  for (let attempt = 1; current.customer?.id !== customerId; attempt += 1) {
    try {
      await payments.change(current, { customerId });
      return;
    } catch (error) {
      if (!(error instanceof StaleVersionError) || attempt >= TRIES) throw error;
      current = await payments.get(payment.id);
    }
  }
}
