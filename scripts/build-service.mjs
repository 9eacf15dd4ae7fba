// Bundles the service in the current folder: src/main.ts and every src/commands/*.ts become dist/*.js, dependencies included.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions, entryPointsOf } from './bundle.mjs';

const folder = process.cwd();
rmSync('dist', { recursive: true, force: true });
const entryPoints = entryPointsOf(folder);
const { metafile } = await build(bundleOptions(folder));
writeFileSync('dist/package.json', '{"type":"module"}\n');

// Logs and metrics name errors by class, and the bundler numbers classes with the same name. OpenTelemetry's
// TimeoutErrors are allowed, because they never leave it.
const texts = Object.keys(metafile.outputs)
  .filter((name) => name.endsWith('.js'))
  .map((name) => readFileSync(name, 'utf8'));
const renamed = texts.flatMap((text) =>
  [...text.matchAll(/\bclass (?!TimeoutError\d)(\w*Error\d+)\b/g)].map(([, name]) => name),
);
if (renamed.length > 0) throw new Error(`error classes share a name: ${renamed.join(', ')}`);

const kb = (bytes) => `${Math.round(bytes / 1024)} kB`;
const outputs = Object.entries(metafile.outputs);
/** Bytes that are read at start-up: the entry and its static imports. */
const startupBytes = (name, seen = new Set()) => {
  if (seen.has(name)) return 0;
  seen.add(name);
  const { bytes, imports } = metafile.outputs[name];
  return imports
    .filter(({ kind, external }) => kind === 'import-statement' && !external)
    .reduce((sum, { path }) => sum + startupBytes(path, seen), bytes);
};
for (const [name, { entryPoint, bytes }] of outputs) {
  if (entryPoints.includes(entryPoint))
    console.log(`${name}: ${kb(bytes)}, read at start-up ${kb(startupBytes(name))}`);
}
if (process.argv.includes('--analyze')) {
  const byPackage = new Map();
  for (const [, { inputs }] of outputs) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'own code';
      byPackage.set(name, (byPackage.get(name) ?? 0) + bytesInOutput);
    }
  }
  const largest = [...byPackage].sort((a, b) => b[1] - a[1]).slice(0, 25);
  for (const [name, bytes] of largest) console.log(`  ${kb(bytes).padStart(8)}  ${name}`);
}
