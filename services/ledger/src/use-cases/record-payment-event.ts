import type { Payment } from '@commercetools/platform-sdk';
import type { EventData } from '@connector/contracts';
import { PermanentError, StaleVersionError, TransientError } from '@connector/errors';
import { InexpressibleAmountError } from '@connector/payment-model';
import {
  changesOf,
  decide,
  isPlannedOtherwise,
  showsForGood,
  standingOf,
  type TransactionChange,
} from '../domain/decide.ts';
import { interactionOf } from '../domain/interaction.ts';
import { linkedPayment } from '../domain/linked-payment.ts';
import type { PaymentEvent } from '../domain/payment-event.ts';
import { checkOwner, type OwnerDependencies, unlessForeignAndGone } from './check-owner.ts';
import { type CollectedFacts, collectFacts, heldAmount } from './collect-facts.ts';
import { type Attachment, type FindDependencies, findPayment } from './find-payment.ts';
import { updateJoined } from './join-waiting.ts';
import type { KnownPayments, StripeFacts } from './ports.ts';

export interface RecordDependencies extends FindDependencies, Omit<OwnerDependencies, 'payments' | 'stripe'> {
  stripe: StripeFacts;
  /** Events of the other mode belong to another system. */
  livemode: boolean;
  /** Key of the type for interface interactions, when the project has it. */
  interactionType: () => string | undefined;
}

export type RecordOutcome =
  /**
   * `written`: the payment was updated, possibly only with a record of the event; otherwise it had everything already.
   */
  | {
      kind: 'recorded';
      written: boolean;
      standing: ReturnType<typeof standingOf>;
      changes: readonly TransactionChange[];
      payment: Payment;
      created?: Attachment;
      /** Set when the payment should have been put on its cart now. */
      attachment?: Attachment;
      collected: CollectedFacts;
      /** The events that wait behind this one and were written with it. */
      joined?: readonly PaymentEvent[];
    }
  /** Not ours to record: another account's, another integration's, another project's, or the other mode's. */
  | { kind: 'foreign' }
  | { kind: 'nothing-to-record' };

const ATTEMPTS = 5;
/** The event type that reconcile-pending and audit publish for differences. */
const RECONCILED = 'checkout.payment.reconciled';

/**
 * Makes commercetools show what an event reports: collects the facts, decides, saves in one update. A version conflict
 * means that another writer was first: the facts are collected again, because Stripe may have changed too, and decided
 * again. Safe to run any number of times, at any time, in any order.
 * `waiting` returns the events that wait behind this one: their final facts join the update (ADR 27).
 */
export async function recordPaymentEvent(
  dependencies: RecordDependencies,
  event: PaymentEvent,
  isAssigned: () => boolean = () => true,
  waiting: () => readonly PaymentEvent[] = () => [],
): Promise<RecordOutcome> {
  if (event.livemode !== undefined && event.livemode !== dependencies.livemode) return { kind: 'foreign' };
  const whose = await checkOwner(dependencies, event);
  if (whose === 'foreign') return { kind: 'foreign' };
  // Only for reconciliation; the operation's result arrives as an event of its own.
  if (event.detail.kind === 'operation-requested') return { kind: 'nothing-to-record' };
  if (event.detail.kind === 'shopper-must-act') return { kind: 'nothing-to-record' };
  if (event.detail.kind === 'payment-opened') rememberLinked(dependencies.known, event.detail.data);
  // Reconciliation saw that commercetools does not show it, so the cached payment may be wrong.
  if (event.type === RECONCILED && event.paymentIntentId) dependencies.known.delete(event.paymentIntentId);
  const writing = writingOnlyWhile(isAssigned, dependencies);
  const recorded = await (whose === 'unknown'
    ? unlessForeignAndGone(dependencies, event, () => record(writing, { event, waiting }, ATTEMPTS))
    : record(writing, { event, waiting }, ATTEMPTS));
  if (recorded && recorded.kind !== 'foreign') return recorded;
  if (event.paymentIntentId) dependencies.strangers?.add(event.paymentIntentId);
  return { kind: 'foreign' };
}

/** Caches the payment that intent has just linked, as if it had been read; a later version in the cache stays. */
function rememberLinked(known: KnownPayments, opened: EventData<'checkout.payment.opened'>): void {
  const payment = linkedPayment(opened);
  if (payment && !known.get(opened.paymentIntentId)) known.set(opened.paymentIntentId, payment);
}

/** An event, and those that wait behind it. */
interface Turn {
  readonly event: PaymentEvent;
  readonly waiting: () => readonly PaymentEvent[];
}

async function record(dependencies: RecordDependencies, turn: Turn, attemptsLeft: number): Promise<RecordOutcome> {
  const collected = await collectFacts(dependencies.stripe, turn.event);
  if (!collected) return { kind: 'foreign' };
  try {
    return await save(dependencies, collected, turn);
  } catch (error) {
    // After any failure the cached payment may be out of date.
    dependencies.known.delete(collected.paymentIntentId);
    if (!(error instanceof StaleVersionError)) throw error;
    if (attemptsLeft > 1) return record(dependencies, turn, attemptsLeft - 1);
    throw new TransientError('others keep changing the payment', { reason: 'conflict', cause: error });
  }
}

async function save(
  dependencies: RecordDependencies,
  collected: CollectedFacts,
  { event, waiting }: Turn,
): Promise<RecordOutcome> {
  const { known } = dependencies;
  const interaction = interactionOf(event, dependencies.interactionType());
  const found = await findPayment(dependencies, collected);
  if (found.kind !== 'found') return found;
  const { payment, created, attachment, remembered } = found;
  const { facts, paymentIntentId } = collected;
  const held = await heldAmount(
    dependencies.stripe,
    collected,
    (money) => !decided(() => isPlannedOtherwise(payment, money)),
  );
  // An event without facts matters only for its record.
  const isForRecord = facts.length === 0 && interaction !== undefined;
  const isShown = !isForRecord && decided(() => showsForGood(payment, { facts, paymentIntentId, held }));
  // A record of what the payment shows anyway is not worth an update of its own.
  const actions = isShown ? [] : decided(() => decide(payment, { facts, paymentIntentId, held, interaction }));
  const outcome = {
    kind: 'recorded' as const,
    standing: standingOf(payment, facts, actions),
    changes: changesOf(payment, actions),
    collected,
    ...(created && { created }),
    ...(attachment && { attachment }),
  };
  if (actions.length > 0) {
    const updated = await updateJoined(dependencies, { event, paymentIntentId, payment, actions }, waiting());
    known.set(paymentIntentId, updated.payment);
    const changes = changesOf(payment, updated.actions);
    return { ...outcome, changes, written: true, payment: updated.payment, joined: updated.joined };
  }
  if (remembered && !isShown) {
    // Another process may have written since: only commercetools can confirm that nothing is left to write.
    known.delete(paymentIntentId);
    return save(dependencies, collected, { event, waiting });
  }
  known.set(paymentIntentId, payment);
  return { ...outcome, written: false, payment };
}

/** The same dependencies, but their writes fail when the partition has moved to another process, which now writes. */
function writingOnlyWhile(isAssigned: () => boolean, dependencies: RecordDependencies): RecordDependencies {
  const { payments, carts } = dependencies;
  const whileAssigned =
    <Args extends unknown[], T>(write: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      if (!isAssigned()) throw new TransientError('the partition went to another process', { reason: 'revoked' });
      return write(...args);
    };
  return {
    ...dependencies,
    payments: { ...payments, update: whileAssigned(payments.update), create: whileAssigned(payments.create) },
    carts: { ...carts, addPayment: whileAssigned(carts.addPayment) },
  };
}

function decided<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof InexpressibleAmountError)) throw cause;
    throw new PermanentError(cause.message, { reason: 'inexpressible_amount', cause });
  }
}
