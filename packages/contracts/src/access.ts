/**
 * The access that a route requires. For `open` routes the service behind them checks origin, Stripe's signature, or
 * nothing.
 */
export type Access =
  | { readonly scheme: 'open' }
  | { readonly scheme: 'session' }
  | { readonly scheme: 'jwt' }
  | { readonly scheme: 'oauth2'; readonly anyOf: readonly string[] };

const open = { scheme: 'open' } as const;
const session = { scheme: 'session' } as const;
const jwt = { scheme: 'jwt' } as const;

/**
 * Every route that is reachable from outside, by method and path (case-sensitive; `:name` stands for one segment), with
 * the access it requires. The services read their routes here, and session-auth reads them for gateways. Any other
 * route is refused.
 */
export const ACCESS = {
  'GET /operations/config': session,
  'GET /operations/status': jwt,
  'GET /operations/payment-components': jwt,
  'POST /operations/payment-intents/:id': {
    scheme: 'oauth2',
    anyOf: ['manage_project', 'manage_checkout_payment_intents'],
  },
  'POST /operations/transactions': { scheme: 'oauth2', anyOf: ['manage_project', 'manage_checkout_transactions'] },
  'GET /payments': session,
  'POST /confirmPayments/:id': session,
  'GET /customer/session': session,
  'GET /express-payment-data': session,
  'GET /config-element/:paymentComponent': session,
  'GET /stored-payment-methods': session,
  'DELETE /stored-payment-methods/:id': session,
  'POST /express-config': open,
  'GET /applePayConfig': open,
  'GET /openapi.json': open,
  'POST /stripe/webhooks': open,
  'GET /connector-enabler.es.js': open,
  'GET /connector-enabler.umd.js': open,
} as const satisfies Record<`${'GET' | 'POST' | 'DELETE'} /${string}`, Access>;

/** A request in a check of its caller: method and route pattern. */
export interface AskedRoute {
  readonly method?: string | undefined;
  readonly route?: string | undefined;
}

const CONFIRMATION: keyof typeof ACCESS = 'POST /confirmPayments/:id';

/**
 * Whether a request only confirms a payment that was made. A cached session of a cart with a transaction is valid for
 * nothing else (docs/adr/0021).
 */
export const isConfirmation = ({ method, route }: AskedRoute): boolean => `${method} ${route}` === CONFIRMATION;
