import { readFileSync } from 'node:fs';
import { context, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFINITIONS, type MetricDefinition, metrics, PROCESS_METRICS, register, startMetrics } from './metrics.ts';
import { metricsReference } from './metrics-reference.ts';

const families: MetricDefinition[] = Object.values(DEFINITIONS);

/** Dashboards, alerts and queries of users depend on these names. Any change here is a breaking change. */
const PINNED = [
  'histogram http_server_request_duration_seconds{http_request_method,http_route,http_response_status_code,error_type}',
  'gauge http_server_active_requests{http_request_method}',
  'histogram http_client_request_duration_seconds{server_address,http_request_method,http_response_status_code,error_type}',
  'counter messaging_client_sent_messages_total{messaging_system,messaging_operation_name,messaging_destination_name,error_type}',
  'counter stripe_connector_kafka_repeated_sends_total{error_type}',
  'counter messaging_client_consumed_messages_total{messaging_system,messaging_operation_name,messaging_destination_name,messaging_consumer_group_name,messaging_destination_partition_id,error_type}',
  'histogram messaging_client_operation_duration_seconds{messaging_system,messaging_operation_name,messaging_destination_name,error_type}',
  'histogram messaging_process_duration_seconds{messaging_system,messaging_operation_name,messaging_destination_name,messaging_consumer_group_name,messaging_destination_partition_id,error_type}',
  'counter stripe_connector_webhook_events_total{event_type,outcome}',
  'counter stripe_connector_webhook_secret_matches_total{secret}',
  'counter stripe_connector_ledger_events_total{event_type,outcome}',
  'histogram stripe_connector_ledger_event_delay_seconds{event_type}',
  'histogram stripe_connector_ledger_receipt_delay_seconds{event_type}',
  'counter stripe_connector_transactions_total{type,state}',
  'counter stripe_connector_payment_declines_total{code}',
  'histogram stripe_connector_api_request_duration_seconds{api,operation,outcome}',
  'gauge stripe_connector_api_limit_calls_per_second{api,limit}',
  'gauge stripe_connector_api_waiting_calls{api,priority}',
  'counter stripe_connector_api_shed_calls_total{api,priority}',
  'counter stripe_connector_api_retries_total{api,operation,reason}',
  'counter stripe_connector_payment_operations_total{operation,outcome}',
  'counter stripe_connector_denials_total{scheme,reason}',
  'counter stripe_connector_optional_data_refused_total{field}',
  'counter stripe_connector_line_items_left_out_total{reason}',
  'counter stripe_connector_session_checks_total{outcome,cache}',
  'gauge stripe_connector_pending_payments{state,age}',
  'gauge stripe_connector_oldest_pending_payment_timestamp_seconds{state}',
  'counter stripe_connector_payments_without_cart_total{reason}',
  'counter stripe_connector_partial_reinstatements_total{}',
  'counter stripe_connector_ledger_retries_total{reason}',
  'counter stripe_connector_dead_letters_total{topic,reason}',
  'gauge stripe_connector_ledger_parked_keys{}',
  'gauge stripe_connector_ledger_circuit_open{dependency}',
  'gauge stripe_connector_dlq_depth{topic}',
  'counter stripe_connector_dlq_redriven_total{topic,outcome}',
  'gauge stripe_connector_consumer_lag_messages{topic,partition}',
  'gauge stripe_connector_consumer_lag_seconds{topic}',
  'counter stripe_connector_consumer_records_deleted_total{topic}',
  'counter stripe_connector_consumer_rebalances_total{group}',
  'counter stripe_connector_consumer_crashes_total{group,restart}',
  'gauge stripe_connector_consumer_group_joined{group}',
  'gauge stripe_connector_consumer_last_commit_timestamp_seconds{group}',
  'gauge stripe_connector_audit_differences{kind}',
  'gauge stripe_connector_audit_last_success_timestamp_seconds{}',
  'gauge stripe_connector_audit_movements{type}',
  'gauge stripe_connector_reconciliation_divergences{kind}',
  'gauge stripe_connector_reconciliation_last_success_timestamp_seconds{}',
  'counter stripe_connector_reconciliation_repairs_total{kind}',
  'gauge stripe_connector_unordered_payments{reason}',
  'gauge stripe_connector_unordered_last_success_timestamp_seconds{}',
  'counter stripe_connector_unordered_settlements_total{settlement}',
  'gauge stripe_connector_reconciliation_requests_open{}',
  'counter stripe_connector_secret_file_reads_total{outcome}',
  'gauge stripe_connector_certificate_expiry_timestamp_seconds{certificate}',
  'gauge stripe_connector_build_info{service,version,revision}',
];

describe('the list of metrics', () => {
  it('has these names, types and labels', () => {
    const found = families.map(({ type, name, labels }) => `${type} ${name}{${Object.keys(labels)}}`);
    expect(found.toSorted()).toEqual(PINNED.toSorted());
  });

  it('has every family name once, also in OpenMetrics', () => {
    const names = families.map(({ name }) => name.replace(/_total$/, ''));
    expect(new Set(names).size).toBe(names.length);
  });

  it('has counters that end in _total, and histograms that end in their unit', () => {
    for (const { type, name } of families) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  it('is the same in docs/metrics.md as in code (npm run docs)', () => {
    const file = new URL('../../../docs/metrics.md', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(metricsReference());
  });
});

describe('/metrics', () => {
  const contexts = new AsyncLocalStorageContextManager();
  beforeAll(() => {
    context.setGlobalContextManager(contexts.enable());
    startMetrics('ledger', { version: '1.2.3', revision: 'abc' });
  });
  afterAll(() => contexts.disable());

  it('has every metric in OpenMetrics, counters as family and sample', async () => {
    for (const [key, { type, labels }] of Object.entries(DEFINITIONS)) {
      const values = Object.fromEntries(Object.keys(labels).map((label) => [label, 'x']));
      const metric = metrics[key as keyof typeof DEFINITIONS];
      if (type === 'histogram') (metric as typeof metrics.apiDuration).observe(values, 1);
      else (metric as typeof metrics.webhookEvents).inc(values, 1);
    }
    const text = await register.metrics();
    expect(text).toMatch(/# EOF\n$/);
    for (const { type, name } of [...families, ...PROCESS_METRICS]) {
      expect(text).toContain(`# TYPE ${type === 'counter' ? name.replace(/_total$/, '') : name} ${type}\n`);
    }
    expect(text).toContain('\nstripe_connector_webhook_secret_matches_total{secret="x"} 1\n');
    expect(text).toContain('\nstripe_connector_build_info{service="ledger",version="1.2.3",revision="abc"} 1\n');
  });

  it.each([
    ['a sampled request', TraceFlags.SAMPLED, true],
    ['a request that is not', TraceFlags.NONE, false],
  ])('with the trace of %s, shows an exemplar beside its duration: %s', async (_what, traceFlags, shown) => {
    const traceId = `${shown ? 'a' : 'b'}`.repeat(32);
    const span = { traceId, spanId: 'c'.repeat(16), traceFlags };
    context.with(trace.setSpanContext(context.active(), span), () =>
      metrics.apiDuration.observe({ api: 'stripe', operation: 'charges.retrieve', outcome: 'ok' }, 0.03),
    );
    expect((await register.metrics()).includes(`# {trace_id="${traceId}"} 0.03 `)).toBe(shown);
  });
});
