import { commercetoolsClientConfig } from '@connector/commercetools';
import { emptyIsUnset, serviceConfig } from '@connector/lifecycle';
import * as z from 'zod';
import { resourceKey } from './resource-key.ts';

/** Every variable the command ensure-types reads. */
export const ensureTypesConfigSchema = z.object({
  LOG_LEVEL: serviceConfig.LOG_LEVEL,
  LOGGER_LEVEL: serviceConfig.LOGGER_LEVEL,
  ...commercetoolsClientConfig,
  ...emptyIsUnset({
    CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY: resourceKey()
      .default('payment-connector-stripe-customer-id')
      .describe("Custom type that holds a customer's Stripe id"),
    CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY: resourceKey()
      .default('payment-launchpad-purchase-order')
      .describe("Custom type that holds a payment's purchase order"),
  }),
});

/** Every variable the command purge reads. */
export const purgeConfigSchema = ensureTypesConfigSchema.extend({
  ...emptyIsUnset({
    CT_CUSTOM_TYPE_SUBSCRIPTION_LINE_ITEM_KEY: resourceKey()
      .default('payment-connector-subscription-line-item-type')
      .describe("The original connector's custom type of line items, deleted by a purge"),
    CT_PRODUCT_TYPE_SUBSCRIPTION_KEY: resourceKey()
      .default('payment-connector-subscription-information')
      .describe("The original connector's product type, deleted by a purge"),
  }),
});
