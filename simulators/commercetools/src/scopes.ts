/** The scopes of which one is needed to read and to write a collection. */
export const SCOPES: Record<string, { read: readonly string[]; write: readonly string[] }> = {
  payments: { read: ['view_payments', 'manage_payments'], write: ['manage_payments'] },
  carts: { read: ['view_orders', 'manage_orders'], write: ['manage_orders'] },
  orders: { read: ['view_orders', 'manage_orders'], write: ['manage_orders'] },
  customers: { read: ['view_customers', 'manage_customers'], write: ['manage_customers'] },
  types: { read: ['view_types', 'manage_types'], write: ['manage_types'] },
  products: { read: ['view_products', 'manage_products'], write: ['manage_products'] },
  'product-types': { read: ['view_products', 'manage_products'], write: ['manage_products'] },
  'tax-categories': { read: ['view_products', 'manage_products'], write: ['manage_products'] },
  'payment-methods': { read: ['view_payment_methods', 'manage_payment_methods'], write: ['manage_payment_methods'] },
  sessions: { read: ['view_sessions', 'manage_sessions'], write: ['manage_sessions'] },
  'recurring-payment-jobs': {
    read: ['view_recurring_payment_jobs', 'manage_recurring_payment_jobs'],
    write: ['manage_recurring_payment_jobs'],
  },
};
