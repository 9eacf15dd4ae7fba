const PLACEHOLDER = '{cartId}';
/** What commercetools takes as an order number, here kept to what every system after it can read. */
const ORDER_NUMBER = /^[A-Za-z0-9_-]{2,256}$/;

/** Whether a template names one order for each cart. */
export const isOrderNumberTemplate = (template: string): boolean =>
  template.includes(PLACEHOLDER) && ORDER_NUMBER.test(orderNumberOf(template, '0'.repeat(36)));

/** The order number of a cart: the same whoever makes it, however often. */
export const orderNumberOf = (template: string, cartId: string): string => template.replaceAll(PLACEHOLDER, cartId);
