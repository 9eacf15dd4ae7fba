import { attemptOf, paymentKeyOf } from '@connector/payment-model';
import type { Payment } from '../domain/checkout-cart.ts';
import type { Payments } from './ports.ts';

/** How many numbers, down from the highest, are looked for. */
const MOST = 20;

/**
 * Earlier attempts of a cart that somebody removed from it, found by their keys: their numbers are missing below those of
 * the `known` attempts. What they hold was paid for this cart.
 */
export async function removedAttempts(
  payments: Pick<Payments, 'byKey'>,
  cartId: string,
  known: readonly Payment[],
): Promise<Payment[]> {
  const numbers = new Set(known.flatMap(({ key }) => attemptOf(cartId, key) ?? []));
  const highest = Math.max(0, ...numbers);
  const missing = Array.from({ length: Math.min(highest, MOST) }, (_, below) => highest - below).filter(
    (number) => !numbers.has(number),
  );
  const found = await Promise.all(missing.map((number) => payments.byKey(paymentKeyOf(cartId, number))));
  return found.filter((payment) => payment !== undefined);
}
