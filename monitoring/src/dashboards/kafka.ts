import { type Dashboard, m } from '../grafana.ts';
import { P, quantiles, sumRate } from './queries.ts';

export const KAFKA: Dashboard = {
  name: 'kafka',
  title: 'Kafka',
  description: 'Lag, group membership, parked payments and dead letters.',
  traces: '{ span.messaging.system = "kafka" && status = error }',
  rows: [
    {
      title: 'Consumer',
      panels: [
        {
          title: 'Lag',
          description: 'Messages that the ledger has not committed, all partitions together.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (topic) (max by (topic, partition) (${m(`${P}consumer_lag_messages`)}))`,
              legend: '{{topic}}',
            },
          ],
          alerts: ['ConsumerLagHigh', 'ConsumerStalled'],
        },
        {
          title: 'Lag in time',
          description: 'Age of the oldest message that the ledger has not committed.',
          unit: 's',
          limits: [30, 60],
          queries: [{ expr: `max by (topic) (${m(`${P}consumer_lag_seconds`)})`, legend: '{{topic}}' }],
          alerts: ['ConsumerLagHigh', 'LedgerFreshnessBudgetBurn'],
        },
        {
          title: 'Lag by partition',
          description: 'A single partition that stands out has a payment that fails, or a stuck pod.',
          unit: 'short',
          queries: [
            { expr: `max by (partition) (${m(`${P}consumer_lag_messages`)})`, legend: 'partition {{partition}}' },
          ],
          alerts: ['ConsumerLagHigh', 'KeysParked'],
        },
        {
          title: 'Since the last commit',
          description:
            "Time since each pod's last commit. It grows while there is no work; it must not grow while there is lag.",
          unit: 's',
          queries: [
            {
              expr: `time() - max by (pod) (${m(`${P}consumer_last_commit_timestamp_seconds`)})`,
              legend: '{{pod}}',
            },
          ],
          alerts: ['ConsumerStalled'],
        },
        {
          title: 'Members of the group',
          description: 'Pods that get events.',
          unit: 'short',
          queries: [{ expr: `sum by (group) (${m(`${P}consumer_group_joined`)})`, legend: '{{group}}' }],
          alerts: ['ConsumerNotInGroup'],
        },
        {
          title: 'Joins and crashes in 30 minutes',
          description: 'Each join stops the whole group for a moment.',
          unit: 'short',
          queries: [
            { expr: `sum by (pod) (increase(${m(`${P}consumer_rebalances_total`)}[30m]))`, legend: 'joins {{pod}}' },
            { expr: `sum by (pod) (increase(${m(`${P}consumer_crashes_total`)}[30m]))`, legend: 'crashes {{pod}}' },
          ],
          alerts: ['ConsumerRebalancingOften'],
        },
        {
          title: 'Messages',
          description: 'Sent and delivered, by topic.',
          unit: 'cps',
          queries: [
            {
              expr: sumRate('messaging_destination_name', 'messaging_client_sent_messages_total', 'error_type=""'),
              legend: 'sent {{messaging_destination_name}}',
            },
            {
              expr: sumRate('messaging_destination_name', 'messaging_client_consumed_messages_total'),
              legend: 'delivered {{messaging_destination_name}}',
            },
          ],
          alerts: ['ConsumerStalled', 'WebhookSilence'],
        },
        {
          title: 'Certificates end',
          description: 'Expiry of the certificates in use for Kafka. Empty without TLS.',
          unit: 'dateTimeFromNow',
          as: 'stat',
          queries: [
            {
              expr: `1000 * min by (job, certificate) (${m(`${P}certificate_expiry_timestamp_seconds`)})`,
              legend: '{{certificate}} {{job}}',
            },
          ],
          alerts: ['CertificateExpiring'],
        },
      ],
    },
    {
      title: 'Producer',
      panels: [
        {
          title: 'Duration of sends',
          description: 'Until the broker has acknowledged the record.',
          unit: 's',
          width: 12,
          limits: [0.5, 5],
          queries: quantiles('messaging_client_operation_duration_seconds'),
          alerts: ['WebhookAcceptanceBudgetBurn'],
        },
        {
          title: 'Failed sends',
          description: 'Messages that the broker did not acknowledge, by service and error.',
          unit: 'cps',
          width: 12,
          queries: [
            {
              expr: sumRate('job, error_type', 'messaging_client_sent_messages_total', 'error_type!=""'),
              legend: '{{job}} {{error_type}}',
            },
          ],
          alerts: ['WebhookAcceptanceBudgetBurn'],
        },
      ],
    },
    {
      title: 'Moved to dead letters',
      panels: [
        {
          title: 'Payments parked',
          description:
            'Payments whose event waits for a retry, by pod. After 15 minutes of failing alone, the events become dead letters.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `max by (pod) (${m(`${P}ledger_parked_keys`)})`, legend: '{{pod}}' }],
          alerts: ['KeysParked'],
        },
        {
          title: 'Waiting dead letters',
          description: 'Neither redriven nor discarded.',
          unit: 'short',
          width: 6,
          limits: [1, 10],
          queries: [{ expr: `max by (topic) (${m(`${P}dlq_depth`)})`, legend: '{{topic}}' }],
          alerts: ['DeadLettersPresent'],
        },
        {
          title: 'New dead letters in an hour',
          description: 'By reason; the runbook says what to do for each.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `sum by (reason) (increase(${m(`${P}dead_letters_total`)}[1h]))`, legend: '{{reason}}' }],
          alerts: ['DeadLettersPresent'],
        },
        {
          title: 'Deleted before they were handled',
          description: 'Messages that Kafka had deleted before the ledger read them. Any value but 0 is an incident.',
          unit: 'short',
          width: 6,
          limits: [0, 1],
          queries: [{ expr: `max by (topic) (${m(`${P}consumer_records_deleted_total`)})`, legend: '{{topic}}' }],
          alerts: ['RecordsDeletedUnread'],
        },
        {
          title: 'Reconciliation asked for',
          description:
            'Time ranges that the ledger asked reconcile to list at Stripe again, and that no run has listed yet.',
          unit: 'short',
          width: 6,
          queries: [{ expr: `max(${m(`${P}reconciliation_requests_open`)})`, legend: 'requests' }],
          alerts: ['ReconciliationRequestOpen'],
        },
        {
          title: 'Redriven in an hour',
          description: 'Dead letters that were redriven, by result. dead_lettered: their cause is not fixed.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `sum by (outcome) (increase(${m(`${P}dlq_redriven_total`)}[1h]))`, legend: '{{outcome}}' }],
          alerts: ['DeadLettersPresent'],
          runbooks: ['redrive-dead-letters'],
        },
      ],
    },
  ],
};
