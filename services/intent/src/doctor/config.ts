import { commercetoolsConfig } from '@connector/commercetools';
import { checkKafkaEnvironment, kafkaConfig } from '@connector/kafka';
import { ConfigError, commaList, type Environment, parseConfig, serviceConfig } from '@connector/lifecycle';
import { stripeConfig } from '@connector/stripe';
import * as z from 'zod';
import { configSchema } from '../config.ts';
import { ensureTypesConfigSchema } from '../ensure-types-config.ts';

const intent = configSchema.shape;

const commercetools = z.object({
  ...commercetoolsConfig,
  ORDERS_SETTLE: z
    .enum(['report', 'create', 'return'])
    .default('report')
    .describe('What unordered does with a paid cart without an order, which decides the scopes that it needs'),
  CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY: ensureTypesConfigSchema.shape.CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY,
  CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY:
    ensureTypesConfigSchema.shape.CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY,
});
/** A missing https is a finding, not a reason to stop. */
const publicUrl = z
  .string()
  .regex(/^https?:\/\/[^\s/]+/, 'must be an absolute http or https URL')
  .transform((value) => value.replace(/\/+$/, ''));
const stripe = z.object({
  ...stripeConfig,
  STRIPE_PUBLISHABLE_KEY: intent.STRIPE_PUBLISHABLE_KEY,
  STRIPE_ACCOUNT_ID: z.string().optional().describe('Your Stripe account, compared with that of the key'),
  STRIPE_WEBHOOK_ID: z
    .string()
    .optional()
    .describe('The webhook endpoint; unset = all endpoints at the public address'),
  STRIPE_WEBHOOK_SIGNING_SECRET: commaList().describe('Signing secrets of the webhook endpoint, the current one first'),
  CONNECT_SERVICE_URL: publicUrl.optional().describe('Public address of the connector'),
});
const kafka = z.object(kafkaConfig);
const edge = z.object({
  CONNECT_SERVICE_URL: stripe.shape.CONNECT_SERVICE_URL,
  STRIPE_WEBHOOK_SIGNING_SECRET: stripe.shape.STRIPE_WEBHOOK_SIGNING_SECRET,
  MERCHANT_RETURN_URL: intent.MERCHANT_RETURN_URL,
  ALLOWED_ORIGINS: intent.ALLOWED_ORIGINS,
});
const logging = z.object({ LOG_LEVEL: serviceConfig.LOG_LEVEL, LOGGER_LEVEL: serviceConfig.LOGGER_LEVEL });

export type CommercetoolsSide = z.output<typeof commercetools>;
export type StripeSide = z.output<typeof stripe>;
export type KafkaSide = z.output<typeof kafka>;
export type EdgeSide = z.output<typeof edge>;

/** Every variable the command doctor reads. */
export const doctorConfigSchema = z.object({
  ...logging.shape,
  ...commercetools.shape,
  ...stripe.shape,
  STRIPE_WEBHOOK_SIGNING_SECRET_FILE: z.string().optional().describe('File with the signing secrets instead'),
  ...kafka.shape,
  ...edge.shape,
});

/** The parsed variables of one side, or the problems with them. */
export type Read<T> = { readonly config: T } | { readonly problems: readonly string[] };

function read<S extends z.ZodObject>(
  schema: S,
  env: Environment,
  check: (config: z.output<S>) => string[] = () => [],
): Read<z.output<S>> {
  try {
    return { config: parseConfig(schema, env, check) };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    throw error;
  }
}

/** Reads each side's variables separately, so that a wrong one does not prevent the checks of the other sides. */
export const readSides = (env: Environment) => ({
  commercetools: read(commercetools, env),
  stripe: read(stripe, env),
  kafka: read(kafka, env, checkKafkaEnvironment),
  edge: read(edge, env),
});
