import { ACCESS } from '@connector/contracts';
import { metrics } from '@connector/telemetry';
import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { amountSchema, optional, optionalText, uuid } from '../http/schemas.ts';
import { type RunTransactionDeps, runTransaction } from '../use-cases/run-transaction.ts';

const body = z.object({
  type: z.literal('Recurring'),
  cartId: uuid,
  checkoutTransactionItemId: uuid,
  paymentMethodId: optional(uuid).meta({ description: 'commercetools payment method to charge; required' }),
  amount: optional(amountSchema).meta({ description: 'Default: the amount due on the cart' }),
  idempotencyKey: optionalText.meta({
    description:
      'Identifies the transaction for good: a repeated request with the same key is answered from its present state at Stripe, also when that is a decline. Default: the checkoutTransactionItemId',
  }),
  futureOrderNumber: optionalText,
  paymentInterface: optional(uuid).meta({ deprecated: true }),
});

const response = z.object({
  transactionStatus: z.object({
    state: z.enum(['Completed', 'Failed', 'Pending']),
    errors: z.array(z.object({ code: z.literal('PaymentRejected'), message: z.string() })),
  }),
  paymentId: z.string(),
});

const OUTCOMES = { Completed: 'approved', Pending: 'received', Failed: 'rejected' } as const;

/**
 * Counts failed cycles: a failed cycle of a recurring order makes no order, and nobody sees a form, so only metrics
 * show it.
 */
async function counted<T extends { state: keyof typeof OUTCOMES }>(work: () => Promise<T>): Promise<T> {
  const count = (outcome: string) => metrics.paymentOperations.inc({ operation: 'transaction', outcome });
  try {
    const outcome = await work();
    count(OUTCOMES[outcome.state]);
    return outcome;
  } catch (error) {
    count('error');
    throw error;
  }
}

/** Charges a stored method for a recurring order, without the shopper. */
export const transactionsRoute = (deps: RunTransactionDeps) =>
  defineRoute({
    method: 'post',
    path: '/operations/transactions',
    id: 'createTransaction',
    summary: 'Charges a stored payment method for a cart',
    auth: ACCESS['POST /operations/transactions'],
    passesOn: ['commercetools', 'commercetools updates', 'stripe'],
    body,
    answers: { 201: { description: 'The result; a decline is `Failed`', schema: response } },
    handle: async ({ body: given, reply, annotate }) => {
      const { state, code, paymentId } = await counted(() => runTransaction(deps, given));
      annotate({ 'commercetools.payment.id': paymentId, 'connector.outcome': state });
      const errors =
        state === 'Failed'
          ? [{ code: 'PaymentRejected' as const, message: `The payment was rejected${code ? `: ${code}` : ''}.` }]
          : [];
      return reply(201, { transactionStatus: { state, errors }, paymentId });
    },
  });
