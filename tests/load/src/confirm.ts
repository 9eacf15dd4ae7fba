import { type Benchmark, type Budget, ms, type Plan, profile, rate } from './benchmark.ts';
import { resourcesOf } from './environment/resources.ts';
import type { Latency } from './figures.ts';
import { costOf, worked } from './load.ts';
import { setWebhooks } from './payment/measure.ts';
import { type Paid, startProcessor } from './shoppers.ts';
import { table } from './table.ts';

const CONCURRENCY = 16;

export interface ConfirmFigures {
  readonly latencies: Plan['latencies'];
  readonly confirm: Latency;
  /** The reads at once and one write, by a plain script. */
  readonly baseline: Latency;
  readonly perSecond: number;
  readonly p99AtOnce: number;
  /** Answers 202: the ledger was not done within CONFIRM_WAIT_MS. */
  readonly pending: number;
  readonly confirmed: number;
  readonly cpuMsPerConfirm: { readonly intent: number; readonly sessionAuth: number; readonly ledger: number };
  readonly rssMb: { readonly intent: number; readonly sessionAuth: number; readonly ledger: number };
}

/** From the browser's confirmation to its answer, which waits until the ledger has written the payment. */
export const confirmBenchmark: Benchmark<ConfirmFigures> = {
  name: 'confirm',
  webhooks: true,

  async measure(environment, plan) {
    const [samples, many] = plan.quick ? [20, 100] : [100, 600];
    const { sessionAuth, intent, shoppers, stop } = await startProcessor(environment, { node: profile(plan) });
    const ledger = await environment.start('ledger');
    // Else a webhook could be what has the payment written, and nobody would have waited.
    await setWebhooks(environment, { paused: true });
    let pending = 0;
    const confirm = async (paid: Paid) => {
      if ((await shoppers.confirm(paid)) === 'pending') pending += 1;
    };
    try {
      await worked(await shoppers.paid(20), 1, confirm);
      const [bare, mine, crowd] = [
        await shoppers.paid(samples),
        await shoppers.paid(samples),
        await shoppers.paid(many),
      ];
      pending = 0;
      await environment.slow(plan.latencies);
      const baseline = await worked(bare, 1, (paid) => shoppers.bareConfirm(paid));
      const one = await worked(mine, 1, confirm);
      const pids = [intent.pid, sessionAuth.pid, ledger.pid];
      const { result: atOnce, cpuMs } = await costOf(pids, () => worked(crowd, CONCURRENCY, confirm));
      const [intentRss, sessionAuthRss, ledgerRss] = await Promise.all(
        pids.map(async (pid) => (await resourcesOf(pid)).rssMb),
      );
      const each = (at: number) => (cpuMs[at] as number) / many;
      return {
        latencies: plan.latencies,
        confirm: one,
        baseline,
        perSecond: atOnce.perSecond,
        p99AtOnce: atOnce.p99,
        pending,
        confirmed: samples + many,
        cpuMsPerConfirm: { intent: each(0), sessionAuth: each(1), ledger: each(2) },
        rssMb: { intent: intentRss as number, sessionAuth: sessionAuthRss as number, ledger: ledgerRss as number },
      };
    } finally {
      await environment.slow({ commercetools: 0, stripe: 0 });
      await ledger.kill();
      await stop();
    }
  },

  tables({ confirm, baseline, perSecond, p99AtOnce, pending, confirmed, cpuMsPerConfirm, rssMb }) {
    const all = (values: ConfirmFigures['rssMb'], text: (value: number) => string) =>
      [values.intent, values.sessionAuth, values.ledger].map(text).join('; ');
    return table(
      ['what', 'measured'],
      [
        ['confirm, one at a time, until the ledger has written it', `p50 ${ms(confirm.p50)}, p99 ${ms(confirm.p99)}`],
        [
          'its bare calls by a plain script: three reads at once, one write',
          `p50 ${ms(baseline.p50)}, p99 ${ms(baseline.p99)}`,
        ],
        [`confirms, ${CONCURRENCY} at once`, `${rate(perSecond)}, p99 ${ms(p99AtOnce)}`],
        ['answered "pending" instead', `${pending} of ${confirmed}`],
        ['processor time of a confirm: intent; session-auth; ledger', all(cpuMsPerConfirm, (value) => ms(value))],
        ['memory afterwards: intent; session-auth; ledger', all(rssMb, (value) => `${value.toFixed(0)} MB`)],
      ],
    );
  },

  budgets({ pending, confirmed }): Budget[] {
    return [
      { what: 'confirms that wait in vain', measured: `${pending} of ${confirmed}`, target: '0', holds: pending === 0 },
    ];
  },
};
