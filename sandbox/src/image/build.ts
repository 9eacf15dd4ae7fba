// `npm run build` in this folder: bundles the simulators and the shop as three programs without node_modules, for the
// image of trials.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIMULATOR_URL_MARK, stripeJsBundle } from '@connector/simulator-stripe/stripe-js-bundle';
import { build, type Plugin } from 'esbuild';
import { pageSources } from '../shop/page-sources.ts';

const SANDBOX = join(import.meta.dirname, '../..');
const outdir = join(SANDBOX, 'dist');

/** Browser bundles that the sandbox makes on request are ready-made in the image, which has no esbuild. */
const bundledForBrowsers: Plugin = {
  name: 'bundled-for-browsers',
  setup({ onLoad }) {
    onLoad({ filter: /\/page-sources\.ts$/ }, async () => ({
      contents: `const sources = ${JSON.stringify(await pageSources())};\nexport const pageSources = async () => sources;`,
    }));
    onLoad({ filter: /\/stripe-js-bundle\.ts$/ }, async () => ({
      contents: `export const SIMULATOR_URL_MARK = ${JSON.stringify(SIMULATOR_URL_MARK)};
const bundle = ${JSON.stringify(await stripeJsBundle())};
export const stripeJsBundle = async () => bundle;`,
    }));
  },
};

await rm(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: SANDBOX,
  entryPoints: {
    commercetools: '../simulators/commercetools/src/main.ts',
    stripe: '../simulators/stripe/src/main.ts',
    shop: 'src/image/shop.ts',
  },
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  plugins: [bundledForBrowsers],
  // CommonJS dependencies call require for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n');
for (const [name, { entryPoint, bytes }] of Object.entries(metafile.outputs)) {
  if (entryPoint) console.log(`${name}: ${Math.round(bytes / 1024)} kB`);
}
