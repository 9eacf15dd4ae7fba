import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  context,
  contextFrom,
  type Logger,
  markFailed,
  metrics,
  type Span,
  SpanKind,
  startSpan,
  trace,
} from '@connector/telemetry';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { ZodError } from 'zod';
import { withCorrelationId } from './correlation.ts';
import { type ErrorBody, InvalidRequestError, internalError, NotFoundError, ServiceError } from './errors.ts';
import { type Part, shutdown } from './lifecycle.ts';

export interface HttpServerOptions {
  log: Logger;
  port: number;
  /** Routers and middleware in order; the first that answers wins. */
  routes: readonly RequestHandler[];
  /** Proxies in front whose `X-Forwarded-For` is believed. */
  trustedHops?: number;
}

/** The address a request is about must be usable as a header value and a log field. */
const CORRELATION_ID = /^[\w.:\-/=+]{1,256}$/;

/**
 * The public HTTP server of a service: trace context, correlation id, duration metrics, the routes, then the one place
 * where errors become answers. `port` 0 picks a free one; the one in use is in `port` once started.
 */
export function createHttpServer(options: HttpServerOptions): Part & { readonly port: number; readonly app: Express } {
  const { log, routes, trustedHops = 1 } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', trustedHops);
  app.set('case sensitive routing', true);
  app.set('query parser', 'simple');
  app.use(observed(log));
  for (const route of routes) app.use(route);
  app.use((req, res) => {
    const message = `Route ${req.method}:${req.originalUrl.split('?')[0]} not found`;
    res.status(404).json({ message, error: 'Not Found', statusCode: 404 });
  });
  app.use(errorResponder(log));

  const server = createServer({ keepAliveTimeout: 75_000, headersTimeout: 20_000, requestTimeout: 60_000 }, app);
  let port = options.port;
  return {
    name: 'http server',
    app,
    get port() {
      return port;
    },
    start: async () => {
      port = await listen(server, options.port);
      log.info({ port }, 'listening');
    },
    stop: () => closeServer(server),
  };
}

/** Listens on all addresses and answers the port; rejects when it is taken. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Takes no new connection, lets requests in hand finish. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

const spans = new WeakMap<Request, Span>();

/** The server span of a request, for attributes such as the payment's id. */
export const requestSpan = (req: Request): Span | undefined => spans.get(req);

const observed =
  (log: Logger): RequestHandler =>
  (req, res, next) => {
    const started = performance.now();
    const method = req.method;
    const parent = contextFrom(req.headers);
    const span = startSpan(method, {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': method, 'url.scheme': req.protocol },
      parent,
    });
    spans.set(req, span);
    metrics.httpServerActive.inc({ http_request_method: method });
    const correlation = header(req, 'x-correlation-id') ?? randomUUID();
    const requestId = header(req, 'x-request-id') ?? randomUUID();
    res.setHeader('x-correlation-id', correlation);
    res.setHeader('x-request-id', requestId);
    if (shutdown.requested) res.setHeader('connection', 'close');
    res.once('close', () => {
      const route = (req.route as { path?: string } | undefined)?.path;
      const name = typeof route === 'string' ? `${req.baseUrl}${route}` : 'unmatched';
      const status = res.writableFinished ? res.statusCode : 499;
      const seconds = (performance.now() - started) / 1000;
      span.updateName(`${method} ${name}`);
      span.setAttributes({ 'http.route': name, 'http.response.status_code': status });
      if (status >= 500) markFailed(span, new Error(String(status)));
      span.end();
      metrics.httpServerActive.dec({ http_request_method: method });
      const labels = {
        http_request_method: method,
        http_route: name,
        http_response_status_code: String(status),
        error_type: status >= 500 ? String(status) : '',
      };
      context.with(within, () => metrics.httpServerDuration.observe(labels, seconds));
      if (log.isLevelEnabled('debug')) {
        const ms = Math.round(seconds * 1000);
        context.with(within, () => log.debug({ method, route: name, status, ms }, 'request served'));
      }
    });
    const within = trace.setSpan(parent, span);
    context.with(within, () => withCorrelationId(correlation, next));
  };

const header = (req: Request, name: string): string | undefined => {
  const value = req.get(name);
  return value && CORRELATION_ID.test(value) ? value : undefined;
};

/** The request id the caller gave, or the one it was given. */
export const requestId = (res: Response): string => String(res.getHeader('x-request-id'));

/** Errors of express' body parsers, which are not classes of ours. */
interface BodyParserError {
  type?: string;
  status?: number;
}

const errorResponder =
  (log: Logger): ErrorRequestHandler =>
  (error: unknown, req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const known = toServiceError(error);
    const body: ErrorBody = known?.toBody() ?? internalError();
    const level = body.statusCode >= 500 ? 'error' : 'info';
    log[level]({ error: known ?? error, method: req.method, status: body.statusCode }, 'request failed');
    const { retryAfterMs } = (known ?? {}) as { retryAfterMs?: number };
    if (body.statusCode === 503) res.setHeader('retry-after', String(Math.ceil((retryAfterMs ?? 1000) / 1000)));
    res.status(body.statusCode).json({ ...body, correlationId: res.getHeader('x-correlation-id') });
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
  if (
    issue?.code === 'invalid_type' &&
    issue.input === undefined &&
    /received undefined/.test(issue.message) &&
    field
  ) {
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
  return invalidJson({ cause: error });
}

export { NotFoundError };
