import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from '@connector/kafka';
import { createExplainer, type Explainer, explainConfigSchema } from '@connector/ledger/explain';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { TRACES_PATH } from '../observe/observation.ts';
import { createTimeline } from '../timeline.ts';
import { Storefront } from './storefront.ts';

/** The surroundings of the shop: the sandbox on this machine, or a release on a cluster. */
export interface ShopSurroundings {
  /** Origin in the browser. */
  readonly url: string;
  /** The processor's address for this process, when it is not `url`. */
  readonly processorUrl?: string;
  /** Origins of the sides that are simulated. */
  readonly urls: { readonly commercetools?: string; readonly stripe?: string };
  /** Origins of the /metrics whose figures the page shows. */
  readonly adminUrls: { readonly 'webhook-ingest': string; readonly ledger: string };
  /** The merchant's access to the project, the same as the services'. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether traces are shown at the same origin. */
  readonly isObserved?: boolean;
  /** Takes the broker away and brings it back, if the shop may. */
  readonly setKafkaDown?: (isDown: boolean) => Promise<void>;
}

export interface Shop {
  handle(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  close(): Promise<void>;
}

/** commercetools' own hosts, when the user's variables name none. */
const HOSTS = {
  CTP_AUTH_URL: 'https://auth.europe-west1.gcp.commercetools.com',
  CTP_API_URL: 'https://api.europe-west1.gcp.commercetools.com',
  CTP_SESSION_URL: 'https://session.europe-west1.gcp.commercetools.com',
};

/**
 * The storefront of the merchant whose project and Stripe account the system uses. It shows events when Kafka is given.
 */
export async function openShop(place: ShopSurroundings, kafka?: Kafka): Promise<Shop> {
  const { env, urls, url, processorUrl, setKafkaDown, isObserved } = place;
  const timeline = kafka && createTimeline(kafka);
  await timeline?.start();
  const explainer = kafka && explainerFor(env, kafka);
  const storefront = new Storefront({
    commercetools: {
      authUrl: env.CTP_AUTH_URL ?? HOSTS.CTP_AUTH_URL,
      apiUrl: env.CTP_API_URL ?? HOSTS.CTP_API_URL,
      sessionUrl: env.CTP_SESSION_URL ?? HOSTS.CTP_SESSION_URL,
      projectKey: env.CTP_PROJECT_KEY ?? '',
      clientId: env.CTP_CLIENT_ID ?? '',
      clientSecret: env.CTP_CLIENT_SECRET ?? '',
    },
    simulators: {
      ...(urls.commercetools && { commercetools: urls.commercetools }),
      ...(urls.stripe && { stripe: urls.stripe }),
    },
    publicUrl: url,
    ...(processorUrl && { processorUrl }),
    enablerUrl: '/connector-enabler.es.js',
    ...(timeline && { events: timeline.subscribe }),
    ...(explainer && { explain: (paymentId) => explainer.explain(paymentId) }),
    ...(setKafkaDown && { kafka: { setDown: setKafkaDown } }),
    ...(isObserved && { tracesPath: TRACES_PATH }),
    serviceMetrics: () => figures(place),
  });
  return {
    handle: (req, res) => storefront.handle(req, res),
    async close() {
      storefront.close();
      // With Kafka down a client tries to leave for a while; the shop does not wait for that.
      await Promise.race([Promise.all([timeline?.stop(), explainer?.close()]), sleep(3000)]);
    },
  };
}

/** The ledger's own story, if the shop has the ledger's access to Stripe. */
function explainerFor(env: ShopSurroundings['env'], kafka: Kafka): Explainer | undefined {
  if (!env.STRIPE_SECRET_KEY) return undefined;
  return createExplainer(parseConfig(explainConfigSchema, env), { kafka, log: createLogger('shop', 'silent') });
}

const FIGURES = [
  ['Webhooks accepted', 'webhook-ingest', /^stripe_connector_webhook_events_total\{.*outcome="accepted".*\} (\S+)$/gm],
  ['Payments parked', 'ledger', /^stripe_connector_ledger_parked_keys(?:\{.*\})? (\S+)$/gm],
  ['Dead letters', 'ledger', /^stripe_connector_dead_letters_total(?:\{.*\})? (\S+)$/gm],
] as const;

/** Metrics of the services that are interesting to watch; a service that is down shows a dash. */
async function figures({ adminUrls }: ShopSurroundings): Promise<Record<string, number | string>> {
  const figure = async ([label, service, pattern]: (typeof FIGURES)[number]) => {
    try {
      const response = await fetch(`${adminUrls[service]}/metrics`, { signal: AbortSignal.timeout(1000) });
      const values = [...(await response.text()).matchAll(pattern)];
      return [label, values.reduce((sum, [, value]) => sum + Number(value), 0)];
    } catch {
      return [label, '–'];
    }
  };
  return Object.fromEntries(await Promise.all(FIGURES.map(figure)));
}
