import { LRUCache } from 'lru-cache';
import type { CheckoutCart } from '../domain/checkout-cart.ts';
import type { Carts } from './carts.ts';

/** Carts that are read once more than they have to be are remembered from one read to the next opening. */
export interface RememberingCarts extends Carts {
  /**
   * The cart as it was last read here, if it had no payment then; once only. It may have changed since: what is done on its strength must name
   * its version, which commercetools refuses when another is current. (A cart with payments is not remembered: what becomes of them does not
   * change the cart's version.)
   */
  recall(cartId: string): CheckoutCart | undefined;
}

/** Remembers up to `max` carts (some 5 kB each). A page reads the cart for the payment form just before it opens the payment. */
export function rememberingCarts(carts: Carts, { max }: { max: number }): RememberingCarts {
  const read = new LRUCache<string, CheckoutCart>({ max });
  return {
    get: async (cartId) => {
      const found = await carts.get(cartId);
      if (found.cart.paymentInfo?.payments.length || found.payments.length > 0) read.delete(cartId);
      else read.set(cartId, found);
      return found;
    },
    addPayment: carts.addPayment,
    recall: (cartId) => {
      const found = read.get(cartId);
      read.delete(cartId);
      return found;
    },
  };
}
