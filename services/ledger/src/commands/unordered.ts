import { interruption, optionsOrExit, print, toStderr } from '@connector/cli';
import { createCommercetools } from '@connector/commercetools';
import { CHECKPOINTS, PROJECT_HEADER } from '@connector/contracts';
import { createHttpClient, JOB } from '@connector/http';
import { createKafka, createProducer, scanTopic } from '@connector/kafka';
import { readConfig } from '@connector/lifecycle';
import { createStripe } from '@connector/stripe';
import { createLogger, describeError, startTracing } from '@connector/telemetry';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { intentOperations } from '../adapters/intent-operations.ts';
import { moneyAtStripe } from '../adapters/money-at-stripe.ts';
import { unorderedIntentions } from '../adapters/unordered-intentions.ts';
import { paidCarts, paidPayments, unorderedOrders } from '../adapters/unordered-orders.ts';
import { unorderedRecord } from '../adapters/unordered-status.ts';
import { unorderedConfigSchema } from '../config.ts';
import type { Settled } from '../domain/unordered.ts';
import { ADVICE } from '../domain/unordered-reasons.ts';
import { type Finding, findUnordered } from '../use-cases/find-unordered.ts';
import { parseUnordered, UNORDERED_HELP, type UnorderedDefaults } from './cli/unordered-options.ts';
import { unorderedReport } from './cli/unordered-report.ts';

const NAME = 'unordered';

const optionsWith = (defaults: UnorderedDefaults) =>
  optionsOrExit((argv) => parseUnordered(argv, new Date(), defaults), UNORDERED_HELP);
// Mistakes on the command line are reported before those in the configuration, and --help needs no configuration.
optionsWith({});
const config = readConfig(unorderedConfigSchema, process.env, (given) =>
  optionsWith(given).mode === 'return' && !given.INTENT_URL ? ['INTENT_URL: is required to return money'] : [],
);
const command = optionsWith(config);
const stopTracing = await startTracing(NAME);
const log = createLogger(NAME, config.LOG_LEVEL ?? 'error', process.stderr);
const commercetools = createCommercetools(config, { log, claim: JOB });
const stripe = createStripe(config, { log, claim: JOB });
const intent = createHttpClient({
  api: 'intent',
  // As long as intent's own calls to Stripe may take, one after another.
  timeoutMs: 60_000,
  operationOf: () => 'payment_intents.modify',
});
const kafka = createKafka(config, { clientId: NAME, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const producer = createProducer(kafka);
const interrupted = interruption();

try {
  await producer.start?.();
  const findings: Finding[] = [];
  const settled: Settled[] = [];
  const summary = await findUnordered(
    {
      paidPayments: paidPayments(commercetools, config.PAYMENT_INTERFACE),
      payments: commercetoolsPayments(commercetools),
      carts: paidCarts(commercetools),
      orders: unorderedOrders(commercetools),
      moneyAtStripe: moneyAtStripe(stripe),
      operations: intentOperations(config.INTENT_URL ?? '', intent.fetch, async () => {
        const { accessToken } = await commercetools.tokens.get();
        return accessToken;
      }),
      intentions: unorderedIntentions(
        (topic, onMessage) => scanTopic(kafka, topic, onMessage),
        producer,
        commercetools.projectKey,
      ),
      producer,
      paymentInterface: config.PAYMENT_INTERFACE,
      now: () => new Date(),
      signal: interrupted,
      onFinding: (finding) => findings.push(finding),
      onSettled: (one) => settled.push(one),
      onFailure: (what, error) => toStderr(`${what} could not be looked at: ${describeError(error).message}`),
    },
    command,
  );
  if (summary.complete) {
    await producer.send(CHECKPOINTS, unorderedRecord(commercetools.projectKey, summary, new Date()));
  }
  const advised = findings.map((finding) => ({ ...finding, advice: ADVICE[finding.reason] }));
  print(
    command.json
      ? JSON.stringify({ ...summary, settled, findings: advised })
      : unorderedReport(summary, { findings, settled }, new Date()),
  );
  process.exitCode = summary.complete ? 0 : 1;
} catch (error) {
  toStderr(`The command failed: ${describeError(error).message}`);
  process.exitCode = 1;
} finally {
  await producer.stop?.();
  await Promise.all([commercetools.close(), stripe.close(), intent.close()]);
  await stopTracing();
}
