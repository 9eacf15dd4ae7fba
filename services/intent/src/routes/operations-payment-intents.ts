import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { amountSchema, idParams, optionalText } from '../http/schemas.ts';
import { type RunOperationDeps, runOperation } from '../use-cases/run-operation.ts';

const merchantReference = optionalText;
const action = z.discriminatedUnion('action', [
  z.object({ action: z.literal('capturePayment'), amount: amountSchema, merchantReference }),
  z.object({
    action: z.literal('refundPayment'),
    amount: amountSchema,
    merchantReference,
    transactionId: optionalText.meta({ description: 'commercetools transaction to refund' }),
  }),
  z.object({
    action: z.literal('incrementAuthorization'),
    amount: amountSchema.meta({ description: 'The new total to be authorised, not the increase' }),
    merchantReference,
  }),
  z.object({ action: z.literal('cancelPayment'), merchantReference }),
  z.object({ action: z.literal('reversePayment'), merchantReference }),
]);
const body = z.object({ actions: z.array(action).min(1).max(1), merchantReference });

const headers = z.object({
  'idempotency-key': z.string().min(1).max(255).optional().meta({
    description:
      'Identifies the operation for good: a repeated request with the same key gets the answer of the first. Without it, equal requests at the same moment are one operation, and an equal request after the first was done is a new one',
  }),
});

const response = z.object({ outcome: z.enum(['approved', 'rejected', 'received']) });

/**
 * Captures, refunds, cancels or reverses a payment for the merchant, or raises its authorisation. Checkout has no
 * action for a raise, so back offices call it directly (ADR 22).
 */
export const paymentIntentsRoute = (deps: RunOperationDeps) =>
  defineRoute({
    method: 'post',
    path: '/operations/payment-intents/{id}',
    id: 'modifyPayment',
    summary: 'Captures, refunds, cancels, reverses or raises a payment; the id is the commercetools payment id',
    auth: ACCESS['POST /operations/payment-intents/:id'],
    passesOn: ['commercetools', 'stripe', 'kafka'],
    params: idParams,
    headers,
    body,
    answers: { 200: { description: 'The result; a refusal by Stripe is `rejected`', schema: response } },
    handle: async ({ params, headers: given, body: { actions }, reply, annotate }) => {
      const [operation] = actions;
      if (!operation) throw new TypeError('the schema lets no empty list through');
      annotate({ 'commercetools.payment.id': params.id });
      const { merchantReference } = operation;
      const outcome = await runOperation(deps, {
        paymentId: params.id,
        operation,
        ...(merchantReference && { merchantReference }),
        idempotencyKey: given['idempotency-key'],
      });
      annotate({ 'connector.outcome': outcome });
      return reply(200, { outcome });
    },
  });
