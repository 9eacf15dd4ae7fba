import { NotFoundError, TransientError } from '@connector/errors';
import { type StripeClient, StripeRejection } from '@connector/stripe';
import type Stripe from 'stripe';

/** A request that needs a permission. */
export type Probe = (stripe: Stripe) => Promise<unknown>;

/**
 * Whether Stripe permits the key to make the request: errors about a missing object or a wrong parameter come only
 * after the permission check.
 */
export async function isAllowed({ call }: Pick<StripeClient, 'call'>, probe: Probe): Promise<boolean> {
  try {
    await call('doctor', probe);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof StripeRejection) return true;
    if (error instanceof TransientError && error.reason === 'unauthorized') return false;
    throw error;
  }
}
