import { type EventData, withoutClientSecrets } from '@connector/contracts';
import { InvalidRequestError, TransientError } from '@connector/errors';
import { METADATA, toStripeAmount } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { type Logger, metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import type { PaymentEvents } from '../adapters/payment-events.ts';
import type { PaymentIntents } from '../adapters/payment-intents.ts';
import type { Payments } from '../adapters/payments.ts';
import { paymentIntentIdOf } from '../domain/attempts.ts';
import type { Payment } from '../domain/checkout-cart.ts';
import {
  capturedOf,
  mayHoldRelease,
  OPERATION_METADATA,
  type Operation,
  operationIdOf,
  type Plan,
  planOf,
  type StripeStep,
  TRANSACTION_TYPES,
} from '../domain/operations.ts';

export interface RunOperationDeps {
  payments: Payments;
  paymentIntents: PaymentIntents;
  events: PaymentEvents;
  multiOperations: boolean;
  log: Logger;
}

export interface RunOperationRequest {
  paymentId: string;
  operation: Operation;
  merchantReference?: string | undefined;
  /** Tells calls apart that have no merchant reference. */
  requestId: string;
}

/** `approved`: Stripe did it. `received`: Stripe took it, a webhook tells how it ends. `rejected`: refused. */
export type OperationOutcome = 'approved' | 'received' | 'rejected';

/**
 * Carries out a merchant's operation: a durable note of the request, the call to Stripe, the fact of its result for the ledger.
 * The same operation asked for again reaches Stripe under the same idempotency key. Throws InvalidRequestError for what the caller
 * got wrong, NotFoundError for an unknown payment.
 */
export async function runOperation(deps: RunOperationDeps, request: RunOperationRequest): Promise<OperationOutcome> {
  const { operation } = request;
  const payment = await deps.payments.get(request.paymentId);
  const paymentIntentId = paymentIntentIdOf(payment) ?? (await foundByKey(deps, payment));
  if (!paymentIntentId) throw withoutPaymentIntent(payment);
  const paymentIntent = await deps.paymentIntents.find(paymentIntentId);
  if (!paymentIntent) throw invalidOperation('The PaymentIntent of the payment does not exist.');

  const id = operationIdOf(payment.id, operation, request.merchantReference ?? request.requestId);
  const work: Work = { deps, request, payment, paymentIntentId, id };
  const refunds = mayHoldRelease(paymentIntent) ? await deps.paymentIntents.refundsOf(paymentIntentId) : undefined;
  const captured = capturedOf(paymentIntent, refunds);
  const plan = planOf(operation, payment, paymentIntent, deps.multiOperations, captured);
  try {
    const outcome = await carryOut(work, plan);
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
  readonly paymentIntentId: string;
  /** The operation's id. */
  readonly id: string;
}

async function carryOut(work: Work, plan: Plan): Promise<OperationOutcome> {
  const { deps, paymentIntentId, id } = work;
  switch (plan.kind) {
    case 'invalid':
      throw invalidField(plan);
    case 'nothing-to-reverse':
      throw invalidOperation('There is no successful payment transaction to reverse.');
    case 'refused':
      deps.log.info({ paymentId: work.payment.id, reason: plan.reason }, 'operation refused without asking Stripe');
      return 'rejected';
    case 'above-refundable': {
      const refunds = await deps.paymentIntents.refundsOf(paymentIntentId);
      const known = refunds.find(({ metadata }) => metadata?.[OPERATION_METADATA] === id);
      if (known) return finished(work, plan.step, known);
      throw invalidField({
        field: 'amount.centAmount',
        value: 'amount' in work.request.operation ? work.request.operation.amount.centAmount : undefined,
        allowed: [`<= ${plan.refundable}`],
        reason: 'is above what is left to refund',
      });
    }
    default:
      return ask(work, plan);
  }
}

async function ask(work: Work, step: StripeStep): Promise<OperationOutcome> {
  const { deps, request, payment, paymentIntentId, id } = work;
  await deps.events.publish('checkout.payment.operation_requested', [id], {
    paymentId: payment.id,
    paymentIntentId,
    operationId: id,
    operation: request.operation.action,
    ...(step.kind !== 'cancel' && { amount: step.money }),
    ...(request.merchantReference && { merchantReference: request.merchantReference }),
  });
  let object: Stripe.PaymentIntent | Stripe.Refund;
  try {
    object = await callStripe(work, step);
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    deps.log.warn({ error, paymentId: payment.id, paymentIntentId }, 'Stripe refused an operation');
    const { code, declineCode } = error;
    await completed(work, {
      kind: 'refused',
      transactionType: TRANSACTION_TYPES[step.kind],
      amount: step.money,
      code,
      declineCode,
    });
    return 'rejected';
  }
  return finished(work, step, object);
}

function callStripe(work: Work, step: StripeStep): Promise<Stripe.PaymentIntent | Stripe.Refund> {
  const { deps, request, payment, paymentIntentId, id } = work;
  const { paymentIntents } = deps;
  const reference: Record<string, string> = request.merchantReference
    ? { [METADATA.merchantReference]: request.merchantReference }
    : {};
  switch (step.kind) {
    case 'capture':
      return paymentIntents.capture(
        paymentIntentId,
        { amount: step.amount, isFinal: step.isFinal, metadata: reference },
        id,
      );
    case 'refund': {
      const metadata = { ...reference, [METADATA.paymentId]: payment.id, [OPERATION_METADATA]: id };
      return paymentIntents.refund(paymentIntentId, { amount: step.amount, metadata }, id);
    }
    case 'cancel':
      return paymentIntents.cancel(paymentIntentId, id);
  }
}

/** A refund's end is told by a webhook; the others are done when Stripe answers. */
async function finished(
  work: Work,
  step: StripeStep,
  object: Stripe.PaymentIntent | Stripe.Refund,
): Promise<OperationOutcome> {
  await completed(work, { kind: 'done', object: { ...withoutClientSecrets(object) } });
  return step.kind === 'refund' ? 'received' : 'approved';
}

type Completed = EventData<'checkout.payment.operation_completed'>['outcome'];

async function completed({ deps, request, payment, paymentIntentId, id }: Work, outcome: Completed): Promise<void> {
  try {
    await deps.events.publish('checkout.payment.operation_completed', [id], {
      paymentId: payment.id,
      paymentIntentId,
      operationId: id,
      operation: request.operation.action,
      outcome,
    });
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    // Stripe has decided and its webhook tells the ledger; to answer an error would say that nothing happened.
    deps.log.error({ error, paymentId: payment.id, operationId: id }, "an operation's result could not be published");
  }
}

const OPERATION_LABELS = {
  capturePayment: 'capture',
  refundPayment: 'refund',
  cancelPayment: 'cancel',
  reversePayment: 'reverse',
} as const;

const count = ({ action }: Operation, outcome: OperationOutcome | 'error') =>
  metrics.paymentOperations.inc({ operation: OPERATION_LABELS[action], outcome });

/** The PaymentIntent of a payment that it was never tied to, because its process died right after the opening: it carries the payment's key. */
async function foundByKey({ paymentIntents }: RunOperationDeps, { key, amountPlanned }: Payment) {
  return key === undefined ? undefined : (await paymentIntents.search(key, toStripeAmount(amountPlanned)))?.id;
}

/** How long, in ms, tying a payment to its PaymentIntent may take: it follows the answer to the shopper, and outlasts an outage. */
const LINKED_WITHIN_MS = 15 * 60_000;

/** A young payment of ours is about to be tied to its PaymentIntent: the caller may come again. Any other never had one. */
function withoutPaymentIntent({ key, createdAt }: Payment): Error {
  const isYoung = key !== undefined && Date.now() - Date.parse(createdAt) < LINKED_WITHIN_MS;
  if (!isYoung) return invalidOperation('The payment has no PaymentIntent.');
  return new TransientError('the payment is not tied to its PaymentIntent yet', { reason: 'not_linked' });
}

const invalidOperation = (message: string) => new InvalidRequestError('InvalidOperation', message);

const invalidField = ({ field, value, allowed, reason }: Omit<Extract<Plan, { kind: 'invalid' }>, 'kind'>) =>
  new InvalidRequestError('InvalidField', `The value of field ${field} ${reason}.`, {
    field,
    invalidValue: value,
    allowedValues: allowed,
  });
