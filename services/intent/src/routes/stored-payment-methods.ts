import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { idParams } from '../http/schemas.ts';
import { deleteStoredMethod, listStoredMethods, type StoredMethodsDeps } from '../use-cases/stored-payment-methods.ts';

const response = z.object({
  storedPaymentMethods: z.array(
    z.object({
      id: z.string().meta({ description: 'commercetools payment method id' }),
      type: z.string(),
      token: z.string(),
      isDefault: z.boolean(),
      createdAt: z.string(),
      displayOptions: z.object({
        endDigits: z.string().optional(),
        brand: z.object({ key: z.string() }).optional(),
        expiryMonth: z.int().optional(),
        expiryYear: z.int().optional().meta({ description: 'Two digits' }),
        logoUrl: z.string().optional(),
      }),
    }),
  ),
});

/** The customer's stored payment methods. */
export const storedPaymentMethodsRoute = (deps: StoredMethodsDeps) =>
  defineRoute({
    method: 'get',
    path: '/stored-payment-methods',
    id: 'listStoredPaymentMethods',
    summary: "Stored payment methods of the cart's customer",
    auth: ACCESS['GET /stored-payment-methods'],
    passesOn: ['commercetools', 'stripe'],
    answers: { 200: { description: 'The methods', schema: response } },
    handle: async ({ session, reply }) => reply(200, { storedPaymentMethods: await listStoredMethods(deps, session) }),
  });

/** Deletes a stored payment method. */
export const deleteStoredPaymentMethodRoute = (deps: StoredMethodsDeps) =>
  defineRoute({
    method: 'delete',
    path: '/stored-payment-methods/{id}',
    id: 'deleteStoredPaymentMethod',
    summary: "Deletes a stored payment method of the cart's customer",
    auth: ACCESS['DELETE /stored-payment-methods/:id'],
    passesOn: ['commercetools', 'commercetools updates'],
    params: idParams,
    answers: { 200: { description: 'Deleted' } },
    handle: async ({ session, params: { id }, reply }) => {
      await deleteStoredMethod(deps, { session, id });
      return reply(200);
    },
  });
