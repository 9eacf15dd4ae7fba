import { InvalidRequestError } from '@connector/errors';
import type { AmountDue } from './amount-due.ts';

/**
 * The answer where a cart has nothing left to pay: 400, the contract's `InvalidOperation` for a paid one, `nothing_to_pay` for one that costs
 * nothing (rulings 40). Amounts are centAmount.
 */
export function nothingDue(
  cartId: string,
  { kind, paidAmount, cartAmount }: Exclude<AmountDue, { kind: 'due' }>,
): InvalidRequestError {
  const fields = { resource: { typeId: 'cart', id: cartId }, paidAmount, cartAmount };
  return kind === 'nothing'
    ? new InvalidRequestError('nothing_to_pay', 'The cart has nothing to pay', fields)
    : new InvalidRequestError('InvalidOperation', 'The cart has already been paid in full', fields);
}
