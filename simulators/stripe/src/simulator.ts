import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Faults } from '@connector/simulator-faults';
import { controlHandler } from './control-routes.ts';
import { Controls } from './controls.ts';
import { EventLog } from './events.ts';
import { type Handler, sendJson } from './exchange.ts';
import { apiHandler } from './http.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { API_VERSION } from './objects.ts';
import { Simulation } from './simulation.ts';
import type { EndpointSecrets } from './webhook-endpoints.ts';
import { type Endpoint, WebhookSender } from './webhooks.ts';

export interface StripeSimulatorOptions {
  /** 0 = any free port. */
  port?: number;
  host?: string;
  /** Base URL of the pages that a shopper's browser opens, where it is not the simulator's own; no trailing slash. */
  publicUrl?: string;
  /** Where events go, besides the endpoints created through the API. */
  webhook?: { url: string; secret?: string; enabledEvents?: readonly string[] };
  /** When given, only this key is accepted; else any `pk_test_…`. */
  publishableKey?: string;
  /** When given, only this key is accepted; else any `sk_test_…` or `rk_test_…`. */
  secretKey?: string;
  accountId?: string;
  random?: () => number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** How many events are kept for listing. */
  maxEvents?: number;
}

/** A running simulator. Its controls do what the routes under /_sandbox do. */
export interface StripeSimulator {
  readonly url: string;
  readonly port: number;
  /** Signing secret of the endpoint given as an option. */
  readonly webhookSecret: string;
  readonly controls: Controls;
  /** Points the option's webhook endpoint elsewhere; null switches it off. */
  setWebhook(webhook: { url: string; secret?: string } | null): void;
  close(): Promise<void>;
}

const CONFIGURED_ENDPOINT = 'we_sandbox000000000000000001';

/** Starts a Stripe of one test account on loopback. Rejects when the port is taken. */
export async function startStripeSimulator(options: StripeSimulatorOptions = {}): Promise<StripeSimulator> {
  const { random = Math.random, now = Date.now, host = '127.0.0.1', accountId = 'acct_1SandboxSandboxSa' } = options;
  const simulation = new Simulation({ accountId, random, now });
  const endpointSecrets = new Map<string, string>();
  const sender = new WebhookSender({ random, now, endpoints: () => endpointsOf(simulation, endpointSecrets) });
  simulation.events = new EventLog(simulation, sender, options.maxEvents ?? 50_000);
  const faults = new Faults(random);
  const idempotencyKeys = new IdempotencyKeys(() => simulation.nowMs());
  const given = new GivenEndpoint(simulation, endpointSecrets, options.webhook);
  const controls = new Controls({ simulation, sender, faults, idempotencyKeys, restore: () => given.register() });
  const { secretKey, publishableKey } = options;
  const api = apiHandler({ simulation, endpointSecrets, faults, idempotencyKeys, secretKey, publishableKey });
  const server = createServer(api, controlHandler(simulation, controls));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${host}:${port}`;
  simulation.url = options.publicUrl ?? url;

  return {
    url,
    port,
    get webhookSecret() {
      return given.secret;
    },
    controls,
    setWebhook: (webhook) => given.replace(webhook),
    async close() {
      simulation.forgetTimers();
      sender.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The webhook endpoint that the simulator was started with, beside those created through the API. */
class GivenEndpoint {
  readonly #simulation: Simulation;
  readonly #secrets: EndpointSecrets;
  #webhook: StripeSimulatorOptions['webhook'] | null;
  secret: string;

  constructor(simulation: Simulation, secrets: EndpointSecrets, webhook: StripeSimulatorOptions['webhook']) {
    this.#simulation = simulation;
    this.#secrets = secrets;
    this.#webhook = webhook ?? null;
    this.secret = webhook?.secret ?? `whsec_${randomBytes(24).toString('hex')}`;
    this.register();
  }

  replace(webhook: { url: string; secret?: string } | null): void {
    this.#webhook = webhook;
    if (webhook?.secret) this.secret = webhook.secret;
    this.register();
  }

  /** Puts it into the account as it is now; with no webhook there is none. */
  register(): void {
    const { webhookEndpoints } = this.#simulation.state;
    webhookEndpoints.remove(CONFIGURED_ENDPOINT);
    if (!this.#webhook) return;
    this.#secrets.set(CONFIGURED_ENDPOINT, this.secret);
    webhookEndpoints.add({
      id: CONFIGURED_ENDPOINT,
      object: 'webhook_endpoint',
      api_version: API_VERSION,
      application: null,
      created: this.#simulation.now(),
      description: 'given at start',
      enabled_events: [...(this.#webhook.enabledEvents ?? ['*'])],
      livemode: false,
      metadata: {},
      status: 'enabled',
      url: this.#webhook.url,
    });
  }
}

function* endpointsOf(simulation: Simulation, secrets: EndpointSecrets): Generator<Endpoint> {
  for (const { id, url, enabled_events, status } of simulation.state.webhookEndpoints.values()) {
    const secret = secrets.get(id);
    if (secret) yield { id, url, secret, enabledEvents: enabled_events, isEnabled: status === 'enabled' };
  }
}

/** `/v1` is Stripe's API, `/_sandbox` what a test does to it. */
function createServer(api: Handler, control: Handler): http.Server {
  const server = http.createServer((req, res) => {
    const url = req.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? '' : url.slice(mark + 1);
    const handle = path.startsWith('/v1/') ? api : path.startsWith('/_sandbox/') ? control : null;
    if (!handle) {
      sendJson(res, 404, { error: { type: 'invalid_request_error', message: 'Unrecognized request URL' } });
      return;
    }
    handle(req, res, path, query).catch((error: unknown) => {
      process.stderr.write(`stripe simulator: ${error instanceof Error ? error.stack : String(error)}\n`);
      if (!res.headersSent) {
        res.statusCode = 500;
        res.end('{"error":{"type":"api_error","message":"The simulator failed."}}');
      } else res.destroy();
    });
  });
  server.keepAliveTimeout = 65_000;
  return server;
}
