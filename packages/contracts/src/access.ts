/** What a route asks of its caller. `open` ones are checked by the service behind them: origin, Stripe's signature, or nothing. */
export type Access =
  | { readonly scheme: 'open' }
  | { readonly scheme: 'session' }
  | { readonly scheme: 'jwt' }
  | { readonly scheme: 'oauth2'; readonly anyOf: readonly string[] };

const open = { scheme: 'open' } as const;
const session = { scheme: 'session' } as const;
const jwt = { scheme: 'jwt' } as const;

/**
 * Every route that is reachable from outside, by method and path (case matters; `:name` stands for one segment), and what it asks. The service
 * behind a route and session-auth, for gateways, read it here; what is not here is refused.
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

/** A request as those who ask for its caller name it: method and pattern. */
export interface AskedRoute {
  readonly method?: string | undefined;
  readonly route?: string | undefined;
}

const CONFIRMATION: keyof typeof ACCESS = 'POST /confirmPayments/:id';

/** Whether a request only tells of a payment that was made: all that a session is good for from memory once its cart has a transaction (docs/adr/0021). */
export const isConfirmation = ({ method, route }: AskedRoute): boolean => `${method} ${route}` === CONFIRMATION;
