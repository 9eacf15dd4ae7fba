import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Faults } from '@connector/simulator-faults';
import { controlHandler } from './control-routes.ts';
import { Controls } from './controls.ts';
import { EventLog } from './events.ts';
import { apiHandler } from './http.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { API_VERSION } from './objects.ts';
import { Simulation } from './simulation.ts';
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
  const random = options.random ?? Math.random;
  const now = options.now ?? Date.now;
  const simulation = new Simulation({ accountId: options.accountId ?? 'acct_1SandboxSandboxSa', random, now });
  const endpointSecrets = new Map<string, string>();
  const sender = new WebhookSender({ random, now, endpoints });
  simulation.events = new EventLog(simulation, sender, options.maxEvents ?? 50_000);
  const faults = new Faults(random);
  const idempotencyKeys = new IdempotencyKeys(() => simulation.nowMs());
  let webhook: StripeSimulatorOptions['webhook'] | null = options.webhook ?? null;
  let webhookSecret = webhook?.secret ?? `whsec_${randomBytes(24).toString('hex')}`;
  const controls = new Controls({ simulation, sender, faults, idempotencyKeys, restore: registerWebhook });
  registerWebhook();

  const api = apiHandler({
    simulation,
    endpointSecrets,
    faults,
    idempotencyKeys,
    secretKey: options.secretKey,
    publishableKey: options.publishableKey,
  });
  const control = controlHandler(simulation, controls);
  const server = http.createServer((req, res) => {
    const url = req.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? '' : url.slice(mark + 1);
    const handle = path.startsWith('/v1/') ? api : path.startsWith('/_sandbox/') ? control : null;
    if (!handle) {
      res
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"error":{"type":"invalid_request_error","message":"Unrecognized request URL"}}');
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${options.host ?? '127.0.0.1'}:${port}`;
  simulation.url = options.publicUrl ?? url;

  return {
    url,
    port,
    get webhookSecret() {
      return webhookSecret;
    },
    controls,
    setWebhook(next) {
      webhook = next;
      if (next?.secret) webhookSecret = next.secret;
      registerWebhook();
    },
    async close() {
      simulation.forgetTimers();
      sender.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  function registerWebhook(): void {
    simulation.state.webhookEndpoints.remove(CONFIGURED_ENDPOINT);
    if (!webhook) return;
    endpointSecrets.set(CONFIGURED_ENDPOINT, webhookSecret);
    simulation.state.webhookEndpoints.add({
      id: CONFIGURED_ENDPOINT,
      object: 'webhook_endpoint',
      api_version: API_VERSION,
      application: null,
      created: simulation.now(),
      description: 'given at start',
      enabled_events: [...(('enabledEvents' in webhook && webhook.enabledEvents) || ['*'])],
      livemode: false,
      metadata: {},
      status: 'enabled',
      url: webhook.url,
    });
  }

  function* endpoints(): Generator<Endpoint> {
    for (const { id, url, enabled_events, status } of simulation.state.webhookEndpoints.values()) {
      const secret = endpointSecrets.get(id);
      if (secret) yield { id, url, secret, enabledEvents: enabled_events, isEnabled: status === 'enabled' };
    }
  }
}
