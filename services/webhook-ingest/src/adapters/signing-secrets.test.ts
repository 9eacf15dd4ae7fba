import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { secretsField } from '../config.ts';
import { verifySignature } from '../domain/verify-signature.ts';
import { signatureOf } from '../testing/stripe-events.ts';
import { signingSecrets } from './signing-secrets.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signing-secrets-'));
  file = join(folder, 'secret');
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

it('follow their file; a missing or wrong file changes nothing', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await writeFile(file, 'whsec_old\n');
  const keys = signingSecrets(
    parseConfig(z.object({ STRIPE_WEBHOOK_SIGNING_SECRET: secretsField }), {
      STRIPE_WEBHOOK_SIGNING_SECRET_FILE: file,
    }),
    createLogger('test', 'silent'),
  );
  const now = 1_790_000_000;
  const verifies = (secret: string) =>
    verifySignature(Buffer.from('{}'), signatureOf('{}', { secret, timestamp: now }), keys(), now).kind;
  const after = async (text: string | undefined) => {
    if (text === undefined) await rm(file);
    else {
      await writeFile(file, text);
      await utimes(file, new Date(), new Date());
    }
    vi.setSystemTime(Date.now() + 60_000);
    return [verifies('whsec_old'), verifies('whsec_new')];
  };
  expect(await after('whsec_old')).toEqual(['verified', 'refused']);
  expect(await after('whsec_new, whsec_old\n')).toEqual(['verified', 'verified']);
  expect(await after('')).toEqual(['verified', 'verified']);
  expect(await after('something else')).toEqual(['verified', 'verified']);
  expect(await after(undefined)).toEqual(['verified', 'verified']);
  expect(await after('whsec_new')).toEqual(['refused', 'verified']);
});
