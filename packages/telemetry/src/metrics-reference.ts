import { DEFINITIONS, type MetricDefinition, PROCESS_METRICS } from './metrics.ts';

/** docs/metrics.md: every metric with type, labels, the services that export it, and its meaning. */
export function metricsReference(): string {
  const families: MetricDefinition[] = Object.values(DEFINITIONS);
  const buckets = Map.groupBy(
    families.filter(({ buckets }) => buckets),
    ({ buckets }) => buckets?.join(', '),
  );
  return `<!-- Generated from packages/telemetry/src/metrics by \`npm run docs\`; a test fails when it is stale. -->
# Metrics

Each service serves these in OpenMetrics on \`/metrics\` of its port \`metrics\` (\`METRICS_PORT\`, 9464). Units are seconds, bytes and
plain counts. No label holds an id, a name or an address of a person. Counters with a known set of labels begin at 0, so that the
first event is an increase. Metrics of HTTP and messaging are named as in OpenTelemetry's semantic conventions.

| Name | Type | Labels | From | Meaning |
|---|---|---|---|---|
${families.map(row).join('\n')}

Metrics that every pod says the same of (\`dlq_depth\`, \`consumer_lag_messages\`, \`consumer_lag_seconds\`) are for \`max by (...)\`, never for \`sum\`.

## Buckets

${[...buckets].map(([bounds, of]) => `- ${of.map(({ name }) => `\`${name}\``).join(', ')}: ${bounds}`).join('\n')}

## Exemplars

${families
  .filter(({ exemplars }) => exemplars)
  .map(({ name }) => `\`${name}\``)
  .join(', ')}
carry the \`trace_id\` of a sampled request. Prometheus keeps them with \`--enable-feature=exemplar-storage\`.

## Of the process

Node's and the process' own metrics, from every service. Dashboards and alerts use these:

| Name | Type | Labels | Meaning |
|---|---|---|---|
${PROCESS_METRICS.map(({ name, type, labels = [], help }) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${help} |`).join('\n')}
`;
}

function row({ name, type, labels, from, help }: MetricDefinition): string {
  const described = Object.entries(labels).map(
    ([label, values]) => `\`${label}\`: ${typeof values === 'string' ? values : values.join(', ')}`,
  );
  return `| \`${name}\` | ${type} | ${described.join('<br>') || '–'} | ${from.length === 4 ? 'all' : from.join(', ')} | ${help} |`;
}
