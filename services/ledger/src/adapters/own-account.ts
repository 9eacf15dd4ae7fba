import { TransientError } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import type { Logger } from '@connector/telemetry';

/**
 * Whether the account that an event names is ours: `configured`, else the account of our key, which is read from Stripe
 * when the first such event arrives. With a restricted key that may not read its account, every account counts as ours.
 */
export function ownAccount(
  { call }: Pick<StripeClient, 'call'>,
  configured: string | undefined,
  log: Logger,
): (account: string) => Promise<boolean> {
  let own: Promise<string | undefined> | undefined;
  const ask = async (): Promise<string | undefined> => {
    try {
      return (await call('account.retrieve', (stripe) => stripe.accounts.retrieveCurrent())).id;
    } catch (error) {
      if (!(error instanceof TransientError && error.reason === 'unauthorized')) throw error;
      log.warn({ error }, 'events of other accounts are not distinguished: set STRIPE_ACCOUNT_ID');
      return undefined;
    }
  };
  return async (account) => {
    if (configured) return account === configured;
    own ??= ask();
    try {
      const id = await own;
      return id === undefined || account === id;
    } catch (error) {
      own = undefined;
      throw error;
    }
  };
}
