import { type Attempt, attemptsOf, recordedStatusOf, statusOf } from '../../domain/attempts.ts';
import type { SeenAttempt, Snapshot } from '../../domain/opening.ts';
import { removedAttempts } from '../removed-attempts.ts';
import type { Memory } from './memory.ts';
import type { OpenCheckoutDeps } from './opening.ts';

/**
 * Reads the snapshot: the cart, its attempts with their PaymentIntents, and the customer. A cart that the page has read
 * for its form saves the first call; if it has changed since, commercetools refuses the write by its version, and it is
 * read.
 */
export async function look(deps: OpenCheckoutDeps, cartId: string, memory: Memory): Promise<Snapshot> {
  const remembered = memory.looks === 0 ? deps.carts.recall(cartId) : undefined;
  memory.looks += 1;
  const { cart, payments } = remembered ?? (await deps.carts.get(cartId));
  const onCart = new Set(payments.map(({ id }) => id));
  const detachedIds = [...memory.detached.keys()].filter((id) => !onCart.has(id));
  // Another request may have linked one meanwhile.
  const detached = await Promise.all(detachedIds.map((id) => deps.payments.get(id)));
  const known = [...payments, ...detached];
  const removed = await removedAttempts(deps.payments, cart.id, known);
  for (const payment of removed) memory.detached.set(payment.id, payment);
  const attempts = attemptsOf(cart.id, [...known, ...removed]);
  const isAttempt = new Set(attempts.map(({ payment }) => payment.id));
  const [customer, ...seen] = await Promise.all([
    cart.customerId ? customerOf(deps, memory, cart.customerId) : undefined,
    ...attempts.map((attempt) => see(deps, memory, attempt, onCart.has(attempt.payment.id))),
  ]);
  for (const { paymentIntent, paymentIntentId = paymentIntent?.id } of seen) {
    if (paymentIntentId) memory.attachedIds.add(paymentIntentId);
  }
  return {
    cart,
    isRemembered: remembered !== undefined,
    customer,
    attempts: seen,
    otherPayments: payments.filter(({ id }) => !isAttempt.has(id)),
    rejectedUpdates: memory.rejectedUpdates,
    leftOut: memory.leftOut,
    now: deps.now(),
  };
}

/** The page's customer session has just read the customer; only the first look may use that. */
function customerOf({ customers }: OpenCheckoutDeps, memory: Memory, customerId: string) {
  const recalled = memory.looks === 1 ? customers.recall(customerId) : undefined;
  memory.recalledCustomer = recalled !== undefined;
  return recalled ?? customers.find(customerId);
}

/**
 * Attempts that commercetools shows as ended are not read again; the others are read from Stripe, because the ledger
 * may not have written yet.
 */
async function see(
  { paymentIntents }: OpenCheckoutDeps,
  memory: Memory,
  attempt: Attempt,
  isOnCart: boolean,
): Promise<SeenAttempt> {
  const recorded = recordedStatusOf(attempt);
  if (recorded) return { ...attempt, isOnCart, status: recorded };
  if (!attempt.paymentIntentId) {
    return { ...attempt, isOnCart, status: memory.givenUp.has(attempt.payment.id) ? 'over' : 'unknown' };
  }
  const paymentIntent = await paymentIntents.find(attempt.paymentIntentId);
  return { ...attempt, isOnCart, paymentIntent, status: paymentIntent ? statusOf(paymentIntent) : 'over' };
}
