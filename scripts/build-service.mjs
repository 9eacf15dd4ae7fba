// Bundles the service in the current folder: src/main.ts and every src/commands/*.ts become dist/*.js, dependencies included.
import { globSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const entryPoints = ['src/main.ts', ...globSync('src/commands/*.ts').filter((file) => !file.endsWith('.test.ts'))];
rmSync('dist', { recursive: true, force: true });

const { metafile } = await build({
  entryPoints,
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // A dynamic import becomes a chunk of its own, loaded when it is used (the OpenTelemetry SDK).
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: true,
  sourcesContent: false,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // CommonJS dependencies call require for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
writeFileSync('dist/package.json', '{"type":"module"}\n');

const kb = (bytes) => `${Math.round(bytes / 1024)} kB`;
const outputs = Object.entries(metafile.outputs);
/** Bytes that are read at start-up: the entry and what it imports statically. */
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
