import type { RequestHandler } from 'express';

const CORS_METHODS = 'GET,HEAD,POST,DELETE';
const CORS_HEADERS =
  'Content-Type, Authorization, X-Correlation-ID, X-Request-ID, X-Session-ID, x-express-checkout, x-express-customer-session';

/** The answer to a page whose origin is not on the list. */
export const ORIGIN_REFUSED = { error: 'Forbidden', message: 'CORS origin not allowed.' } as const;

/** How long a browser may keep a preflight's answer, in seconds. */
const MAX_AGE_S = 600;

/** Any page may read it: the domain association that Apple fetches. */
const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/applePayConfig']);

/**
 * Cross-origin rules by allow-list: the origin is echoed, never `*` (except for Apple's file), without credentials.
 * Answers preflights itself: 204 for a known origin, 403 for another, 400 for an OPTIONS that is no preflight.
 */
export function cors(allowedOrigins: readonly string[]): RequestHandler {
  const allowed: ReadonlySet<string> = new Set(allowedOrigins);
  return (req, res, next) => {
    const origin = req.get('origin');
    const isPublic = PUBLIC_PATHS.has(req.path);
    const isAllowed = isPublic || (origin !== undefined && allowed.has(origin));
    if (!isPublic) res.vary('Origin');
    if (isAllowed) {
      res.setHeader('access-control-allow-origin', isPublic ? '*' : (origin ?? ''));
      res.setHeader('access-control-expose-headers', 'X-Correlation-ID, X-Request-ID, Retry-After');
    }
    if (req.method !== 'OPTIONS') return next();
    if (!origin || !req.get('access-control-request-method')) {
      res.status(400).type('text/plain').send('Invalid Preflight Request');
    } else if (!isAllowed) {
      res.status(403).json(ORIGIN_REFUSED);
    } else {
      res.setHeader('access-control-allow-methods', CORS_METHODS);
      res.setHeader('access-control-allow-headers', CORS_HEADERS);
      res.setHeader('access-control-max-age', String(MAX_AGE_S));
      res.status(204).end();
    }
  };
}
