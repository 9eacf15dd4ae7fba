import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { type CustomerSessionDeps, openCustomerSession } from '../use-cases/open-customer-session.ts';

const response = z.object({
  stripeCustomerId: z.string(),
  ephemeralKey: z.string().meta({ description: "Secret of the customer's ephemeral key" }),
  sessionId: z.string().meta({ description: "Client secret of Stripe's customer session" }),
});

/** Secrets with which the browser can show and save a customer's payment methods. */
export const customerSessionRoute = (deps: CustomerSessionDeps) =>
  defineRoute({
    method: 'get',
    path: '/customer/session',
    id: 'getCustomerSession',
    summary: "Stripe customer session of the cart's customer",
    auth: ACCESS['GET /customer/session'],
    isOpening: true,
    passesOn: ['commercetools', 'commercetools updates', 'stripe'],
    answers: { 200: { description: 'The session', schema: response }, 204: { description: 'A guest has none' } },
    handle: async ({ session, reply }) => {
      const outcome = await openCustomerSession(deps, { session });
      switch (outcome.kind) {
        case 'guest':
          return reply(204);
        case 'customer': {
          const { stripeCustomerId, ephemeralKey, clientSecret } = outcome;
          return reply(200, { stripeCustomerId, ephemeralKey, sessionId: clientSecret });
        }
      }
    },
  });
