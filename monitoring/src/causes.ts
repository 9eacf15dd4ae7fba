import { APIS } from './causes/apis.ts';
import { CONSUMER } from './causes/kafka.ts';
import { PAYMENTS } from './causes/payments.ts';
import { RECONCILIATION } from './causes/reconciliation.ts';
import { WEBHOOKS } from './causes/webhooks.ts';
import { LAG, P } from './causes/words.ts';
import { type Alert, of, type RuleFile } from './rules.ts';

const metricsAbsent = (service: Alert['service']): Alert => ({
  alert: 'MetricsAbsent',
  expr: `absent(${of(service, `${P}build_info`)})`,
  for: '10m',
  severity: 'critical',
  service,
  summary: `No metrics of ${service}: no pod runs, or Prometheus scrapes none`,
  description: `Prometheus has no metrics of {{ $labels.job }} in namespace {{ $labels.namespace }}. No other alert about this service can fire.`,
  dashboard: 'runtime',
});

export const CAUSE_RULES: RuleFile = {
  name: 'causes',
  about: 'Alerts about causes, each with its runbook.',
  groups: [
    { name: 'stripe-connector-webhooks', rules: WEBHOOKS },
    {
      name: 'stripe-connector-ledger',
      // In the group of the rules that read it, because Prometheus keeps an order only within a group.
      rules: [
        {
          record: LAG,
          expr: `sum by (namespace, topic) (max by (namespace, topic, partition) (${of('ledger', `${P}consumer_lag_messages`)}))`,
        },
        ...CONSUMER,
        ...PAYMENTS,
      ],
    },
    { name: 'stripe-connector-reconciliation', rules: RECONCILIATION },
    { name: 'stripe-connector-apis', rules: APIS },
    {
      name: 'stripe-connector-presence',
      rules: (['intent', 'ledger', 'session-auth', 'webhook-ingest'] as const).map(metricsAbsent),
    },
  ],
};
