/** Why a paid cart has no order, most actionable first: only for `ready` an order can be made. */
export const UNORDERED_REASONS = [
  /** The cart is open, and its total is exactly what was paid. */
  'ready',
  /** The cart is open, but its total differs from what was paid, or is in another currency. */
  'total_differs',
  /** A payment of the cart is pending: a voucher, a bank debit. */
  'money_pending',
  /** Refunded, canceled, disputed or captured in part: somebody is dealing with it. */
  'money_moved',
  /** Stripe and commercetools differ; the ledger or reconcile-pending will write the difference. */
  'differs_from_stripe',
  /** Charged without the shopper: whoever requested the charge makes the order. */
  'merchant_initiated',
  /** The cart has an order that does not refer to the payment. */
  'order_without_payment',
  /** The payment is on no cart, although its cart exists. */
  'not_on_cart',
  /** The cart was merged into another at login. */
  'cart_merged',
  /** commercetools has no cart of the payment (any more). */
  'cart_gone',
  /** An earlier run began to return the money, and this run may not return money. */
  'return_unfinished',
  /** Another cart's order has the order number. */
  'order_number_taken',
  /** commercetools or Stripe refused the settlement. */
  'refused',
] as const;
export type UnorderedReason = (typeof UNORDERED_REASONS)[number];

/** What people can do about each. */
export const ADVICE: Readonly<Record<UnorderedReason, string>> = {
  ready: 'make the order (orders.settle: create does), or return the money',
  total_differs: 'ask the shopper, then order what was paid for or return the money',
  money_pending: 'wait for the money',
  money_moved: 'somebody has refunded, canceled, captured or disputed a part: finish it by hand',
  differs_from_stripe: 'wait for the ledger; else reconcile-pending --repair',
  merchant_initiated: 'whoever asked for the transaction makes its order',
  order_without_payment: 'add the payment to the order, or return the money',
  not_on_cart: 'put the payment on its cart, or return the money',
  cart_merged: 'find the cart that the shopper went on with, or return the money',
  cart_gone: 'return the money',
  return_unfinished: 'run with --settle return once more, or return the money by hand',
  order_number_taken: 'choose another orders.orderNumber',
  refused: 'see the reason; make the order or return the money by hand',
};
