import { InvalidRequestError } from '@connector/errors';
import type { AmountDue } from './amount-due.ts';

/**
 * The error for a cart with nothing left to pay: 400 with the contract's `InvalidOperation` for a paid cart,
 * `nothing_to_pay` for a free one (rulings 40). Amounts are centAmount.
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
