import type { MetricDefinition } from './definition.ts';

/** The default metrics of prom-client that dashboards and alerts may use. */
export const PROCESS_METRICS: readonly (Pick<MetricDefinition, 'type' | 'name' | 'help'> & {
  labels?: readonly string[];
})[] = [
  { type: 'counter', name: 'process_cpu_seconds_total', help: 'CPU time of the process' },
  { type: 'gauge', name: 'process_resident_memory_bytes', help: 'Memory of the process' },
  { type: 'gauge', name: 'process_start_time_seconds', help: 'Start of the process, Unix time' },
  { type: 'gauge', name: 'process_open_fds', help: 'Open file descriptors' },
  { type: 'gauge', name: 'process_max_fds', help: 'Limit of open file descriptors' },
  { type: 'gauge', name: 'nodejs_heap_size_used_bytes', help: "Used part of Node's heap" },
  { type: 'gauge', name: 'nodejs_heap_size_total_bytes', help: "Node's heap" },
  { type: 'gauge', name: 'nodejs_external_memory_bytes', help: 'Memory outside the heap, such as buffers' },
  { type: 'gauge', name: 'nodejs_eventloop_lag_p50_seconds', help: 'Event loop lag since the last scrape, median' },
  { type: 'gauge', name: 'nodejs_eventloop_lag_p99_seconds', help: 'Event loop lag since the last scrape, p99' },
  { type: 'gauge', name: 'nodejs_eventloop_lag_max_seconds', help: 'Event loop lag since the last scrape, worst' },
  { type: 'gauge', name: 'nodejs_active_resources', help: 'Resources that keep the process alive', labels: ['type'] },
  {
    type: 'histogram',
    name: 'nodejs_gc_duration_seconds',
    help: 'Pauses for garbage collection',
    labels: ['kind'],
  },
];
