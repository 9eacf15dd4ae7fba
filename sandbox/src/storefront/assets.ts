import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface Page {
  html(config: unknown): string;
  script: string;
  style: string;
}

const path = (name: string): string => fileURLToPath(new URL(`./page/${name}`, import.meta.url));

/** Bundles the page's script and reads the rest; throws esbuild's error when the script does not compile. */
export async function bundlePage(): Promise<Page> {
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
  return {
    html: (config) => html.replace('>"config"<', () => `>${escapeForScript(JSON.stringify(config))}<`),
    script: bundle.outputFiles[0]?.text ?? '',
    style,
  };
}

/** JSON inside a script element must not be able to close it. */
const escapeForScript = (json: string): string => json.replaceAll('<', '\\u003c');
