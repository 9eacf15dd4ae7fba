import { ACCESS } from '@connector/contracts';
import { metrics } from '@connector/telemetry';
import * as z from 'zod';
import { nothingDue } from '../domain/nothing-due.ts';
import { defineRoute } from '../http/route.ts';
import { openCheckout } from '../use-cases/open-checkout.ts';
import type { OpenCheckoutDeps } from '../use-cases/opening/opening.ts';

const headers = z.object({
  'x-express-checkout': z.string().optional().meta({ description: '`true` or `1`: express checkout' }),
  'x-express-customer-session': z
    .string()
    .optional()
    .meta({ description: '`true`: the express elements were made with a Stripe customer' }),
});

const response = z.object({
  sClientSecret: z.string().meta({ description: "The PaymentIntent's client secret" }),
  paymentReference: z.string().meta({ description: 'commercetools payment id' }),
  merchantReturnUrl: z.string(),
  cartId: z.string(),
  billingAddress: z.string().optional().meta({ description: "JSON: Stripe's billing details" }),
});

/** Opens the payment of the session's cart, or returns the open one. */
export const paymentsRoute = (deps: OpenCheckoutDeps) =>
  defineRoute({
    method: 'get',
    path: '/payments',
    id: 'openPayment',
    summary: "Opens the payment of the session's cart, or returns the open one",
    auth: ACCESS['GET /payments'],
    isOpening: true,
    passesOn: ['commercetools', 'stripe'],
    headers,
    limitedPerSession: true,
    answers: { 200: { description: 'The payment is open', schema: response } },
    handle: async ({ session, headers: given, requestId, reply, annotate }) => {
      const express = given['x-express-checkout'];
      const outcome = await counted(() =>
        openCheckout(deps, {
          session,
          express: express === 'true' || express === '1',
          expressCustomerSession: given['x-express-customer-session'] === 'true',
          requestId,
        }),
      );
      switch (outcome.kind) {
        case 'opened':
          annotate({
            'commercetools.payment.id': outcome.paymentReference,
            'stripe.payment_intent.id': outcome.paymentIntentId,
          });
          return reply(200, {
            sClientSecret: outcome.clientSecret,
            paymentReference: outcome.paymentReference,
            merchantReturnUrl: outcome.merchantReturnUrl,
            cartId: outcome.cartId,
            ...(outcome.billingAddress && { billingAddress: JSON.stringify(outcome.billingAddress) }),
          });
        case 'paid':
        case 'nothing':
          throw nothingDue(session.cartId, outcome);
      }
    },
  });

async function counted<T extends { kind: string }>(work: () => Promise<T>): Promise<T> {
  try {
    const outcome = await work();
    metrics.paymentOperations.inc({
      operation: 'create',
      outcome: outcome.kind === 'opened' ? 'approved' : 'rejected',
    });
    return outcome;
  } catch (error) {
    metrics.paymentOperations.inc({ operation: 'create', outcome: 'error' });
    throw error;
  }
}
