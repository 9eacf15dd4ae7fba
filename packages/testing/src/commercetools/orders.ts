import type { Cart, Order, OrderFromCartDraft, OrderUpdateAction } from '@commercetools/platform-sdk';
import { refused } from './refusal.ts';
import { type CommercetoolsState, updated } from './state.ts';

/**
 * The order of a cart at the version that was read; the cart becomes `Ordered`. No order is created when the order
 * number exists or the cart is already ordered.
 */
export function createOrder(project: CommercetoolsState, draft: OrderFromCartDraft): Order {
  const { cart, version, orderNumber, paymentState } = draft;
  const isTaken = [...project.orders.values()].some((each) => each.orderNumber === orderNumber);
  const ordered = updated(project.carts, cart?.id ?? '', { version, actions: [{}] }, (found): Cart => {
    if (found.cartState === 'Ordered' || found.cartState === 'Merged') throw refused('InvalidOperation');
    if (orderNumber !== undefined && isTaken) throw refused('DuplicateField', 'orderNumber');
    return { ...found, cartState: 'Ordered' };
  });
  const order = {
    id: project.newId(),
    version: 1,
    cart: { typeId: 'cart' as const, id: ordered.id },
    totalPrice: ordered.totalPrice,
    orderState: 'Open' as const,
    ...(orderNumber !== undefined && { orderNumber }),
    ...(paymentState && { paymentState }),
    ...(ordered.paymentInfo && { paymentInfo: ordered.paymentInfo }),
  } as Order;
  project.orders.set(order.id, order);
  return order;
}

/** An order after one action of an update. */
export function changeOrder(order: Order, action: OrderUpdateAction): Order {
  if (action.action !== 'changePaymentState') {
    throw new Error(`the fake commercetools has no update action ${action.action} for an order`);
  }
  return { ...order, ...(action.paymentState && { paymentState: action.paymentState }) };
}
