import { optionsOrExit } from '@connector/cli';
import { PROJECT_HEADER } from '@connector/contracts';
import { JOB } from '@connector/http';
import { createKafka, createProducer } from '@connector/kafka';
import { readConfig } from '@connector/lifecycle';
import { createStripe } from '@connector/stripe';
import { createLogger, startTracing } from '@connector/telemetry';
import { kafkaCheckpoints } from '../adapters/kafka-checkpoints.ts';
import { kafkaRequests } from '../adapters/kafka-requests.ts';
import { stripeEvents } from '../adapters/stripe-events.ts';
import { reconcileConfigSchema } from '../reconcile-config.ts';
import { reconcile } from '../use-cases/reconcile.ts';
import { parseReconcileOptions, RECONCILE_HELP } from './cli/reconcile-options.ts';
import { missedWarning, summaryTable } from './cli/reconcile-report.ts';

const NAME = 'reconcile';

const options = optionsOrExit((argv) => parseReconcileOptions(argv, Math.floor(Date.now() / 1000)), RECONCILE_HELP);
const config = readConfig(reconcileConfigSchema, process.env);
const stopTracing = await startTracing(NAME);
// Standard output is for the command's result; log lines go to standard error.
const log = createLogger(NAME, config.LOG_LEVEL ?? config.LOGGER_LEVEL ?? 'warn', process.stderr);
const print = (line: string) => process.stdout.write(`${line}\n`);

const stripe = createStripe(config, { log, claim: JOB });
const kafka = createKafka(config, { clientId: NAME, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka);
const interrupted = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => interrupted.abort());

try {
  await producer.start?.();
  const summary = await reconcile(
    {
      listEvents: stripeEvents(stripe),
      producer,
      checkpoints: kafkaCheckpoints(kafka, producer),
      requests: kafkaRequests(kafka, producer),
      ours: {
        livemode: stripe.livemode,
        projectKey: config.CTP_PROJECT_KEY,
        accountId: config.STRIPE_ACCOUNT_ID,
      },
      accountId: config.STRIPE_ACCOUNT_ID,
      signal: interrupted.signal,
      onProgress: ({ listed, produced, ignored, failed }) => {
        if (!options.json) print(`${listed} listed, ${produced} produced, ${ignored} ignored, ${failed} failed`);
      },
    },
    options,
  );
  if (summary.missed) process.stderr.write(`${missedWarning(summary.missed)}\n`);
  print(options.json ? JSON.stringify(summary) : summaryTable(summary));
  process.exitCode = summary.complete ? 0 : 1;
} catch (error) {
  log.fatal({ error }, 'reconciliation did not finish; it can be run again');
  process.exitCode = 1;
} finally {
  await producer.stop?.();
  await stripe.close();
  await stopTracing();
}
