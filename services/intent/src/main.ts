import { createCommercetools } from '@connector/commercetools';
import { PAYMENT_EVENTS, PROJECT_HEADER } from '@connector/contracts';
import { adminOptions, createAdminServer, createHttpClient, createHttpServer } from '@connector/http';
import { checkKafkaEnvironment, createKafka, createProducer } from '@connector/kafka';
import { readConfig, run } from '@connector/lifecycle';
import { createStripe } from '@connector/stripe';
import { createLogger, startMetrics, startTracing } from '@connector/telemetry';
import { sessionAuthCallers } from './adapters/callers.ts';
import { commercetoolsCarts } from './adapters/carts.ts';
import { commercetoolsCustomers } from './adapters/customers.ts';
import { commercetoolsPermissions, kafkaStatus, stripeStatus } from './adapters/health-checks.ts';
import { kafkaPaymentEvents } from './adapters/payment-events.ts';
import { stripePaymentIntents } from './adapters/payment-intents.ts';
import { commercetoolsPayments } from './adapters/payments.ts';
import { kafkaRecordedTransactions } from './adapters/recorded-transactions.ts';
import { rememberingCallers } from './adapters/remembered-callers.ts';
import { rememberingCarts } from './adapters/remembered-carts.ts';
import { rememberingCustomers } from './adapters/remembered-customers.ts';
import { storedMethods } from './adapters/stored-methods.ts';
import { stripeCustomers } from './adapters/stripe-customers.ts';
import { createRoutes } from './app.ts';
import { configSchema, configWarnings } from './config.ts';
import { initialiseCounters } from './metrics.ts';
import { createBackground } from './use-cases/background.ts';

const config = readConfig(configSchema, process.env, checkKafkaEnvironment);
const stopTracing = await startTracing('intent');
startMetrics('intent');
const log = createLogger('intent', config.LOG_LEVEL ?? config.LOGGER_LEVEL);
initialiseCounters();
for (const warning of configWarnings(config, process.env)) log.warn(warning);

const commercetools = createCommercetools(config, { log });
const stripe = createStripe(config, { log });
const kafka = createKafka(config, { clientId: 'intent', log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka, { topics: [PAYMENT_EVENTS] });
const background = createBackground(log);
const sessionAuth = createHttpClient({
  api: 'session-auth',
  timeoutMs: 6_000,
  operationOf: (_method, { pathname }) => pathname.slice(1).replaceAll('/', '.'),
});

const callers = rememberingCallers(sessionAuthCallers(config.SESSION_AUTH_URL, sessionAuth.fetch), {
  max: 10_000,
  isHearing: () => recorded.isListening,
});
const recorded = kafkaRecordedTransactions(kafka, callers.forget);
const ports = {
  callers,
  carts: rememberingCarts(commercetoolsCarts(commercetools), { max: 2_000 }),
  customers: rememberingCustomers(commercetoolsCustomers(commercetools, config.CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY), {
    max: 2_000,
  }),
  payments: commercetoolsPayments(commercetools),
  paymentIntents: stripePaymentIntents(stripe),
  events: kafkaPaymentEvents(producer),
  recorded,
  storedMethods: storedMethods(commercetools, stripe, {
    paymentInterface: config.STORED_PAYMENT_METHODS_PAYMENT_INTERFACE ?? config.PAYMENT_INTERFACE,
    interfaceAccount: config.STORED_PAYMENT_METHODS_INTERFACE_ACCOUNT,
  }),
  stripeCustomers: stripeCustomers(stripe, config.STRIPE_API_VERSION),
  healthChecks: [commercetoolsPermissions(commercetools), stripeStatus(stripe), kafkaStatus(producer)],
};
const clients = {
  name: 'clients',
  stop: async () => {
    await Promise.all([commercetools.close(), stripe.close(), sessionAuth.close()]);
    await stopTracing();
  },
};
const server = createHttpServer({
  log,
  port: config.HTTP_PORT,
  routes: createRoutes({ config, ports, inBackground: background.run, log }),
  trustedHops: config.TRUSTED_PROXY_HOPS,
  keepAliveMs: config.HTTP_KEEP_ALIVE_MS,
  health: { path: config.HTTP_HEALTH_PATH, parts: [producer] },
});
const parts = [clients, producer, recorded.listener, background, server];
const admin = createAdminServer({ log, ...adminOptions(config), parts });
await run(log, [admin, ...parts], config.SHUTDOWN_GRACE_MS);
