import { optionsOrExit, print, toStderr } from '@connector/cli';
import { PROJECT_HEADER } from '@connector/contracts';
import { createKafka } from '@connector/kafka';
import { readConfig } from '@connector/lifecycle';
import { createLogger, describeError, startTracing } from '@connector/telemetry';
import { reconcilePendingConfigSchema } from '../config.ts';
import { createExplainer } from '../explainer.ts';
import { EXPLAIN_HELP, parseExplain } from './cli/explain-options.ts';
import { explainJson, explainReport } from './cli/explain-report.ts';

const NAME = 'explain';
const command = optionsOrExit(parseExplain, EXPLAIN_HELP);
const config = readConfig(reconcilePendingConfigSchema, process.env);
const stopTracing = await startTracing(NAME);
const log = createLogger(NAME, config.LOG_LEVEL ?? 'silent', process.stderr);
const kafka = createKafka(config, { clientId: NAME, log, headers: { [PROJECT_HEADER]: config.CTP_PROJECT_KEY } });
const explainer = createExplainer(config, { kafka, log });

try {
  const explanation = await explainer.explain(command.asked, command.handledWithinMs);
  const write = command.json ? explainJson : explainReport;
  print(write(command.asked, explanation, command.reveal));
  process.exitCode = explanation.verdict.isWell ? 0 : 1;
} catch (error) {
  toStderr(`The command failed: ${describeError(error).message}`);
  process.exitCode = 1;
} finally {
  await explainer.close();
  await stopTracing();
}
