import { m } from '../grafana.ts';

// PromQL that several dashboards use, for the services that the viewer has selected.
export const P = 'stripe_connector_';
const RATE = '[$__rate_interval]';

export const rate = (metric: string, ...matchers: string[]) => `rate(${m(metric, ...matchers)}${RATE})`;
export const sumRate = (by: string, metric: string, ...matchers: string[]) =>
  `sum by (${by}) (${rate(metric, ...matchers)})`;
/** The share of a counter's rate with `matchers`; 0 while the counter has none of them. */
export const share = (by: string, metric: string, matchers: readonly string[], of: readonly string[] = []) =>
  `(${sumRate(by, metric, ...matchers)} or 0 * ${sumRate(by, metric, ...of)}) / ${sumRate(by, metric, ...of)}`;
export const quantile = (q: number, by: string, metric: string, ...matchers: string[]) =>
  `histogram_quantile(${q}, sum by (${[by, 'le'].filter(Boolean).join(', ')}) (${rate(`${metric}_bucket`, ...matchers)}))`;
export const inRange = (metric: string, ...matchers: string[]) => `sum(increase(${m(metric, ...matchers)}[$__range]))`;
export const quantiles = (metric: string, ...matchers: string[]) => [
  { expr: quantile(0.5, '', metric, ...matchers), legend: 'p50' },
  { expr: quantile(0.95, '', metric, ...matchers), legend: 'p95', exemplars: true },
  { expr: quantile(0.99, '', metric, ...matchers), legend: 'p99' },
];
export const HTTP = 'http_server_request_duration_seconds';
export const API = `${P}api_request_duration_seconds`;
export const OPERATIONS = `${P}payment_operations_total`;

/** The queries of an objective, for the selected releases. */
export const selected = (query: string): string =>
  query.replace(/namespace="__NAMESPACE__",job="__RELEASE__-([a-z-]+)"/, 'namespace=~"$namespace",job=~".*$1"');

export const NAMES: Record<string, string> = {
  webhook_acceptance: 'Webhook acceptance',
  payment_api: 'Payment API',
  open_latency: 'Opening within 1 s',
  ledger_freshness: 'Ledger freshness',
};
