import { type Dashboard, m } from '../grafana.ts';
import { HTTP, P, sumRate } from './queries.ts';

export const RUNTIME: Dashboard = {
  name: 'runtime',
  title: 'Runtime',
  description: 'The processes: versions, CPU, memory, event loop.',
  traces: '{ resource.service.namespace = "stripe-connector" && duration > 1s }',
  rows: [
    {
      title: 'Processes',
      panels: [
        {
          title: 'Versions',
          description: 'Versions and pods of each service.',
          unit: 'none',
          as: 'table',
          width: 16,
          queries: [
            { expr: `max by (job, pod, version, revision) (${m(`${P}build_info`)})`, legend: '{{pod}} {{version}}' },
          ],
          alerts: ['MetricsAbsent'],
        },
        {
          title: 'Running since',
          description: 'A pod that started a moment ago may have crashed.',
          unit: 'dateTimeFromNow',
          as: 'stat',
          queries: [{ expr: `1000 * max by (pod) (${m('process_start_time_seconds')})`, legend: '{{pod}}' }],
          alerts: ['MetricsAbsent', 'ConsumerRebalancingOften'],
        },
        {
          title: 'CPU',
          description: 'CPU cores in use, by pod. One Node process uses little more than 1.',
          unit: 'short',
          queries: [{ expr: sumRate('pod', 'process_cpu_seconds_total'), legend: '{{pod}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Memory',
          description: 'Resident memory by pod: compare with its limit.',
          unit: 'bytes',
          queries: [{ expr: `max by (pod) (${m('process_resident_memory_bytes')})`, legend: '{{pod}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Heap in use',
          description:
            "Used part of Node's heap, and buffers outside the heap. A saw-tooth is healthy, a ramp is a leak.",
          unit: 'bytes',
          queries: [
            { expr: `max by (pod) (${m('nodejs_heap_size_used_bytes')})`, legend: 'heap {{pod}}' },
            { expr: `max by (pod) (${m('nodejs_external_memory_bytes')})`, legend: 'outside {{pod}}' },
          ],
          runbooks: ['resources'],
        },
        {
          title: 'Event loop lag',
          description: 'How long work waits for its turn. Above 100 ms requests become noticeably slower.',
          unit: 's',
          limits: [0.1, 0.5],
          queries: [
            { expr: `max by (pod) (${m('nodejs_eventloop_lag_p99_seconds')})`, legend: 'p99 {{pod}}' },
            { expr: `max by (pod) (${m('nodejs_eventloop_lag_max_seconds')})`, legend: 'max {{pod}}' },
          ],
          runbooks: ['resources'],
        },
        {
          title: 'Garbage collection',
          description: 'Share of the time spent in garbage collection, by kind.',
          unit: 'percentunit',
          queries: [{ expr: sumRate('pod, kind', 'nodejs_gc_duration_seconds_sum'), legend: '{{pod}} {{kind}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Requests in progress',
          description: 'HTTP requests being served at the moment.',
          unit: 'short',
          queries: [{ expr: `sum by (pod) (${m('http_server_active_requests')})`, legend: '{{pod}}' }],
          runbooks: ['resources'],
        },
        {
          title: 'Open files',
          description: 'File descriptors in use, including sockets, as a share of the limit.',
          unit: 'percentunit',
          limits: [0.5, 0.8],
          queries: [
            {
              expr: `max by (pod) (${m('process_open_fds')}) / max by (pod) (${m('process_max_fds')})`,
              legend: '{{pod}}',
            },
          ],
          runbooks: ['resources'],
        },
        {
          title: 'Requests by route',
          description: 'Requests of the selected services by route and status.',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('http_route, http_response_status_code', `${HTTP}_count`),
              legend: '{{http_route}} {{http_response_status_code}}',
            },
          ],
          alerts: ['PaymentApiBudgetBurn'],
        },
      ],
    },
  ],
};
