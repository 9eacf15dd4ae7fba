import { commercetoolsClientConfig, commercetoolsConfig, storedMethodsConfig } from '@connector/commercetools';
import { kafkaConfig } from '@connector/kafka';
import { baseUrl, emptyIsUnset, flag, integer, serviceConfig } from '@connector/lifecycle';
import { stripeConfig } from '@connector/stripe';
import * as z from 'zod';
import { isOrderNumberTemplate } from './domain/order-number.ts';

/** Every variable the ledger reads. */
export const configSchema = z.object({
  METRICS_PORT: serviceConfig.METRICS_PORT,
  METRICS_HOST: serviceConfig.METRICS_HOST,
  ADMIN_TOKEN: serviceConfig.ADMIN_TOKEN,
  LOG_LEVEL: serviceConfig.LOG_LEVEL,
  LOGGER_LEVEL: serviceConfig.LOGGER_LEVEL,
  SHUTDOWN_GRACE_MS: serviceConfig.SHUTDOWN_GRACE_MS,
  ...commercetoolsClientConfig,
  CTP_CHECKOUT_URL: commercetoolsConfig.CTP_CHECKOUT_URL,
  ...stripeConfig,
  STRIPE_ACCOUNT_ID: z
    .string()
    .regex(/^acct_\w+$/, 'must begin with acct_')
    .optional()
    .describe('Your Stripe account; events of another account are ignored. Unset: the account of the key'),
  ...kafkaConfig,
  ...emptyIsUnset({
    PAYMENT_INTERFACE: z
      .string()
      .min(1)
      .default('checkout-stripe')
      .describe('paymentMethodInfo.paymentInterface of payments, and the interface of stored payment methods'),
  }),
  ...storedMethodsConfig,
  STORED_PAYMENT_METHODS_NAMES: flag()
    .default(false)
    .describe('Whether stored payment methods get a name such as "Visa •••• 4242, 08/27", and keep it up to date'),
  LEDGER_CONCURRENCY: integer(1, 512)
    .default(32)
    .describe('Payments handled at the same time; never two events of one payment'),
  LEDGER_KNOWN_PAYMENTS: integer(0, 1_000_000)
    .default(5_000)
    .describe('Payments in the cache, so that an event of a cached payment costs one call'),
  LEDGER_CALL_TIMEOUT_MS: integer(100, 60_000).default(10_000).describe('Time-out of one call, in ms'),
  LEDGER_PARK_LIMIT_MS: integer(1_000, 24 * 60 * 60_000)
    .default(15 * 60_000)
    .describe('How long one payment may fail while others succeed before its event becomes a dead letter, in ms'),
  LEDGER_STATUS_INTERVAL_MS: integer(100, 60 * 60_000)
    .default(15_000)
    .describe('How often the lag and the waiting dead letters are read for the metrics, in ms'),
});

/** Every variable the command reconcile-pending reads. */
export const reconcilePendingConfigSchema = configSchema.omit({
  METRICS_PORT: true,
  METRICS_HOST: true,
  ADMIN_TOKEN: true,
  SHUTDOWN_GRACE_MS: true,
  CTP_CHECKOUT_URL: true,
  STORED_PAYMENT_METHODS_PAYMENT_INTERFACE: true,
  STORED_PAYMENT_METHODS_INTERFACE_ACCOUNT: true,
  STORED_PAYMENT_METHODS_NAMES: true,
  STRIPE_ACCOUNT_ID: true,
  LEDGER_CONCURRENCY: true,
  LEDGER_KNOWN_PAYMENTS: true,
  LEDGER_CALL_TIMEOUT_MS: true,
  LEDGER_PARK_LIMIT_MS: true,
  LEDGER_STATUS_INTERVAL_MS: true,
});

/** Every variable the command unordered reads. */
export const unorderedConfigSchema = reconcilePendingConfigSchema.extend({
  INTENT_URL: baseUrl().optional().describe('Address of intent, whose operations return money'),
  ORDERS_SETTLE: z
    .enum(['report', 'create', 'return'])
    .default('report')
    .describe('What unordered does with a payment without an order: report it, create the order, return the money'),
  ORDERS_AFTER: z
    .string()
    .regex(/^\d{1,9}[smhd]?$/, 'must be a duration such as 30m, 12h or 7d')
    .default('30m')
    .describe('How long after the payment unordered does nothing'),
  ORDERS_NUMBER: z
    .string()
    .refine(isOrderNumberTemplate, 'must have {cartId} in it and come to 2 to 256 letters, digits, "-" or "_"')
    .default('stripe-{cartId}')
    .describe('Order number of the orders that unordered makes, with {cartId} in it'),
  ORDERS_LIMIT: integer(0, 1_000_000).default(20).describe('Maximum number of carts that one run of unordered settles'),
});
