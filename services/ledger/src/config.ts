import { commercetoolsClientConfig, commercetoolsConfig, storedMethodsConfig } from '@connector/commercetools';
import { kafkaConfig } from '@connector/kafka';
import { baseUrl, flag, integer, serviceConfig } from '@connector/lifecycle';
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
    .describe('Own Stripe account; events that name another are ignored. Unset: the one of the key'),
  ...kafkaConfig,
  PAYMENT_INTERFACE: z
    .string()
    .min(1)
    .default('checkout-stripe')
    .describe('paymentMethodInfo.paymentInterface of payments, and the interface of stored payment methods'),
  ...storedMethodsConfig,
  STORED_PAYMENT_METHODS_NAMES: flag()
    .default(false)
    .describe(
      'Whether stored payment methods get a name that shows them, as "Visa •••• 4242, 08/27", and keep it true',
    ),
  LEDGER_CONCURRENCY: integer(1, 512).default(32).describe('Payments handled at once; one payment never twice at once'),
  LEDGER_KNOWN_PAYMENTS: integer(0, 1_000_000)
    .default(5_000)
    .describe('Payments remembered, so that an event of a known one costs one call'),
  LEDGER_CALL_TIMEOUT_MS: integer(100, 60_000).default(10_000).describe('Gives up on one call after this long, in ms'),
  LEDGER_PARK_LIMIT_MS: integer(1_000, 24 * 60 * 60_000)
    .default(15 * 60_000)
    .describe('How long one payment may fail while others succeed before its event becomes a dead letter, in ms'),
  LEDGER_STATUS_INTERVAL_MS: integer(100, 60 * 60_000)
    .default(15_000)
    .describe('How often the lag and the dead letters that wait are looked up for the metrics, in ms'),
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
    .describe('How long unordered leaves a paid payment alone'),
  ORDERS_NUMBER: z
    .string()
    .refine(isOrderNumberTemplate, 'must have {cartId} in it and come to 2 to 256 letters, digits, "-" or "_"')
    .default('stripe-{cartId}')
    .describe('Order number of the orders that unordered makes, with {cartId} in it'),
  ORDERS_LIMIT: integer(0, 1_000_000).default(20).describe('How many carts one run of unordered settles at most'),
});
