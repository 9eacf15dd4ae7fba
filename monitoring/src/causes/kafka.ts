import { type Alert, of, recorded, threshold } from '../rules.ts';
import { HERE, LAG, P } from './words.ts';

const DELETED = of('ledger', `${P}consumer_records_deleted_total`);
export const CONSUMER: readonly Alert[] = [
  {
    alert: 'ConsumerLagHigh',
    expr: `${recorded(LAG)} > ${threshold('ConsumerLagHigh')}\nand deriv(${recorded(LAG)}[10m]) >= 0`,
    for: '10m',
    severity: 'warning',
    service: 'ledger',
    summary: 'The ledger falls behind: payments are recorded with a growing delay',
    description: `{{ $value | humanize }} messages of {{ $labels.topic }} wait for the ledger, ${HERE}. Their number does not fall.`,
    dashboard: 'kafka',
  },
  {
    alert: 'ConsumerStalled',
    expr: `
${recorded(LAG)} > 0
unless on (namespace)
time() - max by (namespace) (${of('ledger', `${P}consumer_last_commit_timestamp_seconds`)}) < ${threshold('ConsumerStalled')}
unless on (namespace)
max by (namespace) (${of('ledger', `${P}ledger_circuit_open`)}) == 1`,
    for: '2m',
    severity: 'critical',
    service: 'ledger',
    summary: 'The ledger records no payments: events wait, and the ledger finishes none',
    description: `{{ $value | humanize }} messages of {{ $labels.topic }} wait, and no offset was committed for more than ${threshold('ConsumerStalled')} s, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'ConsumerNotInGroup',
    expr: `max by (namespace, pod, group) (${of('ledger', `${P}consumer_group_joined`)}) == 0`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'A ledger pod runs but gets no events',
    description: `{{ $labels.pod }} has not been a member of the consumer group {{ $labels.group }} for more than 5 minutes, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'ConsumerRebalancingOften',
    expr: `max by (namespace, group) (increase(${of('ledger', `${P}consumer_rebalances_total`)}[30m])) > ${threshold('ConsumerRebalancingOften')}`,
    for: '15m',
    severity: 'warning',
    service: 'ledger',
    summary: "The ledger's pods keep joining and leaving their consumer group, and all of them pause each time",
    description: `A pod joined the consumer group {{ $labels.group }} {{ $value | humanize }} times in the last 30 minutes, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'RecordsDeletedUnread',
    // A process that notices this at its start has counted it before its first scrape, so Prometheus sees no increase.
    expr: `
max by (namespace, topic) (
  (${DELETED} > 0 unless ${DELETED} offset 1h > 0)
  or increase(${DELETED}[1h]) > 0
)`,
    for: '2m',
    severity: 'critical',
    service: 'ledger',
    summary: 'Events were deleted from Kafka before the ledger had recorded them: payments may be missing',
    description: `{{ $value | humanize }} messages of {{ $labels.topic }} were deleted before the ledger read them, ${HERE}. The ledger has asked reconcile to read these events from Stripe again.`,
    dashboard: 'kafka',
  },
  {
    alert: 'DeadLettersPresent',
    expr: `max by (namespace, topic) (${of('ledger', `${P}dlq_depth`)}) > ${threshold('DeadLettersPresent')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Dead letters wait for a person: their payments are out of date in commercetools',
    description: `{{ $value | humanize }} dead letters wait on {{ $labels.topic }}, ${HERE}. They are kept for 30 days.`,
    dashboard: 'kafka',
  },
  {
    alert: 'CertificateExpiring',
    expr: `
min by (namespace, job, certificate) (${of('any', `${P}certificate_expiry_timestamp_seconds`)}) - time() < ${threshold('CertificateExpiring')}`,
    for: '1h',
    severity: 'warning',
    service: 'ledger',
    summary: 'A certificate for Kafka expires soon. Without it no payment is recorded',
    description: `{{ $labels.certificate }} of {{ $labels.job }} expires in {{ $value | humanizeDuration }}, ${HERE}.`,
    dashboard: 'kafka',
  },
  {
    alert: 'LedgerCircuitOpen',
    expr: `max by (namespace, dependency) (${of('ledger', `${P}ledger_circuit_open`)}) == 1`,
    for: '5m',
    severity: 'critical',
    service: 'ledger',
    summary: 'The ledger waits: commercetools, Stripe or Kafka fails for every payment',
    description: `A pod of the ledger has held the events that need {{ $labels.dependency }} for more than 5 minutes, because calls to it fail for one payment after another, ${HERE}. No event is lost, but these events are not recorded.`,
    dashboard: 'events',
  },
  {
    alert: 'KeysParked',
    expr: `
sum by (namespace) (${of('ledger', `${P}ledger_parked_keys`)}) > ${threshold('KeysParked')}
unless on (namespace) max by (namespace) (${of('ledger', `${P}ledger_circuit_open`)}) == 1`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Some payments cannot be recorded while others can',
    description: `{{ $value | humanize }} payments wait for a retry, ${HERE}. After 15 minutes their events become dead letters, unless the cause is our key or a limit of calls.`,
    dashboard: 'kafka',
  },
];
