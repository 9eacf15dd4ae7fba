import { baseUrl, emptyIsUnset, noPlaceholder } from '@connector/lifecycle';
import * as z from 'zod';

/** The default region of the original connector. */
export const DEFAULT_REGION = 'europe-west1.gcp';
const hostOf = (api: string) => `https://${api}.${DEFAULT_REGION}.commercetools.com`;

const SCOPE = /^[a-z_]+(:[A-Za-z0-9_-]+)*$/;

/** The variables of an API client of the commercetools project, named as in the original connector. */
export const commercetoolsClientConfig = {
  CTP_PROJECT_KEY: noPlaceholder(['payment-integration'])
    .regex(/^[A-Za-z0-9_-]+$/, 'must be a project key: letters, digits, "-" and "_"')
    .describe('Key of the commercetools project'),
  CTP_CLIENT_ID: noPlaceholder(['xxx']).describe('Id of the API client'),
  CTP_CLIENT_SECRET: noPlaceholder(['xxx']).describe('Secret of the API client (secret)'),
  ...emptyIsUnset({
    CTP_AUTH_URL: baseUrl()
      .default(hostOf('auth'))
      .describe('Authorization server of the project, for tokens and introspection'),
    CTP_API_URL: baseUrl().default(hostOf('api')).describe('HTTP API of the project'),
  }),
  CTP_SCOPE: z
    .string()
    .transform((value) => value.split(/\s+/).filter(Boolean))
    .refine((scopes) => scopes.every((scope) => SCOPE.test(scope)), 'must be scopes such as manage_payments:my-project')
    .transform((scopes) => scopes.join(' ') || undefined)
    .optional()
    .describe('Scopes to ask for with each token, separated by spaces; unset = all scopes of the API client'),
};

/** The variables that say where stored payment methods are. The ledger writes them, and intent reads them. */
export const storedMethodsConfig = emptyIsUnset({
  STORED_PAYMENT_METHODS_PAYMENT_INTERFACE: z
    .string()
    .min(1, 'must not be empty')
    .optional()
    .describe('Payment interface of stored methods; default PAYMENT_INTERFACE'),
  STORED_PAYMENT_METHODS_INTERFACE_ACCOUNT: z
    .string()
    .optional()
    .describe('Account that stored methods are kept under, and limited to'),
});

/** The variables of the commercetools project and its further APIs. */
export const commercetoolsConfig = {
  ...commercetoolsClientConfig,
  ...emptyIsUnset({
    CTP_SESSION_URL: baseUrl().default(hostOf('session')).describe('Session API of the project'),
  }),
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

/** The region an address of commercetools is in, e.g. `europe-west1.gcp`; its host where that is none of commercetools'. */
export function regionOf(url: string): string {
  const { host, hostname } = new URL(url);
  return /^[^.]+\.(?<region>.+)\.commercetools\.com$/.exec(hostname)?.groups?.region ?? host;
}
