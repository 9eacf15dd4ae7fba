import { TransientError } from '@connector/errors';
import { toStripeAmount } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { Step } from '../../domain/opening.ts';
import { refusedOfPaymentIntent } from '../../domain/optional-data.ts';
import { attemptKey, createParams } from '../../domain/payment-intent-params.ts';
import type { OpenCheckoutDeps, Opening } from './opening.ts';

/** How often, and how far apart in ms, an attempt of another request is asked for its PaymentIntent. */
const LINK_CHECKS = 10;
const LINK_CHECK_MS = 150;
/**
 * An attempt older than this, in ms, whose PaymentIntent neither commercetools nor Stripe's search knows, is given up: no request
 * lives that long, and the search has caught up.
 */
const GIVE_UP_AFTER_MS = 90_000;

/**
 * The id of the PaymentIntent of an attempt whose payment does not name it yet. Stripe's search knows it of an older attempt, whose
 * idempotency key Stripe may have forgotten. Else the create call is repeated: Stripe answers with the one that was made, or makes it if
 * its request died before. Undefined when there is none, and none can be made.
 */
export async function findPaymentIntent(
  { deps, memory }: Pick<Opening, 'deps' | 'memory'>,
  { attempt: { payment }, wanted, isDue }: Extract<Step, { kind: 'find' }>,
): Promise<string | undefined> {
  const { key: paymentKey = '', createdAt } = payment;
  const key = attemptKey(paymentKey, payment.amountPlanned, ...memory.variant);
  const known = memory.created.get(key);
  if (known) return known.id;
  const found = isOld(deps, createdAt)
    ? await deps.paymentIntents.search(paymentKey, plannedAmount(payment))
    : undefined;
  if (found) return found.id;
  try {
    const outcome = await deps.paymentIntents.create(createParams(paymentKey, wanted), key);
    if (outcome.kind === 'other-parameters') return await linkedElsewhere(deps, payment);
    memory.created.set(key, outcome.paymentIntent);
    return outcome.paymentIntent.id;
  } catch (error) {
    const isOptional = refusedOfPaymentIntent(error) !== undefined;
    // Stripe never took this attempt's amount; one with another amount may do better.
    if (error instanceof StripeRejection && !isDue && !isOptional) return undefined;
    // Stripe repeats a stored failure of its own for as long as it keeps the key: nobody was ever given this PaymentIntent.
    if (error instanceof TransientError && error.reason === 'server_error' && isOld(deps, createdAt)) return undefined;
    throw error;
  }
}

/** The PaymentIntent of an attempt that another request made from other parameters, once that is known. */
async function linkedElsewhere(deps: OpenCheckoutDeps, payment: Payment): Promise<string | undefined> {
  for (let check = 1; check <= LINK_CHECKS; check += 1) {
    const { interfaceId } = await deps.payments.get(payment.id);
    if (interfaceId) return interfaceId;
    await deps.sleep(LINK_CHECK_MS);
  }
  const found = await deps.paymentIntents.search(payment.key ?? '', plannedAmount(payment));
  if (found) return found.id;
  if (!isOld(deps, payment.createdAt)) {
    throw new TransientError('the attempt of another request is not known yet', {
      reason: 'unknown_attempt',
      retryAfterMs: 5_000,
    });
  }
  return undefined;
}

/** In Stripe's minor units. */
const plannedAmount = ({ amountPlanned }: Payment): number => toStripeAmount(amountPlanned);

const isOld = ({ now }: Pick<OpenCheckoutDeps, 'now'>, createdAt: string) =>
  now() - Date.parse(createdAt) > GIVE_UP_AFTER_MS;
