import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { CAPTURE_METHODS } from '../domain/behaviour.ts';
import { defineRoute } from '../http/route.ts';
import type { RememberingCarts } from '../use-cases/ports.ts';

/** The part of the configuration for the browser. */
export interface PublicConfig {
  readonly environment: string;
  readonly publishableKey: string;
  readonly captureMethod: (typeof CAPTURE_METHODS)[number];
  readonly appearance?: string | undefined;
  readonly expressElementOptions?: string | undefined;
}

export const publicConfigSchema = z.object({
  environment: z.string(),
  publishableKey: z.string(),
  captureMethod: z.enum(CAPTURE_METHODS).optional(),
  appearance: z.string().optional().meta({ description: "JSON: Stripe's Appearance object" }),
  expressElementOptions: z.string().optional().meta({ description: 'JSON: options of the express element' }),
});

const response = publicConfigSchema.extend({ storedPaymentMethodsConfig: z.object({ isEnabled: z.boolean() }) });

/** The configuration that the enabler needs first. */
export const operationsConfigRoute = (deps: {
  carts: Pick<RememberingCarts, 'glance'>;
  publicConfig: PublicConfig;
  storedMethodsEnabled: boolean;
}) =>
  defineRoute({
    method: 'get',
    path: '/operations/config',
    id: 'getConfig',
    summary: 'Configuration for the enabler',
    auth: ACCESS['GET /operations/config'],
    isOpening: true,
    passesOn: ['commercetools'],
    answers: { 200: { description: 'The configuration', schema: response } },
    handle: async ({ session, reply }) => {
      // The cart is needed only for its customer, and only if stored methods are enabled.
      const isEnabled = deps.storedMethodsEnabled && Boolean((await deps.carts.glance(session.cartId)).cart.customerId);
      return reply(200, { ...deps.publicConfig, storedPaymentMethodsConfig: { isEnabled } });
    },
  });
