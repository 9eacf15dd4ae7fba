import { trace } from '@opentelemetry/api';
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
  type RegistryContentType,
  register,
} from 'prom-client';
import { BUILD } from './build.ts';
import { CHECK_METRICS } from './metrics/checks.ts';
import { EVERY_SERVICE, type MetricDefinition, P } from './metrics/definition.ts';
import { HTTP_METRICS } from './metrics/http.ts';
import { KAFKA_METRICS } from './metrics/kafka.ts';
import { PAYMENT_METRICS } from './metrics/payments.ts';

export { register };

// Only OpenMetrics has exemplars.
(register as Registry<RegistryContentType>).setContentType(Registry.OPENMETRICS_CONTENT_TYPE);

export type { Exporter, MetricDefinition } from './metrics/definition.ts';
export { PROCESS_METRICS } from './metrics/process.ts';

/** Every metric of the system. A metric is registered in a process at its first use there. */
export const DEFINITIONS = {
  ...HTTP_METRICS,
  ...KAFKA_METRICS,
  ...PAYMENT_METRICS,
  ...CHECK_METRICS,
  secretFileReads: {
    type: 'counter',
    name: `${P}secret_file_reads_total`,
    help: 'Reads of changed or unusable secret files; an unusable one leaves the known value in use',
    labels: { outcome: ['changed', 'unusable'] },
    from: EVERY_SERVICE,
  },
  buildInfo: {
    type: 'gauge',
    name: `${P}build_info`,
    help: 'Always 1',
    labels: { service: EVERY_SERVICE, version: 'version', revision: 'commit that the image was built from' },
    from: EVERY_SERVICE,
  },
} as const satisfies Record<string, MetricDefinition>;

interface MetricOf {
  counter: Counter;
  gauge: Gauge;
  histogram: Histogram;
}
type Metrics = { readonly [K in keyof typeof DEFINITIONS]: MetricOf[(typeof DEFINITIONS)[K]['type']] };

const made = new Map<string, Counter | Gauge | Histogram>();

/** The metrics by their name in code, e.g. `metrics.webhookEvents.inc({ event_type, outcome })`. */
export const metrics = new Proxy({} as Metrics, {
  get: (_target, name: keyof typeof DEFINITIONS) => {
    const known = made.get(name);
    if (known) return known;
    const metric = make(DEFINITIONS[name]);
    made.set(name, metric);
    return metric;
  },
});

function make({ type, name, help, labels, buckets, exemplars }: MetricDefinition): Counter | Gauge | Histogram {
  const labelNames = Object.keys(labels);
  switch (type) {
    case 'counter':
      return new Counter({ name, help, labelNames });
    case 'gauge':
      return new Gauge({ name, help, labelNames });
    case 'histogram': {
      const options = { name, help, labelNames, buckets: [...(buckets ?? [])] };
      return exemplars ? tracedHistogram(options) : new Histogram(options);
    }
  }
}

/** A histogram whose observations name the current trace if it is sampled. Nobody could look at any other trace. */
function tracedHistogram(options: { name: string; help: string; labelNames: string[]; buckets: number[] }): Histogram {
  const histogram = new Histogram({ ...options, enableExemplars: true });
  const observe = histogram.observe.bind(histogram);
  return Object.assign(histogram, {
    observe: (labels: Record<string, string>, value: number) => {
      const span = trace.getActiveSpan()?.spanContext();
      const exemplarLabels = span && span.traceFlags & 1 ? { trace_id: span.traceId } : {};
      observe({ labels, value, exemplarLabels });
    },
  });
}

/** Process metrics and build info, once per process. */
export function startMetrics(service: string, { version, revision } = BUILD): void {
  collectDefaultMetrics();
  metrics.buildInfo.set({ service, version, revision }, 1);
}
