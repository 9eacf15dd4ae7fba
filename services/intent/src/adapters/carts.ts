import type { Cart as CommercetoolsCart } from '@commercetools/platform-sdk';
import {
  addPaymentToCart,
  CART_LOCKED,
  type Commercetools,
  CommercetoolsRejection,
  withPaymentsOf,
} from '@connector/commercetools';
import { InvalidRequestError, StaleVersionError } from '@connector/errors';
import type { CheckoutCart, Payment } from '../domain/checkout-cart.ts';
import type { Carts } from '../use-cases/ports.ts';

/** Tries of one addPayment; each starts with the present cart. */
const TRIES = 8;

export function commercetoolsCarts(commercetools: Pick<Commercetools, 'api' | 'call'>): Carts {
  const { api, call } = commercetools;
  const cart = (ID: string) => api.carts().withId({ ID });
  const get = async (cartId: string) =>
    toCheckoutCart(await call('carts.get', cart(cartId).get({ queryArgs: { expand: ['paymentInfo.payments[*]'] } })));
  return {
    get,
    addPayment: async ({ id, version }, paymentId, { onlyAtThisVersion = false } = {}) => {
      let current = version;
      for (let attempt = 1; ; attempt += 1) {
        try {
          await addPaymentToCart(commercetools, { id, version: current }, paymentId);
          return;
        } catch (error) {
          if (error instanceof CommercetoolsRejection && error.code === CART_LOCKED) throw cartLocked(id, error);
          if (!(error instanceof StaleVersionError) || onlyAtThisVersion || attempt >= TRIES) throw error;
        }
        const latest = await call('carts.get', cart(id).get());
        if (latest.paymentInfo?.payments.some((payment) => payment.id === paymentId)) return;
        current = latest.version;
      }
    },
    holding: async (paymentId) => {
      const where = withPaymentsOf([paymentId]);
      const { results } = await call(
        'carts.query',
        api.carts().get({ queryArgs: { where, limit: 10, withTotal: false } }),
      );
      return results.map(({ id }) => id);
    },
  };
}

/** Somebody at the merchant is working on the cart; it can be paid when they have finished. */
const cartLocked = (id: string, cause: Error): InvalidRequestError =>
  new InvalidRequestError(CART_LOCKED, 'The cart is locked', { resource: { typeId: 'cart', id } }, { cause });

/** Deleted payments stay on a cart as references without an object. */
function toCheckoutCart(cart: CommercetoolsCart): CheckoutCart {
  const references = cart.paymentInfo?.payments ?? [];
  return { cart, payments: references.flatMap(({ obj }) => (obj ? [obj as Payment] : [])) };
}
