/** What a route asks of its caller. `open` ones are checked by the service behind them: origin, Stripe's signature, or nothing. */
export type Requirement =
  | { readonly scheme: 'open' }
  | { readonly scheme: 'session' }
  | { readonly scheme: 'jwt' }
  | { readonly scheme: 'oauth2'; readonly anyOf: readonly string[] };

interface AccessRule {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Case matters; `:name` stands for one segment. */
  readonly path: string;
  readonly requires: Requirement;
}

const open: Requirement = { scheme: 'open' };
const session: Requirement = { scheme: 'session' };
const jwt: Requirement = { scheme: 'jwt' };
const oneOf = (...anyOf: string[]): Requirement => ({ scheme: 'oauth2', anyOf });

/** Every route that is reachable from outside; what is not here is refused. */
export const ACCESS_RULES: readonly AccessRule[] = [
  { method: 'GET', path: '/operations/config', requires: session },
  { method: 'GET', path: '/operations/status', requires: jwt },
  { method: 'GET', path: '/operations/payment-components', requires: jwt },
  {
    method: 'POST',
    path: '/operations/payment-intents/:id',
    requires: oneOf('manage_project', 'manage_checkout_payment_intents'),
  },
  {
    method: 'POST',
    path: '/operations/transactions',
    requires: oneOf('manage_project', 'manage_checkout_transactions'),
  },
  { method: 'GET', path: '/payments', requires: session },
  { method: 'POST', path: '/confirmPayments/:id', requires: session },
  { method: 'GET', path: '/customer/session', requires: session },
  { method: 'GET', path: '/express-payment-data', requires: session },
  { method: 'GET', path: '/config-element/:paymentComponent', requires: session },
  { method: 'GET', path: '/stored-payment-methods', requires: session },
  { method: 'DELETE', path: '/stored-payment-methods/:id', requires: session },
  { method: 'POST', path: '/express-config', requires: open },
  { method: 'GET', path: '/applePayConfig', requires: open },
  { method: 'GET', path: '/openapi.json', requires: open },
  { method: 'POST', path: '/stripe/webhooks', requires: open },
  { method: 'GET', path: '/connector-enabler.es.js', requires: open },
  { method: 'GET', path: '/connector-enabler.umd.js', requires: open },
];

/**
 * Segments of unreserved characters only. Dots alone, empty segments and anything percent-encoded could mean another path to
 * the service behind than to us.
 */
const PLAIN_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~:@!$&'()*+,=-]+)+$/;

/** The rule for a request's method and path (no query); undefined when there is none. */
export function ruleFor(method: string, path: string): AccessRule | undefined {
  if (!PLAIN_PATH.test(path)) return undefined;
  const asked = method === 'HEAD' ? 'GET' : method;
  const segments = path.split('/');
  return ACCESS_RULES.find((rule) => rule.method === asked && matches(rule.path.split('/'), segments));
}

const matches = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length && pattern.every((part, n) => part.startsWith(':') || part === segments[n]);
