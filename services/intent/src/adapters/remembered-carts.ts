import { SingleFlight } from '@connector/http';
import { LRUCache } from 'lru-cache';
import type { CheckoutCart } from '../domain/checkout-cart.ts';
import type { Carts, RememberingCarts } from '../use-cases/ports.ts';

/**
 * Caches up to `max` carts (some 5 kB each), because a page reads the cart for the payment form just before it opens
 * the payment.
 */
export function rememberingCarts(carts: Carts, { max }: { max: number }): RememberingCarts {
  const read = new LRUCache<string, CheckoutCart>({ max });
  const underWay = new SingleFlight<CheckoutCart>();
  const get = async (cartId: string): Promise<CheckoutCart> => {
    const found = await carts.get(cartId);
    if (found.cart.paymentInfo?.payments.length || found.payments.length > 0) read.delete(cartId);
    else read.set(cartId, found);
    return found;
  };
  return {
    get,
    glance: (cartId) => underWay.run(cartId, () => get(cartId)),
    addPayment: carts.addPayment,
    holding: carts.holding,
    recall: (cartId) => {
      const found = read.get(cartId);
      read.delete(cartId);
      return found;
    },
  };
}
