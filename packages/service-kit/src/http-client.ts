import { injectContext, inSpan, metrics, SpanKind } from '@connector/telemetry';
import { Agent, fetch as undiciFetch } from 'undici';
import { correlationId } from './correlation.ts';

export type Fetch = typeof globalThis.fetch;

type UndiciRequest = Parameters<typeof undiciFetch>[1];

export interface HttpClientOptions {
  /** Who is called, as metrics name it. */
  api: 'commercetools' | 'stripe' | 'session-auth';
  /** Gives up on a call after this long, body included, in ms. */
  timeoutMs?: number;
  /** Connections to one origin, and so the calls to it at once; further ones wait. */
  connections?: number;
  /** Sends trace context and correlation id along; not to strangers. */
  propagate?: boolean;
  /** Metric label of a call: a handful of values, no ids. */
  operationOf: (method: string, url: URL) => string;
}

/** A `fetch` over a bounded keep-alive pool, with a time-out for each call, a client span, and duration metrics. */
export function createHttpClient(options: HttpClientOptions): { fetch: Fetch; close(): Promise<void> } {
  const { api, timeoutMs = 10_000, connections = 64, propagate = true, operationOf } = options;
  const dispatcher = new Agent({
    connections,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: Math.min(timeoutMs, 5_000) },
  });

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
      const deadline = AbortSignal.timeout(timeoutMs);
      const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
      try {
        const headers = new Headers(init.headers);
        if (propagate) {
          for (const [name, value] of Object.entries(injectContext<Record<string, string>>({}))) {
            if (name !== 'baggage') headers.set(name, value);
          }
          const correlation = correlationId();
          if (correlation) headers.set('x-correlation-id', correlation);
        }
        const request = { ...init, headers: Object.fromEntries(headers), signal, dispatcher };
        const answer = await undiciFetch(url, request as UndiciRequest);
        span.setAttribute('http.response.status_code', answer.status);
        observe(String(answer.status), answer.status >= 400 ? String(answer.status) : '', outcomeOf(answer.status));
        return answer as unknown as Response;
      } catch (error) {
        const timedOut = deadline.aborted;
        observe('', timedOut ? 'timeout' : 'connection', timedOut ? 'timeout' : 'server_error');
        throw error;
      }
    });
  };
  return { fetch: call, close: () => dispatcher.close() };
}

function outcomeOf(status: number): string {
  if (status === 409) return 'conflict';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  return status >= 400 ? 'client_error' : 'ok';
}
