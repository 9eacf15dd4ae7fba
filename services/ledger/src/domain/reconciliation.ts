/** How commercetools and Stripe differ. */
export const DIVERGENCE_KINDS = [
  /** commercetools has no payment for a PaymentIntent of this project whose money was asked for. */
  'payment_missing',
  /** The payment lacks a transaction that Stripe's state implies. */
  'transaction_missing',
  /** A transaction is in a state that Stripe has left behind. */
  'transaction_outdated',
  /** The payment does not say yet which PaymentIntent it belongs to: opening it was cut off before anybody wrote that. */
  'payment_untied',
  /** The payment's open transaction is about an object that Stripe does not have. */
  'gone_from_stripe',
  /** An operation was asked for and no event says how it ended: intent, or its way to Kafka, died after Stripe's refusal or before it was asked. */
  'operation_unfinished',
] as const;
export type DivergenceKind = (typeof DIVERGENCE_KINDS)[number];

export interface Divergence {
  readonly kind: DivergenceKind;
  readonly paymentIntentId?: string | undefined;
  readonly paymentId?: string | undefined;
  /** What the ledger would write: `Authorization Pending → Success, + Charge Success 4999 EUR` (centAmount). */
  readonly change: string;
  /** An event was published, or would have been in a dry run. */
  readonly repaired: boolean;
}

export interface Counts {
  checked: number;
  /** Open in commercetools, and at Stripe too. */
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
  /** Operations whose result no event says. */
  readonly operations: Counts;
  readonly kinds: Record<DivergenceKind, number>;
  readonly repairs: Record<DivergenceKind, number>;
  /** Payments by the state of their open transactions, and by the age of the oldest of these; and when the oldest of all was made. */
  readonly open: Record<OpenState, { payments: number; ages: Record<Age, number>; oldest?: Date }>;
  /** Everything was checked, and every event acknowledged. */
  complete: boolean;
}

/** Ages of open transactions, each up to this many hours. Cards are done in minutes, bank debits in days. */
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

/** Of an open transaction that was made at `oldest`. */
export function ageOf(oldest: Date, now: Date): Age {
  const hours = (now.getTime() - oldest.getTime()) / 3_600_000;
  const [age] = Object.entries(AGES).find(([, limit]) => hours < limit) as [Age, number];
  return age;
}
