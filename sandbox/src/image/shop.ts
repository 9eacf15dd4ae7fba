import { kafkaConfig } from '@connector/kafka';
import { baseUrl, readConfig } from '@connector/lifecycle';
import * as z from 'zod';
import { startGateway } from '../gateway/gateway.ts';
import { readRoutes } from '../gateway/routes.ts';
import { connectKafka } from '../kafka/topics.ts';
import { answers } from '../processes/managed-process.ts';
import { openShop } from '../shop/open-shop.ts';

/** The shop of a trial on a cluster: the page, the controls of the simulators, and behind them the release's public routes. */
const env = readConfig(
  z.object({
    HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
    /** Origin that the browser uses. */
    PUBLIC_URL: baseUrl(),
    INTENT_URL: baseUrl(),
    WEBHOOK_INGEST_URL: baseUrl(),
    ENABLER_URL: baseUrl(),
    /** Origins of the services' /metrics and /readyz. */
    INTENT_ADMIN_URL: baseUrl(),
    WEBHOOK_INGEST_ADMIN_URL: baseUrl(),
    LEDGER_ADMIN_URL: baseUrl(),
    /** Set when the side is simulated. */
    COMMERCETOOLS_SIMULATOR_URL: baseUrl().optional(),
    STRIPE_SIMULATOR_URL: baseUrl().optional(),
    CTP_PROJECT_KEY: z.string().min(1),
    CTP_CLIENT_ID: z.string().min(1),
    CTP_CLIENT_SECRET: z.string().min(1),
    CTP_AUTH_URL: baseUrl(),
    CTP_API_URL: baseUrl(),
    CTP_SESSION_URL: baseUrl(),
    /** When Stripe is simulated, the ledger's access to it, so that the timeline shows Stripe's side too. */
    STRIPE_SECRET_KEY: z.string().min(1).optional(),
    /** The broker whose events the page shows; without one it shows none. */
    KAFKA_BROKERS: kafkaConfig.KAFKA_BROKERS.optional(),
  }),
  process.env,
);
const { CTP_PROJECT_KEY, CTP_CLIENT_ID, CTP_CLIENT_SECRET, CTP_AUTH_URL, CTP_API_URL, CTP_SESSION_URL } = env;

const shop = await openShop(
  {
    url: env.PUBLIC_URL,
    processorUrl: env.INTENT_URL,
    urls: {
      ...(env.COMMERCETOOLS_SIMULATOR_URL && { commercetools: env.COMMERCETOOLS_SIMULATOR_URL }),
      ...(env.STRIPE_SIMULATOR_URL && { stripe: env.STRIPE_SIMULATOR_URL }),
    },
    adminUrls: { 'webhook-ingest': env.WEBHOOK_INGEST_ADMIN_URL, ledger: env.LEDGER_ADMIN_URL },
    env: {
      ...{ CTP_PROJECT_KEY, CTP_CLIENT_ID, CTP_CLIENT_SECRET, CTP_AUTH_URL, CTP_API_URL, CTP_SESSION_URL },
      ...(env.KAFKA_BROKERS && { KAFKA_BROKERS: env.KAFKA_BROKERS.join(',') }),
      ...(env.STRIPE_SECRET_KEY &&
        env.STRIPE_SIMULATOR_URL && {
          STRIPE_SECRET_KEY: env.STRIPE_SECRET_KEY,
          STRIPE_API_BASE: env.STRIPE_SIMULATOR_URL,
        }),
    },
  },
  env.KAFKA_BROKERS ? connectKafka(process.env) : undefined,
);
const admin = {
  intent: env.INTENT_ADMIN_URL,
  ledger: env.LEDGER_ADMIN_URL,
  'webhook-ingest': env.WEBHOOK_INGEST_ADMIN_URL,
};
const gateway = await startGateway(
  {
    routes: readRoutes(),
    services: { intent: env.INTENT_URL, 'webhook-ingest': env.WEBHOOK_INGEST_URL, enabler: env.ENABLER_URL },
    notReady: async () => {
      const down = await Promise.all(
        Object.entries(admin).map(async ([name, url]) => ((await answers(`${url}/readyz`)) ? [] : [name])),
      );
      return down.flat();
    },
  },
  env.HTTP_PORT,
  '0.0.0.0',
);
gateway.fallback = (req, res) => shop.handle(req, res);
process.stdout.write(`ready: ${env.PUBLIC_URL}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await Promise.allSettled([gateway.stop(), shop.close()]);
    process.exit(0);
  });
}
