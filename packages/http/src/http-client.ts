/// <reference path="./undici-parts.d.ts" />
import { randomUUID } from 'node:crypto';
import { injectContext, inSpan, metrics, SpanKind } from '@connector/telemetry';
import type { Dispatcher } from 'undici';
// The part that is used: all of undici takes ten megabytes more in every process.
import Agent from 'undici/lib/dispatcher/agent.js';
import { type Answer, answerOf, type Fetch } from './answer.ts';
import { CallLimiter, type LimiterOptions } from './call-limiter.ts';
import { correlationId } from './correlation.ts';
import { exchange } from './exchange.ts';
import { leavesByProxy, proxyDispatcher, proxyVariables } from './proxied.ts';

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
  /** The other side has limits, each of its hosts its own: how its refusals are distinguished, and what calls claim by themselves. */
  limits?: Pick<LimiterOptions, 'pushbackOf' | 'claim'>;
  /** Metric label of a call: a handful of values, no ids. */
  operationOf: (method: string, url: URL) => string;
}

/**
 * A `fetch` over a bounded keep-alive pool, with a time-out for each call, a client span, and duration metrics. An answer is read whole before
 * it is handed out, and redirects are not followed: what the APIs we call need, at half the processor time of undici's own fetch.
 */
export function createHttpClient(options: HttpClientOptions): { fetch: Fetch; close(): Promise<void> } {
  const { api, timeoutMs = 10_000, connections = 64, propagate = true, requestIdHeader, limits, operationOf } = options;
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
  // Each look into the environment is a call of the system's.
  const variables = proxyVariables(process.env);
  const dispatcherFor = async (url: URL): Promise<Dispatcher> => {
    if (!leavesByProxy(url, variables)) return direct;
    proxied ??= proxyDispatcher(agentOptions);
    return proxied;
  };

  const once = (url: URL, method: string, operation: string, init: RequestInit): Promise<Answer> => {
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
      try {
        const headers = headersOf(init);
        if (propagate) {
          const { baggage: _ours, ...trace } = injectContext<Record<string, string>>({});
          Object.assign(headers, trace);
          // Outside a request too (at the start, in commands): by it the other side's support finds a call.
          headers['x-correlation-id'] = correlationId() ?? randomUUID();
        }
        const body = init.body instanceof URLSearchParams ? init.body.toString() : init.body;
        const answer = await exchange(
          await dispatcherFor(url),
          {
            origin: url.origin,
            path: `${url.pathname}${url.search}`,
            method: method as Dispatcher.HttpMethod,
            headers,
            body: body as string | null | undefined,
          },
          { timeoutMs, signal: init.signal },
        );
        const { status } = answer;
        span.setAttribute('http.response.status_code', status);
        const requestId = requestIdHeader && answer.headers[requestIdHeader];
        if (requestId) span.setAttribute(`${api}.request.id`, requestId);
        observe(String(status), status >= 400 ? String(status) : '', outcomeOf(status));
        return answerOf(answer);
      } catch (error) {
        const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
        observe('', isTimeout ? 'timeout' : 'connection', isTimeout ? 'timeout' : 'server_error');
        throw error;
      }
    });
  };
  const limiters = new Map<string, CallLimiter>();
  const limiterOf = ({ host }: URL): CallLimiter | undefined => {
    if (limits && !limiters.has(host)) limiters.set(host, new CallLimiter({ api, host, ...limits }));
    return limiters.get(host);
  };

  const call: Fetch = (input, init = {}) => {
    const url = new URL(input);
    const method = (init.method ?? 'GET').toUpperCase();
    const operation = operationOf(method, url);
    const send = () => once(url, method, operation, init);
    return limiterOf(url)?.run(operation, send) ?? send();
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

function outcomeOf(status: number): string {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 409) return 'conflict';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  return status >= 400 ? 'client_error' : 'ok';
}
