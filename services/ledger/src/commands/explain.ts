import { optionsOrExit, print, toStderr } from '@connector/cli';
import { createCommercetools } from '@connector/commercetools';
import { PROJECT_HEADER } from '@connector/contracts';
import { createKafka, createProducer } from '@connector/kafka';
import { readConfig } from '@connector/lifecycle';
import { createStripe } from '@connector/stripe';
import { createLogger, describeError, startTracing } from '@connector/telemetry';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { kafkaMessages } from '../adapters/kafka-messages.ts';
import { commercetoolsOrders } from '../adapters/orders.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { stripeMoney } from '../adapters/stripe-money.ts';
import { stripeSnapshots } from '../adapters/stripe-snapshots.ts';
import { stripeStory } from '../adapters/stripe-story.ts';
import { reconcilePendingConfigSchema } from '../config.ts';
import { explain } from '../use-cases/explain.ts';
import { EXPLAIN_HELP, parseExplain } from './cli/explain-options.ts';
import { explainJson, explainReport } from './cli/explain-report.ts';

const NAME = 'explain';
const command = optionsOrExit(parseExplain, EXPLAIN_HELP);
const config = readConfig(reconcilePendingConfigSchema, process.env);
const stopTracing = await startTracing(NAME);
const log = createLogger(NAME, config.LOG_LEVEL ?? 'silent', process.stderr);
const commercetools = createCommercetools(config, { log });
const stripe = createStripe(config, { log });
const kafka = createKafka(config, { clientId: NAME, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });

try {
  const explanation = await explain(
    {
      projectKey: commercetools.projectKey,
      payments: commercetoolsPayments(commercetools),
      orders: commercetoolsOrders(commercetools),
      money: stripeMoney(stripe),
      snapshots: stripeSnapshots(stripe),
      stripe: stripeFacts(stripe),
      story: stripeStory(stripe),
      // It is never started, as nothing is sent.
      messages: kafkaMessages(kafka, createProducer(kafka)),
      now: () => new Date(),
    },
    command.asked,
    command.handledWithinMs,
  );
  const write = command.json ? explainJson : explainReport;
  print(write(command.asked, explanation, command.reveal));
  process.exitCode = explanation.verdict.isWell ? 0 : 1;
} catch (error) {
  toStderr(`It could not be done: ${describeError(error).message}`);
  process.exitCode = 1;
} finally {
  await Promise.all([commercetools.close(), stripe.close()]);
  await stopTracing();
}
