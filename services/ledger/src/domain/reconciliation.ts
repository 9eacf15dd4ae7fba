/** How commercetools and Stripe differ. */
export const DIVERGENCE_KINDS = [
  /** commercetools has no payment for a PaymentIntent of this project that a shopper has tried to pay. */
  'payment_missing',
  /** The payment lacks a transaction that Stripe's state implies. */
  'transaction_missing',
  /** A transaction is in an earlier state than at Stripe. */
  'transaction_outdated',
  /** The payment is not linked to its PaymentIntent: the opening was interrupted before the link was written. */
  'payment_untied',
  /** The payment's open transaction refers to an object that Stripe does not have. */
  'gone_from_stripe',
  /**
   * An operation was requested and no event has its result: intent or its connection to Kafka died before the call to
   * Stripe, or after Stripe's refusal.
   */
  'operation_unfinished',
] as const;
export type DivergenceKind = (typeof DIVERGENCE_KINDS)[number];

export interface Divergence {
  readonly kind: DivergenceKind;
  readonly paymentIntentId?: string | undefined;
  readonly paymentId?: string | undefined;
  /** What the ledger would write, such as `Authorization Pending → Success, + Charge Success 4999 EUR` (centAmount). */
  readonly change: string;
  /** Whether an event was published (or would be, without a dry run). */
  readonly repaired: boolean;
}

export interface Counts {
  checked: number;
  /** Open in commercetools and at Stripe. */
  pending: number;
  diverging: number;
  repaired: number;
  failed: number;
}

/** What a run found and repaired. */
export interface ReconciliationSummary {
  readonly dryRun: boolean;
  /** Payments with open transactions. */
  readonly payments: Counts;
  /** PaymentIntents of this project. */
  readonly paymentIntents: Counts;
  /** Operations without a result in any event. */
  readonly operations: Counts;
  readonly kinds: Record<DivergenceKind, number>;
  readonly repairs: Record<DivergenceKind, number>;
  /**
   * Payments by the state of their open transactions and by the age of the oldest of these; and the time of the oldest
   * of all.
   */
  readonly open: Record<OpenState, { payments: number; ages: Record<Age, number>; oldest?: Date }>;
  /** Whether everything was checked and every event acknowledged. */
  complete: boolean;
}

/** Age groups of open transactions, by their upper limit in hours. Cards settle in minutes, bank debits in days. */
const AGES = { under_1h: 1, '1h_to_1d': 24, '1d_to_3d': 72, over_3d: Number.POSITIVE_INFINITY } as const;
type Age = keyof typeof AGES;

export const OPEN_STATES = ['Pending', 'Initial'] as const;
type OpenState = (typeof OPEN_STATES)[number];

const noAges = () => Object.fromEntries(Object.keys(AGES).map((age) => [age, 0])) as Record<Age, number>;
const noCounts = (): Counts => ({ checked: 0, pending: 0, diverging: 0, repaired: 0, failed: 0 });
const noKinds = () => Object.fromEntries(DIVERGENCE_KINDS.map((kind) => [kind, 0])) as Record<DivergenceKind, number>;

export const emptySummary = (dryRun: boolean): ReconciliationSummary => ({
  dryRun,
  payments: noCounts(),
  paymentIntents: noCounts(),
  operations: noCounts(),
  kinds: noKinds(),
  repairs: noKinds(),
  open: { Pending: { payments: 0, ages: noAges() }, Initial: { payments: 0, ages: noAges() } },
  complete: false,
});

/** The age group of an open transaction that was made at `oldest`. */
export function ageOf(oldest: Date, now: Date): Age {
  const hours = (now.getTime() - oldest.getTime()) / 3_600_000;
  const [age] = Object.entries(AGES).find(([, limit]) => hours < limit) as [Age, number];
  return age;
}
