import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAX_GZIPPED_BYTES = 15 * 1024;
const METHODS = [
  'createComponentBuilder',
  'createDropinBuilder',
  'createExpressBuilder',
  'createStoredPaymentMethodBuilder',
  'getStoredPaymentMethods',
  'isStoredPaymentMethodsEnabled',
  'setStorePaymentDetails',
];

describe('the built files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enabler-'));
    const root = fileURLToPath(new URL('..', import.meta.url));
    await build({ root, logLevel: 'silent', build: { outDir: folder, emptyOutDir: true } });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are light', async () => {
    const bytes = gzipSync(await readFile(join(folder, 'connector-enabler.es.js'))).length;
    expect(bytes).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
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
});
