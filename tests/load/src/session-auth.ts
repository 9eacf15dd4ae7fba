import { type Benchmark, type Budget, ms, type Plan, profile, rate, times } from './benchmark.ts';
import { type Environment, PROJECT, type Running } from './environment/environment.ts';
import { startScript } from './environment/processes.ts';
import { resourcesOf } from './environment/resources.ts';
import type { Latency } from './figures.ts';
import { type Answers, answersTo, costOf, postOf, worked } from './load.ts';
import { call, done, type Shopper, Shoppers } from './shoppers.ts';
import { table } from './table.ts';

const CONCURRENCY = 32;

interface Side {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMsPerRequest: number;
  readonly rssMb: number;
}

export interface SessionAuthFigures {
  readonly latencies: Plan['latencies'];
  readonly hit: Side;
  /** A bare node:http server that reads the body and answers from a Map. */
  readonly baseline: Side;
  readonly miss: Latency & { readonly perSecond: number };
  /** The Session API, asked by a plain script. */
  readonly missBaseline: Latency & { readonly perSecond: number };
  readonly missCpuMsPerRequest: number;
}

/** What a request costs that only asks whose session this is: known already, and not. */
export const sessionAuthBenchmark: Benchmark<SessionAuthFigures> = {
  name: 'session-auth',

  async measure(environment, plan) {
    const [requests, sessions] = plan.quick ? [4_000, 200] : [30_000, 1_000];
    const running = await environment.start('session-auth', { SESSION_CACHE_TTL_MS: '300000' }, profile(plan));
    const shoppers = await Shoppers.of(environment, 'http://localhost:8080');
    try {
      const texts = (await shoppers.arrive(200)).map(({ session }) => verifyOf(session));
      const bare = await startScript('session-auth-baseline');
      await hit(running, texts, 2_000);
      await hit(bare, texts, 2_000);
      const baseline = await hit(bare, texts, requests);
      const ours = await hit(running, texts, requests);
      await bare.kill();
      return {
        latencies: plan.latencies,
        hit: ours,
        baseline,
        ...(await misses(environment, plan, running, shoppers, sessions)),
      };
    } finally {
      await environment.slow({ commercetools: 0, stripe: 0 });
      await running.kill();
    }
  },

  tables({ hit: ours, baseline, miss, missBaseline, missCpuMsPerRequest }) {
    const row = (what: string, side: Side) => [
      what,
      rate(side.perSecond),
      ms(side.p50, 2),
      ms(side.p99, 2),
      ms(side.cpuMsPerRequest, 3),
      `${side.rssMb.toFixed(0)} MB`,
    ];
    const missed = (what: string, side: SessionAuthFigures['miss'], cpu: string) => [
      what,
      rate(side.perSecond),
      ms(side.p50, 2),
      ms(side.p99, 2),
      cpu,
      '',
    ];
    return table(
      [`${CONCURRENCY} at once`, 'rate', 'p50', 'p99', 'CPU each', 'memory'],
      [
        row('a session that is known', ours),
        row('baseline: a bare server with a Map', baseline),
        [
          'beside the baseline',
          times(ours.perSecond / baseline.perSecond),
          times(ours.p50 / baseline.p50),
          times(ours.p99 / baseline.p99),
          times(ours.cpuMsPerRequest / baseline.cpuMsPerRequest),
          times(ours.rssMb / baseline.rssMb),
        ],
        missed('a session that is not', miss, ms(missCpuMsPerRequest, 3)),
        missed('baseline: the Session API by a plain script', missBaseline, ''),
      ],
    );
  },

  budgets: (): Budget[] => [],
};

const verifyOf = (sessionId: string) => postOf('/verify/session', { sessionId, method: 'GET', route: '/payments' });

async function hit(server: Pick<Running, 'url' | 'pid'>, texts: readonly string[], count: number): Promise<Side> {
  const port = Number(new URL(server.url).port);
  const { result, cpuMs } = await costOf([server.pid], () =>
    answersTo({ port, texts, count, connections: CONCURRENCY }),
  );
  refuseRefusals(result);
  const { perSecond, p50, p99 } = result;
  return {
    perSecond,
    p50,
    p99,
    cpuMsPerRequest: (cpuMs[0] as number) / count,
    rssMb: (await resourcesOf(server.pid)).rssMb,
  };
}

function refuseRefusals({ refused }: Answers): void {
  if (Object.keys(refused).length > 0) throw new Error(`requests were refused: ${JSON.stringify(refused)}`);
}

async function misses(
  environment: Environment,
  plan: Plan,
  { url, pid }: Running,
  shoppers: Shoppers,
  sessions: number,
) {
  const [first, second] = [await shoppers.arrive(sessions), await shoppers.arrive(sessions)];
  await environment.slow(plan.latencies);
  const headers = { authorization: `Bearer ${shoppers.api.token}` };
  const json = { 'content-type': 'application/json' };
  const ask = ({ session }: Shopper) =>
    done(call('GET', `${environment.commercetools}/${PROJECT}/sessions/${session}`, headers));
  const verify = ({ session }: Shopper) =>
    done(call('POST', `${url}/verify/session`, json, JSON.stringify({ sessionId: session })));
  const missBaseline = await worked(first, CONCURRENCY, ask);
  const { result: miss, cpuMs } = await costOf([pid], () => worked(second, CONCURRENCY, verify));
  return { miss, missBaseline, missCpuMsPerRequest: (cpuMs[0] as number) / sessions };
}
