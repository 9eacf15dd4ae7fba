import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Component, shutdown } from '@connector/lifecycle';
import { LOG_LEVELS, type Logger, register } from '@connector/telemetry';
import { boundedServer, closeServer, listen, type ServerBounds } from './connections.ts';

export interface AdminServerOptions {
  readonly log: Logger;
  readonly port: number;
  /** Address to listen on. Undefined = all addresses, as kubelet and Prometheus need in a pod. */
  readonly host?: string | undefined;
  /** Allows callers on other machines to change the log level, when they send it as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  readonly parts: readonly Component[];
}

/** Port, host and token of the admin server, from the variables that all services share. */
export const adminOptions = (config: {
  METRICS_PORT: number;
  METRICS_HOST?: string | undefined;
  ADMIN_TOKEN?: string | undefined;
}): Pick<AdminServerOptions, 'port' | 'host' | 'token'> => ({
  port: config.METRICS_PORT,
  host: config.METRICS_HOST,
  token: config.ADMIN_TOKEN,
});

/** Only probes and a scraper call this server. */
const BOUNDS: ServerBounds = {
  maxConnections: 200,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveMs: 75_000,
};

/**
 * The server that is reachable only inside the cluster. `/livez` answers 503 when a component is dead, `/readyz`
 * answers 503 while a component is not ready or the process is shutting down, and `/metrics` has the metrics. `GET
 * /loglevel` returns the level; `PUT /loglevel` with a level as its body changes it until the process ends. PUT is
 * allowed to callers on the same machine (or through `kubectl port-forward`) and to callers with the token. The server
 * depends on nothing outside the process.
 */
export function createAdminServer(options: AdminServerOptions): Component & { readonly port: number } {
  const { log, host } = options;
  let port = options.port;
  const routes = routesOf(options);
  const server = boundedServer(
    BOUNDS,
    (req, res) => {
      const path = req.url?.split('?')[0] ?? '';
      if (!Object.hasOwn(routes, path)) return void res.writeHead(404).end();
      return routes[path]?.(req, res);
    },
    (error, req, res) => {
      // The client closed the connection itself: it gets no answer, and nothing failed.
      if (!req.complete) return void res.destroy();
      log.error({ error }, 'the admin server failed');
      if (res.headersSent) res.destroy();
      else answer(res, 500, { message: 'Internal server error.' });
    },
  );
  return {
    name: 'admin server',
    get port() {
      return port;
    },
    start: async () => {
      const onError = (error: Error) => log.error({ error }, 'the admin server could not take a connection');
      port = await listen(server, { port: options.port, host, onError });
      log.info({ port }, 'health and metrics are served');
    },
    stop: () => closeServer(server),
  };
}

type AdminRoute = (req: IncomingMessage, res: ServerResponse) => Promise<void> | void;

const routesOf = (options: AdminServerOptions): Readonly<Record<string, AdminRoute>> => ({
  '/livez': (_req, res) => answerHealth(res, problemsOf(options.parts, 'dead')),
  '/readyz': (_req, res) => {
    const problems = problemsOf(options.parts, 'notReady');
    if (shutdown.requested) problems.push({ part: 'process', reason: 'is shutting down' });
    answerHealth(res, problems);
  },
  '/metrics': async (_req, res) => {
    const text = await register.metrics();
    res.writeHead(200, { 'content-type': register.contentType }).end(text);
  },
  '/loglevel': (req, res) => serveLogLevel(options, req, res),
});

interface Problem {
  readonly part: string;
  readonly reason: string;
}

const problemsOf = (parts: readonly Component[], ask: 'dead' | 'notReady'): Problem[] =>
  parts.flatMap((part) => {
    const reason = part[ask]?.();
    return reason ? [{ part: part.name, reason }] : [];
  });

function answerHealth(res: ServerResponse, problems: readonly Problem[]): void {
  const isWell = problems.length === 0;
  answer(res, isWell ? 200 : 503, { status: isWell ? 'ok' : 'unavailable', problems });
}

const answer = (res: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void => {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

/** The longest body that is read: the name of a level. */
const MAX_BODY_BYTES = 64;

async function serveLogLevel(options: AdminServerOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { log, token } = options;
  const allow = { allow: 'GET, PUT' };
  if (req.method === 'GET') return answer(res, 200, { level: log.level }, allow);
  if (req.method !== 'PUT') return answer(res, 405, { message: 'GET tells the level, PUT changes it' }, allow);
  if (!isLocal(req) && !hasToken(req, token)) {
    const message = 'Only callers on the same machine, or with the token, may change the level.';
    return answer(res, 403, { message }, { connection: 'close' });
  }
  // A longer body is not read, because no level has a longer name.
  const isShort = Number(req.headers['content-length'] ?? Number.NaN) <= MAX_BODY_BYTES;
  const wanted = isShort ? (await text(req)).trim() : '';
  const level = LOG_LEVELS.find((each) => each === wanted);
  if (!level) return answer(res, 400, { message: `the body must be one of ${LOG_LEVELS.join(', ')}` }, allow);
  changeLogLevel(log, level, req.socket.remoteAddress ?? '');
  answer(res, 200, { level }, allow);
}

const LOOPBACK: ReadonlySet<string | undefined> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
/** A proxy on the same machine may speak for another machine, and so may a page in a browser there. */
const NOT_OF_ITS_OWN = ['x-forwarded-for', 'forwarded', 'via', 'origin'];

const isLocal = ({ socket, headers }: IncomingMessage): boolean =>
  LOOPBACK.has(socket.remoteAddress) && !NOT_OF_ITS_OWN.some((name) => headers[name] !== undefined);

function hasToken({ headers }: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return false;
  const [given, wanted] = [headers.authorization ?? '', `Bearer ${token}`].map((each) => Buffer.from(each));
  return given?.length === wanted?.length && timingSafeEqual(given as Buffer, wanted as Buffer);
}

/** The change is logged at the more severe of the old and the new level, so that one of them shows it. */
function changeLogLevel(log: Logger, level: (typeof LOG_LEVELS)[number], by: string): void {
  const before = log.level;
  const report = () => log.warn({ before, after: level, by }, 'the log level was changed, until the process ends');
  if (log.isLevelEnabled('warn')) report();
  log.level = level;
  const wasHidden = !['trace', 'debug', 'info', 'warn'].includes(before);
  if (wasHidden) report();
}
