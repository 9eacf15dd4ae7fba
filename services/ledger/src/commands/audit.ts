import { interruption, optionsOrExit, print, toStderr } from '@connector/cli';
import { createCommercetools } from '@connector/commercetools';
import { CHECKPOINTS, PROJECT_HEADER } from '@connector/contracts';
import { JOB } from '@connector/http';
import { createKafka, createProducer, readLatest, scanTopic } from '@connector/kafka';
import { collectGarbage, readConfig } from '@connector/lifecycle';
import { createStripe } from '@connector/stripe';
import { createLogger, describeError, startTracing } from '@connector/telemetry';
import { auditDifferences } from '../adapters/audit-differences.ts';
import {
  auditProgressRecord,
  auditRecord,
  beginOfDaily,
  dailyAuditRecord,
  interruptedAudit,
} from '../adapters/audit-status.ts';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { finance } from '../adapters/finance.ts';
import { movedPayments } from '../adapters/moved-payments.ts';
import { openDifferences, openDifferencesRecord } from '../adapters/open-differences.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { stripeMoney } from '../adapters/stripe-money.ts';
import { stripeSnapshots } from '../adapters/stripe-snapshots.ts';
import { reconcilePendingConfigSchema } from '../config.ts';
import type { AuditDifference } from '../domain/audit.ts';
import { agrees } from '../domain/audit-summary.ts';
import { type AuditedMovement, audit } from '../use-cases/audit.ts';
import { AUDIT_HELP, parseAudit } from './cli/audit-options.ts';
import { auditReport, CSV_HEAD, csvRow } from './cli/audit-report.ts';

const NAME = 'audit';
/** Everything was compared, and something differs; a retry would find the same. */
const EXIT_DIFFERENT = 1;
/** Not everything was compared; a retry continues where this run stopped. */
const EXIT_NOT_DONE = 2;
/** The most differences that a report for people lists. */
const LISTED = 100;

const command = optionsOrExit((argv) => parseAudit(argv, new Date()), AUDIT_HELP);
const config = readConfig(reconcilePendingConfigSchema, process.env);
const stopTracing = await startTracing(NAME);
const log = createLogger(NAME, config.LOG_LEVEL ?? 'error', process.stderr);
// A page of movements may need a call for each; at most `--concurrency` calls run at the same time.
const limits = { log, connections: command.atOnce, claim: JOB };
const commercetools = createCommercetools(config, limits);
const stripe = createStripe(config, limits);
const kafka = createKafka(config, { clientId: NAME, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka);
const interrupted = interruption();

try {
  await producer.start?.();
  const { projectKey } = commercetools;
  const latest = (topic: string, key: string) => readLatest(kafka, topic, key);
  const kept = auditDifferences((topic, onMessage) => scanTopic(kafka, topic, onMessage), producer, projectKey);
  const since = command.isDaily ? await beginOfDaily(latest, projectKey, command.since) : command.since;
  const window = { since, until: command.until };
  const again = command.isDaily ? await openDifferences(latest, projectKey) : [];
  const open = new Set<string>();
  const earlier = command.fromStart ? undefined : await interruptedAudit(latest, projectKey, window);
  const resume = earlier && { ...earlier, differences: await kept.before(window, earlier.from) };
  if (resume)
    toStderr(
      `An earlier run came to ${resume.from.toISOString()}: this one continues there (--from-start compares all again).`,
    );
  // Only the JSON report has all of them.
  const listed = command.format === 'json' ? Number.POSITIVE_INFINITY : LISTED;
  const differences: AuditDifference[] = [];
  const onMovements = command.format === 'csv' ? await csv(since) : undefined;
  const summary = await audit(
    {
      money: stripeMoney(stripe),
      movedPayments: movedPayments(commercetools, config.PAYMENT_INTERFACE),
      payments: commercetoolsPayments(commercetools),
      snapshots: stripeSnapshots(stripe),
      stripe: stripeFacts(stripe),
      projectKey,
      producer,
      signal: interrupted,
      ...(onMovements && { onMovements }),
      onDifference: (difference) => {
        open.add(difference.paymentIntentId);
        if (differences.length < listed) differences.push(difference);
      },
      onFailure: (paymentIntentId, error) => {
        // It may differ: the next daily run compares it.
        open.add(paymentIntentId);
        toStderr(`PaymentIntent ${paymentIntentId} could not be compared: ${describeError(error).message}`);
      },
      onSlice: async (now, comparedUntil, found) => {
        toStderr(`${comparedUntil.toISOString()}: ${now.payments} payments compared`);
        // In this order: a slice counts as compared only when its differences are stored.
        await kept.keep(window, comparedUntil, found);
        await producer.send(CHECKPOINTS, auditProgressRecord(projectKey, now, comparedUntil));
        // The garbage of an hour is collected before the next one begins: V8 itself would let the heap grow to several
        // times its use.
        collectGarbage();
      },
    },
    { ...command, ...window, again, resume },
  );
  if (summary.complete && !command.dryRun)
    await producer.send(CHECKPOINTS, auditRecord(projectKey, summary, new Date()));
  // A payment that could not be compared is compared by the next run: it must not make every later window longer.
  if (command.isDaily && !command.dryRun && !interrupted.aborted) {
    await producer.send(CHECKPOINTS, openDifferencesRecord(projectKey, open));
    await producer.send(CHECKPOINTS, dailyAuditRecord(projectKey, command.until));
  }
  if (!interrupted.aborted) await kept.clear();
  const report = auditReport(summary, differences, command);
  if (command.format === 'json') print(JSON.stringify({ ...summary, differences }));
  else if (command.format === 'csv') toStderr(report);
  else print(report);
  process.exitCode = agrees(summary) ? 0 : summary.complete ? EXIT_DIFFERENT : EXIT_NOT_DONE;
} catch (error) {
  toStderr(`The command failed: ${describeError(error).message}`);
  process.exitCode = EXIT_NOT_DONE;
} finally {
  await producer.stop?.();
  await Promise.all([commercetools.close(), stripe.close()]);
  await stopTracing();
}

/** Prints each page of movements as rows, with the order of each payment and the payout of each movement. */
async function csv(since: Date): Promise<(movements: readonly AuditedMovement[]) => Promise<void>> {
  const { orderNumbers, payoutsOf } = finance(commercetools, stripe, since);
  print(CSV_HEAD);
  return async (movements) => {
    const ids = new Set(movements.flatMap(({ payment }) => (payment ? [payment.id] : [])));
    const [orders, payouts] = await Promise.all([
      orderNumbers([...ids]),
      payoutsOf(movements.map(({ movement }) => movement)),
    ]);
    for (const audited of movements) {
      const orderNumber = orders.get(audited.payment?.id ?? '');
      print(csvRow(audited, { orderNumber, payout: payouts.get(audited.movement.id) }));
    }
  };
}
