import { TransientError } from '@connector/errors';
import type { Commercetools } from './client.ts';
import { CommercetoolsRejection } from './errors.ts';

/** Code of the rejection of a cart that is locked; not one of commercetools' own. */
export const CART_LOCKED = 'cart_locked';

/**
 * Puts a payment on the cart as it was seen. Throws NotFoundError, StaleVersionError, and CommercetoolsRejection where commercetools refuses it
 * for this cart: with code `cart_locked` when it is locked and the API client lacks `manage_locked_carts`. That is answered 403, as a
 * missing scope is; one that other carts would be refused for, too, stays a TransientError.
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
