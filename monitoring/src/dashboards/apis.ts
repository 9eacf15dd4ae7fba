import { type Dashboard, m } from '../grafana.ts';
import { API, P, quantile, rate, share, sumRate } from './queries.ts';

const errorRatio = (api: string) =>
  share('job', `${API}_count`, [`api="${api}"`, 'outcome=~"server_error|timeout"'], [`api="${api}"`]);

const api = (
  name: 'stripe' | 'commercetools',
  title: string,
  alert: string,
  more: readonly string[],
): Dashboard['rows'][number] => ({
  title,
  panels: [
    {
      title: `${title}: calls by outcome`,
      description: `Calls to ${title}. client_error: it refused the request, such as a declined card; unauthorized: it refused our key.`,
      unit: 'reqps',
      queries: [{ expr: sumRate('outcome', `${API}_count`, `api="${name}"`), legend: '{{outcome}}' }],
      alerts: [alert, ...more],
    },
    {
      title: `${title}: failing calls`,
      description: `Share of the calls to ${title} that ended in 5xx or a time-out, by service.`,
      unit: 'percentunit',
      limits: [0.01, 0.05],
      queries: [{ expr: errorRatio(name), legend: '{{job}}' }],
      alerts: [alert],
    },
    {
      title: `${title}: duration, p95`,
      description: `One call in twenty takes longer, by operation. Points are traced calls.`,
      unit: 's',
      queries: [{ expr: quantile(0.95, 'operation', API, `api="${name}"`), legend: '{{operation}}', exemplars: true }],
      alerts: [alert],
    },
  ],
});

export const APIS: Dashboard = {
  name: 'apis',
  title: 'Stripe and commercetools',
  description: 'How Stripe and commercetools answer.',
  traces: '{ resource.service.namespace = "stripe-connector" && kind = client && status = error }',
  rows: [
    api('stripe', 'Stripe', 'StripeApiErrors', ['ApiRateLimited', 'ApiCredentialsRefused']),
    api('commercetools', 'commercetools', 'CommercetoolsApiErrors', [
      'ApiRateLimited',
      'ApiCredentialsRefused',
      'ConcurrentModificationStorm',
    ]),
    {
      title: 'Both',
      panels: [
        {
          title: 'Rate limited and conflicts',
          description: 'Calls answered 429, and updates refused because of a newer version (409).',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('api, outcome', `${API}_count`, 'outcome=~"rate_limited|conflict"'),
              legend: '{{api}} {{outcome}}',
            },
          ],
          alerts: ['ApiRateLimited', 'ConcurrentModificationStorm'],
        },
        {
          title: 'Repeated calls',
          description: 'Retries by reason.',
          unit: 'reqps',
          queries: [{ expr: sumRate('api, reason', `${P}api_retries_total`), legend: '{{api}} {{reason}}' }],
          alerts: ['StripeApiErrors', 'CommercetoolsApiErrors'],
        },
        {
          title: 'Learnt limits',
          description: 'Calls a second that a dependency accepts from all pods together; empty while it accepts all.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (api, limit) (${m(`${P}api_limit_calls_per_second`)}) > 0`,
              legend: '{{api}} {{limit}}',
            },
          ],
          alerts: ['ApiRateLimited'],
        },
        {
          title: 'Waiting and shed',
          description:
            'Calls that wait because of a limit, and calls a second that were not made because they would have waited too long. Priorities: openings are urgent, then other calls that a shopper or a merchant waits for, then the ledger, then jobs.',
          unit: 'short',
          queries: [
            { expr: `sum by (api, priority) (${m(`${P}api_waiting_calls`)})`, legend: '{{api}} {{priority}} waiting' },
            { expr: sumRate('api, priority', `${P}api_shed_calls_total`), legend: '{{api}} {{priority}} shed' },
          ],
          alerts: ['ApiRateLimited', 'ShoppersTurnedAway'],
        },
        {
          title: 'Outgoing requests by host',
          description: 'All outgoing HTTP requests, including those between our own services.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('server_address', 'http_client_request_duration_seconds_count'),
              legend: '{{server_address}}',
            },
          ],
          alerts: ['StripeApiErrors', 'CommercetoolsApiErrors'],
        },
        {
          title: 'Checks of sessions and tokens',
          description: 'upstream_error: commercetools did not answer, and the shopper cannot pay.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: sumRate('outcome', `${P}session_checks_total`), legend: '{{outcome}}' }],
          alerts: ['SessionAuthUpstreamDown'],
        },
        {
          title: 'Checks answered from a cache',
          description: 'All other checks ask commercetools.',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expr: `sum(${rate(`${P}session_checks_total`, 'cache="hit"')}) / sum(${rate(`${P}session_checks_total`)})`,
              legend: 'hits',
            },
          ],
          alerts: ['SessionAuthUpstreamDown'],
        },
      ],
    },
  ],
};
