import { ACCESS } from '@connector/contracts';
import { metrics } from '@connector/telemetry';
import * as z from 'zod';
import { isPaymentIntentId } from '../domain/confirmation.ts';
import { defineRoute } from '../http/route.ts';
import { idParams, moneySchema, optionalText } from '../http/schemas.ts';
import { type ConfirmPaymentDeps, type ConfirmPaymentOutcome, confirmPayment } from '../use-cases/confirm-payment.ts';

const body = z.object({
  paymentIntent: z.string().meta({ description: 'Stripe PaymentIntent id' }),
  confirmationToken: optionalText.meta({ description: 'Not used' }),
});

const approved = z.object({ outcome: z.literal('approved') });
const pending = z.object({ outcome: z.literal('pending') });
const rejected = z.object({
  outcome: z.literal('rejected'),
  error: z.string(),
  code: z
    .string()
    .optional()
    .meta({ description: "Stripe's error code, or `cart_changed`: what was paid is kept, and more is due now" }),
  declineCode: z.string().optional().meta({ description: "Stripe's decline code" }),
  amountDue: moneySchema.optional().meta({
    description: 'Only with `cart_changed`: the amount still due, which GET /payments opens',
  }),
});
/** A body that breaks the schema gets the general error. */
const refused = z.union([rejected, z.looseObject({ message: z.string(), statusCode: z.int() })]);

const ANSWERS = {
  200: { description: 'Authorised, and recorded in commercetools', schema: approved },
  202: { description: 'The money, or its record in commercetools, is on its way', schema: pending },
  400: {
    description: 'Not paid, not this payment, refunded in full, or paid but the cart costs more now',
    schema: refused,
  },
};

/** Confirms what the browser did at Stripe. */
export const confirmPaymentsRoute = (deps: ConfirmPaymentDeps) =>
  defineRoute({
    method: 'post',
    path: '/confirmPayments/{id}',
    id: 'confirmPayment',
    summary: 'Confirms a payment by its state at Stripe',
    auth: ACCESS['POST /confirmPayments/:id'],
    passesOn: ['kafka'],
    params: idParams,
    body,
    limitedPerSession: true,
    answers: ANSWERS,
    handle: async ({ session, params, body: { paymentIntent }, reply, annotate }) => {
      const request = { session, paymentId: params.id, paymentIntentId: paymentIntent };
      annotate({
        'commercetools.payment.id': params.id,
        ...(isPaymentIntentId(paymentIntent) && { 'stripe.payment_intent.id': paymentIntent }),
      });
      const outcome = await counted(() => confirmPayment(deps, request));
      annotate({ 'connector.outcome': outcome.kind });
      switch (outcome.kind) {
        case 'approved':
          return reply(200, { outcome: 'approved' });
        case 'pending':
          return reply(202, { outcome: 'pending' });
        case 'cart-changed':
          return reply(400, cartChanged(outcome));
        case 'rejected':
          if (outcome.reason) annotate({ 'connector.reason': outcome.reason });
          return reply(400, rejection(outcome));
      }
    },
  });

type OutcomeOf<K extends ConfirmPaymentOutcome['kind']> = Extract<ConfirmPaymentOutcome, { kind: K }>;

const cartChanged = ({ amountDue }: OutcomeOf<'cart-changed'>) => ({
  outcome: 'rejected' as const,
  error: 'The cart changed while it was being paid, and more is due',
  code: 'cart_changed',
  amountDue,
});

/** Stripe's codes alone: no message of Stripe's. */
const rejection = ({ code, declineCode }: OutcomeOf<'rejected'>) => ({
  outcome: 'rejected' as const,
  error: 'Payment confirmation failed',
  ...(code && { code }),
  ...(declineCode && { declineCode }),
});

const LABELS = {
  approved: 'approved',
  pending: 'received',
  rejected: 'rejected',
  'cart-changed': 'rejected',
} as const;

async function counted(work: () => Promise<ConfirmPaymentOutcome>): Promise<ConfirmPaymentOutcome> {
  try {
    const outcome = await work();
    metrics.paymentOperations.inc({ operation: 'confirm', outcome: LABELS[outcome.kind] });
    return outcome;
  } catch (error) {
    metrics.paymentOperations.inc({ operation: 'confirm', outcome: 'error' });
    throw error;
  }
}
