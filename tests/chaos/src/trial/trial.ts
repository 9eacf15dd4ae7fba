// `npm run chaos:trial -- <fault>`: measures one fault of a cluster under a steady load of webhooks: what was lost, and
// who waited how long.
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine, refuseUsage } from '@connector/cli';
import { buildServices } from '@connector/load-tests/built-services';
import { table } from '@connector/load-tests/table';
import { ALL_CLUSTER_FAULTS, CLUSTER_FAULTS, type ClusterFaultName } from '../cluster-faults.ts';
import { runTrial, type TrialReport } from './run-trial.ts';

const USAGE = `npm run chaos:trial -- <fault> … [options]
  --times N                how often each comes (default 1)
  --every N                seconds from one to the next (default 2)
  --down N                 how long it lasts, where it does, in seconds (default 15)
  --per-second N           webhooks a second (default 100)
  --ledgers N              processes of the ledger; 0 = the events belong to no payments (default 2)
  --brokers N              3 or 5 (default 3)
  --session-timeout N      broker.session.timeout.ms (default 4000; Kafka's own default is 9000)
  --logs DIR               keep the services' logs there
  --json FILE              append each report as a line
  --no-build               the services are built already
Faults:
${ALL_CLUSTER_FAULTS.map((name) => `  ${name.padEnd(22)} ${CLUSTER_FAULTS[name]}`).join('\n')}`;

const { values, positionals } = commandLine(
  {
    times: { type: 'string', default: '1' },
    every: { type: 'string', default: '2' },
    down: { type: 'string', default: '15' },
    'per-second': { type: 'string', default: '100' },
    ledgers: { type: 'string', default: '2' },
    brokers: { type: 'string', default: '3' },
    'session-timeout': { type: 'string', default: '4000' },
    logs: { type: 'string' },
    json: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
  USAGE,
  { allowPositionals: true },
);
const unknown = positionals.filter((name) => !(name in CLUSTER_FAULTS));
if (unknown.length > 0) refuseUsage(`There is no fault ${unknown.join(', ')}.`);
if (positionals.length === 0) refuseUsage('Which fault?');

const seconds = (value: number) => `${value.toFixed(1)} s`;

function row({ options, ...report }: TrialReport): (string | number)[] {
  const { hit, others, ledger } = report;
  const refused = Object.entries(report.refused).map(([status, count]) => `${count} × ${status}`);
  return [
    options.fault,
    report.faults,
    `${report.sent} (${options.perSecond}/s)`,
    refused.join(', ') || 'none',
    report.lost.length,
    `${others.refused} of ${others.attempts}`,
    `${seconds(hit.againAfter)} (refused until ${seconds(hit.refusedUntil)})`,
    ledger ? `${ledger.lost} / ${ledger.doubled}` : '',
    ledger ? seconds(ledger.againAfter) : '',
    ledger ? seconds(ledger.slowestSeconds) : '',
    `${report.lag} / ${report.deadLetters}`,
    seconds(report.wholeAfter),
  ];
}

if (!values['no-build']) await buildServices();
const reports: TrialReport[] = [];
for (const fault of positionals as ClusterFaultName[]) {
  const began = performance.now();
  const report = await runTrial({
    fault,
    times: Number(values.times),
    everyMs: 1000 * Number(values.every),
    downMs: 1000 * Number(values.down),
    perSecond: Number(values['per-second']),
    ledgers: Number(values.ledgers),
    brokers: Number(values.brokers),
    kafkaSettings: { 'broker.session.timeout.ms': values['session-timeout'] },
    progress: (line) => console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`),
    ...(values.logs && {
      onLogs: async (name: string, text: string) => {
        await mkdir(values.logs as string, { recursive: true });
        await writeFile(join(values.logs as string, `${fault}-${name}.log`), text);
      },
    }),
  });
  reports.push(report);
  if (values.json) await appendFile(values.json, `${JSON.stringify(report)}\n`);
  for (const line of report.lost.slice(0, 10)) console.error(line);
}
const columns = [
  'fault',
  'times',
  'webhooks',
  'not 200',
  'acknowledged, not in Kafka',
  'refused, other leaders',
  'of the dead leader: again after',
  'payments lost / doubled',
  'ledger again after',
  'slowest booking',
  'left behind / dead letters',
  'cluster whole after',
];
console.log(table(columns, reports.map(row)));
const isClean = ({ lost, ledger, lag, deadLetters }: TrialReport) =>
  lost.length === 0 && lag === 0 && deadLetters === 0 && !ledger?.lost && !ledger?.doubled;
process.exitCode = reports.every(isClean) ? 0 : 1;
