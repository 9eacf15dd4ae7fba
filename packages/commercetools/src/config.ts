import { baseUrl, noPlaceholder } from '@connector/lifecycle';
import * as z from 'zod';

/** The variables of the commercetools project, as the original connector names them; none has a default. */
export const commercetoolsConfig = {
  CTP_PROJECT_KEY: noPlaceholder(['payment-integration'])
    .regex(/^[A-Za-z0-9_-]+$/, 'must be a project key: letters, digits, "-" and "_"')
    .describe('Key of the commercetools project'),
  CTP_CLIENT_ID: noPlaceholder(['xxx']).describe('Id of the API client'),
  CTP_CLIENT_SECRET: noPlaceholder(['xxx']).describe('Secret of the API client (secret)'),
  CTP_AUTH_URL: baseUrl().describe(
    'Authorization server, for tokens and introspection, e.g. https://auth.europe-west1.gcp.commercetools.com',
  ),
  CTP_API_URL: baseUrl().describe('HTTP API, e.g. https://api.europe-west1.gcp.commercetools.com'),
  CTP_SESSION_URL: baseUrl().describe('Session API, e.g. https://session.europe-west1.gcp.commercetools.com'),
  CTP_CHECKOUT_URL: baseUrl().describe('Checkout API, e.g. https://checkout.europe-west1.gcp.commercetools.com'),
  CTP_JWKS_URL: baseUrl().describe(
    'Keys of Merchant Center JWTs, e.g. https://mc-api.europe-west1.gcp.commercetools.com/.well-known/jwks.json',
  ),
  CTP_JWT_ISSUER: z
    .string()
    .min(1, 'must not be empty')
    .refine((value) => !/\s/.test(value), 'must not contain spaces')
    .refine((value) => !value.endsWith('/'), 'must not end with "/"')
    .describe('Exact issuer of Merchant Center JWTs, e.g. https://mc-api.europe-west1.gcp.commercetools.com'),
};

/** What `commercetoolsConfig` parses to. */
export type CommercetoolsConfig = z.output<z.ZodObject<typeof commercetoolsConfig>>;
