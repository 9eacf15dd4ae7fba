import { HANDLED, type MetricDefinition, P } from './definition.ts';

/**
 * From the creation of Stripe's event to the commercetools write, in seconds: up to the three days in which Stripe
 * redelivers.
 */
const DELAY_BUCKETS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 21600, 86400, 259200];
/**
 * From the receipt in Kafka to the commercetools write, in seconds: milliseconds normally, at most Kafka's retention.
 */
const RECEIPT_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400];
const EVENT_TYPE = "Stripe's event types that change a payment, the connector's own, `other`";

/** Payments from the webhook to the transaction, and the requests of callers. */
export const PAYMENT_METRICS = {
  webhookEvents: {
    type: 'counter',
    name: `${P}webhook_events_total`,
    help: 'Webhook requests by event type and outcome',
    labels: {
      event_type: `${EVENT_TYPE}; \`unknown\` before the signature is verified`,
      outcome: [
        'accepted',
        'duplicate',
        'ignored',
        'bad_signature',
        'stale_timestamp',
        'too_large',
        'malformed',
        'thin_payload',
        'overloaded',
        'unavailable',
      ],
    },
    from: ['webhook-ingest'],
  },
  webhookSecretMatches: {
    type: 'counter',
    name: `${P}webhook_secret_matches_total`,
    help: 'Webhooks verified by the first secret (current) or a later one (previous)',
    labels: { secret: ['current', 'previous'] },
    from: ['webhook-ingest'],
  },
  ledgerEvents: {
    type: 'counter',
    name: `${P}ledger_events_total`,
    help: 'Events the ledger handled; duplicate: the payment showed this already, perhaps from the update of the event before it; superseded: it showed something newer',
    labels: { event_type: EVENT_TYPE, outcome: [...HANDLED, 'retried', 'dead_lettered'] },
    from: ['ledger'],
  },
  ledgerEventDelay: {
    type: 'histogram',
    name: `${P}ledger_event_delay_seconds`,
    help: 'From the creation of an event to its write in commercetools',
    labels: { event_type: EVENT_TYPE },
    buckets: DELAY_BUCKETS,
    exemplars: true,
    from: ['ledger'],
  },
  ledgerReceiptDelay: {
    type: 'histogram',
    name: `${P}ledger_receipt_delay_seconds`,
    help: 'From the receipt of an event in Kafka to its write in commercetools',
    labels: { event_type: EVENT_TYPE },
    buckets: RECEIPT_BUCKETS,
    exemplars: true,
    from: ['ledger'],
  },
  transactions: {
    type: 'counter',
    name: `${P}transactions_total`,
    help: 'Transactions added to payments in commercetools, and changes of their states',
    labels: {
      type: ['Authorization', 'Charge', 'Refund', 'Chargeback', 'CancelAuthorization'],
      state: ['Initial', 'Pending', 'Success', 'Failure'],
    },
    from: ['ledger'],
  },
  paymentDeclines: {
    type: 'counter',
    name: `${P}payment_declines_total`,
    help: 'Payment attempts that Stripe or the bank declined',
    labels: { code: "Stripe's decline code, else its error code; `other` for an undocumented one" },
    from: ['ledger'],
  },
  paymentOperations: {
    type: 'counter',
    name: `${P}payment_operations_total`,
    help: 'Payment operations by outcome; save_payment_method is counted by the ledger',
    labels: {
      operation: [
        'create',
        'confirm',
        'capture',
        'cancel',
        'refund',
        'reverse',
        'increment',
        'transaction',
        'save_payment_method',
      ],
      outcome: ['approved', 'received', 'rejected', 'error'],
    },
    from: ['intent', 'ledger'],
  },
  denials: {
    type: 'counter',
    name: `${P}denials_total`,
    help: "Requests refused because of the caller, by the route's access: refused credentials, or too many refusals of the same address before",
    labels: { scheme: ['session', 'jwt', 'oauth2'], reason: ['refused', 'too_many'] },
    from: ['intent'],
  },
  optionalDataRefused: {
    type: 'counter',
    name: `${P}optional_data_refused_total`,
    help: 'Data that Stripe refused, and that the payment continued without',
    labels: {
      field: [
        'phone',
        'email',
        'name',
        'address',
        'shipping',
        'tax_calculation',
        'customer',
        'card_features',
        'line_items',
      ],
    },
    from: ['intent'],
  },
  lineItemsLeftOut: {
    type: 'counter',
    name: `${P}line_items_left_out_total`,
    help: 'Payments whose goods were not sent to Stripe although that is enabled, by reason',
    labels: { reason: ['part_of_cart', 'too_many', 'sums_differ', 'inexpressible'] },
    from: ['intent'],
  },
  sessionChecks: {
    type: 'counter',
    name: `${P}session_checks_total`,
    help: 'Checks of sessions and tokens by outcome, and by cache hit or miss',
    labels: {
      outcome: ['allowed', 'missing', 'invalid', 'expired', 'forbidden', 'upstream_error'],
      cache: ['hit', 'miss'],
    },
    from: ['session-auth'],
  },
  paymentsWithoutCart: {
    type: 'counter',
    name: `${P}payments_without_cart_total`,
    help: 'Payments of money at Stripe that could not be put on a cart',
    labels: { reason: ['cart-gone', 'cart-ordered', 'cart-merged', 'cart-refuses', 'without-cart'] },
    from: ['ledger'],
  },
  partialReinstatements: {
    type: 'counter',
    name: `${P}partial_reinstatements_total`,
    help: 'Times that a small part of disputed money was returned, which no transaction shows',
    labels: {},
    from: ['ledger'],
  },
} as const satisfies Record<string, MetricDefinition>;
