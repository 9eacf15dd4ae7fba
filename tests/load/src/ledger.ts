import { cpus } from 'node:os';
import { type Benchmark, type Budget, ms, profile, rate, times } from './benchmark.ts';
import { type Drain, drain } from './drain.ts';
import { type Latencies, latencies, type Poison, poison } from './ledger-bench.ts';
import { table } from './table.ts';

/** Slower than for the other parts: an answer here waits for nobody, so what counts is the rate. */
const LATENCY_MS = 50;
const CONCURRENCY = 32;
/** So few calls at once that two processes leave the machine idle most of the time: what bounds them is the latency. */
const FEW = 8;
/** A heap for a container of 384 MiB. */
export const HEAP = ['--max-semi-space-size=16', '--max-old-space-size=192'];
/** From this share of the machine's cores on, there is nothing left that a second process could use. */
const BUSY = 0.9;

export interface LedgerFigures {
  readonly latency: Latencies;
  readonly poison: Poison;
  readonly drain: Drain;
  /** One and two processes, with as many calls at once, and with few. */
  readonly many: Pair;
  readonly few: Pair;
}

type Pair = readonly [one: Drain, two: Drain];

/** How soon a webhook is in commercetools, what a bad event costs, and how fast one ledger and two catch up. */
export const ledgerBenchmark: Benchmark<LedgerFigures> = {
  name: 'ledger',

  async measure(environment, plan) {
    const [samples, payments, scaling] = plan.quick ? [20, 600, 400] : [150, 5_000, 3_000];
    // In this order: the simulator's log, which tells when a write was done, is short at first.
    const latency = await latencies(environment, samples, LATENCY_MS);
    plan.progress('ledger: latency measured');
    const poisoned = await poison(environment);
    plan.progress('ledger: bad events measured');
    const common = { latencyMs: LATENCY_MS, node: HEAP };
    const one = await drain(environment, {
      ...common,
      payments,
      concurrency: CONCURRENCY,
      node: [...HEAP, ...profile(plan)],
    });
    plan.progress('ledger: drain measured');
    const pair = async (concurrency: number, each: number): Promise<Pair> => {
      const options = { ...common, concurrency, joinFirst: true, baseline: false };
      const alone = await drain(environment, { ...options, payments: each });
      return [alone, await drain(environment, { ...options, payments: 2 * each, processes: 2 })];
    };
    const many = await pair(CONCURRENCY, scaling);
    return { latency, poison: poisoned, drain: one, many, few: await pair(FEW, Math.ceil(scaling / 4)) };
  },

  tables: (figures) => `${drainTable(figures)}\n\n${latencyTable(figures)}`,

  budgets({ latency, poison: poisoned, drain: one, many, few }): Budget[] {
    const { commercetoolsLatencyMs: each, unknown, known } = latency;
    const worst = Math.max(poisoned.unreadableMs, poisoned.refusedMs, poisoned.failingMs) - poisoned.withoutMs;
    const scaling = (from: Drain, to: Drain) => to.steadyPerSecond / from.steadyPerSecond;
    const cores = cpus().length;
    const bound = ({ coresBusy, coresOfOthers }: Drain) =>
      coresBusy >= BUSY * cores
        ? `${coresBusy.toFixed(1)} of ${cores} cores are busy, ${coresOfOthers.toFixed(1)} with other work`
        : undefined;
    return [
      {
        what: `ledger: events a second of one process, commercetools at ${each} ms`,
        measured: rate(one.eventsPerSecond),
        target: '≥ 400/s',
        holds: one.eventsPerSecond >= 400,
      },
      {
        what: `ledger: two processes to one, ${FEW} calls at once each`,
        measured: times(scaling(...few)),
        target: '≥ × 1.8',
        holds: scaling(...few) >= 1.8,
        boundBy: bound(few[1]),
      },
      {
        what: `ledger: two processes to one, ${CONCURRENCY} calls at once each`,
        measured: times(scaling(...many)),
        target: '≥ × 1.8 as far as the cores allow',
        holds: scaling(...many) >= 1.8,
        boundBy: bound(many[1]),
      },
      {
        what: 'ledger: memory while it drains',
        measured: `${one.peakRssMb.toFixed(0)} MB at most`,
        target: 'flat, < 300 MB',
        holds: one.peakRssMb < 300 && (one.rssMb[3] ?? 0) < 1.25 * (one.rssMb[1] ?? 0),
      },
      {
        what: 'ledger: webhook to write, unknown payment',
        measured: `p50 ${ms(unknown.p50)}`,
        target: `≤ ${2 * each + 25} ms`,
        holds: unknown.p50 <= 2 * each + 25,
      },
      {
        what: 'ledger: webhook to write, known payment',
        measured: `p50 ${ms(known.p50)}`,
        target: `≤ ${each + 25} ms`,
        holds: known.p50 <= each + 25,
      },
      {
        what: 'ledger: behind a bad event',
        measured: `${ms(worst)} more at worst`,
        target: '< 1 s more',
        holds: worst < 1_000,
      },
    ];
  },
};

function drainTable({ drain: one, many, few }: LedgerFigures): string {
  const drained = (each: Drain) => [
    `${each.processes} × ${each.concurrency} calls at once, ${each.events.toLocaleString('en')} events`,
    rate(each.eventsPerSecond),
    rate(each.steadyPerSecond),
    each.callsPerEvent.toFixed(2),
    Number.isNaN(each.ratio) ? '' : times(each.ratio),
    ms(each.cpuMsPerEvent, 2),
    `${each.peakRssMb.toFixed(0)} MB`,
    each.coresBusy.toFixed(1),
    each.coresOfOthers.toFixed(1),
  ];
  return table(
    [
      'drain',
      'events',
      'steady',
      'calls each',
      'calls to a bare loop',
      'CPU each',
      'peak memory',
      'cores busy',
      'of others',
    ],
    [one, ...many, ...few].map(drained),
  );
}

function latencyTable({ latency, poison: poisoned, drain: one }: LedgerFigures): string {
  const { withoutMs, unreadableMs, refusedMs, failingMs, redrivenAfterMs, deadLetters } = poisoned;
  const behind = (what: string, value: number) => [
    `nine events behind ${what} in its partition`,
    `${ms(value)} (${ms(value - withoutMs)} more than behind none)`,
  ];
  const written = (what: string, { p50, p99 }: { p50: number; p99: number }) => [
    `webhook posted → written, ${what}`,
    `p50 ${ms(p50)}, p99 ${ms(p99)}`,
  ];
  return table(
    ['what', 'measured'],
    [
      ['memory of one ledger at 25, 50, 75, 100 % of the drain', one.rssMb.map((mb) => `${mb} MB`).join(', ')],
      written('unknown payment (2 calls)', latency.unknown),
      written('known payment (1 call)', latency.known),
      behind('one that is unreadable', unreadableMs),
      behind('one that commercetools refuses', refusedMs),
      behind('one that keeps failing with 503', failingMs),
      [`redriven after fixing (${deadLetters} dead letters)`, `written after ${ms(redrivenAfterMs)}`],
    ],
  );
}
