/** Custom field of a commercetools customer with the id of the Stripe customer; the original connector's field. */
export const STRIPE_CUSTOMER_FIELD = 'stripeConnector_stripeCustomerId';
/** Custom field of a customer with the Stripe customers of the business units: JSON, ids by the unit's key. */
export const STRIPE_CUSTOMERS_OF_UNITS_FIELD = 'stripeConnector_stripeCustomerIdsOfBusinessUnits';
