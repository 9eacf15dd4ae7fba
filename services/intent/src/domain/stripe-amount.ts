import { InvalidRequestError } from '@connector/errors';
import { InexpressibleAmountError, type Money, toStripeAmount } from '@connector/payment-model';

/**
 * The amount due in Stripe's minor units, for a form or a wallet. Throws InvalidRequestError (400 `InvalidField` with
 * the reason) if Stripe cannot take the amount, so that no shopper fills in a form that cannot be paid; it is never
 * rounded (rulings 8, 33).
 */
export function chargeableAmount(due: Money): number {
  try {
    return toStripeAmount(due);
  } catch (error) {
    if (!(error instanceof InexpressibleAmountError)) throw error;
    throw new InvalidRequestError('InvalidField', error.message, { field: 'amount.centAmount' });
  }
}
