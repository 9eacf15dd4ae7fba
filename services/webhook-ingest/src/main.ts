import { PAYMENT_EVENTS, PROJECT_HEADER } from '@connector/contracts';
import { adminOptions, createAdminServer, createHttpServer } from '@connector/http';
import { checkKafkaEnvironment, createKafka, createProducer } from '@connector/kafka';
import { collectGarbage, readConfig, run } from '@connector/lifecycle';
import { createLogger, startMetrics, startTracing } from '@connector/telemetry';
import { atMostEvery } from './adapters/at-most-every.ts';
import { kafkaRequests } from './adapters/kafka-requests.ts';
import { allCheckpoints, reconciliationStatus } from './adapters/reconciliation-status.ts';
import { signingSecrets } from './adapters/signing-secrets.ts';
import { configSchema, livemodeOf } from './config.ts';
import { addressList } from './domain/address-list.ts';
import { stripeWebhooksRoute } from './routes/stripe-webhooks.ts';
import { startWebhookMetrics } from './webhook-metrics.ts';

const SERVICE = 'webhook-ingest';
/** Minimum time between two garbage collections after bursts of large bodies, in ms. */
const RELIEF_MS = 30_000;

const config = readConfig(configSchema, process.env, checkKafkaEnvironment);
const stopTracing = await startTracing(SERVICE);
startMetrics(SERVICE);
startWebhookMetrics();
const log = createLogger(SERVICE, config.LOG_LEVEL ?? config.LOGGER_LEVEL);

const kafka = createKafka(config, { clientId: SERVICE, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka, {
  topics: [PAYMENT_EVENTS],
  deadlineMs: config.WEBHOOK_DEADLINE_MS,
  // Otherwise events for an unreachable broker would take every place until their deadline, and events for the others
  // would be refused.
  maxWaitingPerLeader: Math.ceil(config.WEBHOOK_MAX_IN_FLIGHT / 2),
});
const accountId = config.STRIPE_ACCOUNT_ID;
const ours = { livemode: livemodeOf(config), projectKey: config.CTP_PROJECT_KEY, accountId };
const webhooks = stripeWebhooksRoute({
  log,
  producer,
  signingKeys: signingSecrets(config, log),
  ours,
  accountId,
  maxInFlight: config.WEBHOOK_MAX_IN_FLIGHT,
  duplicateWindowMs: config.WEBHOOK_DUPLICATE_WINDOW_S * 1000,
  allows: addressList(config.STRIPE_WEBHOOK_ALLOWED_IPS),
  trustedHops: config.TRUSTED_PROXY_HOPS,
  onRelief: atMostEvery(RELIEF_MS, collectGarbage),
});
const server = createHttpServer({
  log,
  port: config.HTTP_PORT,
  trustedHops: config.TRUSTED_PROXY_HOPS,
  routes: [webhooks],
  keepAliveMs: config.HTTP_KEEP_ALIVE_MS,
  health: { path: config.HTTP_HEALTH_PATH, parts: [producer] },
});
const status = reconciliationStatus({
  readCheckpoints: allCheckpoints(kafka),
  openRequests: kafkaRequests(kafka, producer).open,
  whose: { accountId, livemode: ours.livemode },
  log,
});
const admin = createAdminServer({ log, ...adminOptions(config), parts: [producer, server] });
const tracing = { name: 'tracing', stop: stopTracing };

await run(log, [tracing, admin, producer, status, server], config.SHUTDOWN_GRACE_MS);
