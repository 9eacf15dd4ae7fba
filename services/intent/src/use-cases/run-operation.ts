import { withoutClientSecrets } from '@connector/contracts';
import { InvalidRequestError, TransientError } from '@connector/errors';
import { InexpressibleAmountError, toStripeAmount } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import { paymentIntentIdOf } from '../domain/attempts.ts';
import type { Payment } from '../domain/checkout-cart.ts';
import { type Done, doneUnder, inWords, operationIdOf } from '../domain/operation-identity.ts';
import {
  capturedOf,
  mayHoldRelease,
  type Operation,
  type Plan,
  planOf,
  type StripeStep,
  TRANSACTION_TYPES,
} from '../domain/operations.ts';
import { callStripe, forget } from './operation/call-stripe.ts';
import { publishCompleted, publishRequested } from './operation/publish.ts';
import type { RunOperationDeps, RunOperationRequest, Work } from './operation/work.ts';

export type { RunOperationDeps, RunOperationRequest } from './operation/work.ts';

/** `approved`: Stripe did it. `received`: Stripe accepted it, and a webhook brings the result. `rejected`: refused. */
export type OperationOutcome = 'approved' | 'received' | 'rejected';

/**
 * Performs a merchant's operation: reads what Stripe has about it, publishes the request, calls Stripe, and publishes
 * the result for the ledger. An operation that was done under the same identity is not done again and gets the same
 * answer (rulings 29, ADR 0012). Throws InvalidRequestError for a mistake of the caller, NotFoundError for an unknown
 * payment.
 */
export async function runOperation(deps: RunOperationDeps, request: RunOperationRequest): Promise<OperationOutcome> {
  const { operation } = request;
  const payment = await deps.payments.get(request.paymentId);
  const paymentIntentId = paymentIntentIdOf(payment) ?? (await foundByKey(deps, payment));
  if (!paymentIntentId) throw withoutPaymentIntent(payment);
  try {
    const work = await look(deps, request, payment, paymentIntentId);
    const outcome = work.done ? await repeated(work, work.done) : await carryOut(work);
    count(operation, outcome);
    return outcome;
  } catch (error) {
    count(operation, 'error');
    throw error;
  }
}

/** Reads from Stripe what identifies the operation, and whether it was done before. */
async function look(
  deps: RunOperationDeps,
  request: RunOperationRequest,
  payment: Payment,
  paymentIntentId: string,
): Promise<Work> {
  const [paymentIntent, refunds] = await Promise.all([
    deps.paymentIntents.find(paymentIntentId),
    deps.paymentIntents.refundsOf(paymentIntentId),
  ]);
  if (!paymentIntent) throw invalidOperation('The PaymentIntent of the payment does not exist.');
  const captured = capturedOf(paymentIntent, mayHoldRelease(paymentIntent) ? refunds : undefined);
  const before = { refunds: refunds.length, captured: captured.captured };
  const id = operationIdOf(payment.id, request.operation, request, before);
  const done = doneUnder(id, paymentIntent, refunds);
  return { deps, request, payment, paymentIntent, captured, id, done };
}

/** The answer to an operation that was done before, by this request or the one that it repeats. */
function repeated(work: Work, { object, operation }: Done): Promise<OperationOutcome> {
  if (operation !== inWords(work.request.operation)) throw keyTaken();
  return finished(work, object);
}

async function carryOut(work: Work): Promise<OperationOutcome> {
  const { deps, request, payment, paymentIntent, captured } = work;
  const plan = planOf(request.operation, payment, paymentIntent, deps.cardFeatures, captured);
  switch (plan.kind) {
    case 'invalid':
      throw invalidField(plan);
    case 'nothing-to-reverse':
      throw invalidOperation('There is no successful payment transaction to reverse.');
    case 'refused':
      deps.log.info({ paymentId: payment.id, reason: plan.reason }, 'operation refused without asking Stripe');
      return 'rejected';
    default:
      return ask(work, plan);
  }
}

async function ask(work: Work, step: StripeStep): Promise<OperationOutcome> {
  const { deps, payment, paymentIntent } = work;
  const transactionType = TRANSACTION_TYPES[step.kind];
  await publishRequested(work, step);
  try {
    return await finished(work, await callStripe(work, step));
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    if (error.type === 'idempotency_error') return takenAtStripe(work);
    deps.log.warn({ error, paymentId: payment.id, paymentIntentId: paymentIntent.id }, 'Stripe refused an operation');
    const { code, declineCode } = error;
    await publishCompleted(work, { kind: 'refused', transactionType, amount: step.money, code, declineCode });
    if (step.kind === 'cancel') await forget(work);
    return 'rejected';
  }
}

/**
 * Stripe has the key from a request with other parameters: from an equal operation that saw another state, or because
 * the caller used a key twice.
 */
async function takenAtStripe({ deps, request, payment, paymentIntent }: Work): Promise<OperationOutcome> {
  const now = await look(deps, request, payment, paymentIntent.id);
  if (now.done) return repeated(now, now.done);
  throw keyTaken();
}

/** A webhook brings the result of a refund; the others are done when Stripe answers. */
async function finished(work: Work, object: Stripe.PaymentIntent | Stripe.Refund): Promise<OperationOutcome> {
  await publishCompleted(work, { kind: 'done', object: { ...withoutClientSecrets(object) } });
  return object.object === 'refund' ? 'received' : 'approved';
}

const OPERATION_LABELS = {
  capturePayment: 'capture',
  refundPayment: 'refund',
  cancelPayment: 'cancel',
  reversePayment: 'reverse',
  incrementAuthorization: 'increment',
} as const;

const count = ({ action }: Operation, outcome: OperationOutcome | 'error') =>
  metrics.paymentOperations.inc({ operation: OPERATION_LABELS[action], outcome });

/**
 * The PaymentIntent of a payment that was never linked because its process died right after the opening: its metadata
 * has the payment's key.
 */
async function foundByKey({ paymentIntents }: RunOperationDeps, { key, amountPlanned }: Payment) {
  if (key === undefined) return undefined;
  try {
    return (await paymentIntents.search(key, toStripeAmount(amountPlanned)))?.id;
  } catch (error) {
    // No PaymentIntent can have such an amount.
    if (error instanceof InexpressibleAmountError) return undefined;
    throw error;
  }
}

/**
 * How long linking a payment to its PaymentIntent may take, in ms: it happens after the answer to the shopper, and may
 * have to outlast an outage.
 */
const LINKED_WITHIN_MS = 15 * 60_000;

/**
 * The error for a payment without a PaymentIntent: a recent payment of ours will be linked soon, so the caller should
 * try again; any other never had one.
 */
function withoutPaymentIntent({ key, createdAt }: Payment): Error {
  const isYoung = key !== undefined && Date.now() - Date.parse(createdAt) < LINKED_WITHIN_MS;
  if (!isYoung) return invalidOperation('The payment has no PaymentIntent.');
  return new TransientError('the payment is not tied to its PaymentIntent yet', { reason: 'not_linked' });
}

const keyTaken = () => invalidOperation('The Idempotency-Key was used for another operation.');

const invalidOperation = (message: string) => new InvalidRequestError('InvalidOperation', message);

const invalidField = ({ field, value, allowed, reason }: Omit<Extract<Plan, { kind: 'invalid' }>, 'kind'>) =>
  new InvalidRequestError('InvalidField', `The value of field ${field} ${reason}.`, {
    field,
    invalidValue: value,
    allowedValues: allowed,
  });
