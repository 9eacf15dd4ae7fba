import { ConfigurationError, NetworkError, ProcessorError } from './errors.ts';
import type { Texts } from './messages.ts';

export interface ProcessorClientOptions {
  processorUrl: string;
  /** Read at each call, because express gets its session only when a wallet opens. */
  sessionId: () => string | undefined;
  text: Texts;
  fetch: typeof fetch;
  sleep: (ms: number) => Promise<void>;
}

const TIMEOUT_MS = 30_000;

/**
 * True when the same call may succeed a moment later: no answer, or an outage of the processor or of a system next to
 * it.
 */
export const isTransient = (error: unknown): boolean =>
  error instanceof NetworkError || (error instanceof ProcessorError && (error.status >= 500 || error.status === 429));

/**
 * One HTTP call to the processor; its body is undefined when it is not JSON. Throws NetworkError, and
 * ConfigurationError (`invalid_processor_url`) when the page names no processor.
 */
export function httpCalls(options: ProcessorClientOptions) {
  const { processorUrl } = options;
  return async (method: string, path: string, init: { headers?: Record<string, string>; body?: unknown } = {}) => {
    if (typeof processorUrl !== 'string' || processorUrl === '') {
      const message = 'A processorUrl is needed: the base URL of the processor.';
      throw new ConfigurationError('invalid_processor_url', { message });
    }
    const base = processorUrl.replace(/\/+$/, '');
    const sessionId = options.sessionId();
    const headers: Record<string, string> = { ...init.headers };
    if (method !== 'DELETE') headers['Content-Type'] = 'application/json';
    if (sessionId) headers['X-Session-Id'] = sessionId;
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), TIMEOUT_MS);
    try {
      const request: RequestInit = { method, headers, signal: giveUp.signal };
      if (init.body !== undefined) request.body = JSON.stringify(init.body);
      const response = await options.fetch(`${base}${path}`, request);
      const answer = await response.text();
      return { status: response.status, ok: response.ok, body: parse(answer) };
    } catch (cause) {
      throw new NetworkError('network_error', { message: options.text('network'), cause });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** No further attempt begins later than `withinMs` after the first. */
export async function retrying<T>(
  sleep: (ms: number) => Promise<void>,
  delays: readonly number[],
  attempt: () => Promise<T>,
  { withinMs = Number.POSITIVE_INFINITY, mayRetry = isTransient } = {},
): Promise<T> {
  const began = Date.now();
  for (const delay of delays) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayRetry(error) || Date.now() - began + delay > withinMs) throw error;
      await sleep(delay);
    }
  }
  return attempt();
}

function parse(answer: string): unknown {
  if (answer === '') return undefined;
  try {
    return JSON.parse(answer);
  } catch {
    // A proxy's HTML page counts as no body; the status says the rest.
    return undefined;
  }
}
