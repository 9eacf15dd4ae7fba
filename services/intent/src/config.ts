import { commercetoolsClientConfig, storedMethodsConfig } from '@connector/commercetools';
import { kafkaConfig } from '@connector/kafka';
import { baseUrl, commaList, type Environment, emptyIsUnset, flag, integer, serviceConfig } from '@connector/lifecycle';
import { isLiveKey, stripeConfig } from '@connector/stripe';
import * as z from 'zod';
import { type BehaviourSettings, BILLING_ADDRESS_MODES, CAPTURE_METHODS, FLOW_TYPES } from './domain/behaviour.ts';
import type { CardFeatures } from './domain/card-features.ts';
import { DEFAULT_LAYOUT, layoutSchema, readPaymentElementOptions } from './domain/element-options.ts';
import { expressElementSchema, futureUsageWord, rulesSchema, savedMethodsSchema } from './json-schemas.ts';
import { jsonText, jsonValue } from './json-variable.ts';
import { resourceKey } from './resource-key.ts';

const isLocalOrHttps = (value: string): boolean => !value.startsWith('http:') || baseUrl().safeParse(value).success;

const absoluteUrl = () =>
  z
    .string()
    .refine((value) => URL.canParse(value), 'must be an absolute URL')
    .refine(isLocalOrHttps, 'must be https (http is accepted for loopback and cluster-local hosts only)');

const isOrigin = (value: string): boolean => URL.canParse(value) && new URL(value).origin === value;

/** The service's variables; the names are those of the original connector where it has them. */
export const configSchema = z
  .object({
    ...serviceConfig,
    ...kafkaConfig,
    ...commercetoolsClientConfig,
    ...stripeConfig,
    STRIPE_PUBLISHABLE_KEY: z
      .string()
      .regex(/^pk_(test|live)_\w+$/, 'must be a publishable key: pk_test_… or pk_live_…')
      .describe("The browser's key, of the same mode as the secret key"),
    ...emptyIsUnset({
      STRIPE_API_VERSION: z
        .string()
        .regex(/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/, 'must be a version such as 2025-12-15.clover')
        .default('2025-12-15.clover')
        .describe("Stripe-Version of a customer's ephemeral key"),
      STRIPE_CAPTURE_METHOD: z.enum(CAPTURE_METHODS).default('automatic').describe('When money is taken'),
      STRIPE_PAYMENT_FLOW: z
        .string()
        .default('deferred')
        .transform((value) => FLOW_TYPES.find((flow) => flow === value) ?? 'deferred')
        .describe(
          '`deferred`, or `pi_first`: the PaymentIntent exists before the element is shown; anything else is deferred',
        ),
      STRIPE_COLLECT_BILLING_ADDRESS: z
        .enum(BILLING_ADDRESS_MODES)
        .default('auto')
        .describe('Whether the element asks for the billing address'),
      STRIPE_ENABLE_MULTI_OPERATIONS: flag()
        .default(false)
        .describe('Several captures and refunds of one payment; needs the feature on the Stripe account'),
      STRIPE_ENABLE_OVERCAPTURE: flag()
        .default(false)
        .describe('Captures above the authorised amount; needs the feature on the Stripe account and manual capture'),
      STRIPE_ENABLE_EXTENDED_AUTHORIZATION: flag()
        .default(false)
        .describe('Authorisations of up to 30 days; needs the feature on the Stripe account and manual capture'),
      STRIPE_ENABLE_INCREMENTAL_AUTHORIZATION: flag()
        .default(false)
        .describe(
          'Authorisations that `incrementAuthorization` raises; needs the feature on the Stripe account and manual capture',
        ),
      STRIPE_ENABLE_LINE_ITEMS: flag()
        .default(false)
        .describe(
          'Whether the cart’s line items are sent to Stripe, for Level 2 and 3 rates and for pay-later methods',
        ),
      STRIPE_ORDER_NUMBER_IN_DESCRIPTION: flag()
        .default(false)
        .describe('Whether the order number, if Checkout announces it, is the description of the payment at Stripe'),
      STRIPE_SAVED_PAYMENT_METHODS_CONFIG: jsonValue(savedMethodsSchema)
        .default({})
        .describe('JSON: features of saved payment methods in the payment element'),
      STRIPE_LAYOUT: z
        .string()
        .default(DEFAULT_LAYOUT)
        .transform((text) => (jsonText(layoutSchema).safeParse(text).success ? text : DEFAULT_LAYOUT))
        .describe('JSON: layout of the payment element; the default is used for anything unreadable'),
      STRIPE_APPEARANCE_PAYMENT_ELEMENT: jsonText(z.looseObject({}))
        .optional()
        .describe("JSON: Stripe's Appearance object"),
      STRIPE_APPEARANCE_EXPRESS_CHECKOUT: jsonText(z.looseObject({}))
        .optional()
        .describe(
          "JSON: Stripe's Appearance object of the express checkout element; unset = that of the payment element",
        ),
      STRIPE_BEHAVIOR_PAYMENT_ELEMENT: z
        .string()
        .optional()
        .transform(readPaymentElementOptions)
        .describe('JSON: options of the payment element; a wrong key is left out with a warning'),
      STRIPE_EXPRESS_ELEMENT_OPTIONS: jsonText(expressElementSchema)
        .optional()
        .describe('JSON: options of the express checkout element'),
      STRIPE_PAYMENT_BEHAVIOR_RULES: jsonValue(rulesSchema)
        .default({})
        .describe('JSON: overrides by country code or store key'),
    }),
    STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE: z
      .string()
      .optional()
      .transform((value) => futureUsageWord.safeParse(value).data)
      .describe(
        '`off_session`, `on_session`; empty or none = not sent; unset = follows the settings for saved payment methods',
      ),
    STRIPE_APPLE_PAY_WELL_KNOWN: z
      .string()
      .optional()
      .describe("Text of Apple's domain association file; unset = /applePayConfig answers 404"),
    MERCHANT_RETURN_URL: absoluteUrl().describe('Where a shopper returns to when the session names no URL'),
    ALLOWED_ORIGINS: commaList()
      .refine((origins) => origins.length > 0, 'must name at least one origin')
      .refine((origins) => origins.every(isOrigin), 'must be origins, scheme://host[:port], without path or wildcard')
      .refine(
        (origins) => origins.every(isLocalOrHttps),
        'must be https (http is accepted for loopback and cluster-local hosts only)',
      )
      .describe('Origins of the pages that may call the processor, comma-separated'),
    ...emptyIsUnset({
      PAYMENT_INTERFACE: z
        .string()
        .min(1, 'must not be empty')
        .default('checkout-stripe')
        .describe('Payment interface of payments and stored methods in commercetools'),
      HEALTH_CHECK_TIMEOUT: integer(1, 600_000)
        .default(5_000)
        .describe('Time limit of all checks of /operations/status together, in ms'),
      MOCK_ENVIRONMENT: z.string().default('TEST').describe('Value of `environment` in config answers'),
      CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY: resourceKey()
        .default('payment-connector-stripe-customer-id')
        .describe("Custom type that holds a customer's Stripe id"),
      STORED_PAYMENT_METHODS_ENABLED: flag()
        .default(false)
        .describe('Stored payment methods and merchant-initiated transactions'),
    }),
    ...storedMethodsConfig,
    SESSION_AUTH_URL: baseUrl().describe('Base URL of session-auth inside the cluster'),
    CONFIRM_WAIT_MS: integer(0, 60_000)
      .default(5_000)
      .describe('How long a confirmation waits for the ledger before it is answered as pending, in ms'),
    CONFIRM_CHECKS_CART: flag()
      .default(true)
      .describe(
        'Whether a confirmation says that more is due if the cart has grown while it was being paid; false = approved, as in the original',
      ),
    TRUSTED_PROXY_HOPS: integer(0, 10)
      .default(1)
      .describe('Number of proxies in front whose X-Forwarded-For is trusted'),
    RATE_LIMIT_OPENS_PER_SESSION: integer(0, 1_000_000)
      .default(60)
      .describe('Payments a session may open or confirm per minute; 0 = no limit'),
    RATE_LIMIT_DENIALS_PER_ADDRESS: integer(0, 1_000_000)
      .default(300)
      .describe('Requests with bad credentials an address may send per minute; 0 = no limit'),
    RATE_LIMIT_REQUESTS_PER_ADDRESS: integer(0, 10_000_000)
      .default(60_000)
      .describe('Requests an address may send per minute; 0 = no limit'),
  })
  .refine(
    ({ STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY }) =>
      isLiveKey(STRIPE_SECRET_KEY) === isLiveKey(STRIPE_PUBLISHABLE_KEY),
    {
      path: ['STRIPE_PUBLISHABLE_KEY'],
      message: 'must be of the same mode, test or live, as STRIPE_SECRET_KEY',
      // Reported together with all other problems, if both keys are readable.
      when: ({ value }) => {
        const keys = (value ?? {}) as Record<string, unknown>;
        return typeof keys.STRIPE_SECRET_KEY === 'string' && typeof keys.STRIPE_PUBLISHABLE_KEY === 'string';
      },
    },
  );

export type Config = z.output<typeof configSchema>;

/** The configured payment behaviour, in the domain's terms. */
export const behaviourSettings = (config: Config): BehaviourSettings => ({
  flowType: config.STRIPE_PAYMENT_FLOW,
  captureMethod: config.STRIPE_CAPTURE_METHOD,
  setupFutureUsage: config.STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE,
  savedMethodsUsage: config.STRIPE_SAVED_PAYMENT_METHODS_CONFIG.payment_method_save_usage,
  collectBillingAddress: config.STRIPE_COLLECT_BILLING_ADDRESS,
  rules: config.STRIPE_PAYMENT_BEHAVIOR_RULES,
});

/** The configured card features, in the domain's terms. */
export const cardFeatures = (config: Config): CardFeatures => ({
  multicapture: config.STRIPE_ENABLE_MULTI_OPERATIONS,
  overcapture: config.STRIPE_ENABLE_OVERCAPTURE,
  extendedAuthorization: config.STRIPE_ENABLE_EXTENDED_AUTHORIZATION,
  incrementalAuthorization: config.STRIPE_ENABLE_INCREMENTAL_AUTHORIZATION,
});

/** Variables of the original connector or its manifest that have no effect, here or there. */
const WITHOUT_EFFECT = ['MOCK_CLIENT_KEY', 'RETURN_URL'] as const;

/** One warning for each variable whose value is accepted but not used; no warning contains a value. */
export function configWarnings(config: Config, env: Environment): string[] {
  const given = (name: string) => env[name] !== undefined;
  const filled = (name: string) => Boolean(env[name]);
  return [
    ...WITHOUT_EFFECT.filter(given).map((name) => `${name}: has no effect`),
    ...(filled('STRIPE_PAYMENT_FLOW') && env.STRIPE_PAYMENT_FLOW !== config.STRIPE_PAYMENT_FLOW
      ? ['STRIPE_PAYMENT_FLOW: unknown value, deferred is used']
      : []),
    ...(given('STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE') &&
    config.STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE === undefined
      ? ['STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE: unknown value, treated as unset']
      : []),
    ...(filled('STRIPE_LAYOUT') && env.STRIPE_LAYOUT !== config.STRIPE_LAYOUT
      ? ['STRIPE_LAYOUT: cannot be read, the default layout is used']
      : []),
    ...config.STRIPE_BEHAVIOR_PAYMENT_ELEMENT.problems.map((problem) => `STRIPE_BEHAVIOR_PAYMENT_ELEMENT: ${problem}`),
  ];
}
