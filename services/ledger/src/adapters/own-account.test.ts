import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { FakeStripe } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import { ownAccount } from './own-account.ts';

const log = createLogger('test', 'silent');

/** Stripe for the account `acct_own`; the next calls fail with `errors`. */
const stripeThat = (...errors: Error[]) => Object.assign(new FakeStripe(), { refuse: () => errors.shift() });

describe('an account that an event names', () => {
  it('is ours when it is STRIPE_ACCOUNT_ID, without a call', async () => {
    const client = stripeThat();
    const isOwn = ownAccount(client, 'acct_own', log);
    expect([await isOwn('acct_own'), await isOwn('acct_other')]).toEqual([true, false]);
    expect(client.calls.length).toBe(0);
  });

  it('is ours when it is the key’s account, which is read once', async () => {
    const client = stripeThat();
    const isOwn = ownAccount(client, undefined, log);
    expect(await Promise.all(['acct_own', 'acct_other', 'acct_own'].map(isOwn))).toEqual([true, false, true]);
    expect(client.calls.length).toBe(1);
  });

  it('counts as ours when the key may not read its account', async () => {
    const client = stripeThat(new TransientError('403', { reason: 'unauthorized' }));
    expect(await ownAccount(client, undefined, log)('acct_other')).toBe(true);
  });

  it('is looked up again after a failed call to Stripe', async () => {
    const client = stripeThat(new TransientError('timeout', { reason: 'timeout' }));
    const isOwn = ownAccount(client, undefined, log);
    await expect(isOwn('acct_other')).rejects.toThrow('timeout');
    expect(await isOwn('acct_other')).toBe(false);
  });
});
