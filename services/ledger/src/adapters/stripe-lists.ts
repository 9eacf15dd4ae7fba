import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';

/** All pages of one of Stripe's lists, as one array. */
export const listAll = <T>(
  { call }: Pick<StripeClient, 'call'>,
  operation: string,
  list: (stripe: Stripe) => AsyncIterable<T>,
): Promise<T[]> => call(operation, (stripe) => Array.fromAsync(list(stripe)));

/** A time in seconds since the epoch, as in Stripe's API. */
export const unixSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);
