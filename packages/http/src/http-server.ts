import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorBody, InvalidRequestError, internalError, ServiceError } from '@connector/errors';
import { type Component, shutdown } from '@connector/lifecycle';
import {
  context,
  contextFrom,
  type Logger,
  markFailed,
  metrics,
  type Span,
  SpanKind,
  startSpan,
  TraceFlags,
  trace,
} from '@connector/telemetry';
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { ZodError } from 'zod';
import { boundedServer, closeServer, listen, type ServerBounds } from './connections.ts';
import { withCorrelation } from './correlation.ts';

/** A handler of Express's, and the one request of it that is too frequent for Express. */
export type Route = RequestHandler & { readonly direct?: DirectRoute };

/** Answers one method and path, query excluded, in front of Express: nothing of Express's is on `req` and `res`. */
export interface DirectRoute {
  readonly method: string;
  readonly path: string;
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

export interface HttpServerOptions {
  log: Logger;
  port: number;
  /** Routers and middleware in order; the first that answers wins. Direct ones are asked before. */
  routes: readonly Route[];
  /** Answers a load balancer's health check at `path`, without a trace or a measurement: 200 when every part is ready, else 503. */
  health?: { readonly path: string; readonly parts: readonly Component[] };
  /** How long an idle connection is kept, in ms; default 75 s. */
  keepAliveMs?: number;
  /** Proxies in front whose `X-Forwarded-For` is believed. */
  trustedHops?: number;
}

/** A gateway in front keeps its connections; one that waits for a request longest makes room for a new one. */
const BOUNDS: ServerBounds = {
  maxConnections: 5_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 75_000,
};

/** The address a request is about must be usable as a header value and a log field. */
const CORRELATION_ID = /^[\w.:\-/=+]{1,256}$/;

/**
 * The public HTTP server of a service: trace context, correlation id, duration metrics, the routes, then the one place
 * where errors become answers. `port` 0 picks a free one; the one in use is in `port` once started.
 */
export function createHttpServer(options: HttpServerOptions): Component & { readonly port: number } {
  const { log, routes, trustedHops = 1 } = options;
  const answerError = errorResponder(log);
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

  const direct = routes.flatMap((route) => route.direct ?? []);
  const directFor = ({ method, url }: IncomingMessage) =>
    direct.find((route) => route.path === url && route.method === method);
  const observe = observed(log, trustedHops);
  const server = boundedServer(
    { ...BOUNDS, ...(options.keepAliveMs && { keepAliveMs: options.keepAliveMs }) },
    (req, res) => {
      if (options.health && req.url === options.health.path) return answerHealth(options.health.parts, req, res);
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
      const onError = (error: Error) => log.error({ error }, 'a connection could not be taken');
      port = await listen(server, { port: options.port, onError });
      log.info({ port }, 'listening');
    },
    stop: () => closeServer(server),
  };
}

function answerHealth(parts: readonly Component[], req: IncomingMessage, res: ServerResponse): void {
  const isReady = !shutdown.requested && parts.every((part) => part.notReady?.() === undefined);
  if (req.method !== 'GET' && req.method !== 'HEAD') res.writeHead(405, { allow: 'GET, HEAD' }).end();
  else res.writeHead(isReady ? 200 : 503, { 'content-type': 'text/plain' }).end(isReady ? 'ok' : 'not ready');
}

const spans = new WeakMap<IncomingMessage, Span>();

/** The server span of a request, for attributes such as the payment's id; undefined when nobody records it. */
export const requestSpan = (req: IncomingMessage): Span | undefined => spans.get(req);

/** Runs `work` as the handling of a request: under its trace and correlation id, measured until the answer is out. */
const observed = (log: Logger, trustedHops: number) => {
  const { httpServerActive, httpServerDuration } = metrics;
  return <T>(req: IncomingMessage, res: ServerResponse, path: string | undefined, work: () => T): T => {
    const started = performance.now();
    const method = req.method ?? '';
    const parent = contextFrom(req.headers);
    const span = startSpan(method, { kind: SpanKind.SERVER, parent });
    if (span.isRecording()) {
      span.setAttributes({ 'http.request.method': method, 'url.scheme': schemeOf(req, trustedHops) });
      spans.set(req, span);
    }
    const sampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
    httpServerActive.inc({ http_request_method: method });
    // A direct route has no time for ids of its own: its trace's id will do, and no caller repeats by a request's id.
    const isDirect = path !== undefined;
    const correlation = header(req, 'x-correlation-id') ?? (isDirect ? span.spanContext().traceId : randomUUID());
    res.setHeader('x-correlation-id', correlation);
    const request = header(req, 'x-request-id') ?? (isDirect ? undefined : randomUUID());
    if (request) res.setHeader('x-request-id', request);
    if (shutdown.requested) res.setHeader('connection', 'close');
    const within = withCorrelation(trace.setSpan(parent, span), correlation);
    res.once('close', () => {
      const route = path ?? routeOf(req as Request);
      const status = res.writableFinished ? res.statusCode : 499;
      const seconds = (performance.now() - started) / 1000;
      if (span.isRecording()) {
        span.updateName(`${method} ${route}`);
        span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
        if (status >= 500) markFailed(span, new Error(String(status)));
      }
      span.end();
      httpServerActive.dec({ http_request_method: method });
      const labels = {
        http_request_method: method,
        http_route: route,
        http_response_status_code: String(status),
        error_type: status >= 500 ? String(status) : '',
      };
      // The observation names the trace where there is one to look at.
      if (sampled) context.with(within, () => httpServerDuration.observe(labels, seconds));
      else httpServerDuration.observe(labels, seconds);
      if (log.isLevelEnabled('debug')) {
        const ms = Math.round(seconds * 1000);
        context.with(within, () => log.debug({ method, route, status, ms }, 'request served'));
      }
    });
    return context.with(within, work);
  };
};

/** The pattern that Express matched. */
function routeOf(req: Request): string {
  const { path } = (req.route ?? {}) as { path?: unknown };
  return typeof path === 'string' ? `${req.baseUrl}${path}` : 'unmatched';
}

/** `http` or `https`, as the nearest proxy says, where one is trusted. */
function schemeOf(req: IncomingMessage, trustedHops: number): string {
  const forwarded =
    trustedHops > 0
      ? String(req.headers['x-forwarded-proto'] ?? '')
          .split(',')[0]
          ?.trim()
      : '';
  return forwarded || ('encrypted' in req.socket ? 'https' : 'http');
}

/**
 * The address of the client behind `trustedHops` proxies, as Express's `req.ip` has it; without the port and the brackets that some
 * proxies write (Azure's Application Gateway).
 */
export function clientAddress(req: IncomingMessage, trustedHops: number): string {
  const forwarded = String(req.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => hop.trim());
  const nearestFirst = [req.socket.remoteAddress ?? '', ...forwarded.filter(Boolean).reverse()];
  return withoutPort(nearestFirst.slice(0, trustedHops + 1).at(-1) ?? '');
}

/** An address as a proxy writes it, without port and brackets. */
export function withoutPort(hop: string): string {
  const { address } = /^\[(?<address>[^\]]+)\](?::\d+)?$/.exec(hop)?.groups ?? {};
  return address ?? hop.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
}

const header = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name];
  return typeof value === 'string' && CORRELATION_ID.test(value) ? value : undefined;
};

/** The request id the caller gave, or the one it was given. */
export const requestId = (res: ServerResponse): string => String(res.getHeader('x-request-id'));

/** Errors of express' body parsers, which are not classes of ours. */
interface BodyParserError {
  type?: string;
  status?: number;
}

const errorResponder =
  (log: Logger) =>
  (error: unknown, req: IncomingMessage, res: ServerResponse): void => {
    const known = toServiceError(error);
    const body: ErrorBody = known?.toBody() ?? internalError();
    const level = body.statusCode >= 500 ? 'error' : 'info';
    log[level]({ error: known ?? error, method: req.method, status: body.statusCode }, 'request failed');
    const { retryAfterMs } = (known ?? {}) as { retryAfterMs?: number };
    if (body.statusCode === 503) res.setHeader('retry-after', String(Math.ceil((retryAfterMs ?? 1000) / 1000)));
    const text = JSON.stringify({ ...body, correlationId: res.getHeader('x-correlation-id') });
    res.writeHead(body.statusCode, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    res.end(text);
  };

function toServiceError(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) return error;
  if (error instanceof ZodError) return fromZod(error);
  const { type, status } = (error ?? {}) as BodyParserError;
  if (type === 'entity.too.large') {
    return new InvalidRequestError('ContentTooLarge', 'Request body is too large.', {}, { statusCode: 413 });
  }
  if (type?.startsWith('entity.') || type?.startsWith('encoding.') || type === 'charset.unsupported') {
    return invalidJson();
  }
  if (error instanceof URIError || status === 400) return invalidJson();
  return undefined;
}

/** The contract's answer to a body that cannot be read or breaks a rule other than presence and enumeration. */
export const invalidJson = (options?: ErrorOptions): InvalidRequestError =>
  new InvalidRequestError('InvalidJsonInput', 'Request body does not contain valid JSON.', {}, options);

/** A schema violation in the contract's words: a missing field, a value outside its list, or anything else. */
export function fromZod(error: ZodError): InvalidRequestError {
  const issue = error.issues[0];
  const field = issue?.path.join('.') ?? '';
  if (issue && field && isMissing(issue)) {
    return new InvalidRequestError('RequiredField', `A value is required for field ${field}.`, { field });
  }
  if (issue?.code === 'invalid_value' && field) {
    const allowedValues = issue.values;
    return new InvalidRequestError('InvalidField', `The value of field ${field} is not valid.`, {
      field,
      invalidValue: issue.input,
      allowedValues,
    });
  }
  return invalidJson({ cause: withoutInput(error) });
}

type Issue = ZodError['issues'][number];

/** Whether the value is not there at all: of one type, one of several types, one of a list, or what tells the kinds of an object apart. */
function isMissing(issue: Issue): boolean {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined && /received undefined/.test(issue.message);
    case 'invalid_value':
      return 'input' in issue && issue.input === undefined;
    case 'invalid_union': {
      const { errors, input } = issue;
      const discriminator = issue.path.at(-1);
      if (errors.length === 0) return isRecord(input) && discriminator !== undefined && !(discriminator in input);
      return errors.every(([first]) => first !== undefined && /received undefined/.test(first.message));
    }
    default:
      return false;
  }
}

const isRecord = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === 'object' && value !== null;

/** What is wrong and where, for the log; the values themselves are the caller's own business, and as long as it likes. */
const withoutInput = ({ issues }: ZodError): Error =>
  new Error(issues.map(({ path, code }) => `${path.join('.') || 'body'}: ${code}`).join(', '));
