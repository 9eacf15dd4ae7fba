import { type Denial, denied } from './denial.ts';

const MISSING: Denial = {
  reason: 'missing',
  code: 'access_denied',
  message: 'This endpoint requires the authorization header.',
};
const MALFORMED: Denial = {
  reason: 'malformed',
  code: 'invalid_request',
  message: "Authorization header must have the format 'Bearer <token>'",
};

/** The token of an `Authorization` header: exactly two parts with one space, the first literally `Bearer`. */
export function bearerTokenOf(authorization: string | null | undefined) {
  if (!authorization) return denied(MISSING);
  const [scheme, token, ...more] = authorization.split(' ');
  if (scheme !== 'Bearer' || !token || more.length > 0) return denied(MALFORMED);
  return { kind: 'token' as const, token };
}
