import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@connector/telemetry';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Callers } from './adapters/callers.ts';
import type { Carts } from './adapters/carts.ts';
import type { Customers } from './adapters/customers.ts';
import type { PaymentEvents } from './adapters/payment-events.ts';
import type { PaymentIntents } from './adapters/payment-intents.ts';
import type { Payments } from './adapters/payments.ts';
import type { RecordedTransactions } from './adapters/recorded-transactions.ts';
import { behaviourSettings, type Config } from './config.ts';
import { cors } from './http/cors.ts';
import { createRateLimiter } from './http/rate-limit.ts';
import { type RouteDefinition, routerOf } from './http/route.ts';
import { configElementRoute } from './routes/config-element.ts';
import { confirmPaymentsRoute } from './routes/confirm-payments.ts';
import { operationsConfigRoute } from './routes/operations-config.ts';
import { paymentIntentsRoute } from './routes/operations-payment-intents.ts';
import { paymentsRoute } from './routes/payments.ts';
import type { InBackground } from './use-cases/background.ts';

/** Everything outside that the processor talks to. */
export interface World {
  callers: Callers;
  carts: Carts;
  customers: Customers;
  payments: Payments;
  paymentIntents: PaymentIntents;
  events: PaymentEvents;
  recorded: RecordedTransactions;
}

export interface AppDeps {
  config: Config;
  world: World;
  inBackground: InBackground;
  log: Logger;
}

/** Every route of the processor, for the server and for the OpenAPI document. */
export function routeDefinitions({ config, world, inBackground, log }: AppDeps): RouteDefinition[] {
  const behaviour = behaviourSettings(config);
  const multiOperations = config.STRIPE_ENABLE_MULTI_OPERATIONS;
  const publicConfig = {
    environment: config.MOCK_ENVIRONMENT,
    publishableKey: config.STRIPE_PUBLISHABLE_KEY,
    captureMethod: config.STRIPE_CAPTURE_METHOD,
    appearance: config.STRIPE_APPEARANCE_PAYMENT_ELEMENT,
    expressElementOptions: config.STRIPE_EXPRESS_ELEMENT_OPTIONS,
  };
  const element = {
    appearance: config.STRIPE_APPEARANCE_PAYMENT_ELEMENT,
    layout: config.STRIPE_LAYOUT,
    paymentElementOptions: config.STRIPE_BEHAVIOR_PAYMENT_ELEMENT.json,
  };
  const settings = {
    projectKey: config.CTP_PROJECT_KEY,
    paymentInterface: config.PAYMENT_INTERFACE,
    merchantReturnUrl: config.MERCHANT_RETURN_URL,
    multiOperations,
    behaviour,
  };
  return [
    operationsConfigRoute({ ...world, publicConfig, storedMethodsEnabled: config.STORED_PAYMENT_METHODS_ENABLED }),
    configElementRoute({ ...world, behaviour, element }),
    paymentsRoute({ ...world, inBackground, settings, sleep, now: Date.now }),
    confirmPaymentsRoute({ ...world, confirmWaitMs: config.CONFIRM_WAIT_MS, sleep }),
    paymentIntentsRoute({ ...world, multiOperations, log }),
  ];
}

/** The middleware of the HTTP server, in order. */
export function createRoutes(deps: AppDeps): RequestHandler[] {
  const { config, world } = deps;
  return [
    helmet({ crossOriginResourcePolicy: { policy: 'cross-origin' } }),
    (_req, res, next) => {
      // Client secrets and shoppers' data stay out of every cache on the way.
      res.setHeader('cache-control', 'no-store');
      next();
    },
    cors(config.ALLOWED_ORIGINS),
    routerOf(routeDefinitions(deps), {
      callers: world.callers,
      limits: {
        requests: createRateLimiter(config.RATE_LIMIT_REQUESTS_PER_ADDRESS),
        denials: createRateLimiter(config.RATE_LIMIT_DENIALS_PER_ADDRESS),
        opens: createRateLimiter(config.RATE_LIMIT_OPENS_PER_SESSION),
      },
    }),
  ];
}
