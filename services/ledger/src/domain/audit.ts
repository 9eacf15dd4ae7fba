import type { Payment, PaymentUpdateAction, Transaction } from '@commercetools/platform-sdk';
import type { TransactionType } from '@connector/payment-model';
import { decide } from './decide.ts';
import type { Fact } from './facts.ts';
import type { ChargeObject, DisputeObject, PaymentIntentObject, RefundObject } from './stripe-objects.ts';

/** How the money of a payment may differ between Stripe and commercetools. */
export const DIFFERENCE_KINDS = [
  /** Money moved at Stripe for this project, and commercetools has no payment for it. */
  'payment_missing',
  /** Stripe moved money that no transaction shows. */
  'missing_here',
  /** A transaction shows money that Stripe did not move. */
  'missing_there',
  /** The transaction exists with another amount. */
  'other_amount',
  /** The transaction exists and shows money as moved that Stripe did not move, or the other way round. */
  'other_state',
  /** Two transactions show the same money. */
  'doubled',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** Transactions that represent moved money. */
export const MOVEMENT_TYPES = ['Charge', 'Refund', 'Chargeback'] as const satisfies readonly TransactionType[];
export type MovementType = (typeof MOVEMENT_TYPES)[number];

/** Stripe's data about all the money of one PaymentIntent, read at one time. */
export interface StripeMoneyFacts {
  readonly paymentIntent: PaymentIntentObject;
  /** Charges that succeeded, each with all its refunds. */
  readonly charges: readonly { readonly charge: ChargeObject; readonly refunds: readonly RefundObject[] }[];
  readonly disputes: readonly DisputeObject[];
}

/** One difference of a payment. Amounts are centAmounts. */
export interface MoneyDifference {
  readonly kind: DifferenceKind;
  readonly type: MovementType;
  /** Stripe's id of the refund or dispute; the PaymentIntent's for charges, which are compared by their sum (rulings 4). */
  readonly interactionId: string;
  /** The transaction in commercetools that is wrong or surplus, if there is exactly one. */
  readonly transactionId?: string | undefined;
  readonly currencyCode: string;
  /** What Stripe moved, undefined = nothing. */
  readonly stripe?: DifferenceSide | undefined;
  /** What commercetools shows, undefined = nothing. */
  readonly commercetools?: DifferenceSide | undefined;
}

interface DifferenceSide {
  readonly centAmount: number;
  readonly state: string;
  /** Only if it differs from the difference's own currency. */
  readonly currencyCode?: string;
}

/** A difference with its payment, and whether it was repaired. */
export interface AuditDifference extends MoneyDifference {
  readonly paymentIntentId: string;
  readonly paymentId?: string | undefined;
  /** Whether an event was published (or would be, without a dry run) with which the ledger fixes it. */
  readonly repaired: boolean;
}

type AuditedPayment = Pick<Payment, 'transactions' | 'amountPlanned' | 'interfaceId' | 'paymentMethodInfo'>;

/** The facts from which the rules make transactions, in the order in which money moves. */
const factsOf = ({ paymentIntent, charges, disputes }: StripeMoneyFacts): Fact[] => {
  const reportedAt = new Date(paymentIntent.created * 1000);
  return [
    ...charges.map(({ charge }): Fact => ({ kind: 'charge', charge, reportedAt })),
    { kind: 'paymentIntent', paymentIntent, reportedAt },
    ...charges.map(({ charge, refunds }): Fact => ({ kind: 'refunds', charge, refunds })),
    ...disputes.map((dispute): Fact => ({ kind: 'dispute', dispute })),
  ];
};

/**
 * The transactions that a payment of this PaymentIntent must show: those that the ledger's rules write on an empty
 * payment. So the audit has no rules of its own that could differ. Throws InexpressibleAmountError.
 */
function expectedTransactions(facts: StripeMoneyFacts, { amountPlanned }: AuditedPayment): Transaction[] {
  let transactions: Transaction[] = [];
  for (const fact of factsOf(facts)) {
    const blank = { transactions, amountPlanned, paymentMethodInfo: {}, interfaceInteractions: [] };
    for (const action of decide(blank, { facts: [fact] })) transactions = applied(transactions, action, amountPlanned);
  }
  return transactions;
}

function applied(
  transactions: Transaction[],
  action: PaymentUpdateAction,
  { fractionDigits }: Payment['amountPlanned'],
): Transaction[] {
  if (action.action === 'addTransaction') {
    const { amount, state = 'Initial', type, interactionId } = action.transaction;
    const money = { type: 'centPrecision' as const, fractionDigits, ...amount };
    return [
      ...transactions,
      { id: String(transactions.length), type, state, amount: money, interactionId } as Transaction,
    ];
  }
  if (action.action !== 'changeTransactionState') return transactions;
  return transactions.map((each) => (each.id === action.transactionId ? { ...each, state: action.state } : each));
}

/**
 * The differences between a payment's transactions and Stripe's moved money: charges are compared by their sum, refunds
 * and disputes one by one. Charges in another currency than the PaymentIntent's are ignored, because the original
 * connector booked some in the account's currency. Throws InexpressibleAmountError.
 */
export function moneyDifferences(payment: AuditedPayment, facts: StripeMoneyFacts): MoneyDifference[] {
  const currencyCode = facts.paymentIntent.currency.toUpperCase();
  const isCompared = ({ type, amount }: Transaction) => type !== 'Charge' || amount.currencyCode === currencyCode;
  const expected = expectedTransactions(facts, payment);
  const shown = payment.transactions.filter(isCompared);
  const of = (transactions: readonly Transaction[], type: MovementType) =>
    transactions.filter((transaction) => transaction.type === type);
  const common = { currencyCode, paymentIntentId: facts.paymentIntent.id };
  const isCommon = ({ interactionId }: Transaction) => interactionId === common.paymentIntentId;
  // The original connector booked several refunds as one, under the PaymentIntent's id: these can be compared only by
  // their sum.
  const refundsBySum = of(shown, 'Refund').some((refund) => isCommon(refund) && refund.state === 'Success');
  return [
    ...bySum('Charge', of(expected, 'Charge'), of(shown, 'Charge'), common),
    ...(refundsBySum ? bySum : oneByOne)('Refund', of(expected, 'Refund'), of(shown, 'Refund'), common),
    ...oneByOne('Chargeback', of(expected, 'Chargeback'), of(shown, 'Chargeback'), common),
  ];
}

interface Common {
  readonly currencyCode: string;
  readonly paymentIntentId: string;
}

const succeeded = (transactions: readonly Transaction[]) => transactions.filter(({ state }) => state === 'Success');
const sumOf = (transactions: readonly Transaction[]): number =>
  transactions.reduce((sum, { amount }) => sum + amount.centAmount, 0);

function bySum(
  type: MovementType,
  expected: readonly Transaction[],
  shown: readonly Transaction[],
  { currencyCode, paymentIntentId: interactionId }: Common,
): MoneyDifference[] {
  const [atStripe, here] = [succeeded(expected), succeeded(shown)];
  const [wanted, found] = [sumOf(atStripe), sumOf(here)];
  if (wanted === found) return [];
  const wrong = wrongOne(shown, here, found - wanted);
  const difference = (kind: DifferenceKind, more: Partial<MoneyDifference> = {}): MoneyDifference[] => [
    {
      kind,
      type,
      interactionId,
      transactionId: wrong?.id,
      currencyCode,
      stripe: atStripe.length > 0 ? { centAmount: wanted, state: 'Success' } : undefined,
      commercetools: here.length > 0 ? { centAmount: found, state: 'Success' } : undefined,
      ...more,
    },
  ];
  if (atStripe.length === 0) return difference('missing_there');
  if (found > wanted) {
    if (!wrong || here.length === 1) return difference('other_amount');
    return difference(here.some((other) => other !== wrong && isTwin(other, wrong)) ? 'doubled' : 'missing_there');
  }
  if (wrong && wrong.state !== 'Success') {
    return difference('other_state', { commercetools: { centAmount: wrong.amount.centAmount, state: wrong.state } });
  }
  // The last or only capture has the PaymentIntent's id: if no Charge has it, that capture is missing. Otherwise a
  // Charge has another amount.
  const isMissing =
    type === 'Charge' ? !here.some((each) => each.interactionId === interactionId) : here.length < atStripe.length;
  return difference(isMissing ? 'missing_here' : 'other_amount');
}

/** The one transaction that explains the difference of the sums: a surplus one, or one with another amount or state. */
function wrongOne(shown: readonly Transaction[], here: readonly Transaction[], apart: number): Transaction | undefined {
  if (apart > 0)
    return here.findLast(({ amount }) => amount.centAmount === apart) ?? (here.length === 1 ? here[0] : undefined);
  const waiting = shown.find(({ state, amount }) => state !== 'Success' && amount.centAmount === -apart);
  return waiting ?? (here.length === 1 ? here[0] : undefined);
}

/** Two transactions of the same amount whose Stripe ids are the same, or do not distinguish them. */
const isTwin = (one: Transaction, other: Transaction): boolean =>
  one.amount.centAmount === other.amount.centAmount || one.interactionId === other.interactionId;

function oneByOne(
  type: MovementType,
  expected: readonly Transaction[],
  shown: readonly Transaction[],
  { currencyCode }: Common,
): MoneyDifference[] {
  const differences: MoneyDifference[] = [];
  const note = (
    kind: DifferenceKind,
    interactionId: string,
    stripe: Transaction | undefined,
    here: Transaction | undefined,
  ) =>
    differences.push({
      kind,
      type,
      interactionId,
      transactionId: here?.id,
      currencyCode,
      stripe: stripe && sideOf(stripe, currencyCode),
      commercetools: here && sideOf(here, currencyCode),
    });
  for (const wanted of expected) {
    const id = wanted.interactionId ?? '';
    const [found, ...more] = shown.filter(({ interactionId }) => interactionId === id);
    // A refund or dispute that failed or is not done yet moved no money: a payment without it is right.
    if (!found && wanted.state === 'Success') note('missing_here', id, wanted, undefined);
    if (!found) continue;
    if (!isSameAmount(found, wanted)) note('other_amount', id, wanted, found);
    // Pending and Failure both mean that no money moved. Which of the two is shown may depend on states that only
    // events contained.
    if ((found.state === 'Success') !== (wanted.state === 'Success')) note('other_state', id, wanted, found);
    for (const twin of succeeded(more)) note('doubled', id, wanted, twin);
  }
  const known = new Set(expected.map(({ interactionId }) => interactionId));
  for (const extra of succeeded(shown)) {
    if (!known.has(extra.interactionId)) note('missing_there', extra.interactionId ?? extra.id, undefined, extra);
  }
  return differences;
}

const isSameAmount = ({ amount: one }: Transaction, { amount: other }: Transaction): boolean =>
  one.centAmount === other.centAmount && one.currencyCode === other.currencyCode;

const sideOf = ({ amount, state }: Transaction, currencyCode: string): DifferenceSide => ({
  centAmount: amount.centAmount,
  state,
  ...(amount.currencyCode !== currencyCode && { currencyCode: amount.currencyCode }),
});

/** The money that Stripe moved and that commercetools shows, in centAmounts. */
export interface Sums {
  stripe: number;
  commercetools: number;
}

/** The sums of a payment's money by type, on both sides. Throws InexpressibleAmountError. */
export function sumsOf(payment: AuditedPayment, facts: StripeMoneyFacts): Record<MovementType, Sums> {
  const currencyCode = facts.paymentIntent.currency.toUpperCase();
  const expected = succeeded(expectedTransactions(facts, payment));
  const shown = succeeded(payment.transactions);
  const sum = (transactions: readonly Transaction[], type: MovementType) =>
    sumOf(transactions.filter((each) => each.type === type && each.amount.currencyCode === currencyCode));
  return Object.fromEntries(
    MOVEMENT_TYPES.map((type) => [type, { stripe: sum(expected, type), commercetools: sum(shown, type) }]),
  ) as Record<MovementType, Sums>;
}
