// Checks whether we may ship everything that we ship: every package with code in an image or in the browser library
// must have a licence of this list.
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { npmSbom, SUBJECTS, sbomOf } from './sbom.mjs';

/** Licences that only require to be named. */
const ALLOWED = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0']);

/**
 * Whether one of the licences of `component` (of a CycloneDX document) is allowed. In an expression, one side of an OR
 * is enough.
 */
export function isAllowed({ licenses = [] }) {
  return licenses.some(({ license, expression }) =>
    expression
      ? expression
          .replaceAll(/[()]/g, '')
          .split(' OR ')
          .some((choice) => choice.split(' AND ').every((each) => ALLOWED.has(each.trim())))
      : ALLOWED.has(license?.id ?? ''),
  );
}

/** `name@version: licence` of each shipped package whose licence is not allowed. */
export async function forbidden() {
  const bom = await npmSbom();
  const documents = await Promise.all(
    SUBJECTS.map((folder) => sbomOf(folder, bom, { version: '0.0.0', base: 'none' })),
  );
  const found = documents.flatMap(({ components }) => components.filter((component) => !isAllowed(component)));
  return [...new Set(found.map((each) => `${each['bom-ref']}: ${JSON.stringify(each.licenses ?? 'none')}`))];
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const found = await forbidden();
  for (const line of found) console.error(line);
  if (found.length === 0) console.log('All licences of shipped packages are allowed.');
  process.exitCode = found.length > 0 ? 1 : 0;
}
