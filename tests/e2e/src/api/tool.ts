import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '@connector/sandbox';

/** Where a tool is: in the variable that `npm test` sets, else fetched now. Throws a sentence that says what the machine lacks. */
export function toolPath(
  name: 'schemathesis' | 'stripe-mock' | 'stripe-description',
  given: string | undefined,
): string {
  if (given) return given;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(REPOSITORY, 'scripts/tools.mjs'), name], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr.trim());
  return stdout.trim().slice(name.length).trim();
}
