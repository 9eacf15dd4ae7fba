import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Budget, ms, type Part, profile, rate, times } from './part.ts';
import { table } from './table.ts';
import { type Acknowledgements, acknowledge, median, medians } from './webhook.ts';

const CONNECTIONS = 64;
const BYTES = 3_000;
const SAMPLED = 0.1;
const MAY_COST = 0.1;

export interface TracingFigures {
  /** Medians over the rounds. */
  readonly off: Acknowledgements;
  readonly on: Acknowledgements;
  /** Medians of each round's own ratio, on to off. */
  readonly throughputRatio: number;
  readonly cpuRatio: number;
  /** Ratio of throughput of each round. */
  readonly rounds: readonly number[];
  /** What the receiver got, in bytes. */
  readonly exportedBytes: number;
}

/** What it costs webhook-ingest to send a tenth of its traces to a collector. */
export const tracingPart: Part<TracingFigures> = {
  name: 'tracing',

  async measure(rig, plan) {
    const receiver = await startReceiver();
    const off = await rig.start('webhook-ingest');
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER_ARG: String(SAMPLED) };
    const on = await rig.start('webhook-ingest', endpoint, profile(plan));
    const load = { bytes: BYTES, connections: CONNECTIONS, requests: plan.quick ? 3_000 : 20_000 };
    try {
      for (const server of [off, on]) await acknowledge(rig, server, { ...load, requests: 10_000 });
      const rounds: { off: Acknowledgements; on: Acknowledgements }[] = [];
      for (let round = 0; round < (plan.quick ? 3 : 8); round += 1) {
        // Who is first changes, so that what changes on the machine meanwhile counts for both.
        const first = await acknowledge(rig, round % 2 ? on : off, load);
        const second = await acknowledge(rig, round % 2 ? off : on, load);
        rounds.push(round % 2 ? { on: first, off: second } : { off: first, on: second });
      }
      if (receiver.bytes === 0) throw new Error('the receiver got no spans, so nothing was measured');
      const ratios = rounds.map((each) => each.on.perSecond / each.off.perSecond);
      return {
        off: medians(rounds.map((each) => each.off)),
        on: medians(rounds.map((each) => each.on)),
        throughputRatio: median(ratios),
        cpuRatio: median(rounds.map((each) => each.on.cpuMsPerRequest / each.off.cpuMsPerRequest)),
        rounds: ratios,
        exportedBytes: receiver.bytes,
      };
    } finally {
      await on.kill();
      await off.kill();
      await receiver.stop();
    }
  },

  tables({ off, on, throughputRatio, cpuRatio, rounds, exportedBytes }) {
    const row = (what: string, { perSecond, p50, p99, cpuMsPerRequest, rssMb }: Acknowledgements) => [
      what,
      rate(perSecond),
      ms(p50),
      ms(p99),
      ms(cpuMsPerRequest, 3),
      `${rssMb.toFixed(0)} MB`,
    ];
    const figures = table(
      ['webhooks, 64 at once, 3 kB', 'rate', 'p50', 'p99', 'CPU each', 'memory'],
      [row('tracing off', off), row(`tracing on, ${100 * SAMPLED} % sampled`, on)],
    );
    const each = rounds.map((ratio) => ratio.toFixed(2)).join(', ');
    const sent = `${(exportedBytes / 1_000_000).toFixed(1)} MB of spans were sent`;
    return `${figures}\n\nOn to off, medians: rate ${times(throughputRatio)} (rounds: ${each}), CPU ${times(cpuRatio)}; ${sent}.`;
  },

  budgets: ({ throughputRatio }): Budget[] => [
    {
      what: 'webhooks with 10 % of the traces sampled: throughput to tracing off',
      measured: times(throughputRatio),
      target: `≥ × ${1 - MAY_COST}`,
      holds: throughputRatio >= 1 - MAY_COST,
    },
  ],
};

/** Takes OTLP over HTTP on loopback, as a collector beside the pod would, and counts. */
async function startReceiver(): Promise<{ url: string; readonly bytes: number; stop(): Promise<void> }> {
  let bytes = 0;
  const server = createServer((req, res) => {
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    req.on('end', () => res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytes() {
      return bytes;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
