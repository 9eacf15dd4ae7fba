import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeProcessor, fakeStripe } from './testing.ts';

/** The size of a shopper's download, and the code's part of it; the rest is sentences in 19 languages. */
const MAX_GZIPPED_BYTES = 28 * 1024;
const MAX_CODE_GZIPPED_BYTES = 15 * 1024;
const METHODS = [
  'createComponentBuilder',
  'createDropinBuilder',
  'createExpressBuilder',
  'createStoredPaymentMethodBuilder',
  'getStoredPaymentMethods',
  'isStoredPaymentMethodsEnabled',
  'setStorePaymentDetails',
];

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = fileURLToPath(new URL('../../node_modules/typescript-native/bin/tsc', import.meta.url));

/** A merchant's page in TypeScript. The marked lines must be refused. */
const SHOP = `
import { Enabler, EnablerError, type PaymentResult } from '@connector/enabler';
const enabler = new Enabler({
  processorUrl: 'https://payments.example.com',
  sessionId: 'session-1',
  onComplete: (result: PaymentResult) => {
    if (result.isSuccess) result.paymentReference.toUpperCase();
    else if (result.isPending) result.paymentReference?.toUpperCase();
    // @ts-expect-error a result that is no success may have no reference
    else result.paymentReference.toUpperCase();
  },
  onError: (error, context) => console.error(error instanceof EnablerError && error.code, context?.paymentReference),
});
export async function pay(): Promise<void> {
  const dropin = (await enabler.createDropinBuilder('embedded')).build({ onDropinReady: async () => {} });
  await dropin.mount('#payment');
  await dropin.submit();
  const card = (await enabler.createComponentBuilder('card')).build({});
  await card.submit({ storePaymentDetails: true });
  const brand: string | undefined = (await card.getState?.())?.card?.brand;
  const express = await new Enabler({ processorUrl: 'https://payments.example.com' }).createExpressBuilder('dropin');
  // @ts-expect-error an amount is needed
  express.build({});
  // @ts-expect-error a processor is needed
  new Enabler({ sessionId: 'session-1' });
  console.log(brand);
}
`;

describe('the built files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enabler-'));
    await build({ root: ROOT, logLevel: 'silent', build: { outDir: folder, emptyOutDir: true } });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are small', async () => {
    const bytes = gzipSync(await readFile(join(folder, 'connector-enabler.es.js'))).length;
    expect(bytes).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
  });

  it('are small without the texts, whatever the number of languages', async () => {
    const englishAlone = {
      name: 'english-alone',
      transform: (code: string, id: string) =>
        id.endsWith('/texts.ts') ? code.replace(/TEXTS = \{[^}]*\}/, 'TEXTS = { en }') : undefined,
    };
    const [built] = await build({
      root: ROOT,
      logLevel: 'silent',
      plugins: [englishAlone],
      build: { write: false },
    }).then((output) => (Array.isArray(output) ? output : []));
    const code = built && 'output' in built ? built.output[0].code : '';
    expect(code).toContain('Your card has expired.');
    expect(code).not.toContain('Ihre Karte ist abgelaufen.');
    expect(gzipSync(code).length).toBeLessThanOrEqual(MAX_CODE_GZIPPED_BYTES);
  });

  it("have types that compile in a shop's TypeScript without further packages", async () => {
    const shop = await mkdtemp(join(tmpdir(), 'shop-'));
    try {
      const library = join(shop, 'node_modules/@connector/enabler');
      await run(TSC, ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(library, 'public/types')]);
      await cp(join(ROOT, 'package.json'), join(library, 'package.json'));
      await writeFile(join(shop, 'shop.ts'), SHOP);
      const compilerOptions = {
        strict: true,
        noEmit: true,
        module: 'esnext',
        moduleResolution: 'bundler',
        target: 'es2022',
        types: [],
      };
      await writeFile(join(shop, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['shop.ts'] }));
      const { stdout } = await run(TSC, ['-p', shop], { cwd: shop }).catch((error) => error);
      expect(stdout).toBe('');
    } finally {
      await rm(shop, { recursive: true, force: true });
    }
  });

  it('leave out what a shop does not use', async () => {
    const entry = join(folder, 'shop.js');
    await writeFile(entry, `export { PaymentMethod } from './connector-enabler.es.js';`);
    const [built] = await build({
      configFile: false,
      logLevel: 'silent',
      build: { write: false, lib: { entry, formats: ['es'] } },
    }).then((output) => (Array.isArray(output) ? output : []));
    const code = built && 'output' in built ? built.output[0].code : '';
    expect(code).toContain('customtestmethod');
    expect(code.length).toBeLessThan(2_000);
  });

  it('can be imported and constructed on a server', async () => {
    expect(typeof window).toBe('undefined');
    const { Enabler } = await import(/* @vite-ignore */ join(folder, 'connector-enabler.es.js'));
    const enabler = new Enabler({ processorUrl: 'https://processor.example', sessionId: 's' });
    for (const method of METHODS) expect(enabler[method]).toBeTypeOf('function');
  });

  it('put the class on window.Connector when loaded by a script tag', async () => {
    const page: { Connector?: { Enabler?: unknown } } & Record<string, unknown> = {};
    page.window = page;
    page.self = page;
    page.globalThis = page;
    runInNewContext(await readFile(join(folder, 'connector-enabler.umd.js'), 'utf8'), page);
    expect(page.Connector?.Enabler).toBeTypeOf('function');
  });

  it('pay, and resume after a redirect, in a browser of 2021 (Chrome 91, Firefox 90, Safari 15)', async () => {
    const stripe = fakeStripe();
    const processor = fakeProcessor();
    const results: unknown[] = [];
    const page: Record<string, unknown> = {
      fetch: processor.fetch,
      Stripe: Object.assign(() => stripe.stripe, { version: 'v3' }),
      document: {},
      URL: class extends URL {},
      AbortController,
      AbortSignal: class {},
      setTimeout,
      clearTimeout,
      addEventListener() {},
      results,
    };
    page.window = page;
    page.self = page;
    page.URL = Object.assign(page.URL as object, { canParse: undefined });
    const code = await readFile(join(folder, 'connector-enabler.umd.js'), 'utf8');
    const young = 'delete Object.hasOwn; delete Object.groupBy; delete Array.prototype.at; delete String.prototype.at;';
    const newer = 'delete Array.prototype.findLast; delete Array.prototype.toSorted; delete Promise.withResolvers;';
    const host = `(async () => {
      const enabler = new Connector.Enabler({
        processorUrl: 'https://processor.example',
        sessionId: 'session-1',
        locale: 'de',
        onComplete: (result) => results.push({ ...result }),
        onError: (error) => results.push(error.message),
      });
      const dropin = (await enabler.createDropinBuilder('embedded')).build({});
      await dropin.mount('#payment');
      await dropin.submit();
      await enabler.resume('https://shop.example/?paymentReference=payment-1&payment_intent=pi_1&payment_intent_client_secret=s');
    })()`;
    await runInNewContext(`${young}${newer}\n${code}\n;${host}`, page);
    const paid = { isSuccess: true, paymentReference: 'payment-1' };
    expect(results).toEqual([paid, paid]);
  });

  it('are in the syntax of such browsers', async () => {
    for (const name of ['connector-enabler.es.js', 'connector-enabler.umd.js']) {
      const code = await readFile(join(folder, name), 'utf8');
      // Such browsers know the private members of ES2022, but not static blocks and `#name in`.
      expect(code).not.toMatch(/static\s*\{|#\w+ in /);
    }
  });
});
