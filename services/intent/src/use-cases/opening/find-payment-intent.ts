import { TransientError } from '@connector/errors';
import { toStripeAmount } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { Step } from '../../domain/opening.ts';
import { refusedOfPaymentIntent } from '../../domain/optional-data.ts';
import { attemptKey, createParams } from '../../domain/payment-intent-params.ts';
import type { OpenCheckoutDeps, Opening } from './opening.ts';

/** How often, and at which interval in ms, an attempt of another request is checked for its PaymentIntent. */
const LINK_CHECKS = 10;
const LINK_CHECK_MS = 150;
/**
 * An attempt older than this, in ms, whose PaymentIntent neither commercetools nor Stripe's search knows, is abandoned:
 * no request lives that long, and the search has caught up.
 */
const GIVE_UP_AFTER_MS = 90_000;

/**
 * The PaymentIntent id of an attempt whose payment does not have it yet. For an older attempt, whose idempotency key
 * Stripe may have forgotten, Stripe's search finds it. Otherwise the create call is repeated: Stripe returns the
 * existing PaymentIntent, or creates it if the first request died before the call. Undefined when there is none and
 * none can be created.
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
    // Stripe never accepted this attempt's amount; an attempt with another amount may succeed.
    if (error instanceof StripeRejection && !isDue && !isOptional) return undefined;
    // Stripe repeats its stored failure as long as it keeps the key, so nobody ever got this PaymentIntent.
    if (error instanceof TransientError && error.reason === 'server_error' && isOld(deps, createdAt)) return undefined;
    throw error;
  }
}

/** The PaymentIntent of an attempt that another request created with other parameters, when it becomes known. */
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
