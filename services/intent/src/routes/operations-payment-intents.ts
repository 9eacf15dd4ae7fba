import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { amountSchema, idParams } from '../http/schemas.ts';
import { type RunOperationDeps, runOperation } from '../use-cases/run-operation.ts';

const merchantReference = z.string().optional();
const action = z.discriminatedUnion('action', [
  z.object({ action: z.literal('capturePayment'), amount: amountSchema, merchantReference }),
  z.object({
    action: z.literal('refundPayment'),
    amount: amountSchema,
    merchantReference,
    transactionId: z.string().optional().meta({ description: 'commercetools transaction to refund' }),
  }),
  z.object({ action: z.literal('cancelPayment'), merchantReference }),
  z.object({ action: z.literal('reversePayment'), merchantReference }),
]);
const body = z.object({ actions: z.array(action).min(1).max(1), merchantReference: z.string().optional() });

const response = z.object({ outcome: z.enum(['approved', 'rejected', 'received']) });

/** Captures, refunds, cancels or reverses a payment for the merchant. */
export const paymentIntentsRoute = (deps: RunOperationDeps) =>
  defineRoute({
    method: 'post',
    path: '/operations/payment-intents/{id}',
    id: 'modifyPayment',
    summary: 'Captures, refunds, cancels or reverses a payment; the id is the commercetools payment id',
    auth: { scheme: 'oauth2', anyOf: ['manage_project', 'manage_checkout_payment_intents'] },
    passesOn: ['commercetools', 'stripe', 'kafka'],
    params: idParams,
    body,
    answers: { 200: { description: 'What became of it; a refusal by Stripe is `rejected`', schema: response } },
    handle: async ({ params, body: { actions }, requestId, reply, annotate }) => {
      const [operation] = actions;
      if (!operation) throw new TypeError('the schema lets no empty list through');
      annotate({ 'commercetools.payment.id': params.id });
      const reference = operation.merchantReference;
      const outcome = await runOperation(deps, {
        paymentId: params.id,
        operation,
        ...(reference && { merchantReference: reference }),
        requestId,
      });
      annotate({ 'connector.outcome': outcome });
      return reply(200, { outcome });
    },
  });
