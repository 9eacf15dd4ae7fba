import type { StripeMoneyFacts } from './audit.ts';
import type { Known, SeenMessage } from './story.ts';
import { amountRemainingOf, type DisputeObject, isUnderWay } from './stripe-objects.ts';

export type VerdictKind =
  | 'unknown'
  | 'foreign'
  | 'incomplete'
  | 'dead_lettered'
  | 'orphaned'
  | 'parked'
  | 'behind'
  | 'diverging'
  | 'unordered'
  | 'undelivered'
  | 'disputed'
  | 'pending'
  | 'declined'
  | 'open'
  | 'healthy';

/** One sentence that says whether all is well and, if not, what to do; `page` is the runbook to read. */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly isWell: boolean;
  readonly sentence: string;
  readonly page?: string | undefined;
}

/** A cart that was paid longer ago than this, in ms, should have an order. */
const ORDERED_WITHIN_MS = 30 * 60_000;
/** A message that waits for longer than this, in ms, counts as parked. */
const HANDLED_WITHIN_MS = 60_000;

/**
 * The rules by importance: first those about money or records that may be lost. An event that waits for longer than
 * `handledWithinMs` is parked.
 */
export function verdictOf(known: Known, handledWithinMs = HANDLED_WITHIN_MS): Verdict {
  const { payment, stripe, unavailable } = known;
  if (!payment && !stripe) {
    return unavailable.length > 0
      ? incomplete(known)
      : not(
          'unknown',
          'Nothing is known of it in this project: check the id, and whether it is of this mode and account',
        );
  }
  if (known.whose === 'foreign' && !payment)
    return well('foreign', 'All is well: it belongs to another integration or project, and nothing of it is recorded.');
  return (
    deadLettered(known) ??
    parked(known, handledWithinMs) ??
    orphaned(known) ??
    behind(known) ??
    diverging(known) ??
    (unavailable.length > 0 ? incomplete(known) : undefined) ??
    unordered(known) ??
    undelivered(known) ??
    asItIs(known)
  );
}

const well = (kind: VerdictKind, sentence: string): Verdict => ({ kind, isWell: true, sentence });
function not(kind: VerdictKind, sentence: string, runbook?: string): Verdict {
  if (!runbook) return { kind, isWell: false, sentence: `${sentence}.` };
  const page = `docs/runbooks/${runbook}.md`;
  return { kind, isWell: false, sentence: `${sentence} (${page}).`, page };
}

const incomplete = ({ unavailable }: Known): Verdict =>
  not('incomplete', `Not all could be asked (${unavailable.map(({ what }) => what).join(', ')}): run it again`);

function deadLettered({ deadLetters, due, payment, unavailable }: Known): Verdict | undefined {
  const [letter, ...more] = deadLetters.filter(({ resolution }) => !resolution);
  if (!letter) return undefined;
  const count = more.length === 0 ? 'One event is a dead letter' : `${more.length + 1} events are dead letters`;
  if (payment && due.length === 0 && unavailable.length === 0) {
    return not(
      'dead_lettered',
      `${count} (${letter.reason}), and commercetools shows its effect already: discard ${letter.id}`,
      'redrive-dead-letters',
    );
  }
  return not(
    'dead_lettered',
    `${count} (${letter.reason}): fix the cause, then redrive ${letter.id}`,
    'redrive-dead-letters',
  );
}

const hasMoney = (stripe: StripeMoneyFacts): boolean =>
  ['processing', 'requires_capture', 'succeeded'].includes(stripe.paymentIntent.status) ||
  (stripe.paymentIntent.amount_received ?? 0) > 0;

/** A payment that could not be read does not count as missing. */
const isOrphan = ({ payment, stripe, unavailable }: Known): boolean =>
  !payment && stripe !== undefined && hasMoney(stripe) && !unavailable.some(({ what }) => what === 'payments');

function orphaned(known: Known): Verdict | undefined {
  if (!isOrphan(known)) return undefined;
  return not(
    'orphaned',
    'Stripe has money for which commercetools has no payment: run reconcile-pending --since <a day before> --repair, and the ledger makes it',
    'ReconciliationDivergence',
  );
}

/** Events without a result, the oldest first. */
function waiting({ messages, deadLetters }: Known): SeenMessage[] {
  const done = new Set([
    ...messages.flatMap(({ causeId }) => (causeId ? [causeId] : [])),
    ...deadLetters.map(({ eventId }) => eventId),
  ]);
  return messages.filter(
    ({ topic, id, type }) =>
      topic === 'payments.events' && !done.has(id) && type !== 'checkout.payment.operation_requested',
  );
}

function parked(known: Known, handledWithinMs: number): Verdict | undefined {
  const late = waiting(known).filter(({ at }) => Number(known.now) - Number(at) >= handledWithinMs);
  // Foreign and superseded events have no result either: they matter only while something is still to be written.
  const [first] = late;
  if (!first || (known.due.length === 0 && !isOrphan(known))) return undefined;
  return not(
    'parked',
    `${late.length === 1 ? 'One of its events waits' : `${late.length} of its events wait`} to be handled since ${first.at.toISOString()}: nothing is lost, the ledger tries again, and its log says what it meets`,
    'KeysParked',
  );
}

function behind({ due, payment }: Known): Verdict | undefined {
  if (due.length === 0 || !payment) return undefined;
  // Refunds and disputes may be older than the window of reconcile-pending.
  const isLate = due.some((change) => /Refund|Chargeback/.test(change));
  return not(
    'behind',
    `commercetools is behind Stripe: the ledger would write ${due.join(', ')}; if that does not come by itself within minutes, run ${isLate ? 'audit' : 'reconcile-pending'} --since <a day before> --repair`,
    isLate ? 'AuditDivergence' : 'ReconciliationDivergence',
  );
}

function diverging({ differences }: Known): Verdict | undefined {
  const [first] = differences;
  if (!first) return undefined;
  const { type, stripe, commercetools, currencyCode } = first;
  return not(
    'diverging',
    `${type}: Stripe moved ${stripe?.centAmount ?? 0} ${currencyCode} and commercetools shows ${commercetools?.centAmount ?? 0}; no event fixes that, a person has to`,
    'AuditDivergence',
  );
}

/** The time at which the money came, if it is held or charged and not refunded. */
function paidSince({ payment }: Known): Date | undefined {
  const of = (wanted: string) =>
    payment?.transactions.filter(({ type, state }) => type === wanted && state === 'Success') ?? [];
  const sum = (wanted: string) => of(wanted).reduce((total, { amount }) => total + amount.centAmount, 0);
  const charged = sum('Charge') - sum('Refund') - sum('Chargeback');
  const held = of('Authorization').length > 0 && of('CancelAuthorization').length === 0 && of('Charge').length === 0;
  if (charged <= 0 && !held) return undefined;
  const [first] = [...of('Charge'), ...of('Authorization')];
  return new Date(first?.timestamp ?? payment?.createdAt ?? 0);
}

function unordered(known: Known): Verdict | undefined {
  const { cart, order, now } = known;
  const since = paidSince(known);
  if (!cart || order || !since || Number(now) - Number(since) < ORDERED_WITHIN_MS) return undefined;
  if (cart.cartState !== 'Active' && cart.cartState !== 'Frozen') return undefined;
  return not(
    'unordered',
    `Paid since ${since.toISOString()}, and there is no order: make it from cart ${cart.id}, or give the money back by the command unordered`,
    'PaidWithoutOrder',
  );
}

function undelivered({ undelivered: events }: Known): Verdict | undefined {
  if (events.length === 0) return undefined;
  const count = events.length === 1 ? 'one event' : `${events.length} events`;
  return well('undelivered', `All is well here; Stripe still tries to deliver ${count} of it to some endpoint.`);
}

/** The state of a payment with which nothing is wrong. */
function asItIs({ payment, stripe }: Known): Verdict {
  const disputed = stripe?.disputes.find(isOpen);
  if (disputed) {
    return well(
      'disputed',
      `All is recorded; dispute ${disputed.id} (${disputed.status}) waits for your answer at Stripe${dueBy(disputed)}.`,
    );
  }
  const code = stripe?.paymentIntent.last_payment_error?.decline_code ?? stripe?.paymentIntent.last_payment_error?.code;
  const status = stripe?.paymentIntent.status;
  if (stripe && isUnderWay(stripe.paymentIntent)) {
    const rest = amountRemainingOf(stripe.paymentIntent);
    return well(
      'pending',
      `All is well: the money is on its way${rest ? `, ${rest} still to come` : ''}, and its events tell how it ends.`,
    );
  }
  if (code && status === 'requires_payment_method') {
    return well(
      'declined',
      `All is well: the attempt was declined (${code}), no money moved, and the shopper may try again.`,
    );
  }
  if (status?.startsWith('requires_') && status !== 'requires_capture') {
    return well('open', 'All is well: the shopper has not paid yet, and no money moved.');
  }
  const money =
    moneyShown(payment) || (status === 'requires_capture' ? 'authorised, not captured' : 'no money is held');
  return well('healthy', `All is well: ${money}, and commercetools shows the same as Stripe.`);
}

/** What was charged, refunded and charged back, in centAmounts; empty without any of them. */
function moneyShown(payment: Known['payment']): string {
  const sum = (wanted: string) =>
    payment?.transactions
      .filter(({ type, state }) => type === wanted && state === 'Success')
      .reduce((total, { amount }) => total + amount.centAmount, 0) ?? 0;
  return [
    [sum('Charge'), 'charged'],
    [sum('Refund'), 'refunded'],
    [sum('Chargeback'), 'charged back'],
  ]
    .flatMap(([amount, what]) => (amount ? [`${amount} ${what}`] : []))
    .join(', ');
}

const isOpen = ({ status }: DisputeObject): boolean => ['needs_response', 'warning_needs_response'].includes(status);

/** The deadline for the answer, from Stripe. */
function dueBy({ evidence_details: details }: DisputeObject): string {
  const seconds = (details as { due_by?: unknown } | null | undefined)?.due_by;
  return typeof seconds === 'number' ? `, until ${new Date(seconds * 1000).toISOString().slice(0, 10)}` : '';
}
