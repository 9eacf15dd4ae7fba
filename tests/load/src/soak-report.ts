import { type Latency, slopeOf } from './figures.ts';
import type { Plot, PlottedPage, Series } from './plot.ts';

/** One look at everything. */
export interface Sample {
  /** Since the beginning. */
  readonly second: number;
  readonly processes: Readonly<
    Record<
      string,
      {
        readonly rssMb: number;
        /** Left by a collection of the whole heap since the look before; NaN when there was none. */
        readonly heapMb: number;
        readonly cpuSeconds: number;
        /** Open file descriptors: sockets, files, pipes. */
        readonly files: number;
        /** NaN where a process does not tell. */
        readonly lagMs: number;
      }
    >
  >;
  /** Since the look before. */
  readonly open: Latency;
  readonly confirm: Latency;
  readonly webhookMs: number;
  /** Payments approved so far. */
  readonly completed: number;
}

/** How something went after warm-up. */
export interface Line {
  readonly startMb: number;
  readonly endMb: number;
  /** MB an hour, and the half-width of its 95 % confidence interval. */
  readonly perHour: number;
  readonly halfWidth: number;
}

export interface Trend {
  readonly process: string;
  /** Resident. */
  readonly memory: Line;
  /** What collections left; NaN where there were none. */
  readonly heap: Line;
  readonly files: readonly [start: number, end: number];
  readonly lagMs: number;
  readonly verdict: 'flat' | 'RISES' | 'grows with its input' | 'too short to tell';
}

/** What is measured; what is around holds every cart, payment and event of the run, or is a JVM's heap. */
const SERVICES = ['session-auth', 'intent', 'webhook-ingest', 'ledger'];
/** Of the run, at the beginning: compilation, connections, caches that fill. */
const WARM_UP = 0.2;
/** A slope below this is nothing that a pod would notice in a week, in MB an hour. */
const NEGLIGIBLE = 0.5;
/** V8 compiles, and its heap finds its size, for minutes. */
const ENOUGH_SECONDS = 8 * 60;

/**
 * How each process's memory went after warm-up. Flat: the confidence interval of its slope reaches 0, or the slope is negligible, of the
 * resident memory and of what collections leave of the heap.
 */
export function trendsOf(samples: readonly Sample[]): Trend[] {
  const warmUp = WARM_UP * (samples.at(-1)?.second ?? 0);
  const after = samples.filter(({ second }) => second >= warmUp);
  const names = [...new Set(after.flatMap(({ processes }) => Object.keys(processes)))];
  return names.map((name) => {
    const seen = after.flatMap(({ second, processes }) => {
      const own = processes[name];
      return own ? [{ second, ...own }] : [];
    });
    const memory = lineOf(seen.map(({ second, rssMb }) => [second / 3600, rssMb]));
    const heap = lineOf(seen.map(({ second, heapMb }) => [second / 3600, heapMb]));
    const lags = seen.map(({ lagMs }) => lagMs).filter(Number.isFinite);
    return {
      process: name,
      memory,
      heap,
      files: [seen[0]?.files ?? Number.NaN, seen.at(-1)?.files ?? Number.NaN],
      lagMs: lags.length > 0 ? Math.max(...lags) : Number.NaN,
      verdict:
        (samples.at(-1)?.second ?? 0) < ENOUGH_SECONDS
          ? 'too short to tell'
          : !rises(memory) && !rises(heap)
            ? 'flat'
            : SERVICES.includes(name)
              ? 'RISES'
              : 'grows with its input',
    };
  });
}

const rises = ({ perHour, halfWidth }: Line) => perHour - halfWidth > 0 && perHour > NEGLIGIBLE;

function lineOf(all: readonly (readonly [hour: number, mb: number])[]): Line {
  const points = all.filter(([, mb]) => Number.isFinite(mb));
  const few = Math.max(1, Math.floor(points.length / 10));
  const mean = (some: typeof points) => some.reduce((sum, [, mb]) => sum + mb, 0) / some.length;
  const { slope: perHour, halfWidth } = slopeOf(points);
  return { startMb: mean(points.slice(0, few)), endMb: mean(points.slice(-few)), perHour, halfWidth };
}

/** A plot has no room for more points; each stands for the mean of its neighbours. */
const MOST_POINTS = 300;

/** How the services and what is around them fared over the minutes of a soak. */
export function plotsOf(samples: readonly Sample[], perSecond: number): PlottedPage['groups'] {
  const line = (name: string, of: (sample: Sample, at: number) => number | undefined): Series => ({
    name,
    points: thinned(samples, of),
  });
  const plot = (title: string, label: string, ...series: Series[]): Plot => ({
    title,
    x: { label: 'minutes', scale: 'linear' },
    y: { label },
    series,
  });
  const each = (
    names: readonly string[],
    of: (process: Sample['processes'][string] | undefined) => number | undefined,
  ) => names.map((name) => line(name, ({ processes }) => of(processes[name])));
  const completed = (sample: Sample, at: number) => {
    const before = samples[at - 1];
    return before && (sample.completed - before.completed) / (sample.second - before.second);
  };
  const p50 = [line('open', ({ open }) => open.p50), line('confirm', ({ confirm }) => confirm.p50)];
  const p99 = [line('open', ({ open }) => open.p99), line('confirm', ({ confirm }) => confirm.p99)];
  const around = ['commercetools', 'stripe', 'kafka', 'load'];
  return [
    {
      title: `${perSecond.toFixed(1)} payments a second`,
      text: 'Each from its cart over the open form and the confirmation to its transactions; Stripe sends its webhooks besides.',
      plots: [
        plot('Memory of the services', 'MB', ...each(SERVICES, (process) => process?.rssMb)),
        plot('Heap in use, after a collection each minute', 'MB', ...each(SERVICES, (process) => process?.heapMb)),
        plot('Open files and sockets of the services', 'descriptors', ...each(SERVICES, (process) => process?.files)),
        plot(
          'Latency, p50',
          'ms',
          ...p50,
          line('webhook (mean)', ({ webhookMs }) => webhookMs),
        ),
        plot('Latency, p99', 'ms', ...p99),
        plot('Event loop lag, p99', 'ms', ...each(SERVICES, (process) => process?.lagMs)),
        plot('Payments approved', '1/s', line('approved', completed)),
        plot('Memory of what is around them', 'MB', ...each(around, (process) => process?.rssMb)),
      ],
    },
  ];
}

/** A value of the samples over the minutes, so few that a plot has room for them. */
function thinned(samples: readonly Sample[], of: (sample: Sample, at: number) => number | undefined): Series['points'] {
  const every = Math.ceil(samples.length / MOST_POINTS);
  const points: [minute: number, mean: number][] = [];
  for (let from = 0; from < samples.length; from += every) {
    const values = samples
      .slice(from, from + every)
      .map((sample, at) => of(sample, from + at))
      .filter((value): value is number => value !== undefined && Number.isFinite(value));
    const minute = (samples[from] as Sample).second / 60;
    if (values.length > 0) points.push([minute, values.reduce((sum, value) => sum + value, 0) / values.length]);
  }
  return points;
}
