import { styleText } from 'node:util';
import { commandLine } from '@connector/cli';
import { ConfigError } from '@connector/lifecycle';
import { BuildFailed } from './build.ts';
import { ConfigProblem } from './environment.ts';
import { PortUnavailable } from './gateway/listen.ts';
import { KafkaUnavailable } from './kafka/distribution.ts';
import { PrometheusUnavailable } from './observe/prometheus.ts';
import { ProcessDied } from './processes/managed-process.ts';
import { startSandbox } from './start.ts';

const EX_CONFIG = 78;
const HELP = `npm start [-- options]

  --observe   add a Prometheus with the chart's alerts, and show every trace as text
  --verbose   show what every part logs
  --keep      keep Kafka's log for the next start with --keep
  --host <a>  listen on this address (default: loopback only)

Variables: PORT (8080; 0 = any free port), CTP_* and STRIPE_* (use the real side instead of its simulator),
STRIPE_API_BASE (another server that speaks Stripe's API), KAFKA_BROKERS (an existing cluster), KAFKA_SANDBOX_BROKERS (3 = a cluster of our own, instead of one broker).`;

const { values: options } = commandLine(
  {
    observe: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    host: { type: 'string' },
  },
  HELP,
);

const COLOURS = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'gray'] as const;
const seen: string[] = [];
/** One log line with its part in front, each part in its own colour if there is a terminal. */
function say(part: string, line: string): void {
  if (!seen.includes(part)) seen.push(part);
  const colour = COLOURS[seen.indexOf(part) % COLOURS.length] ?? 'gray';
  console.log(`${styleText(colour, part.padEnd(15), { stream: process.stdout })} ${line}`);
}

const giveUp = new AbortController();
const ending = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    giveUp.abort();
    ending.resolve();
  });
}
// The starter is gone, so nobody could stop this process.
process.on('disconnect', () => {
  giveUp.abort();
  ending.resolve();
});
// A terminal that was closed must not prevent the parts from being stopped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const sandbox = await startSandbox({
    keep: options.keep,
    observe: options.observe,
    restart: true,
    signal: giveUp.signal,
    onProgress: say,
    onDeath: ({ message }) => say('sandbox', message),
    ...(options.host && { host: options.host }),
    ...(options.verbose && { onLog: say }),
  });
  console.log(
    `\nReady in ${(performance.now() / 1000).toFixed(1)} s: open ${sandbox.url}   (Ctrl-C stops everything)\n`,
  );
  if (sandbox.observed) {
    console.log(`Metrics and alerts: ${sandbox.observed.prometheusUrl}   (Prometheus with the chart's rules)`);
    console.log(`Traces as text:     ${sandbox.url}/_sandbox/traces, one by npm run trace -- <payment or trace id>\n`);
  }
  await ending.promise;
  console.log('stopping');
  await sandbox.stop();
  console.log('stopped');
  process.exit(0);
} catch (error) {
  if (giveUp.signal.aborted) process.exit(0);
  if (error instanceof ConfigProblem || error instanceof ConfigError) {
    console.error(error.message);
    process.exit(EX_CONFIG);
  }
  const isPlain = [BuildFailed, PortUnavailable, KafkaUnavailable, PrometheusUnavailable, ProcessDied].some(
    (kind) => error instanceof kind,
  );
  console.error(isPlain ? (error as Error).message : error);
  process.exit(error instanceof ProcessDied && error.exitCode === EX_CONFIG ? EX_CONFIG : 1);
}
