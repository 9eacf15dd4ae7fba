import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Plan } from './benchmark.ts';
import { type Environment, PROJECT } from './environment/environment.ts';
import { call, done, type Shopper, type Shoppers } from './shoppers.ts';

interface Upstream {
  readonly call: string;
  /** From the request's arrival, in ms. */
  readonly from: number;
  readonly to: number;
}

export interface OneOpening {
  readonly took: number;
  readonly calls: readonly Upstream[];
  /** Calls on the longest chain that the answer waits for. */
  readonly sequential: number;
  /** What no code could save: how long the last of that chain's calls took after the first began, in ms. */
  readonly waitedMs: number;
}

/** The calls that one opening makes before its answer, in the order in which they began, seen by relays on their way. */
export async function callsOfOne(
  environment: Environment,
  plan: Plan,
  shoppers: Shoppers,
  sessionAuthUrl: string,
): Promise<OneOpening> {
  const watch = new Watch();
  const intent = await environment.start('intent', {
    SESSION_AUTH_URL: sessionAuthUrl,
    CTP_API_URL: await watch.relay(environment.commercetools),
    STRIPE_API_BASE: await watch.relay(environment.stripe),
  });
  try {
    const [warmUp, measured] = (await shoppers.arrive(2)) as [Shopper, Shopper];
    await shoppers.showForm(warmUp, intent.url);
    await shoppers.open(warmUp, intent.url);
    await shoppers.showForm(measured, intent.url);
    await environment.slow(plan.latencies);
    await new Promise((resolve) => setTimeout(resolve, 500));
    watch.begin();
    await done(call('GET', `${intent.url}/payments`, { 'x-session-id': measured.session }));
    const took = watch.elapsed();
    return { took, ...criticalPath(watch.calls.filter(({ to }) => to <= took).sort((a, b) => a.from - b.from)) };
  } finally {
    await environment.slow({ commercetools: 0, stripe: 0 });
    await intent.kill();
    watch.close();
  }
}

/** Relays that note when each call went by, in ms since `begin`. */
class Watch {
  readonly calls: Upstream[] = [];
  readonly #servers: Server[] = [];
  #began = 0;

  begin(): void {
    this.calls.length = 0;
    this.#began = performance.now();
  }

  elapsed(): number {
    return performance.now() - this.#began;
  }

  /** Answers the origin of a relay to `target`. */
  async relay(target: string): Promise<string> {
    const server = createServer(async (req, res) => {
      const from = this.elapsed();
      const body = await text(req);
      const { host: _host, 'content-length': _length, connection: _connection, ...headers } = req.headers;
      const { method = 'GET', url = '/' } = req;
      const answer = await call(method, target + url, headers as Record<string, string>, body || undefined);
      const path = url
        .split('?')[0]
        ?.replace(`/${PROJECT}`, '')
        .replace(/[0-9a-f]{8}-[0-9a-f-]{27,}/, '{id}');
      this.calls.push({ call: `${method} ${path}`, from, to: this.elapsed() });
      res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const server of this.#servers) server.close(() => {}).closeAllConnections();
  }
}

/** A call waits for the longest chain of those that had ended when it began; what counts is the chain that ends last. */
export function criticalPath(calls: readonly Upstream[]): Omit<OneOpening, 'took'> {
  const depth = new Map<Upstream, number>();
  for (const each of calls) {
    const before = calls.filter(({ to }) => to <= each.from).map((other) => depth.get(other) ?? 0);
    depth.set(each, 1 + Math.max(0, ...before));
  }
  // Two calls of 40 ms beside one of 120 ms make nobody wait.
  const last = calls.reduce<Upstream | undefined>((a, b) => (a && a.to > b.to ? a : b), undefined);
  const waitedMs = last ? last.to - Math.min(...calls.map(({ from }) => from)) : 0;
  return { calls, sequential: last ? (depth.get(last) ?? 0) : 0, waitedMs };
}
