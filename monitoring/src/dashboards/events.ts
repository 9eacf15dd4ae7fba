import { type Dashboard, m } from '../grafana.ts';
import { HTTP, P, quantiles, sumRate } from './queries.ts';

export const EVENTS: Dashboard = {
  name: 'events',
  title: 'Webhooks and ledger',
  description: "Stripe's events from the webhook to the commercetools payment.",
  traces: '{ resource.service.name =~ "webhook-ingest|ledger" && kind =~ "server|consumer" }',
  rows: [
    {
      title: 'Webhooks',
      panels: [
        {
          title: 'Webhooks by outcome',
          description:
            'accepted: in Kafka. ignored: not ours. overloaded and unavailable: answered 503, so Stripe sends the webhook again.',
          unit: 'reqps',
          width: 12,
          stacked: true,
          queries: [{ expr: sumRate('outcome', `${P}webhook_events_total`), legend: '{{outcome}}' }],
          alerts: ['WebhookAcceptanceBudgetBurn', 'WebhookSilence'],
        },
        {
          title: 'Accepted webhooks by type',
          description: "Stripe's event types as they arrive.",
          unit: 'reqps',
          width: 12,
          queries: [
            { expr: sumRate('event_type', `${P}webhook_events_total`, 'outcome="accepted"'), legend: '{{event_type}}' },
          ],
          alerts: ['WebhookSilence'],
        },
        {
          title: 'Duration of webhooks',
          description: 'Until Kafka has acknowledged the event and Stripe has its answer. Points are traced requests.',
          unit: 's',
          limits: [0.5, 2.5],
          queries: quantiles(HTTP, 'http_route="/stripe/webhooks"'),
          alerts: ['WebhookAcceptanceBudgetBurn'],
        },
        {
          title: 'Refused webhooks',
          description: 'Bad signatures, old timestamps, and bodies that are too large, unreadable or thin.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate(
                'outcome',
                `${P}webhook_events_total`,
                'outcome=~"bad_signature|stale_timestamp|too_large|malformed|thin_payload"',
              ),
              legend: '{{outcome}}',
            },
          ],
          alerts: ['WebhookBadSignatures'],
        },
        {
          title: 'Signing secrets in use',
          description:
            'Which secret of the list verified the webhooks. A rotation is complete when `previous` stays at 0.',
          unit: 'reqps',
          queries: [{ expr: sumRate('secret', `${P}webhook_secret_matches_total`), legend: '{{secret}}' }],
          alerts: ['SecretRotationUnfinished'],
        },
      ],
    },
    {
      title: 'Ledger',
      panels: [
        {
          title: 'Events by outcome',
          description:
            'duplicate: the payment showed it already; many after an outage are normal, as waiting events join one update. superseded: it showed something newer. retried: a try that failed in passing.',
          unit: 'ops',
          width: 12,
          stacked: true,
          queries: [{ expr: sumRate('outcome', `${P}ledger_events_total`), legend: '{{outcome}}' }],
          alerts: ['DeadLettersPresent', 'KeysParked'],
        },
        {
          title: 'Time from event to commercetools',
          description:
            "From the creation of an event to its write. Includes Stripe's redeliveries and redriven events.",
          unit: 's',
          width: 12,
          limits: [30, 60],
          queries: quantiles(`${P}ledger_event_delay_seconds`),
          alerts: ['LedgerFreshnessBudgetBurn', 'LedgerDelayHigh'],
        },
        {
          title: 'Time from receipt to commercetools',
          description:
            "From Kafka's receipt of an event to its write: the ledger's part of the delay, whenever Stripe delivered.",
          unit: 's',
          width: 12,
          limits: [5, 30],
          queries: quantiles(`${P}ledger_receipt_delay_seconds`),
          alerts: ['LedgerDelayHigh', 'ConsumerLagHigh'],
        },
        {
          title: 'Transactions',
          description: 'Transactions that the ledger added to payments, and changes of their state.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: sumRate('type, state', `${P}transactions_total`), legend: '{{type}} {{state}}' }],
          alerts: ['ConsumerStalled'],
        },
        {
          title: 'Retries by reason',
          description: 'Repeated tries, by the reason of the failure.',
          unit: 'ops',
          queries: [{ expr: sumRate('reason', `${P}ledger_retries_total`), legend: '{{reason}}' }],
          alerts: ['CommercetoolsApiErrors', 'ConcurrentModificationStorm'],
        },
        {
          title: 'Payments without a cart',
          description: 'Money at Stripe whose payment could not be put on a cart, by reason.',
          unit: 'none',
          queries: [
            {
              expr: `sum by (reason) (increase(${m(`${P}payments_without_cart_total`)}[1h]))`,
              legend: '{{reason}}',
            },
          ],
          alerts: ['PaymentWithoutCart'],
        },
        {
          title: 'Circuit',
          description: '1 while a pod holds the events that need a dependency because calls to it fail broadly.',
          unit: 'none',
          limits: [0.5, 1],
          queries: [
            { expr: `max by (pod, dependency) (${m(`${P}ledger_circuit_open`)})`, legend: '{{pod}} {{dependency}}' },
          ],
          alerts: ['LedgerCircuitOpen'],
        },
        {
          title: 'Duration of handling an event',
          description: 'From the start of handling to the write, including retries and waits.',
          unit: 's',
          queries: quantiles('messaging_process_duration_seconds').map((query) => ({ ...query, exemplars: false })),
          alerts: ['LedgerDelayHigh'],
        },
      ],
    },
  ],
};
