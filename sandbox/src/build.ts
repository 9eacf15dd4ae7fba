import { join } from 'node:path';
import { runToEnd } from './processes/managed-process.ts';

export const REPOSITORY = join(import.meta.dirname, '../..');

const BIN = join(REPOSITORY, 'node_modules/.bin');

/** The Node version that the repository pins, whatever Node runs this process. */
export const PINNED_NODE = join(BIN, 'node');

/** Services or enabler could not be built; the message contains the build's output. */
export class BuildFailed extends Error {
  override readonly name = 'BuildFailed';
}

/** Builds services and enabler; unchanged parts come from the cache. Throws BuildFailed. */
export async function buildAll(signal: AbortSignal): Promise<void> {
  const { exitCode, output } = await runToEnd(
    join(BIN, 'turbo'),
    ['run', 'build', '--output-logs=errors-only', '--ui=stream'],
    {
      cwd: REPOSITORY,
      signal,
      env: {
        ...process.env,
        // The build's tools run on the Node that the repository pins, also when the machine's own is older.
        PATH: `${BIN}:${process.env.PATH ?? ''}`,
        TURBO_TELEMETRY_DISABLED: '1',
        TURBO_NO_UPDATE_NOTIFIER: '1',
        NO_COLOR: '1',
      },
    },
  );
  if (exitCode !== 0) throw new BuildFailed(`The build failed:\n${output.trim()}`);
}
