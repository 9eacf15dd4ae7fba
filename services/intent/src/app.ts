import { setTimeout as sleep } from 'node:timers/promises';
import { BUILD, type Logger } from '@connector/telemetry';
import { type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import packageJson from '../package.json' with { type: 'json' };
import type { Callers } from './adapters/callers.ts';
import { behaviourSettings, type Config, cardFeatures } from './config.ts';
import { cors } from './http/cors.ts';
import { createRateLimiter } from './http/rate-limit.ts';
import { type RouteDefinition, routerOf } from './http/route.ts';
import { openApiDocument } from './openapi.ts';
import { applePayConfigRoute } from './routes/apple-pay-config.ts';
import { configElementRoute } from './routes/config-element.ts';
import { confirmPaymentsRoute } from './routes/confirm-payments.ts';
import { customerSessionRoute } from './routes/customer-session.ts';
import { expressConfigRoute } from './routes/express-config.ts';
import { expressPaymentDataRoute } from './routes/express-payment-data.ts';
import { operationsConfigRoute } from './routes/operations-config.ts';
import { paymentComponentsRoute } from './routes/operations-payment-components.ts';
import { paymentIntentsRoute } from './routes/operations-payment-intents.ts';
import { operationsStatusRoute } from './routes/operations-status.ts';
import { transactionsRoute } from './routes/operations-transactions.ts';
import { paymentsRoute } from './routes/payments.ts';
import { deleteStoredPaymentMethodRoute, storedPaymentMethodsRoute } from './routes/stored-payment-methods.ts';
import type { InBackground } from './use-cases/background.ts';
import type {
  HealthCheck,
  PaymentEvents,
  PaymentIntents,
  Payments,
  RecordedTransactions,
  RememberingCarts,
  RememberingCustomers,
  StoredMethods,
  StripeCustomers,
} from './use-cases/ports.ts';

/** All ports of the processor. */
export interface Ports {
  callers: Callers;
  carts: RememberingCarts;
  customers: RememberingCustomers;
  payments: Payments;
  paymentIntents: PaymentIntents;
  events: PaymentEvents;
  recorded: RecordedTransactions;
  storedMethods: StoredMethods;
  stripeCustomers: StripeCustomers;
  healthChecks: readonly HealthCheck[];
}

export interface AppDeps {
  config: Config;
  ports: Ports;
  inBackground: InBackground;
  log: Logger;
}

/** Every route of the processor, for the server and for the OpenAPI document. */
export function routeDefinitions({ config, ports, inBackground, log }: AppDeps): RouteDefinition[] {
  const settings = checkoutSettings(config);
  const publicConfig = publicConfigOf(config);
  const isEnabled = config.STORED_PAYMENT_METHODS_ENABLED;
  const stored = { ...ports, isEnabled, inBackground };
  return [
    operationsConfigRoute({ ...ports, publicConfig, storedMethodsEnabled: isEnabled }),
    operationsStatusRoute({
      checks: ports.healthChecks,
      timeoutMs: config.HEALTH_CHECK_TIMEOUT,
      version: BUILD.version,
      metadata: {
        name: packageJson.name,
        description: packageJson.description,
        stripe: packageJson.dependencies.stripe,
      },
    }),
    paymentComponentsRoute(),
    paymentIntentsRoute({ ...ports, cardFeatures: settings.cardFeatures, log }),
    transactionsRoute({ ...stored, settings, now: Date.now }),
    configElementRoute({ ...ports, behaviour: settings.behaviour, element: elementOf(config) }),
    paymentsRoute({ ...ports, inBackground, settings, sleep, now: Date.now, log }),
    confirmPaymentsRoute({
      ...ports,
      inBackground,
      checksCart: config.CONFIRM_CHECKS_CART,
      confirmWaitMs: config.CONFIRM_WAIT_MS,
      sleep,
    }),
    customerSessionRoute({ ...ports, features: config.STRIPE_SAVED_PAYMENT_METHODS_CONFIG, log }),
    expressPaymentDataRoute(ports),
    expressConfigRoute({ allowedOrigins: config.ALLOWED_ORIGINS, publicConfig }),
    applePayConfigRoute({ wellKnown: config.STRIPE_APPLE_PAY_WELL_KNOWN }),
    storedPaymentMethodsRoute(stored),
    deleteStoredPaymentMethodRoute(stored),
  ];
}

const publicConfigOf = (config: Config) => ({
  environment: config.MOCK_ENVIRONMENT,
  publishableKey: config.STRIPE_PUBLISHABLE_KEY,
  captureMethod: config.STRIPE_CAPTURE_METHOD,
  // The payment element of a cart has its own configuration in /config-element; only the express element reads this
  // one.
  appearance: config.STRIPE_APPEARANCE_EXPRESS_CHECKOUT ?? config.STRIPE_APPEARANCE_PAYMENT_ELEMENT,
  expressElementOptions: config.STRIPE_EXPRESS_ELEMENT_OPTIONS,
});

const elementOf = (config: Config) => ({
  appearance: config.STRIPE_APPEARANCE_PAYMENT_ELEMENT,
  layout: config.STRIPE_LAYOUT,
  paymentElementOptions: config.STRIPE_BEHAVIOR_PAYMENT_ELEMENT.json,
});

const checkoutSettings = (config: Config) => ({
  projectKey: config.CTP_PROJECT_KEY,
  paymentInterface: config.PAYMENT_INTERFACE,
  merchantReturnUrl: config.MERCHANT_RETURN_URL,
  cardFeatures: cardFeatures(config),
  lineItems: config.STRIPE_ENABLE_LINE_ITEMS,
  behaviour: behaviourSettings(config),
  orderInDescription: config.STRIPE_ORDER_NUMBER_IN_DESCRIPTION,
});

/** The middleware of the HTTP server, in order. */
export function createRoutes(deps: AppDeps): RequestHandler[] {
  const { config, ports } = deps;
  const definitions = routeDefinitions(deps);
  const document = JSON.stringify(openApiDocument(definitions));
  return [
    helmet({ crossOriginResourcePolicy: { policy: 'cross-origin' } }),
    (_req, res, next) => {
      // Client secrets and shoppers' data must not be cached on the way.
      res.setHeader('cache-control', 'no-store');
      next();
    },
    cors(config.ALLOWED_ORIGINS),
    Router({ caseSensitive: true, strict: true }).get('/openapi.json', (_req, res) => {
      res.type('application/json').send(document);
    }),
    routerOf(definitions, {
      log: deps.log,
      callers: ports.callers,
      limits: {
        requests: createRateLimiter(config.RATE_LIMIT_REQUESTS_PER_ADDRESS),
        denials: createRateLimiter(config.RATE_LIMIT_DENIALS_PER_ADDRESS),
        opens: createRateLimiter(config.RATE_LIMIT_OPENS_PER_SESSION),
      },
    }),
  ];
}
