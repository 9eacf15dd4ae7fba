import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CHART } from './values.ts';

const SCHEMAS = fileURLToPath(new URL('tests/schemas/', CHART));

/** kubeconform's complaints; empty when the API server's schemas take every object. Experimental ones are asked first if wanted. */
export function invalid(text: string, { isExperimental = false } = {}): string {
  const folders = isExperimental ? [`${SCHEMAS}experimental/`, SCHEMAS] : [SCHEMAS];
  const locations = folders.flatMap((folder) => [
    '-schema-location',
    `${folder}{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json`,
  ]);
  const { status, stdout, stderr, error } = spawnSync(
    process.env.KUBECONFORM_BIN ?? 'kubeconform',
    ['-strict', ...locations, '-'],
    { input: text, encoding: 'utf8' },
  );
  if (error) throw error;
  return status === 0 ? '' : `${stdout}${stderr}`;
}
