import { TransientError } from '@connector/errors';
import { idempotencyKey, isOfTransaction } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { statusOf } from '../../domain/attempts.ts';
import type { SeenAttempt, Snapshot, Step } from '../../domain/opening.ts';
import { link } from '../link-payment.ts';
import { addToCart, createAttempt } from './create-attempt.ts';
import { findPaymentIntent } from './find-payment-intent.ts';
import { leftOut } from './left-out.ts';
import type { Opening } from './opening.ts';

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;
export type Move = Exclude<Step, StepOf<'give' | 'refuse'>>;

/** How long to wait for a transaction that is being confirmed before the next look, in ms. */
const TRANSACTION_WAIT_MS = 500;

/**
 * Performs one step and returns the new snapshot, or undefined when everything must be read again. Throws what its
 * calls throw.
 */
export async function perform(opening: Opening, step: Move): Promise<Snapshot | undefined> {
  const seen = await done(opening, step);
  return seen && mustLookAgain(opening, step, seen) ? undefined : seen;
}

/**
 * Whether everything is read again after a step that showed the attempt to others. A transaction shows itself, by its payment on the cart and its tie to a
 * PaymentIntent, looks around, and charges. Whoever shows first and looks around then, as it does, is seen by the other, or sees it.
 *
 * A tie ('find') leaves the cart as it is, so a transaction may have come since it was read. The other steps add to the cart at the version that was read:
 * commercetools refuses them if a payment has been put on it since. One that was on it before does not change it any more when it goes on.
 */
function mustLookAgain({ snapshot }: Opening, { kind }: Move, { attempts }: Snapshot): boolean {
  if (kind === 'find') return attempts.every(({ status }) => status !== 'unknown');
  return (kind === 'create' || kind === 'attach') && snapshot.otherPayments.some(isOfTransaction);
}

async function done(opening: Opening, step: Move): Promise<Snapshot | undefined> {
  switch (step.kind) {
    case 'wait':
      await opening.deps.sleep(TRANSACTION_WAIT_MS);
      return undefined;
    case 'cancel':
      return cancel(opening, step);
    case 'find':
      return find(opening, step);
    case 'create':
      return createAttempt(opening, step);
    case 'update':
      return update(opening, step);
    case 'plan':
      return plan(opening, step);
    case 'attach':
      return attach(opening, step);
  }
}

/** The snapshot with one attempt replaced. */
const withAttempt = (snapshot: Snapshot, { payment }: SeenAttempt, change: Partial<SeenAttempt>): Snapshot => ({
  ...snapshot,
  attempts: snapshot.attempts.map((one) => (one.payment.id === payment.id ? { ...one, ...change } : one)),
});

/** A PaymentIntent that the shopper pays at this moment cannot be canceled: the next look shows it. */
async function cancel({ deps, snapshot }: Opening, { attempt }: StepOf<'cancel'>): Promise<Snapshot | undefined> {
  const { id } = attempt.paymentIntent;
  try {
    await deps.paymentIntents.cancel(id, idempotencyKey('replace', id));
    return withAttempt(snapshot, attempt, { status: 'over' });
  } catch (error) {
    if (error instanceof StripeRejection) return undefined;
    throw error;
  }
}

async function find(opening: Opening, step: StepOf<'find'>): Promise<Snapshot | undefined> {
  const { deps, memory, snapshot } = opening;
  const { attempt, wanted } = step;
  try {
    const id = await findPaymentIntent(opening, step);
    if (!id) {
      memory.givenUp.add(attempt.payment.id);
      return withAttempt(snapshot, attempt, { status: 'over' });
    }
    const payment = await link(deps.payments, attempt.payment, id);
    const paymentIntentId = payment.interfaceId ?? id;
    // The answer to a repeated call is a copy of the first answer, so the present state is read.
    const paymentIntent = await deps.paymentIntents.find(paymentIntentId);
    memory.attachedIds.add(paymentIntentId);
    if (memory.detached.has(payment.id)) memory.detached.set(payment.id, payment);
    const status = paymentIntent ? statusOf(paymentIntent) : 'over';
    return withAttempt(snapshot, attempt, { payment, paymentIntent, status });
  } catch (error) {
    if (await leftOut(opening, error, wanted.customer)) return undefined;
    throw error;
  }
}

/** Stripe first: a shopper who pays at this moment pays Stripe's amount, and amountPlanned follows it. */
async function update(opening: Opening, { attempt, params }: StepOf<'update'>): Promise<Snapshot | undefined> {
  const { deps, request, memory, snapshot } = opening;
  const { id } = attempt.paymentIntent;
  const key = idempotencyKey('update', id, snapshot.cart.version, params, request.requestId);
  try {
    const paymentIntent = await deps.paymentIntents.update(id, params, key);
    return withAttempt(snapshot, attempt, { paymentIntent, isAsAsked: true });
  } catch (error) {
    if (await leftOut(opening, error, params.customer || undefined)) return undefined;
    if (!(error instanceof StripeRejection)) throw error;
    // The shopper was faster, or Stripe does not change it in this state: the next look shows which.
    memory.rejectedUpdates.add(id);
    return undefined;
  }
}

async function plan({ deps, snapshot }: Opening, { attempt, amount }: StepOf<'plan'>): Promise<Snapshot> {
  const interfaceId = attempt.payment.interfaceId ? {} : { interfaceId: attempt.paymentIntent.id };
  const payment = await deps.payments.change(attempt.payment, { amountPlanned: amount, ...interfaceId });
  return withAttempt(snapshot, attempt, { payment });
}

async function attach(opening: Opening, { attempt }: StepOf<'attach'>): Promise<Snapshot | undefined> {
  const isDone = await addToCart(opening, attempt.payment.id);
  return isDone ? withAttempt(opening.snapshot, attempt, { isOnCart: true }) : undefined;
}

/**
 * Cancels a PaymentIntent that this request created for an attempt of another request; its client secret never left
 * this process. A PaymentIntent that belongs to any attempt, also a paid one, is not touched; nor is one that somebody
 * is paying.
 */
export function cancelSpares({ deps: { inBackground, paymentIntents }, memory, snapshot }: Opening): void {
  const knowsAll = snapshot.attempts.every(({ status, isOnCart }) => status !== 'unknown' || !isOnCart);
  if (snapshot.isRemembered || !knowsAll) return;
  for (const { id } of memory.created.values()) {
    if (memory.attachedIds.has(id)) continue;
    inBackground('cancel a spare PaymentIntent', async () => {
      const now = await paymentIntents.find(id);
      if (now && statusOf(now) === 'waiting') await paymentIntents.cancel(id, idempotencyKey('replace', id));
    });
  }
}

/**
 * Whether another request did the same at the same moment, or Stripe has locked the object for the browser: then look
 * again.
 */
export const isConflict = (error: unknown): boolean => error instanceof TransientError && error.reason === 'conflict';
