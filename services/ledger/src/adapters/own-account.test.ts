import { TransientError } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { describe, expect, it } from 'vitest';
import { ownAccount } from './own-account.ts';

const log = createLogger('test', 'silent');

/** Stripe whose answers are `answers`, one after another; counts the calls. */
function stripeThat(...answers: (string | Error)[]) {
  const asked = { times: 0 };
  const call = async () => {
    asked.times += 1;
    const answer = answers.shift();
    if (typeof answer !== 'string') throw answer;
    return { id: answer };
  };
  return { asked, client: { call } as unknown as Pick<StripeClient, 'call'> };
}

describe('an account that an event names', () => {
  it('is ours when it is STRIPE_ACCOUNT_ID, without asking', async () => {
    const { asked, client } = stripeThat();
    const isOwn = ownAccount(client, 'acct_own', log);
    expect([await isOwn('acct_own'), await isOwn('acct_other')]).toEqual([true, false]);
    expect(asked.times).toBe(0);
  });

  it('is ours when it is the one of the key, asked for once', async () => {
    const { asked, client } = stripeThat('acct_own');
    const isOwn = ownAccount(client, undefined, log);
    expect(await Promise.all(['acct_own', 'acct_other', 'acct_own'].map(isOwn))).toEqual([true, false, true]);
    expect(asked.times).toBe(1);
  });

  it('is not refused when the key may not read its account', async () => {
    const { client } = stripeThat(new TransientError('403', { reason: 'unauthorized' }));
    expect(await ownAccount(client, undefined, log)('acct_other')).toBe(true);
  });

  it('is asked for again after Stripe was away', async () => {
    const { client } = stripeThat(new TransientError('timeout', { reason: 'timeout' }), 'acct_own');
    const isOwn = ownAccount(client, undefined, log);
    await expect(isOwn('acct_other')).rejects.toThrow('timeout');
    expect(await isOwn('acct_other')).toBe(false);
  });
});
