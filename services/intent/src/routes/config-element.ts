import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { amountDue } from '../domain/amount-due.ts';
import {
  type BehaviourSettings,
  BILLING_ADDRESS_MODES,
  behaviourFor,
  CAPTURE_METHODS,
  FLOW_TYPES,
} from '../domain/behaviour.ts';
import { isRecurring } from '../domain/checkout-cart.ts';
import { nothingDue } from '../domain/nothing-due.ts';
import { chargeableAmount } from '../domain/stripe-amount.ts';
import { defineRoute } from '../http/route.ts';
import type { RememberingCarts } from '../use-cases/ports.ts';

const response = z.object({
  cartInfo: z.object({ amount: z.int().meta({ description: "Due, in Stripe's minor units" }), currency: z.string() }),
  appearance: z.string().optional(),
  captureMethod: z.enum(CAPTURE_METHODS),
  setupFutureUsage: z.enum(['off_session', 'on_session']).optional(),
  layout: z.string(),
  collectBillingAddress: z.enum(BILLING_ADDRESS_MODES),
  paymentElementOptions: z.string(),
  flowType: z.enum(FLOW_TYPES),
});

export interface ConfigElementDeps {
  carts: Pick<RememberingCarts, 'glance'>;
  behaviour: BehaviourSettings;
  element: { appearance?: string | undefined; layout: string; paymentElementOptions: string };
}

/** The configuration of the payment element for a cart; every component name gets the same answer. */
export const configElementRoute = ({ carts, behaviour, element }: ConfigElementDeps) =>
  defineRoute({
    method: 'get',
    path: '/config-element/{paymentComponent}',
    id: 'getElementConfig',
    summary: "Configuration of the payment element for the session's cart",
    auth: ACCESS['GET /config-element/:paymentComponent'],
    isOpening: true,
    passesOn: ['commercetools'],
    params: z.object({ paymentComponent: z.string() }),
    answers: { 200: { description: 'The configuration', schema: response } },
    handle: async ({ session, reply }) => {
      const { cart, payments } = await carts.glance(session.cartId);
      const amount = amountDue(cart, payments, session.giftCardPlannedAmount);
      if (amount.kind !== 'due') throw nothingDue(cart.id, amount);
      const { captureMethod, setupFutureUsage, collectBillingAddress, flowType } = behaviourFor(
        cart,
        isRecurring(cart),
        behaviour,
      );
      return reply(200, {
        cartInfo: { amount: chargeableAmount(amount.due), currency: amount.due.currencyCode },
        appearance: element.appearance,
        captureMethod,
        setupFutureUsage,
        layout: element.layout,
        collectBillingAddress,
        paymentElementOptions: element.paymentElementOptions,
        flowType,
      });
    },
  });
