import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { bundleOptions } from './bundle.mjs';

const SERVICES = join(import.meta.dirname, '../services');

it.each(['session-auth', 'intent', 'webhook-ingest', 'ledger'])(
  'the bundle of %s imports no CommonJS module dynamically, whose names would be undefined',
  async (service) => {
    const { metafile } = await build({ ...bundleOptions(join(SERVICES, service)), write: false, sourcemap: false });
    const entries = Object.values(metafile.outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
    expect(entries.length).toBeGreaterThan(1);
    expect(entries.filter((file) => metafile.inputs[file]?.format === 'cjs')).toEqual([]);
  },
);
