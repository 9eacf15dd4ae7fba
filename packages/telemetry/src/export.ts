import { randomUUID } from 'node:crypto';
import { NodeSDK } from '@opentelemetry/sdk-node';

/** The exporting half of tracing, loaded only when an OTLP endpoint is configured: it costs tens of megabytes. */
export function startExport(service: string, version: string): () => Promise<void> {
  process.env.OTEL_SERVICE_NAME ??= service;
  process.env.OTEL_TRACES_SAMPLER ??= 'parentbased_traceidratio';
  process.env.OTEL_TRACES_SAMPLER_ARG ??= '0.1';
  process.env.OTEL_METRICS_EXPORTER ??= 'none';
  process.env.OTEL_LOGS_EXPORTER ??= 'none';
  const attributes = [
    process.env.OTEL_RESOURCE_ATTRIBUTES,
    'service.namespace=stripe-connector',
    `service.version=${version}`,
    // A pod's name where there is one: hosts are named after it.
    `service.instance.id=${process.env.K8S_POD_NAME ?? process.env.HOSTNAME ?? randomUUID()}`,
    ...['K8S_POD_NAME', 'K8S_NAMESPACE_NAME'].flatMap((name) => {
      const value = process.env[name];
      return value ? [`${name.toLowerCase().replaceAll('_', '.')}=${value}`] : [];
    }),
  ];
  process.env.OTEL_RESOURCE_ATTRIBUTES = attributes.filter(Boolean).join(',');
  const sdk = new NodeSDK({ instrumentations: [] });
  sdk.start();
  return () => sdk.shutdown();
}
