import { InvalidRequestError, StaleVersionError, TransientError } from '@connector/errors';
import { metrics } from '@connector/telemetry';
import { type BillingDetails, billingDetailsOf } from '../domain/addresses.ts';
import { behaviourFor } from '../domain/behaviour.ts';
import { isRecurring } from '../domain/checkout-cart.ts';
import { nextStep, type Refusal, type Snapshot, type Step } from '../domain/opening.ts';
import { returnUrlOf } from '../domain/return-url.ts';
import { followUp, type Given } from './opening/follow-up.ts';
import { look } from './opening/look.ts';
import { type Memory, newMemory } from './opening/memory.ts';
import type { OpenCheckoutDeps, OpenCheckoutRequest } from './opening/opening.ts';
import { cancelSpares, isConflict, perform } from './opening/perform.ts';

export type OpenCheckoutOutcome =
  | {
      readonly kind: 'opened';
      readonly clientSecret: string;
      readonly paymentIntentId: string;
      readonly paymentReference: string;
      readonly merchantReturnUrl: string;
      readonly cartId: string;
      readonly billingAddress: BillingDetails | undefined;
    }
  | { readonly kind: 'paid' | 'nothing'; readonly paidAmount: number; readonly cartAmount: number };

/** How often a request reads the cart again because another request has changed it. */
const MAX_LOOKS = 12;
/** The most steps of one request; each step brings the cart closer to one open attempt, so more steps mean a bug. */
const MAX_STEPS = 100;
/**
 * Opens the payment of a session's cart, or returns the open one: look, decide, do (`nextStep` is the specification).
 * However often and from wherever it is called, a cart has at most one PaymentIntent that a shopper can pay.
 * commercetools decides races, by the unique key of an attempt's payment and by the payment's interface id, which can
 * be set only once; a request that lost a race continues with what it finds. Throws InvalidRequestError for an amount
 * or a cart that cannot be paid, TransientError when the caller should try again.
 */
export async function openCheckout(deps: OpenCheckoutDeps, request: OpenCheckoutRequest): Promise<OpenCheckoutOutcome> {
  const memory = newMemory();
  const { step, snapshot } = await untilDecided(deps, request, memory);
  if (step.kind === 'give') memory.attachedIds.add(step.attempt.paymentIntent.id);
  // After a failure they stay for the next try, which repeats the create calls and gets Stripe's stored answers.
  cancelSpares({ deps, request, memory, snapshot });
  return step.kind === 'give'
    ? opened(deps, request, memory, snapshot, step)
    : refused(step.refusal, request.session.cartId);
}

type End = Extract<Step, { kind: 'give' | 'refuse' }>;

async function untilDecided(
  deps: OpenCheckoutDeps,
  request: OpenCheckoutRequest,
  memory: Memory,
): Promise<{ step: End; snapshot: Snapshot }> {
  const { giftCardPlannedAmount, futureOrderNumber: orderNumber } = request.session;
  const asked = { ...deps.settings, ...request, giftCardPlannedAmount, orderNumber };
  let snapshot: Snapshot | undefined;
  for (let steps = 1; steps <= MAX_STEPS; steps += 1) {
    try {
      snapshot ??= await lookAgain(deps, request, memory);
      const step = nextStep(snapshot, asked);
      // commercetools refuses a write with an outdated cart, but a refusal by us would read nothing: so read first.
      if (step.kind === 'refuse' && snapshot.isRemembered) {
        snapshot = undefined;
        continue;
      }
      if (step.kind === 'give' || step.kind === 'refuse') return { step, snapshot };
      snapshot = await perform({ deps, request, memory, snapshot }, step);
    } catch (error) {
      if (!(error instanceof StaleVersionError) && !isConflict(error)) throw error;
      snapshot = undefined;
    }
  }
  throw new TransientError('opening the cart comes to no end', { reason: 'no_end' });
}

async function lookAgain(deps: OpenCheckoutDeps, { session }: OpenCheckoutRequest, memory: Memory): Promise<Snapshot> {
  if (memory.looks >= MAX_LOOKS) throw new TransientError('the cart kept changing', { reason: 'kept_changing' });
  // Requests that collided should not collide again.
  if (memory.looks >= 2) await deps.sleep(20 * memory.looks * Math.random());
  return look(deps, session.cartId, memory);
}

function refused(refusal: Refusal, cartId: string): OpenCheckoutOutcome {
  switch (refusal.kind) {
    case 'nothing-due':
      return refusal.amount;
    case 'closed':
      throw new InvalidRequestError('InvalidOperation', 'The cart takes no payment any more', {
        resource: { typeId: 'cart', id: cartId },
        cartState: refusal.cartState,
      });
    case 'inexpressible':
      throw new InvalidRequestError('InvalidField', refusal.reason, { field: 'amount.centAmount' });
  }
}

/** The answer, and the background work after it. */
function opened(
  deps: OpenCheckoutDeps,
  { session }: OpenCheckoutRequest,
  memory: Memory,
  snapshot: Snapshot,
  given: Given,
): OpenCheckoutOutcome {
  const { attempt, wanted } = given;
  const { cart } = snapshot;
  const { payment, paymentIntent } = attempt;
  if (!paymentIntent.client_secret) throw new TransientError('Stripe gave no client secret', { reason: 'unreadable' });
  if (wanted.lineItems?.kind === 'left-out') {
    const { reason } = wanted.lineItems;
    metrics.lineItemsLeftOut.inc({ reason });
    deps.log.warn({ reason, cartId: cart.id }, 'Stripe is told no goods of a payment');
  }
  followUp({ deps, memory, snapshot }, given);
  const { collectBillingAddress } = behaviourFor(cart, isRecurring(cart), deps.settings.behaviour);
  return {
    kind: 'opened',
    clientSecret: paymentIntent.client_secret,
    paymentIntentId: paymentIntent.id,
    paymentReference: payment.id,
    merchantReturnUrl: returnUrlOf(session.merchantReturnUrl, deps.settings.merchantReturnUrl),
    cartId: cart.id,
    billingAddress: collectBillingAddress === 'auto' ? undefined : billingDetailsOf(cart),
  };
}
