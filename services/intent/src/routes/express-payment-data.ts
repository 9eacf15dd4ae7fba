import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { amountDue } from '../domain/amount-due.ts';
import { expressLineItems } from '../domain/express.ts';
import { nothingDue } from '../domain/nothing-due.ts';
import { chargeableAmount } from '../domain/stripe-amount.ts';
import { defineRoute } from '../http/route.ts';
import { moneySchema } from '../http/schemas.ts';
import type { Carts } from '../use-cases/ports.ts';

const response = z.object({
  totalPrice: moneySchema,
  currencyCode: z.string(),
  lineItems: z.array(z.object({ name: z.string(), amount: moneySchema, type: z.string() })),
});

/** What a wallet's sheet shows of the cart. */
export const expressPaymentDataRoute = ({ carts }: { carts: Carts }) =>
  defineRoute({
    method: 'get',
    path: '/express-payment-data',
    id: 'getExpressPaymentData',
    summary: "Amount due and line items for a wallet's sheet",
    auth: ACCESS['GET /express-payment-data'],
    isOpening: true,
    passesOn: ['commercetools'],
    answers: { 200: { description: 'The amounts', schema: response } },
    handle: async ({ session, reply }) => {
      const { cart, payments } = await carts.get(session.cartId);
      const amount = amountDue(cart, payments, session.giftCardPlannedAmount);
      if (amount.kind !== 'due') throw nothingDue(cart.id, amount);
      const { due } = amount;
      chargeableAmount(due);
      return reply(200, {
        totalPrice: due,
        currencyCode: due.currencyCode,
        lineItems: expressLineItems(cart, due),
      });
    },
  });
