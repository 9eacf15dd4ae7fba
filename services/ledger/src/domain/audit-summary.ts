import { DIFFERENCE_KINDS, type DifferenceKind, MOVEMENT_TYPES, type MovementType, type Sums } from './audit.ts';

/**
 * Types of Stripe's balance transactions that are a payment's money: charges, refunds, failed refunds, and disputes.
 */
export const BALANCE_TYPES = [
  'charge',
  'payment',
  'refund',
  'payment_refund',
  'refund_failure',
  'payment_failure_refund',
  'adjustment',
] as const;
export type BalanceType = (typeof BALANCE_TYPES)[number];

/** What an audit compared and found. */
export interface AuditSummary {
  readonly since: Date;
  readonly until: Date;
  /** Balance transactions of this project's payments, by Stripe's type. */
  readonly movements: Record<BalanceType, number>;
  /** Balance transactions of other integrations and projects on the same account, and of no payment. */
  foreign: number;
  /** Payments compared. */
  payments: number;
  readonly kinds: Record<DifferenceKind, number>;
  readonly repairs: Record<DifferenceKind, number>;
  /** By currency: the money of the compared payments, in centAmounts, over their whole life. */
  readonly sums: Record<string, Record<MovementType, Sums>>;
  /** Payments that could not be compared. */
  failed: number;
  /** Whether everything in the window was compared. */
  complete: boolean;
}

const zeros = <K extends string>(names: readonly K[]) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;

export const emptyAudit = (since: Date, until: Date): AuditSummary => ({
  since,
  until,
  movements: zeros(BALANCE_TYPES),
  foreign: 0,
  payments: 0,
  kinds: zeros(DIFFERENCE_KINDS),
  repairs: zeros(DIFFERENCE_KINDS),
  sums: {},
  failed: 0,
  complete: false,
});

/** Whether all that was compared agrees, and everything was compared. */
export const agrees = ({ kinds, complete }: Pick<AuditSummary, 'kinds' | 'complete'>): boolean =>
  complete && Object.values(kinds).every((count) => count === 0);

export function addSums(summary: AuditSummary, currencyCode: string, sums: Record<MovementType, Sums>): void {
  const known = summary.sums[currencyCode];
  if (!known) {
    summary.sums[currencyCode] = sums;
    return;
  }
  for (const type of MOVEMENT_TYPES) {
    known[type].stripe += sums[type].stripe;
    known[type].commercetools += sums[type].commercetools;
  }
}
