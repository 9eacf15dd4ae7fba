import { StripeApiError } from './errors.ts';
import { API_VERSION } from './objects.ts';

/** The longest idempotency key that Stripe takes, in characters. */
const MAX_KEY_LENGTH = 255;
/** Names of Stripe's releases, each with its first date; versions before the first had a date alone. */
const RELEASES: Readonly<Record<string, string>> = {
  acacia: '2024-09-30',
  basil: '2025-03-31',
  clover: '2025-09-30',
  dahlia: '2026-03-25',
  endive: '2026-09-30',
};

/** Refuses a `Stripe-Version` that never was. Throws StripeApiError 400. */
export function refuseVersion(version: string | undefined): void {
  if (version === undefined) return;
  const [, date = '', release] = /^(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?$/.exec(version) ?? [];
  const since = release === undefined ? '2011-01-01' : RELEASES[release];
  const isNamed = release !== undefined || date < (RELEASES.acacia ?? '');
  if (date && since && isNamed && date >= since && date <= API_VERSION.slice(0, 10)) return;
  throw new StripeApiError(
    400,
    { type: 'invalid_request_error', message: `Invalid Stripe API version: ${version}` },
    true,
  );
}

/** Refuses an idempotency key that is too long. Throws StripeApiError 400. */
export function refuseKey(key: string | undefined): void {
  if (key === undefined || key.length <= MAX_KEY_LENGTH) return;
  const message = `Idempotency-Key is too long: it can have up to ${MAX_KEY_LENGTH} characters.`;
  throw new StripeApiError(400, { type: 'invalid_request_error', message }, true);
}
