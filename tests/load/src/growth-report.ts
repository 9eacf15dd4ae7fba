import { ms, rate } from './benchmark.ts';
import type { Drain } from './drain.ts';
import type { PlottedPage, Series } from './plot.ts';
import type { Run } from './report.ts';
import { table } from './table.ts';
import type { Acknowledgements } from './webhook.ts';

/** At load 1; latencies of each call in ms. */
export const WEBHOOKS_PER_SECOND = 125;
export const OPENS_AT_ONCE = 4;
export const LATENCIES = { commercetools: 40, stripe: 120 };

export interface Growth {
  readonly load?: readonly { factor: number; webhooks: Acknowledgements; opens: Opens }[];
  readonly partitions?: readonly { partitions: number; webhooks: Acknowledgements; drain: Drain }[];
  readonly processes?: readonly { processes: number; drain: Drain }[];
  readonly backlog?: readonly { events: number; drain: Drain }[];
  /** What did not fit into the `minutes` that were given. */
  readonly leftOut: readonly string[];
  readonly minutes: string;
}

export interface Opens {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
}

const DRAIN_COLUMNS = ['ledger', 'CPU each', 'peak memory', 'cores busy'];
const drainCells = ({ steadyPerSecond, cpuMsPerEvent, peakRssMb, coresBusy }: Drain) => [
  rate(steadyPerSecond),
  ms(cpuMsPerEvent, 2),
  `${peakRssMb.toFixed(0)} MB`,
  coresBusy.toFixed(1),
];

/** Markdown. */
export function growthTables({ load, partitions, processes, backlog, leftOut, minutes }: Growth): string {
  return [
    load && loadTable(load),
    partitions && partitionTable(partitions),
    processes && processTable(processes),
    backlog && backlogTable(backlog),
    leftOut.length > 0 && `Left out, as it did not fit into ${minutes} minutes: ${leftOut.join('; ')}.`,
  ]
    .filter((part) => typeof part === 'string')
    .join('\n\n');
}

const loadTable = (load: NonNullable<Growth['load']>): string =>
  table(
    ['load', 'webhooks offered', 'p50', 'p99', 'CPU each', 'opens at once', 'opens', 'p50', 'p99', 'CPU each'],
    load.map(({ factor, webhooks, opens }) => [
      `${factor} ×`,
      rate(factor * WEBHOOKS_PER_SECOND),
      ms(webhooks.p50),
      ms(webhooks.p99),
      ms(webhooks.cpuMsPerRequest, 2),
      factor * OPENS_AT_ONCE,
      rate(opens.perSecond),
      ms(opens.p50),
      ms(opens.p99),
      ms(opens.cpuMs),
    ]),
  );

const partitionTable = (partitions: NonNullable<Growth['partitions']>): string =>
  table(
    ['partitions', 'webhooks, 64 at once', 'p99', ...DRAIN_COLUMNS],
    partitions.map(({ partitions: count, webhooks, drain }) => [
      count,
      rate(webhooks.perSecond),
      ms(webhooks.p99),
      ...drainCells(drain),
    ]),
  );

const processTable = (processes: NonNullable<Growth['processes']>): string => {
  const one = processes[0]?.drain.steadyPerSecond ?? 1;
  return table(
    ['ledger processes', ...DRAIN_COLUMNS, 'to one'],
    processes.map(({ processes: count, drain }) => [
      count,
      ...drainCells(drain),
      `× ${(drain.steadyPerSecond / one).toFixed(2)}`,
    ]),
  );
};

const backlogTable = (backlog: NonNullable<Growth['backlog']>): string =>
  table(
    ['backlog, events', 'drained in', ...DRAIN_COLUMNS],
    backlog.map(({ events, drain }) => [events, `${drain.seconds.toFixed(1)} s`, ...drainCells(drain)]),
  );

type Group = PlottedPage['groups'][number];

/** A page of plots, a group for each of what was varied. */
export function growthPage(
  { load, partitions, processes, backlog }: Growth,
  { machine, date, command }: Run,
): PlottedPage {
  return {
    title: 'How the costs grow',
    measured: `Measured ${date.slice(0, 10)} with ${command} on ${machine}.`,
    groups: [
      ...(load ? [ofLoad(load)] : []),
      ...(partitions ? [ofPartitions(partitions)] : []),
      ...(processes ? [ofProcesses(processes)] : []),
      ...(backlog ? [ofBacklog(backlog)] : []),
    ],
  };
}

const line = <T>(name: string, rows: readonly T[], x: (row: T) => number, y: (row: T) => number): Series => ({
  name,
  points: rows.map((row) => [x(row), y(row)] as const),
});
const log = (label: string) => ({ label, scale: 'log' }) as const;

function ofLoad(load: NonNullable<Growth['load']>): Group {
  const at = log('load, times the first');
  const by = ({ factor }: { factor: number }) => factor;
  return {
    title: 'Load',
    text: `${WEBHOOKS_PER_SECOND} webhooks a second are offered at 1 ×; ${OPENS_AT_ONCE} shoppers open payments at once at 1 ×, commercetools at ${LATENCIES.commercetools} ms and Stripe at ${LATENCIES.stripe} ms.`,
    plots: [
      {
        title: 'Webhook to 200',
        x: at,
        y: { label: 'ms' },
        series: [line('p50', load, by, (row) => row.webhooks.p50), line('p99', load, by, (row) => row.webhooks.p99)],
      },
      {
        title: 'Opening a payment',
        x: at,
        y: { label: 'ms' },
        series: [line('p50', load, by, (row) => row.opens.p50), line('p99', load, by, (row) => row.opens.p99)],
      },
      {
        title: 'Processor time of one',
        x: at,
        y: { label: 'ms' },
        series: [
          line('webhook', load, by, (row) => row.webhooks.cpuMsPerRequest),
          line('opening, session-auth included', load, by, (row) => row.opens.cpuMs),
        ],
      },
      {
        title: 'Openings in a second',
        x: at,
        y: { label: '1/s' },
        series: [line('opened', load, by, (row) => row.opens.perSecond)],
      },
    ],
  };
}

function ofPartitions(partitions: NonNullable<Growth['partitions']>): Group {
  const at = log('partitions of each topic');
  const by = (row: { partitions: number }) => row.partitions;
  return {
    title: 'Partitions',
    text: 'Webhooks with 64 at once; a backlog drained by one ledger with 32 calls at once, commercetools at 20 ms.',
    plots: [
      {
        title: 'In a second',
        x: at,
        y: { label: '1/s' },
        series: [
          line('webhooks acknowledged', partitions, by, (row) => row.webhooks.perSecond),
          line('events drained', partitions, by, (row) => row.drain.steadyPerSecond),
        ],
      },
      {
        title: "The ledger's peak memory",
        x: at,
        y: { label: 'MB' },
        series: [line('peak', partitions, by, (row) => row.drain.peakRssMb)],
      },
    ],
  };
}

function ofProcesses(processes: NonNullable<Growth['processes']>): Group {
  const at = log('ledger processes');
  const by = (row: { processes: number }) => row.processes;
  const one = processes[0]?.drain.steadyPerSecond ?? 0;
  return {
    title: 'Ledger processes',
    text: '8 calls at once each, commercetools at 50 ms, 12 partitions.',
    plots: [
      {
        title: 'Events drained in a second',
        x: at,
        y: { label: '1/s' },
        series: [
          line('measured', processes, by, (row) => row.drain.steadyPerSecond),
          line('one, that many times', processes, by, (row) => one * row.processes),
        ],
      },
      {
        title: "The machine's cores",
        x: at,
        y: { label: 'cores busy' },
        series: [line('busy', processes, by, (row) => row.drain.coresBusy)],
      },
    ],
  };
}

function ofBacklog(backlog: NonNullable<Growth['backlog']>): Group {
  const at = log('events in the backlog');
  const by = (row: { events: number }) => row.events;
  return {
    title: 'Backlog',
    text: 'One ledger, 32 calls at once, commercetools without latency: what bounds it are the two cores that it shares with the simulator and Kafka.',
    plots: [
      {
        title: 'Events drained in a second',
        x: at,
        y: { label: '1/s' },
        series: [line('drained', backlog, by, (row) => row.drain.steadyPerSecond)],
      },
      {
        title: "The ledger's peak memory",
        x: at,
        y: { label: 'MB' },
        series: [line('peak', backlog, by, (row) => row.drain.peakRssMb)],
      },
    ],
  };
}
