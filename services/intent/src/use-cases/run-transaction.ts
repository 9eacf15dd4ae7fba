import { withoutClientSecrets } from '@connector/contracts';
import { InvalidRequestError, NotFoundError, orUndefined } from '@connector/errors';
import { idempotencyKey, METADATA, type Money } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { AmountDue } from '../domain/amount-due.ts';
import { paymentIntentIdOf, statusOf } from '../domain/attempts.ts';
import type { Payment } from '../domain/checkout-cart.ts';
import { transactionKeyOf, transactionStateOf, wasFor } from '../domain/merchant-transaction.ts';
import { nothingDue } from '../domain/nothing-due.ts';
import type { RequestedAmount } from '../domain/operations.ts';
import { chargeableAmount } from '../domain/stripe-amount.ts';
import { link } from './link-payment.ts';
import { lookAtOthers } from './other-payments.ts';
import { requiredField } from './stored-payment-methods.ts';
import { cancelOther, cancelUnlessPaid, confirm } from './transaction/confirm.ts';
import type { RunTransactionDeps, RunTransactionRequest } from './transaction/deps.ts';
import { createPayment, leftBehind, MAX_METADATA_LENGTH, prepare, storedMethod } from './transaction/prepare.ts';

export type { RunTransactionDeps, RunTransactionRequest } from './transaction/deps.ts';

export interface TransactionOutcome {
  readonly state: 'Completed' | 'Failed' | 'Pending';
  /** Stripe's code, when Failed. */
  readonly code?: string | undefined;
  readonly paymentId: string;
}

/**
 * Charges a customer's stored method for a cart without the shopper, once for each identity (rulings 28, ADR 0012). A
 * later request finds what each step has stored: the payment by its unique key, an unconfirmed PaymentIntent, and the
 * PaymentIntent's id on the payment, which commercetools sets only once. Only the PaymentIntent that the payment names
 * is ever confirmed, and only once. So the method is charged at most once, however often, from wherever and after
 * whatever crash the transaction is requested. Throws InvalidRequestError for a mistake of the caller, NotFoundError,
 * TransientError when the caller should try again.
 */
export async function runTransaction(
  deps: RunTransactionDeps,
  request: RunTransactionRequest,
): Promise<TransactionOutcome> {
  if (!deps.isEnabled) throw new InvalidRequestError('InvalidOperation', 'Stored payment methods are not enabled.');
  const checkout = await orUndefined(deps.carts.get(request.cartId));
  // A charged transaction is answered even if its cart was deleted.
  const key = transactionKeyOf(checkout?.cart ?? { id: request.cartId, version: 0 }, request);
  const known = checkout?.payments.find((payment) => payment.key === key) ?? (await deps.payments.byKey(key));
  if (known && paymentIntentIdOf(known)) return goOn(deps, request, known);
  if (!checkout) throw new NotFoundError('The referenced resource was not found.');
  const { cart, payments } = checkout;
  const { customerId } = cart;
  if (!customerId) throw requiredField('customerId');

  if (known) await refuseIfOnAnother(deps, cart.id, known);
  const { due } = await lookAtOthers(deps, checkout, key);
  const amount = chargeable(cart.id, due, request.amount);
  // Refused before anything is created for it.
  chargeableAmount(amount);
  const method = await storedMethod(deps, cart, request.paymentMethodId);
  const payment = known ?? (await createPayment(deps, { cart, key, amount, request, method }));
  if (paymentIntentIdOf(payment)) return goOn(deps, request, payment);
  if (!payments.some(({ id }) => id === payment.id)) await deps.carts.addPayment(cart, payment.id);
  const orderNumber = request.futureOrderNumber?.slice(0, MAX_METADATA_LENGTH);
  const charge = { cart, customerId, payment, amount, token: method.token, orderNumber };
  const paymentIntent = (known && (await leftBehind(deps, charge))) ?? (await prepare(deps, charge));
  const tied = await link(deps.payments, payment, paymentIntent.id, amount);
  if (tied.interfaceId === paymentIntent.id) return goOn(deps, request, tied, paymentIntent);
  // A request with another amount or method was faster; nobody can confirm this PaymentIntent.
  cancelInBackground(deps, 'cancel a spare PaymentIntent', paymentIntent.id);
  return goOn(deps, request, tied);
}

/** For a payment without a PaymentIntent: checks that it belongs to this cart, which is the cart that has it. */
async function refuseIfOnAnother({ carts }: RunTransactionDeps, cartId: string, { id }: Payment): Promise<void> {
  const holders = await carts.holding(id);
  if (holders.some((holder) => holder !== cartId)) throw keyTaken();
}

/** Answers from the PaymentIntent that the payment names; confirms it if nobody has done so. */
async function goOn(
  deps: RunTransactionDeps,
  request: RunTransactionRequest,
  payment: Payment,
  made?: Stripe.PaymentIntent,
): Promise<TransactionOutcome> {
  const paymentIntent = made ?? (await deps.paymentIntents.find(paymentIntentIdOf(payment) ?? ''));
  if (!paymentIntent) {
    throw new InvalidRequestError('InvalidOperation', 'The PaymentIntent of the payment does not exist.');
  }
  const { amount, cartId } = request;
  const isOther =
    paymentIntent.metadata[METADATA.cartId] !== cartId || (amount && !wasFor(amount, payment, paymentIntent));
  if (isOther) throw keyTaken();
  if (paymentIntent.status !== 'requires_confirmation') return answer(deps, payment, paymentIntent);
  const confirmed = await refuseUnlessDue(deps, cartId, payment, paymentIntent);
  return answer(deps, payment, confirmed ?? (await confirm(deps, paymentIntent, payment)));
}

/**
 * The last check before money moves. The payment is on the cart and names its PaymentIntent now. So of two concurrent
 * transactions, or a transaction and a shopper, at least one sees the other, and PaymentIntents of others that wait for
 * payment are canceled. Returns the PaymentIntent if an equal request has confirmed it.
 */
async function refuseUnlessDue(
  deps: RunTransactionDeps,
  cartId: string,
  payment: Payment,
  paymentIntent: Stripe.PaymentIntent,
): Promise<Stripe.PaymentIntent | undefined> {
  const checkout = await deps.carts.get(cartId);
  const { due, waiting } = await lookAtOthers(deps, checkout, payment.key ?? '');
  try {
    chargeable(cartId, due, payment.amountPlanned);
  } catch (error) {
    const confirmed = await cancelUnlessPaid(deps, paymentIntent.id, 'cancel-undue');
    if (confirmed) return confirmed;
    throw error;
  }
  for (const other of waiting) await cancelOther(deps, other, payment);
  return undefined;
}

function answer(deps: RunTransactionDeps, payment: Payment, paymentIntent: Stripe.PaymentIntent): TransactionOutcome {
  const { id: paymentId } = payment;
  const { id, status, amount_received } = paymentIntent;
  const outcome = transactionStateOf(paymentIntent);
  if (outcome.state === 'Failed') {
    if (statusOf(paymentIntent) === 'waiting') cancelInBackground(deps, 'cancel a declined PaymentIntent', id);
    return { ...outcome, paymentId };
  }
  // The ledger writes the transactions; Stripe's webhook brings the same event.
  deps.inBackground('publish confirmed', () =>
    deps.events.publish('checkout.payment.confirmed', [paymentId, id, status, String(amount_received)], {
      paymentId,
      paymentIntentId: id,
      paymentIntent: { ...withoutClientSecrets(paymentIntent) },
    }),
  );
  return { ...outcome, paymentId };
}

const cancelInBackground = ({ inBackground, paymentIntents }: RunTransactionDeps, what: string, id: string): void =>
  inBackground(what, () => paymentIntents.cancel(id, idempotencyKey('cancel-declined', id)));

/**
 * The amount to charge, at most the amount due. Throws InvalidRequestError when nothing is due, or less than requested.
 */
function chargeable(cartId: string, amount: AmountDue, asked: RequestedAmount | undefined): Money {
  if (amount.kind !== 'due') throw nothingDue(cartId, amount);
  const { due } = amount;
  if (!asked) return due;
  if (asked.currencyCode !== due.currencyCode) {
    throw invalidField('amount.currencyCode', asked.currencyCode, [due.currencyCode]);
  }
  if (asked.centAmount <= 0 || asked.centAmount > due.centAmount) {
    throw invalidField('amount.centAmount', asked.centAmount, [`<= ${due.centAmount}`]);
  }
  return { ...due, centAmount: asked.centAmount };
}

const keyTaken = () =>
  new InvalidRequestError('InvalidOperation', 'The idempotency key was used for another transaction.');

const invalidField = (field: string, invalidValue: unknown, allowedValues: readonly string[]) =>
  new InvalidRequestError('InvalidField', `The value of field ${field} is not valid.`, {
    field,
    invalidValue,
    allowedValues,
  });
