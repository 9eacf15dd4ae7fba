import type { IncomingMessage } from 'node:http';
import { StripeApiError } from './errors.ts';
import type { RawParams } from './params.ts';
import type { Route } from './routes/route.ts';

/** Keys to insist on; absent: any of the right shape. */
export interface ApiKeys {
  secretKey?: string | undefined;
  publishableKey?: string | undefined;
}

/** True for a publishable key. Throws 401 for a missing, unknown or wrong-shaped key, and for a page calling what only servers may. */
export function authorize(req: IncomingMessage, raw: RawParams, keys: ApiKeys, route: Route | undefined): boolean {
  const key = keyOf(req) ?? (typeof raw.key === 'string' ? raw.key : undefined);
  if (!key) {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    );
  }
  const isPublishable = key.startsWith('pk_');
  const expected = isPublishable ? keys.publishableKey : keys.secretKey;
  const hasShape = isPublishable ? /^pk_test_\w+$/.test(key) : /^(?:sk|rk)_test_\w+$/.test(key);
  if (!hasShape || (expected !== undefined && key !== expected)) {
    throw unauthorized(
      `Invalid API Key provided: ${key.slice(0, 8)}${'*'.repeat(Math.max(key.length - 12, 4))}${key.slice(-4)}`,
    );
  }
  if (isPublishable && route && !route.isPublic) {
    throw unauthorized(
      'This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.',
      'secret_key_required',
    );
  }
  return isPublishable;
}

const unauthorized = (message: string, code?: string): StripeApiError =>
  new StripeApiError(401, { type: 'invalid_request_error', message, ...(code ? { code } : {}) }, true);

function keyOf(req: IncomingMessage): string | undefined {
  const { authorization } = req.headers;
  if (authorization?.startsWith('Bearer ')) return authorization.slice(7).trim() || undefined;
  if (authorization?.startsWith('Basic ')) {
    return Buffer.from(authorization.slice(6), 'base64').toString().split(':')[0] || undefined;
  }
  return undefined;
}
