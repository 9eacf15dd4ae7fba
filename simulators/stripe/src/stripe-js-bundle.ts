import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Stands in the script for the simulator's URL, which is known only when the script is asked for. */
export const SIMULATOR_URL_MARK = '__SIMULATOR_URL__';

/** The script that defines `window.Stripe`, minified. The image holds the result instead of this module. Throws esbuild's error. */
export async function stripeJsBundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./browser/main.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    minify: true,
    define: { SIMULATOR_URL: JSON.stringify(SIMULATOR_URL_MARK) },
  });
  return outputFiles[0]?.text ?? '';
}
