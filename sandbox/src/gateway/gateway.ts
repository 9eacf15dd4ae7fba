import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveEnablerFile } from './enabler-files.ts';
import { listen } from './listen.ts';
import { createProxy } from './proxy.ts';
import { type Route, type RoutedService, serviceFor } from './routes.ts';

export interface GatewayOptions {
  readonly routes: readonly Route[];
  /** Origin of each service that runs as a server; the enabler's files may have a server too. */
  readonly services: Readonly<Record<Exclude<RoutedService, 'enabler'>, string>> & { readonly enabler?: string };
  /** Folder of the enabler's build, when no server has it. */
  readonly enablerFolder?: string;
  /** Names of the parts that are not ready; empty = all are ready. */
  readonly notReady: () => Promise<readonly string[]>;
}

/** Returns true when it answers the request. */
export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;

export interface Gateway {
  readonly port: number;
  /** Called for paths that no route has, before the gateway answers 404. */
  fallback: Handler | undefined;
  stop(): Promise<void>;
}

/**
 * The only entrance to the system on this machine. It sends the public routes of the chart's ingress to their services;
 * `/healthz` says whether all parts are ready. Listens on loopback (IPv4, and IPv6 if there is one) unless `host` says
 * otherwise; port 0 = a free port. Throws PortUnavailable.
 */
export async function startGateway(options: GatewayOptions, port: number, host?: string): Promise<Gateway> {
  const { intent, 'webhook-ingest': webhookIngest, enabler } = options.services;
  const proxies: Proxies = {
    intent: createProxy(intent),
    'webhook-ingest': createProxy(webhookIngest),
    ...(enabler && { enabler: createProxy(enabler) }),
  };
  const gateway: { fallback: Handler | undefined } = { fallback: undefined };
  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    answer(options, proxies, gateway.fallback, req, res).catch(() => {
      if (res.headersSent) res.destroy();
      else json(res, 500, failure(500, 'Internal server error.'));
    });
  };
  const listening = await listen(onRequest, port, host);
  return Object.assign(gateway, {
    port: listening.port,
    async stop() {
      await listening.stop();
      for (const proxy of Object.values(proxies)) proxy.close();
    },
  });
}

type Proxies = Readonly<Partial<Record<RoutedService, ReturnType<typeof createProxy>>>>;

async function answer(
  { notReady, routes, enablerFolder }: GatewayOptions,
  proxies: Proxies,
  fallback: Handler | undefined,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const path = pathOf(req);
  if (path === '/healthz') {
    const missing = await notReady();
    const isReady = missing.length === 0;
    json(res, isReady ? 200 : 503, { status: isReady ? 'ok' : 'unavailable', notReady: missing });
    return;
  }
  const service = serviceFor(routes, path);
  const proxy = service && proxies[service];
  if (proxy) {
    proxy.pass(req, res, () => unavailable(res, service));
    return;
  }
  if (service === 'enabler') {
    if (enablerFolder && (await serveEnablerFile(enablerFolder, req, res))) return;
  } else if (await fallback?.(req, res)) return;
  notFound(req, res, path);
}

function pathOf(req: IncomingMessage): string {
  const url = req.url ?? '/';
  return url.startsWith('/') ? (url.split('?')[0] ?? '/') : (URL.parse(url)?.pathname ?? '/');
}

const failure = (statusCode: number, message: string) => ({
  message,
  statusCode,
  errors: [{ code: 'General', message }],
});

const unavailable = (res: ServerResponse, service: string): void =>
  json(res, 503, failure(503, `The service ${service} does not answer.`));

const notFound = (req: IncomingMessage, res: ServerResponse, path: string): void =>
  json(res, 404, { message: `Route ${req.method}:${path} not found`, error: 'Not Found', statusCode: 404 });

function json(res: ServerResponse, status: number, body: unknown): void {
  if (res.destroyed) return;
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
