import type { Payment, PaymentUpdateAction } from '@commercetools/platform-sdk';
import { sameMoney } from '@connector/payment-model';
import { money } from './amounts.ts';
import type { Fact, TransactionFact } from './facts.ts';
import { isPast, record } from './record.ts';
import { RULES } from './rules.ts';

/** Increase it when the rules' decisions change, so that results derived under different rules can be distinguished. */
export const RULES_VERSION = '3';

/** The part of a payment that decisions read. */
export type DecidablePayment = Pick<
  Payment,
  'transactions' | 'amountPlanned' | 'interfaceId' | 'paymentMethodInfo' | 'interfaceInteractions'
>;

/** A record of the event on the payment; written only where the merchant's project has the type for it. */
export interface Interaction {
  readonly typeKey: string;
  readonly fields: { interactionId: string; createdAt: string; type: string; response?: string };
}

/** Stripe minor units, and Stripe's currency code (lower case). */
export interface StripeMoney {
  readonly amount: number;
  readonly currency: string;
}

export interface Decision {
  readonly facts: readonly Fact[];
  readonly paymentIntentId?: string | undefined;
  /** The PaymentIntent's present amount, if it has money. */
  readonly held?: StripeMoney | undefined;
  readonly interaction?: Interaction | undefined;
}

/**
 * The update actions that make `payment` show `facts`, in one update; none when it already does. Pure and total: it
 * uses no clock and no I/O, so any order and any repetition of the same facts end in the same payment.
 */
export function decide(
  payment: DecidablePayment,
  { facts, paymentIntentId, held, interaction }: Decision,
): PaymentUpdateAction[] {
  const transactions = shown(
    payment,
    facts.flatMap((fact) => apply(fact, payment)),
  );
  return [
    ...interfaceId(payment, paymentIntentId),
    ...methodInfo(payment, facts),
    ...amountPlanned(payment, held),
    ...transactions,
    ...interfaceInteraction(payment, interaction),
  ];
}

/** A transaction that an update adds, or a transaction with the state that the update gives it. */
export interface TransactionChange {
  readonly type: string;
  readonly state: string;
}

/** The effect of update actions on the transactions of the payment that they were decided for. */
export const changesOf = (payment: DecidablePayment, actions: readonly PaymentUpdateAction[]): TransactionChange[] =>
  actions.flatMap((action) => {
    if (action.action === 'addTransaction')
      return [{ type: action.transaction.type, state: action.transaction.state ?? 'Initial' }];
    if (action.action !== 'changeTransactionState') return [];
    const changed = payment.transactions.find(({ id }) => id === action.transactionId);
    return changed ? [{ type: changed.type, state: action.state }] : [];
  });

/**
 * How the facts of an event relate to the payment: `applied` = the payment changed; `duplicate` = it showed them
 * already; `superseded` = it shows something newer. Recording the event as an interaction does not count as a change.
 */
export function standingOf(
  payment: DecidablePayment,
  facts: readonly Fact[],
  actions: readonly PaymentUpdateAction[],
): 'applied' | 'duplicate' | 'superseded' {
  if (actions.some(({ action }) => action !== 'addInterfaceInteraction')) return 'applied';
  const told = facts.flatMap((fact) => apply(fact, payment));
  return told.some((fact) => isPast(payment, fact)) ? 'superseded' : 'duplicate';
}

/** When a fact has given a transaction its id, no other fact may use that transaction. */
function shown(payment: DecidablePayment, facts: readonly TransactionFact[]): PaymentUpdateAction[] {
  let { transactions } = payment;
  return facts.flatMap((fact) => {
    const actions = record({ transactions }, fact);
    const named = actions.find(({ action }) => action === 'changeTransactionInteractionId');
    transactions = transactions.filter(({ id }) => !named || !('transactionId' in named) || id !== named.transactionId);
    return actions;
  });
}

function apply<F extends Fact>(fact: F, payment: DecidablePayment): TransactionFact[] {
  const rule = RULES[fact.kind] as (fact: F, payment: DecidablePayment) => TransactionFact[];
  return rule(fact, payment);
}

/** Statuses of a PaymentIntent whose Authorization and captures are never undone. */
const SETTLED = new Set(['succeeded', 'requires_capture']);

/** Whether no later fact takes back what this one tells. */
export const isLasting = (fact: Fact): boolean =>
  (fact.kind === 'paymentIntent' && SETTLED.has(fact.paymentIntent.status)) ||
  (fact.kind === 'charge' && fact.charge.status === 'succeeded');

/**
 * Whether `payment`, at any version, shows these facts, and every later version must show them too. Then nothing is
 * left to write, and commercetools need not be read. No rule takes back a successful Authorization or lowers the sum of
 * successful Charges, and the PaymentIntent's id and the kind of method are set once (ADR 19). For refunds, disputes
 * and everything that is still under way the answer is false, because their states change back and forth.
 */
export const showsForGood = (payment: DecidablePayment, { facts, paymentIntentId, held }: Decision): boolean =>
  facts.every(isLasting) && decide(payment, { facts, paymentIntentId, held }).length === 0;

/** The payment's handle at Stripe is its PaymentIntent's id, always; commercetools never lets it change. */
const interfaceId = (payment: DecidablePayment, paymentIntentId: string | undefined): PaymentUpdateAction[] =>
  payment.interfaceId || !paymentIntentId ? [] : [{ action: 'setInterfaceId', interfaceId: paymentIntentId }];

/** Whether amountPlanned differs from the PaymentIntent's amount. Throws InexpressibleAmountError. */
export const isPlannedOtherwise = (
  payment: Pick<DecidablePayment, 'amountPlanned'>,
  { amount, currency }: StripeMoney,
) => !sameMoney(money(amount, currency, payment), payment.amountPlanned);

/**
 * If a cart changed while it was being paid, amountPlanned may differ from what Stripe holds; it is set to Stripe's
 * amount (rulings 30).
 */
function amountPlanned(payment: DecidablePayment, held: StripeMoney | undefined): PaymentUpdateAction[] {
  if (!held || !isPlannedOtherwise(payment, held)) return [];
  const { centAmount, currencyCode } = money(held.amount, held.currency, payment);
  return [{ action: 'changeAmountPlanned', amount: { centAmount, currencyCode } }];
}

/**
 * The kind of payment method: that of the successful charge, because an earlier failed attempt may have used another
 * one.
 */
function methodInfo({ paymentMethodInfo }: DecidablePayment, facts: readonly Fact[]): PaymentUpdateAction[] {
  if (paymentMethodInfo.method) return [];
  const method = facts
    .flatMap((fact) => (fact.kind === 'charge' || fact.kind === 'refunds' ? [fact.charge] : []))
    .find(({ status }) => status === 'succeeded')?.payment_method_details?.type;
  return method ? [{ action: 'setMethodInfoMethod', method }] : [];
}

function interfaceInteraction(
  { interfaceInteractions }: DecidablePayment,
  interaction: Interaction | undefined,
): PaymentUpdateAction[] {
  if (!interaction) return [];
  const { typeKey, fields } = interaction;
  if (interfaceInteractions?.some(({ fields: known }) => known.interactionId === fields.interactionId)) return [];
  return [{ action: 'addInterfaceInteraction', type: { typeId: 'type', key: typeKey }, fields }];
}
