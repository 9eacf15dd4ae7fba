import { balanceTransaction, type Charge, type Dispute, disputeOf } from './stripe-objects.ts';

const DISPUTE_MOVES: Record<string, readonly string[]> = {
  warning_needs_response: ['warning_under_review', 'warning_closed', 'needs_response'],
  warning_under_review: ['warning_closed', 'needs_response'],
  warning_closed: [],
  needs_response: ['under_review', 'won', 'lost', 'prevented'],
  under_review: ['won', 'lost'],
  won: ['appeal_needs_response'],
  lost: ['appeal_needs_response'],
  appeal_needs_response: ['appeal_under_review', 'lost'],
  appeal_under_review: ['won', 'lost'],
  prevented: [],
};

const isInquiry = (status: string): boolean => status.startsWith('warning_');
const isOver = (status: string): boolean => ['won', 'lost', 'warning_closed', 'prevented'].includes(status);
/** A dispute's correction, in addition to the movements of its whole amount. */
const isPart = ({ reporting_category }: { reporting_category: string }): boolean =>
  reporting_category === 'dispute_reversal';
const held = ({ balance_transactions: movements }: Dispute): boolean => {
  const wholes = movements.filter((movement) => !isPart(movement));
  return wholes.filter(({ amount }) => amount < 0).length > wholes.filter(({ amount }) => amount > 0).length;
};

/** The disputes of one payment's life. */
export class LifeDisputes {
  readonly all: Dispute[] = [];
  /** Ids of those that were ever more than an inquiry, and of those that were ever won. */
  readonly formal = new Set<string>();
  readonly won = new Set<string>();
  readonly #emit: (type: string, dispute: Dispute, previous?: Record<string, unknown>) => void;

  constructor(emit: (type: string, dispute: Dispute, previous?: Record<string, unknown>) => void) {
    this.#emit = emit;
  }

  open(
    charge: Charge,
    { withdrawn, ...fields }: Pick<Dispute, 'amount' | 'status' | 'created'> & { withdrawn: boolean },
  ): void {
    const dispute = disputeOf(charge, fields);
    this.all.push(dispute);
    if (!isInquiry(dispute.status)) this.formal.add(dispute.id);
    this.#emit('charge.dispute.created', dispute);
    if (withdrawn && !isInquiry(dispute.status)) this.#withdraw(dispute);
  }

  /** `to` is a status, or an index into the statuses that may follow. */
  move({ which, to, reinstated }: { which: number; to: string | number; reinstated: boolean }): void {
    const dispute = this.#at(which);
    if (!dispute) return;
    const before = dispute.status;
    const next = DISPUTE_MOVES[before] ?? [];
    const status = typeof to === 'number' ? next[to % next.length] : to;
    if (!status || !next.includes(status)) return;
    dispute.status = status;
    if (!isInquiry(status)) this.formal.add(dispute.id);
    if (status === 'won') this.won.add(dispute.id);
    // The money of a lost dispute is withdrawn at this moment at the latest.
    if (status === 'lost') this.#withdraw(dispute);
    if ((status === 'won' && reinstated) || status === 'prevented') this.#reinstate(dispute);
    this.#emit(isOver(status) ? 'charge.dispute.closed' : 'charge.dispute.updated', dispute, { status: before });
  }

  moveMoney(which: number): void {
    const dispute = this.#at(which);
    if (!dispute || isInquiry(dispute.status) || dispute.status === 'prevented') return;
    if (held(dispute)) this.#reinstate(dispute);
    else if (dispute.status !== 'won') this.#withdraw(dispute);
  }

  reinstatePart(which: number): void {
    const dispute = this.#at(which);
    if (!dispute || !held(dispute) || dispute.balance_transactions.some(isPart)) return;
    const amount = Math.max(1, Math.floor(dispute.amount / 10));
    dispute.balance_transactions.push(
      balanceTransaction({ amount, source: dispute.id, reporting_category: 'dispute_reversal' }),
    );
    this.#emit('charge.dispute.funds_reinstated', dispute);
  }

  #withdraw(dispute: Dispute): void {
    if (held(dispute)) return;
    dispute.balance_transactions.push(balanceTransaction({ amount: -dispute.amount - 87, source: dispute.id }));
    this.#emit('charge.dispute.funds_withdrawn', dispute);
  }

  /** The exchange rate has changed since: less, or more, comes back in the settlement currency. */
  #reinstate(dispute: Dispute): void {
    if (!held(dispute)) return;
    const amount = dispute.amount + (dispute.amount % 2 === 0 ? 61 : 113);
    dispute.balance_transactions.push(balanceTransaction({ amount, source: dispute.id }));
    this.#emit('charge.dispute.funds_reinstated', dispute);
  }

  #at(which: number): Dispute | undefined {
    return this.all[which % this.all.length];
  }
}
