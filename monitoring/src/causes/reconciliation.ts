import { type Alert, of, threshold } from '../rules.ts';
import { HERE, P } from './words.ts';

export const RECONCILIATION: readonly Alert[] = [
  {
    alert: 'ReconciliationDivergence',
    expr: `max by (namespace, job, kind) (${of('any', `${P}reconciliation_divergences`)}) > ${threshold('ReconciliationDivergence')}`,
    for: '15m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Payments differ between Stripe and commercetools',
    description: `The last reconciliation by {{ $labels.job }} found {{ $value | humanize }} × {{ $labels.kind }}, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'ReconciliationStale',
    expr: `
time() - max by (namespace, job) (${of('any', `${P}reconciliation_last_success_timestamp_seconds`)}) > ${threshold('ReconciliationStale')}`,
    for: '30m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Stripe and commercetools have not been compared lately',
    description: `Reconciliation by {{ $labels.job }} {{ if gt $value 1e9 }}has never finished{{ else }}last finished {{ $value | humanizeDuration }} ago{{ end }}, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'AuditDivergence',
    expr: `max by (namespace, kind) (${of('ledger', `${P}audit_differences`)}) > ${threshold('AuditDivergence')}`,
    for: '15m',
    severity: 'critical',
    service: 'ledger',
    summary: "Stripe's money and commercetools' records differ: the books are wrong",
    description: `The last audit found {{ $value | humanize }} × {{ $labels.kind }} and did not repair it, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'AuditStale',
    expr: `time() - max by (namespace) (${of('ledger', `${P}audit_last_success_timestamp_seconds`)}) > ${threshold('AuditStale')}`,
    // Longer than a new installation waits for its first run.
    for: '48h',
    severity: 'warning',
    service: 'ledger',
    summary: "Stripe's money has not been audited lately",
    description: `The audit {{ if gt $value 1e9 }}has never finished{{ else }}last finished {{ $value | humanizeDuration }} ago{{ end }}, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'ReconciliationRequestOpen',
    expr: `max by (namespace) (${of('webhook-ingest', `${P}reconciliation_requests_open`)}) > ${threshold('ReconciliationRequestOpen')}`,
    for: '2h',
    severity: 'critical',
    service: 'webhook-ingest',
    summary: 'Events that were deleted unread are still missing, and their payments may be missing too',
    description: `The ledger asked reconcile to list {{ $value | humanize }} time ranges of Stripe's events. For more than 2 hours no run has done so, ${HERE}.`,
    dashboard: 'overview',
  },
];
