import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CHECKPOINTS } from '@connector/contracts';
import { PINNED_NODE } from '@connector/sandbox';
import { type Benchmark, type Budget, ms, profile, rate, times } from './benchmark.ts';
import type { Environment } from './environment/environment.ts';
import type { Produce, Produced } from './kafka-baseline.ts';
import { table } from './table.ts';
import { measureWebhook, ROW_HEAD, rowOf, type WebhookCell, type WebhookFigures } from './webhook.ts';

const SMALL = 3_000;
const LARGE = 50_000;
const OFFERED = 1_000;

export interface WebhookResults extends WebhookFigures {
  /** A bare kafkajs loop, one record in each send, and 64. */
  readonly produce: { readonly single: Produced; readonly batched: Produced };
}

/** From a signed webhook to its 200, which comes after the broker's acknowledgement. */
export const webhookBenchmark: Benchmark<WebhookResults> = {
  name: 'webhook',

  async measure(environment, plan) {
    const many = plan.quick ? 0.1 : 1;
    const cells = [SMALL, LARGE].flatMap((bytes) =>
      [64, 16, 1].map((concurrency) => ({
        concurrency,
        bytes,
        requests: Math.round(many * Math.min(concurrency === 1 ? 3_000 : 20_000, bytes === LARGE ? 5_000 : 20_000)),
      })),
    );
    const figures = await measureWebhook(environment, {
      cells,
      rounds: plan.quick ? 1 : 5,
      pairs: plan.quick ? 1 : 8,
      offered: { perSecond: OFFERED, seconds: plan.quick ? 3 : 10, bytes: SMALL },
      node: profile(plan),
    });
    const sends = plan.quick ? 100 : 1_000;
    return {
      ...figures,
      produce: {
        single: await produce(environment, { bytes: SMALL, sends: 2 * sends, recordsPerSend: 1 }),
        batched: await produce(environment, { bytes: SMALL, sends: sends / 5, recordsPerSend: 64 }),
      },
    };
  },

  tables({ cells, offered, withoutCommercetools, produce: { single, batched } }) {
    const ratiosOf = (cell: Pick<WebhookCell, 'throughputRatio' | 'cpuRatio'>) => [
      times(cell.throughputRatio),
      times(cell.cpuRatio),
    ];
    const rows = ({ concurrency, bytes, ours, baseline, throughputRatio, cpuRatio, producing }: WebhookCell) => [
      [...rowOf(`${concurrency} at once, ${bytes / 1000} kB`, ours), ...ratiosOf({ throughputRatio, cpuRatio })],
      [...rowOf('baseline: node:http and HMAC', baseline), '', ''],
      ...(producing ? [[...rowOf('the baseline with JSON and Kafka', producing.itself), ...ratiosOf(producing)]] : []),
    ];
    const produced = (what: string, { recordsPerSecond, p50, p99, cpuMsPerRecord }: Produced) => [
      what,
      rate(recordsPerSecond),
      ms(p50),
      ms(p99),
      ms(cpuMsPerRecord, 3),
      '',
      '',
      '',
    ];
    const figures = table(
      ['webhooks', ...ROW_HEAD, 'rate to baseline', 'CPU to baseline'],
      [
        ...cells.flatMap((cell) => rows(cell)),
        [...rowOf(`64 at once, ${SMALL / 1000} kB, commercetools up`, withoutCommercetools.before), '', ''],
        [...rowOf(`64 at once, ${SMALL / 1000} kB, commercetools down`, withoutCommercetools.after), '', ''],
        [...rowOf(`${OFFERED}/s offered, ${SMALL / 1000} kB`, offered), '', ''],
        produced('baseline: bare kafkajs, a record a send', single),
        produced('baseline: bare kafkajs, 64 records a send', batched),
      ],
    );
    const pairs = withoutCommercetools.ratios.map((ratio) => ratio.toFixed(2)).join(', ');
    return `${figures}\n\nRate while commercetools is down: ${times(withoutCommercetools.throughputRatio)} (pairs: ${pairs}).`;
  },

  budgets({ cells, offered, withoutCommercetools }): Budget[] {
    const busiest = cells.find(({ concurrency, bytes }) => concurrency === 64 && bytes === SMALL) as WebhookCell;
    const change = withoutCommercetools.throughputRatio - 1;
    return [
      {
        what: 'webhooks, 64 at once: CPU to a bare HMAC server',
        measured: times(busiest.cpuRatio),
        target: '≤ × 2',
        holds: busiest.cpuRatio <= 2,
      },
      {
        what: 'webhooks, 64 at once: throughput to a bare HMAC server',
        measured: times(busiest.throughputRatio),
        target: '≥ × 0.5',
        holds: busiest.throughputRatio >= 0.5,
      },
      {
        what: `webhooks, ${OFFERED}/s offered: p99`,
        measured: ms(offered.p99),
        target: '≤ 60 ms',
        holds: offered.p99 <= 60,
      },
      {
        what: 'webhooks while commercetools is down: throughput',
        measured: `${(100 * change).toFixed(1)} %`,
        target: '± 10 %',
        holds: Math.abs(change) <= 0.1,
      },
    ];
  },
};

/** On a topic that no service of the environment reads. */
async function produce(environment: Environment, task: Omit<Produce, 'brokers' | 'topic'>): Promise<Produced> {
  const child = fork(join(import.meta.dirname, 'kafka-baseline.ts'), {
    execPath: PINNED_NODE,
    // kafkajs without this project's fix warns on Node 24.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
  });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the produce loop ended with ${code}`);
  });
  gone.catch(() => {});
  const full: Produce = {
    ...task,
    brokers: environment.env.KAFKA_BROKERS as string,
    topic: environment.kafka.prefixed(CHECKPOINTS),
  };
  child.send(full);
  const [produced] = (await Promise.race([once(child, 'message'), gone])) as [Produced];
  child.disconnect();
  return produced;
}
