import { TransientError } from '@connector/errors';
import { asGlobalFetch, type Fetch } from '@connector/http';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import type { DenialReason } from '../domain/denial.ts';
import type { JwtReader, JwtReading } from '../use-cases/ports.ts';

export interface MerchantCenterKeysOptions {
  jwksUrl: string;
  fetch: Fetch;
  timeoutMs: number;
  /** Minimum time between two reads because of unknown key ids, in ms. */
  cooldownMs: number;
  clockToleranceS: number;
}

/** How long keys are used before they are read again, in ms. */
const KEYS_TTL_MS = 10 * 60_000;

/**
 * The Merchant Center's signing keys from their public JWKS. An unknown key id makes it read them again, so keys rotate
 * without a restart, but at most once per cool-down, so that made-up ids cause no calls. Only RS256 is accepted.
 */
export function merchantCenterKeys(options: MerchantCenterKeysOptions): JwtReader {
  const { jwksUrl, fetch, timeoutMs, cooldownMs, clockToleranceS } = options;
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    cooldownDuration: cooldownMs,
    cacheMaxAge: KEYS_TTL_MS,
    timeoutDuration: timeoutMs,
    [customFetch]: asGlobalFetch(fetch),
  });
  return {
    read: async (jwt) => {
      try {
        const { payload } = await jwtVerify(jwt, keys, {
          algorithms: ['RS256'],
          clockTolerance: clockToleranceS,
          requiredClaims: ['exp'],
        });
        return { kind: 'valid', claims: payload };
      } catch (error) {
        return invalid(error);
      }
    },
  };
}

/** Distinguishes a bad token from unreadable keys; the latter is thrown as TransientError. */
function invalid(error: unknown): JwtReading {
  const say = (reason: DenialReason, message: string): JwtReading => ({ kind: 'invalid', reason, message });
  if (error instanceof errors.JWTExpired) return say('expired', 'jwt expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf'
      ? say('not_yet_valid', 'jwt not active')
      : say('malformed', `invalid ${error.claim} value`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return say('bad_signature', 'invalid signature');
  if (error instanceof errors.JOSEAlgNotAllowed) return say('alg_not_allowed', 'invalid algorithm');
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return say('unknown_key', 'invalid signature');
  }
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  ) {
    return say('malformed', 'jwt malformed');
  }
  const reason = error instanceof errors.JWKSTimeout ? 'timeout' : 'unreadable';
  throw new TransientError('the keys of Merchant Center JWTs cannot be read', { reason, cause: error });
}
