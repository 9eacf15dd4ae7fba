import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { shutdown } from '@connector/lifecycle';
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
import type { Context } from '@opentelemetry/api';
import type { Request } from 'express';
import { withCorrelation } from './correlation.ts';

/** A correlation id must be usable as a header value and a log field. */
const CORRELATION_ID = /^[\w.:\-/=+]{1,256}$/;

const spans = new WeakMap<IncomingMessage, Span>();

/** The server span of a request, for attributes such as the payment's id; undefined when the request has none. */
export const requestSpan = (req: IncomingMessage): Span | undefined => spans.get(req);

/** The request id that the caller sent, or the one that was made for it. */
export const requestId = (res: ServerResponse): string => String(res.getHeader('x-request-id'));

/** A request that is being answered, and what its measurement needs. */
interface Served {
  readonly method: string;
  /** The path of a direct route; undefined where Express finds the route. */
  readonly path: string | undefined;
  readonly span: Span;
  readonly within: Context;
  /** From `performance.now()`, in ms. */
  readonly startedAt: number;
}

/**
 * Runs `work` as the handling of a request: with its trace and correlation id, and measured until the answer is sent.
 */
export const observed = (log: Logger, trustedHops: number) => {
  const { httpServerActive, httpServerDuration } = metrics;

  const measure = ({ method, path, span, within, startedAt }: Served, req: IncomingMessage, res: ServerResponse) => {
    const route = path ?? routeOf(req as Request);
    const status = res.writableFinished ? res.statusCode : 499;
    const seconds = (performance.now() - startedAt) / 1000;
    endSpan(span, method, route, status);
    httpServerActive.dec({ http_request_method: method });
    const labels = {
      http_request_method: method,
      http_route: route,
      http_response_status_code: String(status),
      error_type: status >= 500 ? String(status) : '',
    };
    // In the context of the trace, so that the observation's exemplar names it.
    if (isSampled(span)) context.with(within, () => httpServerDuration.observe(labels, seconds));
    else httpServerDuration.observe(labels, seconds);
    if (log.isLevelEnabled('debug')) {
      const ms = Math.round(seconds * 1000);
      context.with(within, () => log.debug({ method, route, status, ms }, 'request served'));
    }
  };

  return <T>(req: IncomingMessage, res: ServerResponse, path: string | undefined, work: () => T): T => {
    const startedAt = performance.now();
    const method = req.method ?? '';
    const parent = contextFrom(req.headers);
    const span = startSpan(method, { kind: SpanKind.SERVER, parent });
    if (span.isRecording()) {
      span.setAttributes({ 'http.request.method': method, 'url.scheme': schemeOf(req, trustedHops) });
      spans.set(req, span);
    }
    httpServerActive.inc({ http_request_method: method });
    const correlation = nameRequest(req, res, path === undefined ? undefined : span);
    if (shutdown.requested) res.setHeader('connection', 'close');
    const within = withCorrelation(trace.setSpan(parent, span), correlation);
    const served: Served = { method, path, span, within, startedAt };
    res.once('close', () => measure(served, req, res));
    return context.with(within, work);
  };
};

/**
 * Returns the correlation id, and puts it and the request id on the answer: the caller's ids, else new ones. A direct
 * route (`directSpan`) is too frequent for ids of its own, so it uses the trace's id; its callers do not repeat a
 * request by its id.
 */
function nameRequest(req: IncomingMessage, res: ServerResponse, directSpan: Span | undefined): string {
  const correlation = header(req, 'x-correlation-id') ?? directSpan?.spanContext().traceId ?? randomUUID();
  res.setHeader('x-correlation-id', correlation);
  const request = header(req, 'x-request-id') ?? (directSpan ? undefined : randomUUID());
  if (request) res.setHeader('x-request-id', request);
  return correlation;
}

const header = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name];
  return typeof value === 'string' && CORRELATION_ID.test(value) ? value : undefined;
};

const isSampled = (span: Span): boolean => (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

function endSpan(span: Span, method: string, route: string, status: number): void {
  if (span.isRecording()) {
    span.updateName(`${method} ${route}`);
    span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
    if (status >= 500) markFailed(span, new Error(String(status)));
  }
  span.end();
}

/** The route pattern that Express matched. */
function routeOf(req: Request): string {
  const { path } = (req.route ?? {}) as { path?: unknown };
  return typeof path === 'string' ? `${req.baseUrl}${path}` : 'unmatched';
}

/** `http` or `https`, from the nearest proxy's header if proxies are trusted. */
function schemeOf(req: IncomingMessage, trustedHops: number): string {
  const forwarded =
    trustedHops > 0
      ? String(req.headers['x-forwarded-proto'] ?? '')
          .split(',')[0]
          ?.trim()
      : '';
  return forwarded || ('encrypted' in req.socket ? 'https' : 'http');
}
