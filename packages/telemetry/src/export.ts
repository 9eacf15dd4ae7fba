import { randomUUID } from 'node:crypto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';

/**
 * The exporting part of tracing. It is loaded only when an OTLP endpoint is configured, because it takes tens of
 * megabytes.
 */
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
    // A pod's name: in Kubernetes the host name is the pod's.
    `service.instance.id=${process.env.K8S_POD_NAME ?? process.env.HOSTNAME ?? randomUUID()}`,
    ...['K8S_POD_NAME', 'K8S_NAMESPACE_NAME'].flatMap((name) => {
      const value = process.env[name];
      return value ? [`${name.toLowerCase().replaceAll('_', '.')}=${value}`] : [];
    }),
  ];
  process.env.OTEL_RESOURCE_ATTRIBUTES = attributes.filter(Boolean).join(',');
  const traceExporter = proxiedExporter();
  const sdk = new NodeSDK({ instrumentations: [], ...(traceExporter && { traceExporter }) });
  sdk.start();
  return () => sdk.shutdown();
}

/**
 * OpenTelemetry's own exporter follows no proxy, so it gets an agent with the proxy's variables. Undefined without a
 * proxy.
 */
function proxiedExporter(env: NodeJS.ProcessEnv = process.env): OTLPTraceExporter | undefined {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
  if (protocol !== 'http/protobuf' || !names.some((name) => env[name])) return undefined;
  return new OTLPTraceExporter({ httpAgentOptions: { keepAlive: true, proxyEnv: env } });
}
