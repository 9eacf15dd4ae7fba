import { createCommercetools } from '@connector/commercetools';
import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ, PAYMENT_TRANSACTIONS, PROJECT_HEADER } from '@connector/contracts';
import { adminOptions, createAdminServer } from '@connector/http';
import {
  checkKafkaEnvironment,
  createConsumer,
  createDeadLetterQueue,
  createKafka,
  createLagExporter,
  createProducer,
  readLatest,
} from '@connector/kafka';
import { readConfig, run } from '@connector/lifecycle';
import { createStripe } from '@connector/stripe';
import { BUILD, createLogger, startMetrics, startTracing } from '@connector/telemetry';
import { auditStatus } from './adapters/audit-status.ts';
import {
  commercetoolsCarts,
  commercetoolsPayments,
  commercetoolsPaymentsOf,
} from './adapters/commercetools-payments.ts';
import { deadLetterDepth } from './adapters/dead-letter-depth.ts';
import { createInteractionType } from './adapters/interaction-type.ts';
import { createKnownPayments } from './adapters/known-payments.ts';
import { ownAccount } from './adapters/own-account.ts';
import {
  checkoutRecurringJobs,
  commercetoolsPaymentMethods,
  stripeCustomerOwner,
  stripeGeneratedDebit,
  stripePaymentMethod,
} from './adapters/payment-methods.ts';
import { requestReconciliation } from './adapters/reconciliation-requests.ts';
import { reconciliationStatus } from './adapters/reconciliation-status.ts';
import { kafkaResults } from './adapters/results.ts';
import { createStrangers } from './adapters/strangers.ts';
import { stripeFacts } from './adapters/stripe-facts.ts';
import { unorderedStatus } from './adapters/unordered-status.ts';
import { configSchema } from './config.ts';
import { handlePaymentEvent } from './consumers/payment-events.ts';
import { consumerHooks, startLedgerMetrics } from './metrics.ts';
import { followPaymentMethod } from './use-cases/follow-payment-method.ts';
import { keepPaymentMethod } from './use-cases/keep-payment-method.ts';
import { lookAhead } from './use-cases/look-ahead.ts';

const config = readConfig(configSchema, process.env, checkKafkaEnvironment);
const stopTracing = await startTracing('ledger');
startMetrics('ledger');
startLedgerMetrics();
const log = createLogger('ledger', config.LOG_LEVEL ?? config.LOGGER_LEVEL);

const limits = {
  log,
  timeoutMs: config.LEDGER_CALL_TIMEOUT_MS,
  connections: config.LEDGER_CONCURRENCY,
  // Events that arrive later stay in Kafka.
  claim: { priority: 'normal', patienceMs: config.LEDGER_CALL_TIMEOUT_MS / 2 },
} as const;
const commercetools = createCommercetools(config, limits);
const stripe = createStripe(config, limits);
const kafka = createKafka(config, { clientId: 'ledger', log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka, { topics: [PAYMENT_TRANSACTIONS, PAYMENT_EVENTS_DLQ] });
const interactionType = createInteractionType(commercetools, log);
const payments = commercetoolsPayments(commercetools);
const carts = commercetoolsCarts(commercetools);
const known = createKnownPayments(config.LEDGER_KNOWN_PAYMENTS);
const isOwnAccount = ownAccount(stripe, config.STRIPE_ACCOUNT_ID, log);
const methods = {
  paymentMethods: commercetoolsPaymentMethods(commercetools),
  stripePaymentMethod: stripePaymentMethod(stripe),
  paymentInterface: config.STORED_PAYMENT_METHODS_PAYMENT_INTERFACE ?? config.PAYMENT_INTERFACE,
  names: config.STORED_PAYMENT_METHODS_NAMES,
  log,
};

const everyMs = config.LEDGER_STATUS_INTERVAL_MS;
const lag = createLagExporter(kafka, {
  groupId: 'ledger',
  topic: PAYMENT_EVENTS,
  everyMs,
  onDeleted: requestReconciliation(producer),
});
const consumer = createConsumer(kafka, {
  groupId: 'ledger',
  topic: PAYMENT_EVENTS,
  deadLetterTopic: PAYMENT_EVENTS_DLQ,
  producer,
  onSkipped: (deleted) => lag.skipped(deleted),
  concurrency: config.LEDGER_CONCURRENCY,
  parkLimitMs: config.LEDGER_PARK_LIMIT_MS,
  appVersion: BUILD.version,
  hooks: consumerHooks,
  dependencies: [
    {
      name: 'commercetools',
      neededByAll: true,
      probe: () =>
        commercetools
          .call('payments.query', commercetools.api.payments().get({ queryArgs: { limit: 1, withTotal: false } }))
          .then(() => true),
    },
    {
      name: 'stripe',
      probe: () => stripe.call('payment_intents.list', (api) => api.paymentIntents.list({ limit: 1 })).then(() => true),
    },
    { name: 'kafka', neededByAll: true },
  ],
  lookAhead: lookAhead({
    paymentsOf: commercetoolsPaymentsOf(commercetools),
    known,
    paymentInterface: config.PAYMENT_INTERFACE,
  }),
  handle: handlePaymentEvent({
    payments,
    carts,
    stripe: stripeFacts(stripe),
    projectKey: commercetools.projectKey,
    paymentInterface: config.PAYMENT_INTERFACE,
    livemode: stripe.livemode,
    isOwnAccount,
    known,
    strangers: createStrangers(),
    interactionType: interactionType.key,
    results: kafkaResults(producer),
    log,
    afterwards: keepPaymentMethod({
      ...methods,
      payments,
      carts,
      jobs: checkoutRecurringJobs(commercetools, config.CTP_CHECKOUT_URL),
      generatedDebit: stripeGeneratedDebit(stripe),
      interfaceAccount: config.STORED_PAYMENT_METHODS_INTERFACE_ACCOUNT,
      known,
    }),
    follow: followPaymentMethod({
      ...methods,
      customerOf: stripeCustomerOwner(stripe),
      isOwnAccount,
      livemode: stripe.livemode,
    }),
  }),
});
const deadLetters = createDeadLetterQueue(kafka, { topic: PAYMENT_EVENTS_DLQ, producer, by: 'ledger' });
const status = [
  deadLetterDepth(deadLetters, log, everyMs),
  auditStatus((topic, key) => readLatest(kafka, topic, key), { projectKey: commercetools.projectKey, log }),
  reconciliationStatus((topic, key) => readLatest(kafka, topic, key), { projectKey: commercetools.projectKey, log }),
  unorderedStatus((topic, key) => readLatest(kafka, topic, key), { projectKey: commercetools.projectKey, log }),
];

const clients = {
  name: 'clients',
  stop: async () => {
    await Promise.all([commercetools.close(), stripe.close()]);
    await stopTracing();
  },
};
const admin = createAdminServer({ log, ...adminOptions(config), parts: [producer, consumer] });
await run(log, [clients, admin, interactionType, producer, lag, consumer, ...status], config.SHUTDOWN_GRACE_MS);
