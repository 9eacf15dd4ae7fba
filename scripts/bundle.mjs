import { globSync } from 'node:fs';
import { join } from 'node:path';

/** Every src/main.ts and src/commands/*.ts of the service in `folder`, relative to it. */
export const entryPointsOf = (folder) => [
  'src/main.ts',
  ...globSync('src/commands/*.ts', { cwd: folder }).filter((file) => !file.endsWith('.test.ts')),
];

/** esbuild's options for bundling the service in `folder` to `dist`, including dependencies. */
export const bundleOptions = (folder) => ({
  absWorkingDir: folder,
  entryPoints: entryPointsOf(folder),
  outdir: join(folder, 'dist'),
  outbase: 'src',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // A dynamic import becomes a chunk of its own, which is loaded on first use (the OpenTelemetry SDK).
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: true,
  sourcesContent: false,
  minifyWhitespace: true,
  // Packages that choose between two builds by this condition would be bundled twice.
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // CommonJS dependencies call require for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
