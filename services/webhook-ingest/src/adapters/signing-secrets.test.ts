import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, metrics } from '@connector/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseSigningSecrets } from '../config.ts';
import { verifySignature } from '../domain/verify-signature.ts';
import { signatureOf } from '../testing/stripe-events.ts';
import { signingSecrets } from './signing-secrets.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signing-secrets-'));
  file = join(folder, 'secret');
});
afterEach(() => rm(folder, { recursive: true }));

it('follow their file; one that is missing or wrong changes nothing', async () => {
  const log = createLogger('test', 'silent');
  const secrets = signingSecrets({ initial: ['whsec_old'], file, parse: parseSigningSecrets, log });
  const now = 1_790_000_000;
  const verifies = (secret: string) =>
    verifySignature(Buffer.from('{}'), signatureOf('{}', { secret, timestamp: now }), secrets.keys(), now).kind;
  const after = async (text: string | undefined) => {
    if (text === undefined) await rm(file);
    else await writeFile(file, text);
    await secrets.refresh();
    return [verifies('whsec_old'), verifies('whsec_new')];
  };
  expect(await after('whsec_new,whsec_old\n')).toEqual(['verified', 'verified']);
  expect(await after('')).toEqual(['verified', 'verified']);
  expect(await after('something else')).toEqual(['verified', 'verified']);
  expect(await after(undefined)).toEqual(['verified', 'verified']);
  expect(await after('whsec_new')).toEqual(['refused', 'verified']);
  const { values } = await metrics.secretFileReads.get();
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]))).toEqual({
    changed: 2,
    unusable: 3,
  });
});
