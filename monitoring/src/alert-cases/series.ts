import type { Service } from '../rules.ts';

/** One expected alert, with its labels and the description that people see. */
interface Expected {
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
}

/** Series in promtool's notation, one sample a minute, and the expected alerts at one moment. */
export interface Case {
  readonly what: string;
  readonly series: readonly (readonly [series: string, values: string])[];
  /** Minutes after the first sample. */
  readonly at: number;
  readonly fires: readonly Expected[];
}

/** The values of the placeholders in the tests. */
export const NAMESPACE = 'shop';
export const RELEASE = 'pay';

export const P = 'stripe_connector_';

export const series = (service: Service, metric: string, labels: Record<string, string> = {}): string => {
  const all = { namespace: NAMESPACE, job: `${RELEASE}-${service}`, pod: `${RELEASE}-${service}-1`, ...labels };
  return `${metric}{${Object.entries(all).map(([name, value]) => `${name}="${value}"`)}}`;
};

/** A counter that rises by `perMinute`. */
export const rising = (perMinute: number, minutes = 120): string => `0+${perMinute}x${minutes}`;
export const always = (value: number, minutes = 120): string => `${value}+0x${minutes}`;

export const deleted = (pod: string): string =>
  series('ledger', `${P}consumer_records_deleted_total`, { topic: 'payments.events', pod: `${RELEASE}-ledger-${pod}` });

export const quiet = (what: string, list: Case['series'], at = 60): Case => ({ what, series: list, at, fires: [] });
export const fires = (what: string, list: Case['series'], expected: Expected | Expected[], at = 60): Case => ({
  what,
  series: list,
  at,
  fires: Array.isArray(expected) ? expected : [expected],
});

/** Minutes of history. A longer window sees only this history, which has the same ratios. */
export const HISTORY = 6 * 60;

/** The same four burn rates for each objective; `scale` is how much larger its budget is than 0.1 %. */
export function burns(
  scale: number,
  of: (good: string, bad: string) => Case['series'],
  text: (ratio: string, window: string) => string,
): Case[] {
  const steady = (perMille: number) => of(rising((1000 - perMille) * 10, HISTORY), rising(perMille * 10, HISTORY));
  const expected = (severity: string, window: string, ratio: string): Expected => ({
    labels: { severity, window },
    description: text(ratio, window),
  });
  const percent = (perMille: number) => `${Number(((perMille * scale) / 10).toPrecision(4))}%`;
  return [
    fires(
      'an outage of a quarter of an hour',
      of(
        `${rising(1000, HISTORY - 15)} ${always((HISTORY - 15) * 1000, 15)}`,
        `${always(0, HISTORY - 15)} 1000+1000x14`,
      ),
      expected('critical', '1h', '25%'),
      HISTORY,
    ),
    fires(
      'ten times the allowed failures, for days',
      steady(10 * scale),
      [
        expected('critical', '6h', percent(10)),
        expected('warning', '1d', percent(10)),
        expected('warning', '3d', percent(10)),
      ],
      HISTORY,
    ),
    fires('twice the allowed failures, for days', steady(2 * scale), expected('warning', '3d', percent(2)), HISTORY),
    quiet('half of the allowed failures', steady(0.5 * scale), HISTORY),
    quiet(
      'one failure in a night without other traffic',
      of(always(0, HISTORY), `${always(0, HISTORY - 10)} ${always(1, 10)}`),
      HISTORY,
    ),
    quiet('no traffic at all', of(always(0, HISTORY), always(0, HISTORY)), HISTORY),
  ];
}

export const route = { http_request_method: 'POST', http_route: '/stripe/webhooks' };
export const HTTP = 'http_server_request_duration_seconds';
export const OPEN = { http_request_method: 'GET', http_route: '/payments' };
export const stripeCalls = (outcome: string) =>
  series('intent', `${P}api_request_duration_seconds_count`, {
    api: 'stripe',
    operation: 'payment_intents.create',
    outcome,
  });
export const ctCalls = (outcome: string) =>
  series('ledger', `${P}api_request_duration_seconds_count`, {
    api: 'commercetools',
    operation: 'payments.update',
    outcome,
  });
export const webhooks = (outcome: string) =>
  series('webhook-ingest', `${P}webhook_events_total`, { event_type: 'charge.succeeded', outcome });
export const operations = (outcome: string) =>
  series('intent', `${P}payment_operations_total`, { operation: 'confirm', outcome });
export const lag = (partition: number) =>
  series('ledger', `${P}consumer_lag_messages`, { topic: 'payments.events', partition: String(partition) });
export const lagOfOtherPod = (partition: number) =>
  series('ledger', `${P}consumer_lag_messages`, {
    topic: 'payments.events',
    partition: String(partition),
    pod: 'pay-ledger-2',
  });
export const commit = series('ledger', `${P}consumer_last_commit_timestamp_seconds`, { group: 'ledger' });
export const secret = (which: string) =>
  series('webhook-ingest', `${P}webhook_secret_matches_total`, { secret: which });
export const delay = (le: string) =>
  series('ledger', `${P}ledger_event_delay_seconds_bucket`, { event_type: 'charge.succeeded', le });
export const delayCount = series('ledger', `${P}ledger_event_delay_seconds_count`, { event_type: 'charge.succeeded' });
export const withoutCart = (reason: string) => series('ledger', `${P}payments_without_cart_total`, { reason });
export const unordered = (reason: string) => series('ledger', `${P}unordered_payments`, { reason });
export const circuit = (dependency: string) => series('ledger', `${P}ledger_circuit_open`, { dependency });
export const checks = (outcome: string) =>
  series('session-auth', `${P}session_checks_total`, { outcome, cache: 'miss' });
export const reconciled = (service: Service) => series(service, `${P}reconciliation_last_success_timestamp_seconds`);
export const certificate = (which: string) =>
  series('ledger', `${P}certificate_expiry_timestamp_seconds`, { certificate: which });
export const buildInfo = (service: Service) =>
  series(service, `${P}build_info`, { service, version: '1.0.0', revision: 'abc' });

export function budget(objective: string, window: string): string {
  const [factor, days] = { '1h': [14.4, 2], '6h': [6, 5], '1d': [3, 10], '3d': [1, 30] }[window] ?? [];
  return `The objective is ${objective}; at ${factor} times the allowed speed its error budget of 30 days lasts ${days} days.`;
}
