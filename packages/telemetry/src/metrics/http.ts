import { DURATION_BUCKETS, type MetricDefinition, P } from './definition.ts';

const METHOD = 'method of the request';
const STATUS = 'status code; empty without an answer';
const API = ['stripe', 'commercetools', 'session-auth'];
/** Priorities of calls: opening a payment; other requests that a shopper or a merchant waits for; the ledger; jobs. */
const PRIORITIES = ['urgent', 'high', 'normal', 'low'];
const API_OPERATION = 'resource and verb, such as `payments.update`';

/** HTTP requests served, and calls to Stripe, commercetools and session-auth. */
export const HTTP_METRICS = {
  httpServerDuration: {
    type: 'histogram',
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP requests served',
    labels: {
      http_request_method: METHOD,
      http_route: 'route pattern, or `unmatched`',
      http_response_status_code: 'status code; 499 when the client went away',
      error_type: 'the status if 500 or above, else empty',
    },
    buckets: DURATION_BUCKETS,
    exemplars: true,
    from: ['intent', 'session-auth', 'webhook-ingest'],
  },
  httpServerActive: {
    type: 'gauge',
    name: 'http_server_active_requests',
    help: 'HTTP requests being served now',
    labels: { http_request_method: METHOD },
    from: ['intent', 'session-auth', 'webhook-ingest'],
  },
  httpClientDuration: {
    type: 'histogram',
    name: 'http_client_request_duration_seconds',
    help: 'Duration of outgoing HTTP requests',
    labels: {
      server_address: 'host name',
      http_request_method: METHOD,
      http_response_status_code: STATUS,
      error_type: 'the status if 400 or above, `timeout`, `connection`, else empty',
    },
    buckets: DURATION_BUCKETS,
    exemplars: true,
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiDuration: {
    type: 'histogram',
    name: `${P}api_request_duration_seconds`,
    help: 'Calls to Stripe, commercetools and session-auth by operation',
    labels: {
      api: API,
      operation: API_OPERATION,
      outcome: ['ok', 'unauthorized', 'client_error', 'server_error', 'timeout', 'rate_limited', 'conflict'],
    },
    buckets: DURATION_BUCKETS,
    exemplars: true,
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiLimit: {
    type: 'gauge',
    name: `${P}api_limit_calls_per_second`,
    help: 'Learnt limit of the dependency for this pod, in calls a second; 0 or absent while it accepts all calls',
    labels: {
      api: ['stripe', 'commercetools'],
      limit: 'the operation, or the host for all of its operations together',
    },
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiWaiting: {
    type: 'gauge',
    name: `${P}api_waiting_calls`,
    help: 'Calls that wait because of a limit of the dependency',
    labels: { api: ['stripe', 'commercetools'], priority: PRIORITIES },
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiShed: {
    type: 'counter',
    name: `${P}api_shed_calls_total`,
    help: 'Calls that were not made because they would have waited too long for a limit of the dependency',
    labels: { api: ['stripe', 'commercetools'], priority: PRIORITIES },
    from: ['intent', 'ledger', 'session-auth'],
  },
  apiRetries: {
    type: 'counter',
    name: `${P}api_retries_total`,
    help: 'Repeated calls to Stripe and commercetools',
    labels: { api: ['stripe', 'commercetools'], operation: API_OPERATION, reason: 'status code, or `connection`' },
    from: ['intent', 'ledger', 'session-auth'],
  },
} as const satisfies Record<string, MetricDefinition>;
