import { type Alert, of, threshold } from '../rules.ts';
import { HERE, P } from './words.ts';

export const PAYMENTS: readonly Alert[] = [
  {
    alert: 'PaymentWithoutCart',
    expr: `
sum by (namespace, reason) (increase(${of('ledger', `${P}payments_without_cart_total`)}[1h])) > ${threshold('PaymentWithoutCart')}`,
    for: '2m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Money was taken for a cart that does not show the payment: nothing orders this cart automatically',
    description: `{{ $value | humanize }} payments could not be put on their carts in the last hour ({{ $labels.reason }}), ${HERE}.`,
    dashboard: 'events',
  },
  {
    alert: 'PaidWithoutOrder',
    // Whoever requests a merchant-initiated transaction creates its order.
    expr: `
max by (namespace, reason) (${of('ledger', `${P}unordered_payments`, 'reason!="merchant_initiated"')}) > ${threshold('PaidWithoutOrder')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Shoppers have paid and have no order',
    description: `{{ $value | humanize }} payments are paid and have no order ({{ $labels.reason }}), as of the last run of unordered, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'UnorderedStale',
    expr: `
time() - max by (namespace) (${of('ledger', `${P}unordered_last_success_timestamp_seconds`)} > 0) > ${threshold('UnorderedStale')}`,
    for: '5m',
    severity: 'warning',
    service: 'ledger',
    summary: 'The command unordered has not finished lately: paid carts without an order may go unnoticed',
    description: `unordered last checked everything {{ $value | humanizeDuration }} ago, ${HERE}.`,
    dashboard: 'overview',
  },
  {
    alert: 'LedgerDelayHigh',
    expr: `
histogram_quantile(0.95, sum by (namespace, le) (rate(${of('ledger', `${P}ledger_event_delay_seconds_bucket`)}[10m]))) > ${threshold('LedgerDelayHigh')}
and sum by (namespace) (increase(${of('ledger', `${P}ledger_event_delay_seconds_count`)}[10m])) >= 10`,
    for: '10m',
    severity: 'warning',
    service: 'ledger',
    summary: 'Payments appear late in commercetools',
    description: `One event in twenty takes {{ $value | humanizeDuration }} or longer from Stripe to commercetools, ${HERE}.`,
    dashboard: 'events',
  },
  {
    alert: 'PaymentsStuckPending',
    expr: `
time() - min by (namespace, state) (${of('ledger', `${P}oldest_pending_payment_timestamp_seconds`)}) > ${threshold('PaymentsStuckPending')}`,
    for: '30m',
    severity: 'warning',
    service: 'ledger',
    summary: 'A payment has been pending for days',
    description: `The oldest transaction in state {{ $labels.state }} is {{ $value | humanizeDuration }} old, ${HERE}.`,
    dashboard: 'overview',
  },
];
