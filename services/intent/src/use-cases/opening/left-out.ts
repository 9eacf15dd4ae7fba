import { metrics } from '@connector/telemetry';
import { refusedOfPaymentIntent } from '../../domain/optional-data.ts';
import { replaceStripeCustomer } from '../open-customer-session.ts';
import type { Opening } from './opening.ts';

/**
 * Whether Stripe refused optional data, which is left out from now on (rulings 38). A deleted Stripe customer is
 * replaced first. The create call gets another key, because Stripe would repeat its refusal for the same key.
 */
export async function leftOut(
  { deps, memory, snapshot }: Opening,
  error: unknown,
  customerId?: string,
): Promise<boolean> {
  const field = refusedOfPaymentIntent(error);
  if (!field || memory.leftOut.has(field)) return false;
  const { cart, customer } = snapshot;
  metrics.optionalDataRefused.inc({ field });
  deps.log.warn({ error, field, cartId: cart.id }, 'Stripe refused data that a payment can do without');
  if (field === 'customer' && customer && customerId && !memory.replacesCustomer) {
    memory.replacesCustomer = true;
    memory.variant.push(`instead of ${customerId}`);
    await replaceStripeCustomer(deps, cart, customer);
    return true;
  }
  memory.variant.push(field);
  memory.leftOut.add(field);
  return true;
}
