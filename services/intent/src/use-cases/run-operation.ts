import { type EventData, withoutClientSecrets } from '@connector/contracts';
import { InvalidRequestError, TransientError } from '@connector/errors';
import {
  fittingMetadata,
  InexpressibleAmountError,
  idempotencyKey,
  METADATA,
  operationNote,
  operationNoteKey,
  toStripeAmount,
} from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { type Logger, metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import { paymentIntentIdOf } from '../domain/attempts.ts';
import type { CardFeatures } from '../domain/card-features.ts';
import type { Payment } from '../domain/checkout-cart.ts';
import { type Done, doneUnder, inWords, type OperationLabels, operationIdOf } from '../domain/operation-identity.ts';
import {
  type Captured,
  capturedOf,
  mayHoldRelease,
  type Operation,
  type Plan,
  planOf,
  type StripeStep,
  TRANSACTION_TYPES,
} from '../domain/operations.ts';
import { beginningOf } from '../domain/text.ts';
import type { PaymentEvents, PaymentIntents, Payments } from './ports.ts';

export interface RunOperationDeps {
  payments: Payments;
  paymentIntents: PaymentIntents;
  events: PaymentEvents;
  cardFeatures: CardFeatures;
  log: Logger;
}

export interface RunOperationRequest extends OperationLabels {
  paymentId: string;
  operation: Operation;
}

/** `approved`: Stripe did it. `received`: Stripe took it, a webhook tells how it ends. `rejected`: refused. */
export type OperationOutcome = 'approved' | 'received' | 'rejected';

/**
 * Carries out a merchant's operation: what Stripe knows of it is read first; then a durable note of the request, the call to Stripe,
 * the fact of its result for the ledger. An operation that was done under the same identity is answered as it was, and not done again
 * (rulings 29, ADR 0012). Throws InvalidRequestError for what the caller got wrong, NotFoundError for an unknown payment.
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

interface Work {
  readonly deps: RunOperationDeps;
  readonly request: RunOperationRequest;
  readonly payment: Payment;
  /** As Stripe has it now, its charge expanded. */
  readonly paymentIntent: Stripe.PaymentIntent;
  readonly captured: Captured;
  /** The operation's id. */
  readonly id: string;
  /** What Stripe shows as done under the id already. */
  readonly done: Done | undefined;
}

/** Reads what Stripe knows: what identifies an operation, and whether it was done before. */
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

/** The answer to an operation that was done before, by this very request or the one that it repeats. */
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
  const { deps, request, payment, paymentIntent, id } = work;
  const { id: paymentIntentId } = paymentIntent;
  const { merchantReference } = request;
  const transactionType = TRANSACTION_TYPES[step.kind];
  await deps.events.publish('checkout.payment.operation_requested', [id], {
    paymentId: payment.id,
    paymentIntentId,
    operationId: id,
    operation: request.operation.action,
    transactionType,
    amount: step.money,
    ...(merchantReference && { merchantReference }),
  });
  try {
    return await finished(work, await callStripe(work, step));
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    if (error.type === 'idempotency_error') return takenAtStripe(work);
    deps.log.warn({ error, paymentId: payment.id, paymentIntentId }, 'Stripe refused an operation');
    const { code, declineCode } = error;
    await completed(work, { kind: 'refused', transactionType, amount: step.money, code, declineCode });
    if (step.kind === 'cancel') await forget(work);
    return 'rejected';
  }
}

/** Takes back the note of a cancelation that Stripe refused, so that another's is never taken for it. */
async function forget({ deps, paymentIntent, id }: Work): Promise<void> {
  const key = operationNoteKey(id);
  const now = await deps.paymentIntents.find(paymentIntent.id);
  if (!now?.metadata[key]) return;
  const params = { metadata: { [key]: '' } };
  await deps.paymentIntents.update(now.id, params, idempotencyKey('forget', id, now.status));
}

/** Stripe knows the key from a request with other parameters: an equal operation that met another's state, or a key used twice. */
async function takenAtStripe({ deps, request, payment, paymentIntent }: Work): Promise<OperationOutcome> {
  const now = await look(deps, request, payment, paymentIntent.id);
  if (now.done) return repeated(now, now.done);
  throw keyTaken();
}

/** How often an operation is asked for again within one request because Stripe repeats a refusal of an earlier one. */
const MAX_REPLAYS = 10;

/**
 * Asks Stripe under the operation's id. A refusal that Stripe remembers from an earlier request says nothing about now, and nothing was
 * done by it: the operation is asked for again under the next key, the same for everybody who comes this far.
 */
async function callStripe(work: Work, step: StripeStep): Promise<Stripe.PaymentIntent | Stripe.Refund> {
  for (let replays = 0; ; replays += 1) {
    const key = replays === 0 ? work.id : `${work.id}-${replays}`;
    try {
      return await callOnce(work, step, key);
    } catch (error) {
      if (!(error instanceof StripeRejection) || !error.isReplayed || replays >= MAX_REPLAYS) throw error;
    }
  }
}

/** The longest value, in characters, that Stripe takes in metadata. */
const MAX_METADATA_VALUE = 500;

async function callOnce(work: Work, step: StripeStep, key: string): Promise<Stripe.PaymentIntent | Stripe.Refund> {
  const { deps, request, payment, paymentIntent, id } = work;
  const { paymentIntents } = deps;
  const words = inWords(request.operation);
  const note = operationNote(id, words, paymentIntent.metadata);
  const label: Record<string, string> = request.merchantReference
    ? { [METADATA.merchantReference]: beginningOf(request.merchantReference, MAX_METADATA_VALUE) }
    : {};
  const reference = fittingMetadata({ ...paymentIntent.metadata, ...note }, label);
  switch (step.kind) {
    case 'capture':
      return paymentIntents.capture(
        paymentIntent.id,
        { amount: step.amount, isFinal: step.isFinal, metadata: { ...reference, ...note } },
        key,
      );
    case 'increment':
      return paymentIntents.increment(
        paymentIntent.id,
        { amount: step.amount, metadata: { ...reference, ...note } },
        key,
      );
    case 'refund': {
      const ids = { [METADATA.paymentId]: payment.id, [METADATA.operationId]: id, [METADATA.operation]: words };
      return paymentIntents.refund(paymentIntent.id, { amount: step.amount, metadata: { ...label, ...ids } }, key);
    }
    case 'cancel':
      // Stripe takes no metadata with a cancelation. What is canceled already was so by another.
      if (paymentIntent.status !== 'canceled') {
        await paymentIntents.update(
          paymentIntent.id,
          { metadata: { ...reference, ...note } },
          idempotencyKey('note', key, reference, note),
        );
      }
      return paymentIntents.cancel(paymentIntent.id, key);
  }
}

/** A refund's end comes by a webhook; the others are done when Stripe answers. */
async function finished(work: Work, object: Stripe.PaymentIntent | Stripe.Refund): Promise<OperationOutcome> {
  await completed(work, { kind: 'done', object: { ...withoutClientSecrets(object) } });
  return object.object === 'refund' ? 'received' : 'approved';
}

type Completed = EventData<'checkout.payment.operation_completed'>['outcome'];

async function completed({ deps, request, payment, paymentIntent, id }: Work, outcome: Completed): Promise<void> {
  try {
    // What was refused once can be done later under the same identity.
    const unique = outcome.kind === 'done' ? [id] : [id, outcome.kind];
    await deps.events.publish('checkout.payment.operation_completed', unique, {
      paymentId: payment.id,
      paymentIntentId: paymentIntent.id,
      operationId: id,
      operation: request.operation.action,
      outcome,
    });
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    // Stripe has decided, and its webhook or reconcile-pending tells the ledger; to answer an error would say that nothing happened.
    deps.log.error({ error, paymentId: payment.id, operationId: id }, "an operation's result could not be published");
  }
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

/** The PaymentIntent of a payment that it was never tied to, because its process died right after the opening: it carries the payment's key. */
async function foundByKey({ paymentIntents }: RunOperationDeps, { key, amountPlanned }: Payment) {
  if (key === undefined) return undefined;
  try {
    return (await paymentIntents.search(key, toStripeAmount(amountPlanned)))?.id;
  } catch (error) {
    // No PaymentIntent has such an amount.
    if (error instanceof InexpressibleAmountError) return undefined;
    throw error;
  }
}

/** How long, in ms, tying a payment to its PaymentIntent may take: it follows the answer to the shopper, and outlasts an outage. */
const LINKED_WITHIN_MS = 15 * 60_000;

/** A young payment of ours is about to be tied to its PaymentIntent: the caller may come again. Any other never had one. */
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
