import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const bundles = new Map<string, Promise<string>>();

/** The browser script that stands in for https://js.stripe.com: an IIFE that defines `window.Stripe`, talking to the simulator at `simulatorUrl`. */
export function stripeJsSource(simulatorUrl: string): Promise<string> {
  const known = bundles.get(simulatorUrl);
  if (known) return known;
  const bundle = build({
    entryPoints: [fileURLToPath(new URL('./browser/main.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    minify: true,
    define: { SIMULATOR_URL: JSON.stringify(simulatorUrl) },
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '');
  bundles.set(simulatorUrl, bundle);
  return bundle;
}
