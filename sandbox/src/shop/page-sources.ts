import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface PageSources {
  /** With a placeholder for the configuration. */
  readonly html: string;
  readonly script: string;
  readonly style: string;
}

const path = (name: string): string => fileURLToPath(new URL(`./page/${name}`, import.meta.url));

/**
 * The page's files, with its script bundled. The image contains the result in place of this module. Throws esbuild's
 * error.
 */
export async function pageSources(): Promise<PageSources> {
  const [bundle, html, style] = await Promise.all([
    build({
      entryPoints: [path('main.ts')],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      write: false,
      logLevel: 'silent',
    }),
    readFile(path('index.html'), 'utf8'),
    readFile(path('style.css'), 'utf8'),
  ]);
  return { html, script: bundle.outputFiles[0]?.text ?? '', style };
}
