import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Component, shutdown } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { boundedServer, closeServer, listen, type ServerBounds } from './connections.ts';
import { errorResponder } from './error-responder.ts';
import { observed } from './observed.ts';

/** A handler of Express, with the path of the one request that is too frequent for Express. */
export type Route = RequestHandler & { readonly direct?: DirectRoute };

/** Answers one method and path, query excluded, before Express: `req` and `res` have nothing that Express adds. */
export interface DirectRoute {
  readonly method: string;
  readonly path: string;
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

export interface HttpServerOptions {
  log: Logger;
  port: number;
  /** Routers and middleware in order; the first that answers wins. Direct routes come before them. */
  routes: readonly Route[];
  /**
   * Answers a load balancer's health check at `path`, without a trace or a measurement: 200 when every component is
   * ready, else 503.
   */
  health?: { readonly path: string; readonly parts: readonly Component[] };
  /** How long an idle connection is kept, in ms; default 75 s. */
  keepAliveMs?: number;
  /** The number of proxies in front whose `X-Forwarded-For` is trusted. */
  trustedHops?: number;
}

/**
 * The most open connections. A gateway in front keeps its connections, and the one that waits longest for a request
 * makes room for a new one.
 */
const BOUNDS: ServerBounds = {
  maxConnections: 5_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 75_000,
};

/**
 * The public HTTP server of a service: trace context, correlation id, duration metrics, the routes, then the only place
 * where errors become answers. With `port` 0 the system picks a free port; after the start `port` is the one in use.
 */
export function createHttpServer(options: HttpServerOptions): Component & { readonly port: number } {
  const { log, routes, health, trustedHops = 1 } = options;
  const answerError = errorResponder(log);
  const app = expressApp(routes, trustedHops, answerError);
  const direct = routes.flatMap((route) => route.direct ?? []);
  const directFor = ({ method, url }: IncomingMessage) =>
    direct.find((route) => route.path === url && route.method === method);
  const observe = observed(log, trustedHops);
  const server = boundedServer(
    { ...BOUNDS, ...(options.keepAliveMs && { keepAliveMs: options.keepAliveMs }) },
    (req, res) => {
      if (health && req.url === health.path) return answerHealth(health.parts, req, res);
      const route = directFor(req);
      return observe(req, res, route?.path, () => (route ? route.handle(req, res) : app(req, res)));
    },
    (error, req, res) => {
      if (res.headersSent) res.destroy(error as Error);
      else answerError(error, req, res);
    },
  );
  let port = options.port;
  return {
    name: 'http server',
    get port() {
      return port;
    },
    start: async () => {
      const onError = (error: Error) => log.error({ error }, 'a connection could not be accepted');
      port = await listen(server, { port: options.port, onError });
      log.info({ port }, 'listening');
    },
    stop: () => closeServer(server),
  };
}

/** The routes in order, then a 404 for any other request. `answerError` answers every error. */
function expressApp(
  routes: readonly Route[],
  trustedHops: number,
  answerError: ReturnType<typeof errorResponder>,
): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', trustedHops);
  app.set('case sensitive routing', true);
  app.set('query parser', 'simple');
  for (const route of routes) app.use(route);
  app.use((req, res) => {
    const message = `Route ${req.method}:${req.originalUrl.split('?')[0]} not found`;
    res.status(404).json({ message, error: 'Not Found', statusCode: 404 });
  });
  const answerExpressError: ErrorRequestHandler = (error, req, res, next) =>
    res.headersSent ? next(error) : answerError(error, req, res);
  app.use(answerExpressError);
  return app;
}

function answerHealth(parts: readonly Component[], req: IncomingMessage, res: ServerResponse): void {
  const isReady = !shutdown.requested && parts.every((part) => part.notReady?.() === undefined);
  if (req.method !== 'GET' && req.method !== 'HEAD') res.writeHead(405, { allow: 'GET, HEAD' }).end();
  else res.writeHead(isReady ? 200 : 503, { 'content-type': 'text/plain' }).end(isReady ? 'ok' : 'not ready');
}
