/** Custom field of a commercetools customer that holds its Stripe customer's id; the original connector's. */
export const STRIPE_CUSTOMER_FIELD = 'stripeConnector_stripeCustomerId';
/** Custom field of a customer with the Stripe customers of its business units: JSON, ids by the unit's key. */
export const STRIPE_CUSTOMERS_OF_UNITS_FIELD = 'stripeConnector_stripeCustomerIdsOfBusinessUnits';
