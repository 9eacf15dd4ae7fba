// `npm run bench:audit`: the audit of 100,000 movements, with its time, calls a second and memory on the way.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { commandLine } from '@connector/cli';
import { TOPICS } from '@connector/contracts';
import { createKafka, ensureTopics } from '@connector/kafka';
import { startKafka } from '@connector/sandbox/kafka';
import { createLogger } from '@connector/telemetry';
import { startBooks } from './audit-books.ts';
import { resourcesOf } from './environment/resources.ts';
import { table } from './table.ts';

const USAGE = `npm run bench:audit -- [options]
  --movements N     balance transactions to audit (default 100000)
  --concurrency N   payments that the audit compares at once (default 8)
  --latency-ms N    latency of each call to either side (default 0)
  --csv             the table for finance instead of the report as JSON`;

const { values } = commandLine(
  {
    movements: { type: 'string', default: '100000' },
    concurrency: { type: 'string', default: '8' },
    'latency-ms': { type: 'string', default: '0' },
    csv: { type: 'boolean', default: false },
  },
  USAGE,
);
const movements = Number(values.movements);
const DAY_MS = 86_400_000;
const since = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 2 * DAY_MS);
const until = new Date(since.getTime() + DAY_MS);
const COMMAND = new URL('../../../services/ledger/src/commands/audit.ts', import.meta.url).pathname;

const [books, kafka] = await Promise.all([
  startBooks({ movements, since, until, latencyMs: Number(values['latency-ms']) }),
  startKafka(),
]);
try {
  const config = { KAFKA_BROKERS: [kafka.brokers], KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: false };
  await ensureTopics(createKafka(config, { clientId: 'bench', log: createLogger('bench', 'silent') }), TOPICS);
  const env = {
    PATH: process.env.PATH,
    KAFKA_BROKERS: kafka.brokers,
    CTP_PROJECT_KEY: 'shop-eu',
    CTP_CLIENT_ID: 'bench',
    CTP_CLIENT_SECRET: 'bench',
    CTP_AUTH_URL: books.url,
    CTP_API_URL: books.url,
    STRIPE_SECRET_KEY: 'sk_test_bench',
    STRIPE_API_BASE: books.url,
  };
  const args = ['--since', since.toISOString(), '--until', until.toISOString(), '--concurrency', values.concurrency];
  const began = performance.now();
  const child = spawn(process.execPath, [COMMAND, ...args, values.csv ? '--csv' : '--json'], { env });
  const memory: { payments: number; megabytes: number }[] = [];
  let peak = Number.NaN;
  let out = '';
  child.stdout.on('data', (chunk) => {
    if (!values.csv) out += chunk;
  });
  const lines = createInterface({ input: child.stderr });
  lines.on('line', async (line) => {
    const compared = /: (\d+) payments compared$/.exec(line)?.[1];
    if (!compared) return void console.error(line);
    // It may have ended in the meantime.
    const used = await resourcesOf(child.pid as number).catch(() => undefined);
    if (!used) return;
    peak = used.peakRssMb;
    memory.push({ payments: Number(compared), megabytes: used.rssMb });
  });
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - began) / 1000;
  const summary = out ? JSON.parse(out) : undefined;
  const at = (share: number) => memory.findLast(({ payments }) => payments <= share * books.payments)?.megabytes;
  const megabytes = (share: number) => `${Math.round(at(share) ?? Number.NaN)} MB`;
  const compared = summary && Object.values<number>(summary.movements).reduce((sum, count) => sum + count, 0);
  console.log(
    table(
      ['', ''],
      [
        ['movements', movements],
        ['movements compared', compared ?? 'as rows'],
        ['payments compared', summary?.payments ?? ''],
        ['differences', summary?.differences.length ?? ''],
        ['exit code', code],
        ['seconds', Math.round(seconds)],
        ['movements a second', Math.round(movements / seconds)],
        ['calls to Stripe', books.calls.stripe],
        ['calls to commercetools', books.calls.commercetools],
        ['calls a second', Math.round((books.calls.stripe + books.calls.commercetools) / seconds)],
        ['memory at 10 %, 50 %, 100 %', [0.1, 0.5, 1].map(megabytes).join(', ')],
        ['peak', `${Math.round(peak)} MB`],
      ],
    ),
  );
  process.exitCode = code === 0 ? 0 : 1;
} finally {
  await Promise.all([books.close(), kafka.stop()]);
}
