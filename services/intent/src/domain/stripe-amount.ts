import { InvalidRequestError } from '@connector/errors';
import { InexpressibleAmountError, type Money, toStripeAmount } from '@connector/payment-model';

/**
 * What is due, in Stripe's minor units, for whoever shows a form or a wallet for it. Throws InvalidRequestError (400 `InvalidField`
 * with the reason) where Stripe cannot take the amount, so that no shopper fills in a form that cannot be paid (never rounded).
 */
export function chargeableAmount(due: Money): number {
  try {
    return toStripeAmount(due);
  } catch (error) {
    if (!(error instanceof InexpressibleAmountError)) throw error;
    throw new InvalidRequestError('InvalidField', error.message, { field: 'amount.centAmount' });
  }
}
