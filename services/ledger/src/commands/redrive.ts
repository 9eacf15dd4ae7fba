import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { interruption, optionsOrExit, print, showHelp, toStderr } from '@connector/cli';
import { PAYMENT_EVENTS_DLQ } from '@connector/contracts';
import { createDeadLetterQueue, createKafka, createProducer, kafkaConfig } from '@connector/kafka';
import { readConfig } from '@connector/lifecycle';
import { createLogger, describeError, startTracing } from '@connector/telemetry';
import * as z from 'zod';
import { parseRedriveCommand } from './cli/redrive-options.ts';
import { runRedrive } from './cli/run-redrive.ts';

const NAME = 'redrive';

const command = optionsOrExit((argv) => {
  const parsed = parseRedriveCommand(argv, new Date());
  return parsed.kind === 'help' ? showHelp(parsed.text) : parsed;
}, '');
const config = readConfig(z.object(kafkaConfig), process.env);
const stopTracing = await startTracing(NAME);
const log = createLogger(NAME, 'error', process.stderr);
const kafka = createKafka(config, { clientId: NAME, log });
const producer = createProducer(kafka);
const by = ('by' in command && command.by) || `${userName()}@${hostname()}`;
const queue = createDeadLetterQueue(kafka, { topic: PAYMENT_EVENTS_DLQ, producer, by });
const interrupted = interruption();

try {
  await producer.start?.();
  process.exitCode = await runRedrive(queue, command, {
    print,
    toStderr,
    ...(process.stdin.isTTY && process.stderr.isTTY && { confirm }),
    now: () => new Date(),
    signal: interrupted,
  });
} catch (error) {
  toStderr(`The command failed: ${describeError(error).message}`);
  process.exitCode = 1;
} finally {
  await producer.stop?.();
  await stopTracing();
}

async function confirm(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await reader.question(question, { signal: interrupted })).trim());
  } finally {
    reader.close();
  }
}

/** The user of a container may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
