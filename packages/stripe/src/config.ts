import { baseUrl } from '@connector/lifecycle';
import * as z from 'zod';

/** A secret or restricted key, live or test. */
export const SECRET_KEY = /^(sk|rk)_(test|live)_\w+$/;

/** The variables of every service that calls Stripe. */
export const stripeConfig = {
  STRIPE_SECRET_KEY: z
    .string()
    .regex(SECRET_KEY, 'must be a secret or restricted key: sk_test_…, sk_live_…, rk_test_… or rk_live_…')
    .describe('Server key, a restricted one is recommended (secret)'),
  STRIPE_API_BASE: baseUrl()
    .refine((value) => !URL.canParse(value) || new URL(value).origin === value, 'must be an origin, without a path')
    .default('https://api.stripe.com')
    .describe("Origin of Stripe's API; http for loopback and cluster-local hosts only"),
};

/** What `stripeConfig` parses to. */
export type StripeConfig = z.output<z.ZodObject<typeof stripeConfig>>;

/** The mode of a Stripe key, `sk_`, `rk_` or `pk_`: true for live, false for test. */
export const isLiveKey = (key: string): boolean => /^(sk|rk|pk)_live_/.test(key);
