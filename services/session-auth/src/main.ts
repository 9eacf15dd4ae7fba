import { createCommercetools } from '@connector/commercetools';
import { PAYMENT_TRANSACTIONS, PROJECT_HEADER } from '@connector/contracts';
import { adminOptions, createAdminServer, createHttpServer } from '@connector/http';
import { checkKafkaEnvironment, createBroadcastConsumer, createKafka, createProducer } from '@connector/kafka';
import { type Component, readConfig, run } from '@connector/lifecycle';
import { createLogger, startMetrics, startTracing } from '@connector/telemetry';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { startSessionMetrics } from './metrics.ts';

const SERVICE = 'session-auth';

const config = readConfig(configSchema, process.env, checkKafkaEnvironment);
const stopTracing = await startTracing(SERVICE);
startMetrics(SERVICE);
startSessionMetrics();
const log = createLogger(SERVICE, config.LOG_LEVEL ?? config.LOGGER_LEVEL);

const kafka = createKafka(config, { clientId: SERVICE, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka);
const commercetools = createCommercetools(config, {
  log,
  timeoutMs: config.UPSTREAM_TIMEOUT_MS,
  // Without a session nobody can pay. intent's own calls wait separately, and both together must take less than three
  // seconds.
  claim: { priority: 'urgent', patienceMs: 1_000 },
});
const app = createApp({ config, commercetools, send: producer.send, log });
const transactions = createBroadcastConsumer(kafka, {
  name: SERVICE,
  topics: [PAYMENT_TRANSACTIONS],
  // Otherwise fetching a record for every payment would be most of this process's work.
  minBytes: 64 * 1024,
  onMessage: app.evictCart,
});
const server = createHttpServer({
  log,
  port: config.HTTP_PORT,
  routes: app.routes,
  keepAliveMs: config.HTTP_KEEP_ALIVE_MS,
  health: { path: config.HTTP_HEALTH_PATH, parts: [] },
});

const tracing: Component = { name: 'tracing', stop: stopTracing };
const upstream: Component = {
  name: 'commercetools',
  start: async () => {
    // The first shopper should not wait for a token; a failure here has no consequence.
    commercetools.tokens.get().catch((error: unknown) => log.warn({ error }, 'no access token yet'));
  },
  stop: commercetools.close,
};
// Kafka has only the audit trail and early evictions, so it must not stop the pod from serving.
const admin = createAdminServer({ log, ...adminOptions(config), parts: [server] });

await run(log, [tracing, admin, producer, transactions, upstream, server], config.SHUTDOWN_GRACE_MS);
