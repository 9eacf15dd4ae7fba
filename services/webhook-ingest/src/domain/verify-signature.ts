import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** How far the signature's timestamp may be from our clock, in seconds; Stripe's libraries use the same. */
const TOLERANCE_SECONDS = 300;

export type Verification =
  | { readonly kind: 'verified'; readonly secret: 'current' | 'previous' }
  | { readonly kind: 'refused'; readonly outcome: 'bad_signature' | 'stale_timestamp'; readonly reason: string };

/** A signing secret (`whsec_…`) as an HMAC key, made once so that it is not encoded for each request. */
export const signingKey = (secret: string): KeyObject => createSecretKey(secret, 'utf8');

const refused = (reason: string, outcome: 'bad_signature' | 'stale_timestamp' = 'bad_signature'): Verification => ({
  kind: 'refused',
  outcome,
  reason,
});

/** The messages of Stripe's own library, because people search for them. */
const UNREADABLE = refused('Unable to extract timestamp and signatures from header');
const NO_SCHEME = refused('No signatures found with expected scheme');
const NO_MATCH = refused('No signatures found matching the expected signature for payload.');
const STALE = refused('Timestamp outside the tolerance zone', 'stale_timestamp');

/**
 * Checks a `stripe-signature` header (`t=<Unix seconds>,v1=<hex>[,v1=<hex>…]`) over the untouched body: HMAC-SHA256 of
 * `<t>.<body>` by any of `keys`, compared in constant time with every `v1`, and a timestamp at most 300 s from
 * `nowSeconds`. The first key is the current secret, later ones are those being rotated out. The body is never decoded,
 * so bytes that are not UTF-8 verify as Stripe signed them.
 */
export function verifySignature(
  body: Uint8Array,
  header: string,
  keys: readonly KeyObject[],
  nowSeconds: number,
): Verification {
  const { timestamp, signatures } = parse(header);
  if (timestamp === undefined) return UNREADABLE;
  if (signatures.length === 0) return NO_SCHEME;
  const matching = keys.findIndex((key) => {
    const expected = createHmac('sha256', key).update(`${timestamp}.`).update(body).digest();
    return signatures.some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
  });
  if (matching < 0) return NO_MATCH;
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return STALE;
  return { kind: 'verified', secret: matching === 0 ? 'current' : 'previous' };
}

const TIMESTAMP = /^(0|[1-9]\d{0,14})$/;

function parse(header: string): { timestamp: string | undefined; signatures: Buffer[] } {
  let timestamp: string | undefined;
  const signatures: Buffer[] = [];
  for (const item of header.split(',')) {
    // A bare `t` is a timestamp without a value, as Stripe's own library reads it.
    if (item === 't' || item.startsWith('t=')) timestamp = TIMESTAMP.test(item.slice(2)) ? item.slice(2) : undefined;
    else if (item.startsWith('v1=')) signatures.push(Buffer.from(item.slice(3), 'hex'));
  }
  return { timestamp, signatures };
}
