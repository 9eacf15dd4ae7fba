import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { serveEnablerFile } from './enabler-files.ts';
import { createProxy } from './proxy.ts';
import { type Route, type RoutedService, serviceFor } from './routes.ts';

export interface GatewayOptions {
  readonly routes: readonly Route[];
  /** Origin of each service that runs as a server; the enabler's files may have one too. */
  readonly services: Readonly<Record<Exclude<RoutedService, 'enabler'>, string>> & { readonly enabler?: string };
  /** Folder of the enabler's build, where no server has it. */
  readonly enablerFolder?: string;
  /** Names of the parts that are not ready now; empty = all are. */
  readonly notReady: () => Promise<readonly string[]>;
}

/** Answers true when the request was its own and is being answered. */
export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;

export interface Gateway {
  readonly port: number;
  /** Asked for whatever no route claims, before the gateway answers 404. */
  fallback: Handler | undefined;
  stop(): Promise<void>;
}

/** The gateway's port can't be had; the message says why and what to do, in one sentence. */
export class PortUnavailable extends Error {
  override readonly name = 'PortUnavailable';

  constructor(port: number, code: 'EADDRINUSE' | 'EACCES') {
    const reason = code === 'EADDRINUSE' ? 'is taken by another program' : 'may not be used by this user';
    super(`Port ${port} ${reason}; choose another with PORT=<number>.`);
  }
}

/**
 * The one door of the system on this machine: what the chart's ingress routes goes to its service, `/healthz` says whether all
 * parts are ready. Listens on loopback (IPv4, and IPv6 where there is one) unless `host` says otherwise; 0 = a free port.
 * Throws PortUnavailable.
 */
export async function startGateway(options: GatewayOptions, port: number, host?: string): Promise<Gateway> {
  const proxies = {
    intent: createProxy(options.services.intent),
    'webhook-ingest': createProxy(options.services['webhook-ingest']),
    ...(options.services.enabler && { enabler: createProxy(options.services.enabler) }),
  };
  const gateway: { fallback: Handler | undefined } = { fallback: undefined };

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = pathOf(req);
    if (path === '/healthz') {
      const notReady = await options.notReady();
      json(res, notReady.length === 0 ? 200 : 503, { status: notReady.length === 0 ? 'ok' : 'unavailable', notReady });
      return;
    }
    const service = serviceFor(options.routes, path);
    const proxy = service && proxies[service];
    if (proxy) {
      proxy.pass(req, res, () => unavailable(res, service));
      return;
    }
    if (service === 'enabler') {
      if (options.enablerFolder && (await serveEnablerFile(options.enablerFolder, req, res))) return;
    } else if (await gateway.fallback?.(req, res)) return;
    notFound(req, res, path);
  }

  const servers: Server[] = [];
  const listen = (at: number, address: string) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer((req, res) => {
        answer(req, res).catch(() => {
          if (res.headersSent) res.destroy();
          else json(res, 500, failure(500, 'Internal server error.'));
        });
      });
      // A payment page holds its connection while a shopper types; a proxy in front closes first.
      server.keepAliveTimeout = 65_000;
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' || error.code === 'EACCES' ? new PortUnavailable(at, error.code) : error),
      );
      server.listen(at, address, () => {
        servers.push(server);
        const bound = server.address();
        resolve(typeof bound === 'object' && bound ? bound.port : at);
      });
    });

  const boundPort = await listen(port, host ?? '127.0.0.1');
  if (!host) {
    await listen(boundPort, '::1').catch((error: unknown) => {
      // A machine without IPv6 is fine; another program on that address would get half of the browser's requests.
      if (!(error instanceof PortUnavailable)) return;
      for (const server of servers) server.close();
      throw error;
    });
  }

  return Object.assign(gateway, {
    port: boundPort,
    async stop() {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              // Event streams never end by themselves.
              server.closeAllConnections();
            }),
        ),
      );
      for (const proxy of Object.values(proxies)) proxy.close();
    },
  });
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
