import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Benchmark, type Budget, profile, times } from './benchmark.ts';
import type { Running } from './environment/environment.ts';
import { table } from './table.ts';
import { acknowledge, type Comparison, compared, ROW_HEAD, rowOf, WARM_UP } from './webhook.ts';

const CONNECTIONS = 64;
const BYTES = 3_000;
const SAMPLED = 0.1;
const MAY_COST = 0.1;

/** From tracing off to tracing on. */
export interface TracingFigures extends Comparison {
  /** What the receiver got, in bytes. */
  readonly exportedBytes: number;
}

/** What it costs webhook-ingest to send a tenth of its traces to a collector. */
export const tracingBenchmark: Benchmark<TracingFigures> = {
  name: 'tracing',

  async measure(environment, plan) {
    const receiver = await startReceiver();
    const off = await environment.start('webhook-ingest');
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER_ARG: String(SAMPLED) };
    const on = await environment.start('webhook-ingest', endpoint, profile(plan));
    const load = { bytes: BYTES, connections: CONNECTIONS, requests: plan.quick ? 3_000 : 20_000 };
    try {
      for (const server of [off, on]) await acknowledge(environment, server, WARM_UP);
      const run = (server: Running) => () => acknowledge(environment, server, load);
      const comparison = await compared(plan.quick ? 3 : 8, run(off), run(on));
      if (receiver.bytes === 0) throw new Error('the receiver got no spans, so nothing was measured');
      return { ...comparison, exportedBytes: receiver.bytes };
    } finally {
      await on.kill();
      await off.kill();
      await receiver.stop();
    }
  },

  tables({ before, after, throughputRatio, cpuRatio, ratios, exportedBytes }) {
    const figures = table(
      ['webhooks, 64 at once, 3 kB', ...ROW_HEAD],
      [rowOf('tracing off', before), rowOf(`tracing on, ${100 * SAMPLED} % sampled`, after)],
    );
    const each = ratios.map((ratio) => ratio.toFixed(2)).join(', ');
    const sent = `${(exportedBytes / 1_000_000).toFixed(1)} MB of spans were sent`;
    return `${figures}\n\nOn to off, medians: rate ${times(throughputRatio)} (pairs: ${each}), CPU ${times(cpuRatio)}; ${sent}.`;
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
