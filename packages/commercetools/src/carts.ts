import { TransientError } from '@connector/errors';
import type { Commercetools } from './client.ts';
import { CommercetoolsRejection } from './errors.ts';

/** Code of the rejection when the cart is locked. It is our own code; commercetools has none. */
export const CART_LOCKED = 'cart_locked';

/**
 * Puts a payment on the cart, with the version that the caller read. Throws NotFoundError, StaleVersionError, and
 * CommercetoolsRejection where commercetools refuses the payment because of this cart. The rejection has code
 * `cart_locked` when the cart is locked and the API client lacks `manage_locked_carts`; commercetools answers that with
 * 403, like a missing scope. A 403 that would hit other carts as well stays a TransientError.
 * https://docs.commercetools.com/api/releases/2026-01-16-introduced-cart-locking
 */
export async function addPaymentToCart(
  { api, call }: Pick<Commercetools, 'api' | 'call'>,
  { id, version }: { readonly id: string; readonly version: number },
  paymentId: string,
): Promise<void> {
  const cart = api.carts().withId({ ID: id });
  const actions = [{ action: 'addPayment' as const, payment: { typeId: 'payment' as const, id: paymentId } }];
  try {
    await call('carts.update', cart.post({ body: { version, actions } }));
  } catch (cause) {
    if (!(cause instanceof TransientError) || cause.reason !== 'unauthorized') throw cause;
    const { lock } = await call('carts.get', cart.get());
    if (!lock) throw cause;
    throw new CommercetoolsRejection('carts.update', 403, [{ code: CART_LOCKED, message: cause.message }], { cause });
  }
}
