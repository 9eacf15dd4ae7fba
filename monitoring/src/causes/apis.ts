import { type Alert, of, threshold } from '../rules.ts';
import { HERE, P } from './words.ts';

const calls = (api: string, ...matchers: string[]) =>
  of('any', `${P}api_request_duration_seconds_count`, `api="${api}"`, ...matchers);
const FAILED = 'outcome=~"server_error|timeout"';

const apiErrors = (api: 'stripe' | 'commercetools', alert: string, name: string): Alert => ({
  alert,
  expr: `
(
  sum by (namespace, job) (rate(${calls(api, FAILED)}[10m]))
  / sum by (namespace, job) (rate(${calls(api)}[10m]))
) > ${threshold(alert)}
and sum by (namespace, job) (increase(${calls(api, FAILED)}[10m])) >= 5`,
  for: '5m',
  severity: 'critical',
  service: api === 'stripe' ? 'intent' : 'ledger',
  summary: `${name} fails or does not answer`,
  description: `{{ $value | humanizePercentage }} of {{ $labels.job }}'s calls to ${name} ended in 5xx or a time-out in the last 10 minutes, ${HERE}.`,
  dashboard: 'apis',
});

export const APIS: readonly Alert[] = [
  apiErrors('stripe', 'StripeApiErrors', 'Stripe'),
  apiErrors('commercetools', 'CommercetoolsApiErrors', 'commercetools'),
  {
    alert: 'ApiRateLimited',
    expr: `
sum by (namespace, job, api) (
  increase(${of('any', `${P}api_request_duration_seconds_count`, 'outcome="rate_limited"')}[10m])
  or increase(${of('any', `${P}api_shed_calls_total`)}[10m])
) > ${threshold('ApiRateLimited')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Stripe or commercetools refuses calls because there are too many: payments are recorded late',
    description: `{{ $value | humanize }} calls of {{ $labels.job }} to {{ $labels.api }} were answered 429, or were not made because of that limit, in the last 10 minutes, ${HERE}.`,
    dashboard: 'apis',
  },
  {
    alert: 'ShoppersTurnedAway',
    expr: `
sum by (namespace, job, api) (increase(${of('any', `${P}api_shed_calls_total`, 'priority=~"urgent|high"')}[5m])) > ${threshold('ShoppersTurnedAway')}`,
    for: '2m',
    severity: 'critical',
    service: 'intent',
    summary: 'The limit of Stripe or commercetools is reached: shoppers are told to try again',
    description: `{{ $value | humanize }} calls of {{ $labels.job }} to {{ $labels.api }} that a shopper or a merchant waited for were not made in the last 5 minutes because of its limit, ${HERE}. They were told to try again.`,
    dashboard: 'apis',
  },
  {
    alert: 'ApiCredentialsRefused',
    expr: `
sum by (namespace, job, api) (increase(${of('any', `${P}api_request_duration_seconds_count`, 'api=~"stripe|commercetools"', 'outcome="unauthorized"')}[10m])) > ${threshold('ApiCredentialsRefused')}`,
    for: '2m',
    severity: 'critical',
    service: 'ledger',
    summary: 'Stripe or commercetools refuses our key: it was rolled, has expired, or lacks a right',
    description: `{{ $value | humanize }} calls of {{ $labels.job }} to {{ $labels.api }} were answered 401 or 403 in the last 10 minutes, ${HERE}. Events that need these calls wait. Shoppers may be unable to pay.`,
    dashboard: 'apis',
  },
  {
    alert: 'ConcurrentModificationStorm',
    expr: `
(
  sum by (namespace, job) (rate(${calls('commercetools', 'outcome="conflict"')}[10m]))
  / sum by (namespace, job) (rate(${calls('commercetools', 'operation=~".+[.]update"')}[10m]))
) > ${threshold('ConcurrentModificationStorm')}
and sum by (namespace, job) (increase(${calls('commercetools', 'outcome="conflict"')}[10m])) >= 20`,
    for: '10m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Another client keeps changing the payments that the ledger writes: transactions are recorded late',
    description: `{{ $value | humanizePercentage }} of {{ $labels.job }}'s updates in commercetools were refused because of a newer version in the last 10 minutes, ${HERE}.`,
    dashboard: 'apis',
  },
  {
    alert: 'SessionAuthUpstreamDown',
    expr: `
(
  sum by (namespace) (rate(${of('session-auth', `${P}session_checks_total`, 'outcome="upstream_error"')}[5m]))
  / sum by (namespace) (rate(${of('session-auth', `${P}session_checks_total`)}[5m]))
) > ${threshold('SessionAuthUpstreamDown')}
and sum by (namespace) (increase(${of('session-auth', `${P}session_checks_total`, 'outcome="upstream_error"')}[5m])) >= 3`,
    for: '3m',
    severity: 'critical',
    service: 'session-auth',
    summary: 'Shoppers cannot pay: commercetools does not answer session-auth',
    description: `{{ $value | humanizePercentage }} of the session checks failed in the last 5 minutes because commercetools did not answer, ${HERE}.`,
    dashboard: 'overview',
  },
];
