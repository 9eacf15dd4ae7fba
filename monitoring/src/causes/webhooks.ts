import { type Alert, of, threshold } from '../rules.ts';
import { HERE, P } from './words.ts';

const webhooks = (outcome: string) => of('webhook-ingest', `${P}webhook_events_total`, `outcome=~"${outcome}"`);
export const WEBHOOKS: readonly Alert[] = [
  {
    alert: 'WebhookBadSignatures',
    expr: `
sum by (namespace) (increase(${webhooks('bad_signature|stale_timestamp')}[15m])) > ${threshold('WebhookBadSignatures')}
and
sum by (namespace) (increase(${webhooks('bad_signature|stale_timestamp')}[15m]))
  > 0.1 * sum by (namespace) (increase(${webhooks('accepted|duplicate|ignored')}[15m]))`,
    for: '5m',
    severity: 'warning',
    service: 'webhook-ingest',
    summary: 'Many webhooks have a bad signature: our signing secret is wrong, or a stranger sends them',
    description: `{{ $value | humanize }} webhooks were refused in the last 15 minutes, ${HERE}, because of a bad or old signature. That is more than a tenth of the good ones.`,
    dashboard: 'events',
  },
  {
    alert: 'WebhookSilence',
    expr: `
sum by (namespace) (increase(${of('intent', `${P}payment_operations_total`, 'operation!="create"', 'outcome=~"approved|received"')}[30m])) > ${threshold('WebhookSilence')}
and
sum by (namespace) (increase(${webhooks('accepted|duplicate')}[30m])) == 0`,
    for: '10m',
    severity: 'critical',
    service: 'webhook-ingest',
    summary: 'Stripe sends no webhooks although shoppers pay',
    description: `{{ $value | humanize }} payment operations succeeded in the last 30 minutes, but no Stripe event was accepted, ${HERE}.`,
    dashboard: 'events',
  },
  {
    alert: 'SecretRotationUnfinished',
    expr: `sum by (namespace) (increase(${of('webhook-ingest', `${P}webhook_secret_matches_total`, 'secret="previous"')}[6h])) > 0`,
    for: '24h',
    severity: 'warning',
    service: 'webhook-ingest',
    summary: 'Stripe still signs with the old secret a day after the rotation began',
    description: `{{ $value | humanize }} webhooks in the last 6 hours could be verified only with an old secret, which is not the first of the list, ${HERE}. Stripe stops using the old secret at most 24 hours after the rotation.`,
    dashboard: 'events',
  },
];
