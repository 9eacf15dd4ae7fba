/// <reference path="./undici-parts.d.ts" />
import { randomUUID } from 'node:crypto';
import { injectContext, inSpan, metrics, SpanKind } from '@connector/telemetry';
import type { Dispatcher } from 'undici';
// The two parts that are used: all of undici takes ten megabytes more in every process.
import request from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { correlationId } from './correlation.ts';
import { leavesByProxy, proxyDispatcher } from './proxied.ts';

export type Fetch = typeof globalThis.fetch;

export interface HttpClientOptions {
  /** Who is called, as metrics name it. */
  api: string;
  /** Gives up on a call after this long, body included, in ms. */
  timeoutMs?: number;
  /** Connections to one origin, and so the calls to it at once; further ones wait. */
  connections?: number;
  /** Sends trace context and correlation id along; not to strangers. */
  propagate?: boolean;
  /** Header of an answer by which the other side finds the call, in small letters; the span has it as `<api>.request.id`. */
  requestIdHeader?: string;
  /** Metric label of a call: a handful of values, no ids. */
  operationOf: (method: string, url: URL) => string;
}

/**
 * A `fetch` over a bounded keep-alive pool, with a time-out for each call, a client span, and duration metrics. An answer is read whole before
 * it is handed out, and redirects are not followed: what the APIs we call need, at half the processor time of undici's own fetch.
 */
export function createHttpClient(options: HttpClientOptions): { fetch: Fetch; close(): Promise<void> } {
  const { api, timeoutMs = 10_000, connections = 64, propagate = true, requestIdHeader, operationOf } = options;
  const agentOptions = {
    connections,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: Math.min(timeoutMs, 5_000) },
  };
  const direct = new Agent(agentOptions);
  let proxied: Promise<Dispatcher> | undefined;
  const dispatcherFor = async (url: URL): Promise<Dispatcher> => {
    if (!leavesByProxy(url)) return direct;
    proxied ??= proxyDispatcher(agentOptions);
    return proxied;
  };

  const call: Fetch = (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const method = (init.method ?? 'GET').toUpperCase();
    const operation = operationOf(method, url);
    const attributes = {
      'http.request.method': method,
      'server.address': url.hostname,
      'url.scheme': url.protocol.slice(0, -1),
    };
    return inSpan(`${method} ${operation}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
      const labels = { server_address: url.hostname, http_request_method: method };
      const started = performance.now();
      const observe = (status: string, errorType: string, outcome: string) => {
        const seconds = (performance.now() - started) / 1000;
        metrics.httpClientDuration.observe(
          { ...labels, http_response_status_code: status, error_type: errorType },
          seconds,
        );
        metrics.apiDuration.observe({ api, operation, outcome }, seconds);
      };
      // Not AbortSignal.timeout: that one fires long after the answer too, and makes an exception with its stack each time.
      const deadline = new AbortController();
      const timer = setTimeout(
        () => deadline.abort(new DOMException('The call took too long.', 'TimeoutError')),
        timeoutMs,
      );
      const signal = init.signal ? AbortSignal.any([init.signal, deadline.signal]) : deadline.signal;
      try {
        const headers = headersOf(init);
        if (propagate) {
          const { baggage: _ours, ...trace } = injectContext<Record<string, string>>({});
          Object.assign(headers, trace);
          // Outside a request too (at the start, in commands): by it the other side's support finds a call.
          headers['x-correlation-id'] = correlationId() ?? randomUUID();
        }
        const body = init.body instanceof URLSearchParams ? init.body.toString() : init.body;
        const answer = await request.call(await dispatcherFor(url), {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: method as Dispatcher.HttpMethod,
          headers,
          body: body as string | null | undefined,
          signal,
        });
        const text = await answer.body.text();
        const { statusCode: status } = answer;
        span.setAttribute('http.response.status_code', status);
        const requestId = requestIdHeader && answer.headers[requestIdHeader];
        if (requestId) span.setAttribute(`${api}.request.id`, requestId);
        observe(String(status), status >= 400 ? String(status) : '', outcomeOf(status));
        return responseOf(status, answer.headers, text);
      } catch (error) {
        const timedOut = deadline.signal.aborted;
        observe('', timedOut ? 'timeout' : 'connection', timedOut ? 'timeout' : 'server_error');
        throw error;
      } finally {
        clearTimeout(timer);
      }
    });
  };
  const close = async () => {
    await Promise.all([direct.close(), proxied?.then((dispatcher) => dispatcher.close())]);
  };
  return { fetch: call, close };
}

function headersOf({ headers: given, body }: RequestInit): Record<string, string> {
  const headers: Record<string, string> = {};
  if (body instanceof URLSearchParams) headers['content-type'] = 'application/x-www-form-urlencoded;charset=UTF-8';
  const isList = given instanceof Headers || Array.isArray(given);
  return Object.assign(headers, isList ? Object.fromEntries(given) : given);
}

/** Statuses whose answers have no body, not even an empty one. */
const WITHOUT_BODY = new Set([101, 204, 205, 304]);

function responseOf(status: number, received: Dispatcher.ResponseData['headers'], text: string): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
  }
  return new Response(WITHOUT_BODY.has(status) ? null : text, { status, headers });
}

function outcomeOf(status: number): string {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 409) return 'conflict';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  return status >= 400 ? 'client_error' : 'ok';
}
