import { interruption, optionsOrExit, print, toStderr } from '@connector/cli';
import { createCommercetools } from '@connector/commercetools';
import { CHECKPOINTS, PROJECT_HEADER } from '@connector/contracts';
import { JOB } from '@connector/http';
import { createKafka, createProducer, readLatest, scanTopic } from '@connector/kafka';
import { readConfig } from '@connector/lifecycle';
import { createStripe } from '@connector/stripe';
import { createLogger, describeError, startTracing } from '@connector/telemetry';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { openPayments } from '../adapters/open-payments.ts';
import { lastCompleteRun, reconciliationRecord } from '../adapters/reconciliation-status.ts';
import { requestedOperations } from '../adapters/requested-operations.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { stripeSnapshots } from '../adapters/stripe-snapshots.ts';
import { reconcilePendingConfigSchema } from '../config.ts';
import type { Divergence } from '../domain/reconciliation.ts';
import { reconcilePayments } from '../use-cases/reconcile-payments.ts';
import { parseReconcilePending, RECONCILE_PENDING_HELP } from './cli/reconcile-pending-options.ts';
import { report } from './cli/reconcile-pending-report.ts';

const NAME = 'reconcile-pending';

const HOUR_MS = 60 * 60 * 1000;
/** The payments topic's default retention. */
const FIRST_LOOK_BACK_MS = 7 * 24 * HOUR_MS;

const command = optionsOrExit((argv) => parseReconcilePending(argv, new Date()), RECONCILE_PENDING_HELP);
const config = readConfig(reconcilePendingConfigSchema, process.env);
const stopTracing = await startTracing(NAME);
const log = createLogger(NAME, config.LOG_LEVEL ?? 'error', process.stderr);
const commercetools = createCommercetools(config, { log, claim: JOB });
const stripe = createStripe(config, { log, claim: JOB });
const kafka = createKafka(config, { clientId: NAME, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka);
const interrupted = interruption();

try {
  await producer.start?.();
  const divergences: Divergence[] = [];
  const summary = await reconcilePayments(
    {
      openPayments: openPayments(commercetools, config.PAYMENT_INTERFACE),
      payments: commercetoolsPayments(commercetools),
      snapshots: stripeSnapshots(stripe),
      operations: requestedOperations(
        (topic, onMessage, since) => scanTopic(kafka, topic, onMessage, { since }),
        await operationsSince(),
        commercetools.projectKey,
      ),
      stripe: stripeFacts(stripe),
      projectKey: commercetools.projectKey,
      producer,
      signal: interrupted,
      onDivergence: (divergence) => divergences.push(divergence),
      onFailure: (what, error) => toStderr(`${what} could not be checked: ${describeError(error).message}`),
      onProgress: ({ payments, paymentIntents }) =>
        toStderr(`${payments.checked} payments and ${paymentIntents.checked} PaymentIntents checked`),
    },
    command,
  );
  if (summary.complete && !command.dryRun) {
    await producer.send(CHECKPOINTS, reconciliationRecord(commercetools.projectKey, summary, new Date()));
  }
  print(command.json ? JSON.stringify({ ...summary, divergences }) : report(summary, divergences));
  process.exitCode = summary.complete ? 0 : 1;
} catch (error) {
  toStderr(`The command failed: ${describeError(error).message}`);
  process.exitCode = 1;
} finally {
  await producer.stop?.();
  await Promise.all([commercetools.close(), stripe.close()]);
  await stopTracing();
}

/**
 * The first run after an operation is old enough checks it; without an earlier run, the operations of the last days are
 * checked.
 */
async function operationsSince(): Promise<Date> {
  const last = await lastCompleteRun((topic, key) => readLatest(kafka, topic, key), commercetools.projectKey);
  const from = last ? last.getTime() - command.olderThanMs - HOUR_MS : Date.now() - FIRST_LOOK_BACK_MS;
  return new Date(Math.max(from, 0));
}
