import type { Dispatcher } from 'undici';
import { leavesByProxy, proxyDispatcher, proxyVariables } from './proxied.ts';
import { Agent } from './undici-internals/agent.ts';

/**
 * Keep-alive connections, at most `connections` to one origin. They go through the proxy of the environment, if one
 * applies.
 */
export class ConnectionPool {
  readonly #options: Agent.Options;
  readonly #direct: Agent;
  /** Each read of `process.env` is a system call. */
  readonly #variables = proxyVariables(process.env);
  #proxied: Promise<Dispatcher> | undefined;

  constructor({ timeoutMs, connections }: { timeoutMs: number; connections: number }) {
    this.#options = {
      connections,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: Math.min(timeoutMs, 5_000) },
    };
    this.#direct = new Agent(this.#options);
  }

  async dispatcherFor(url: URL): Promise<Dispatcher> {
    if (!leavesByProxy(url, this.#variables)) return this.#direct;
    this.#proxied ??= proxyDispatcher(this.#options);
    return this.#proxied;
  }

  async close(): Promise<void> {
    await Promise.all([this.#direct.close(), this.#proxied?.then((dispatcher) => dispatcher.close())]);
  }
}
