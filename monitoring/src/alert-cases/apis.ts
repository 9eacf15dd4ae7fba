import {
  always,
  buildInfo,
  type Case,
  certificate,
  checks,
  ctCalls,
  fires,
  P,
  quiet,
  rising,
  series,
  stripeCalls,
} from './series.ts';

const shed = (service: 'intent' | 'ledger', priority: string) =>
  series(service, `${P}api_shed_calls_total`, { api: 'stripe', priority });

/** Alerts about Stripe, commercetools, session-auth, certificates and the metrics themselves. */
export const APIS_CASES: Readonly<Record<string, readonly Case[]>> = {
  CertificateExpiring: [
    fires(
      'the client certificate expires in twelve days',
      [
        [certificate('kafka_client'), always(13 * 86_400, 24 * 60)],
        [certificate('kafka_ca'), always(400 * 86_400, 24 * 60)],
      ],
      {
        labels: { severity: 'warning', job: 'pay-ledger', certificate: 'kafka_client' },
        description: 'kafka_client of pay-ledger expires in 12d 0h 0m 0s, in namespace shop.',
      },
      24 * 60,
    ),
    quiet('no certificate expires within a fortnight', [[certificate('kafka_client'), always(30 * 86_400)]]),
  ],
  StripeApiErrors: [
    fires(
      'one call in five',
      [
        [stripeCalls('ok'), rising(8)],
        [stripeCalls('timeout'), rising(1)],
        [stripeCalls('server_error'), rising(1)],
      ],
      {
        labels: { severity: 'critical', job: 'pay-intent' },
        description:
          "20% of pay-intent's calls to Stripe ended in 5xx or a time-out in the last 10 minutes, in namespace shop.",
      },
    ),
    quiet('declined cards', [
      [stripeCalls('ok'), rising(8)],
      [stripeCalls('client_error'), rising(8)],
    ]),
  ],
  CommercetoolsApiErrors: [
    fires(
      'one call in five',
      [
        [ctCalls('ok'), rising(8)],
        [ctCalls('server_error'), rising(2)],
      ],
      {
        labels: { severity: 'critical', job: 'pay-ledger' },
        description:
          "20% of pay-ledger's calls to commercetools ended in 5xx or a time-out in the last 10 minutes, in namespace shop.",
      },
    ),
    quiet('conflicts', [
      [ctCalls('ok'), rising(8)],
      [ctCalls('conflict'), rising(2)],
    ]),
  ],
  ApiRateLimited: [
    fires('two a minute', [[stripeCalls('rate_limited'), rising(2)]], {
      labels: { severity: 'warning', job: 'pay-intent', api: 'stripe' },
      description:
        '20 calls of pay-intent to stripe were answered 429, or were not made because of that limit, in the last 10 minutes, in namespace shop.',
    }),
    fires(
      'one call a minute is refused, and the ledger does not make two more because of that',
      [
        [
          series('ledger', `${P}api_request_duration_seconds_count`, { api: 'stripe', outcome: 'rate_limited' }),
          rising(1),
        ],
        [shed('ledger', 'normal'), rising(2)],
      ],
      {
        labels: { severity: 'warning', job: 'pay-ledger', api: 'stripe' },
        description:
          '30 calls of pay-ledger to stripe were answered 429, or were not made because of that limit, in the last 10 minutes, in namespace shop.',
      },
    ),
    quiet('a single one', [[stripeCalls('rate_limited'), '0+0x50 1+0x60']]),
  ],
  ShoppersTurnedAway: [
    fires('two openings a minute are not made', [[shed('intent', 'urgent'), rising(2)]], {
      labels: { severity: 'critical', job: 'pay-intent', api: 'stripe' },
      description:
        '10 calls of pay-intent to stripe that a shopper or a merchant waited for were not made in the last 5 minutes because of its limit, in namespace shop. They were told to try again.',
    }),
    quiet('only calls of the ledger and of jobs, which can wait', [
      [shed('ledger', 'normal'), rising(60)],
      [shed('ledger', 'low'), rising(60)],
    ]),
    quiet('a moment', [[shed('intent', 'high'), '0+0x57 3+0x60']]),
  ],
  ApiCredentialsRefused: [
    fires(
      'the key was replaced at Stripe',
      [
        [stripeCalls('ok'), '0+8x40 320+0x80'],
        [stripeCalls('unauthorized'), '0+0x40 0+1x80'],
      ],
      {
        labels: { severity: 'critical', job: 'pay-intent', api: 'stripe' },
        description:
          '10 calls of pay-intent to stripe were answered 401 or 403 in the last 10 minutes, in namespace shop. Events that need these calls wait. Shoppers may be unable to pay.',
      },
    ),
    fires('a scope is missing at commercetools', [[ctCalls('unauthorized'), rising(2)]], {
      labels: { severity: 'critical', job: 'pay-ledger', api: 'commercetools' },
      description:
        '20 calls of pay-ledger to commercetools were answered 401 or 403 in the last 10 minutes, in namespace shop. Events that need these calls wait. Shoppers may be unable to pay.',
    }),
    quiet('an access token that expired early', [[ctCalls('unauthorized'), '0+0x50 1+0x60']]),
    quiet('declined cards', [[stripeCalls('client_error'), rising(8)]]),
    quiet('expired sessions of shoppers', [
      [
        series('intent', `${P}api_request_duration_seconds_count`, {
          api: 'session-auth',
          operation: 'verify',
          outcome: 'unauthorized',
        }),
        rising(8),
      ],
    ]),
  ],
  ConcurrentModificationStorm: [
    fires(
      'every third update',
      [
        [ctCalls('ok'), rising(20)],
        [ctCalls('conflict'), rising(10)],
      ],
      {
        labels: { severity: 'warning', job: 'pay-ledger' },
        description:
          "33.33% of pay-ledger's updates in commercetools were refused because of a newer version in the last 10 minutes, in namespace shop.",
      },
    ),
    quiet('one in fifty', [
      [ctCalls('ok'), rising(490)],
      [ctCalls('conflict'), rising(10)],
    ]),
  ],
  SessionAuthUpstreamDown: [
    fires(
      'every second check',
      [
        [checks('allowed'), rising(5)],
        [checks('upstream_error'), rising(5)],
      ],
      {
        labels: { severity: 'critical' },
        description:
          '50% of the session checks failed in the last 5 minutes because commercetools did not answer, in namespace shop.',
      },
    ),
    quiet('strangers with bad sessions', [
      [checks('allowed'), rising(5)],
      [checks('invalid'), rising(50)],
    ]),
  ],
  MetricsAbsent: [
    fires(
      'all but the ledger',
      (['intent', 'session-auth', 'webhook-ingest'] as const).map(
        (service) => [buildInfo(service), always(1)] as const,
      ),
      {
        labels: { severity: 'critical', service: 'ledger', job: 'pay-ledger' },
        description:
          'Prometheus has no metrics of pay-ledger in namespace shop. No other alert about this service can fire.',
      },
    ),
    quiet(
      'all are there',
      (['intent', 'ledger', 'session-auth', 'webhook-ingest'] as const).map(
        (service) => [buildInfo(service), always(1)] as const,
      ),
    ),
  ],
};
