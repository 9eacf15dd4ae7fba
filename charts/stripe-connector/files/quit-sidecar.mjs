// Runs a command and asks the sidecar of a mesh to end when the command has, so that the pod of a job ends, too.
// node --input-type=module --eval "$(cat quit-sidecar.mjs)" URL COMMAND [ARGUMENT...]
import { spawn } from 'node:child_process';

const [url, ...command] = process.argv.slice(1);
const child = spawn(process.execPath, command, { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('close', async (code) => {
  try {
    const answer = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  } catch (error) {
    process.stderr.write(`The sidecar at ${url} was not ended: ${error.cause?.message ?? error.message}\n`);
  }
  process.exit(code ?? 1);
});
