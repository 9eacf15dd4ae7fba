import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

const response = z.object({
  dropins: z.array(z.object({ type: z.enum(['embedded', 'hpp']) })),
  components: z.array(z.object({ type: z.string(), subtypes: z.array(z.string()).optional() })),
  express: z.array(z.object({ type: z.string() })),
});

/**
 * The names by which Checkout requests the enabler's builders. Stored payment methods have no list of their own in the
 * contract: they are offered for `card` if `/operations/config` says so for the cart.
 */
export const paymentComponentsRoute = () =>
  defineRoute({
    method: 'get',
    path: '/operations/payment-components',
    id: 'getPaymentComponents',
    summary: 'What the enabler can show',
    auth: ACCESS['GET /operations/payment-components'],
    answers: { 200: { description: 'The components', schema: response } },
    handle: async ({ reply }) =>
      reply(200, { dropins: [{ type: 'embedded' }], components: [{ type: 'card' }], express: [{ type: 'dropin' }] }),
  });
