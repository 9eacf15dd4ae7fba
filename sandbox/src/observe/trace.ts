// `npm run trace`: prints a trace of a running sandbox, or of one payment in a sandbox that it starts.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '@connector/cli';
import { PINNED_NODE, REPOSITORY } from '../build.ts';
import { runToEnd } from '../processes/managed-process.ts';
import { startSandbox } from '../start.ts';
import { TRACES_PATH } from './observation.ts';

const HELP = `npm run trace -- [<trace id, payment id or PaymentIntent id>] [--url http://localhost:8080]

With an id: prints the traces that have it, of the sandbox that runs at --url (npm start -- --observe).
Without: starts a sandbox, pays once, and prints the traces of that payment: its confirmation and its webhooks.`;

const { values, positionals } = commandLine({ url: { type: 'string', default: 'http://localhost:8080' } }, HELP, {
  allowPositionals: true,
});

/** The services send their spans in batches. */
const UNTIL_ALL_SPANS_MS = 2_500;

const [id] = positionals;
if (id) {
  const asked = new URL(`${TRACES_PATH}/${encodeURIComponent(id)}`, values.url);
  const answer = await fetch(asked).catch(() => undefined);
  const isThere = answer?.headers.get('content-type')?.startsWith('text/plain');
  console.log(
    answer && isThere
      ? await answer.text()
      : `No traces at ${values.url}: is the sandbox running there, with npm start -- --observe?`,
  );
  process.exit(answer?.ok && isThere ? 0 : 1);
}

const sandbox = await startSandbox({ port: 0, observe: true, onProgress: (part, line) => console.error(part, line) });
try {
  const { output } = await runToEnd(PINNED_NODE, [join(REPOSITORY, 'scripts/pay-once.mjs'), sandbox.url]);
  const [, paymentReference] = /^paid: payment (\S+)/m.exec(output) ?? [];
  if (!paymentReference) throw new Error(output);
  await sleep(UNTIL_ALL_SPANS_MS);
  console.log(await (await fetch(`${sandbox.url}${TRACES_PATH}/${paymentReference}`)).text());
} finally {
  await sandbox.stop();
}
