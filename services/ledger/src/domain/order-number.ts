const PLACEHOLDER = '{cartId}';
/** Allowed order numbers: a subset of commercetools' rules that downstream systems can read too. */
const ORDER_NUMBER = /^[A-Za-z0-9_-]{2,256}$/;

/** Whether a template gives each cart its own order number. */
export const isOrderNumberTemplate = (template: string): boolean =>
  template.includes(PLACEHOLDER) && ORDER_NUMBER.test(orderNumberOf(template, '0'.repeat(36)));

/** The order number of a cart: always the same for the same cart. */
export const orderNumberOf = (template: string, cartId: string): string => template.replaceAll(PLACEHOLDER, cartId);
