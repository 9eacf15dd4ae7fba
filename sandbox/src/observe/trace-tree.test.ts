import { expect, it } from 'vitest';
import { readOtlp } from './otlp.ts';
import { createTraceStore, type StoredSpan } from './trace-store.ts';
import { traceList, traceText } from './trace-tree.ts';

const BEGIN = Date.parse('2026-11-25T12:00:00Z');
const span = (
  spanId: string,
  parentSpanId: string | undefined,
  service: string,
  name: string,
  at: number,
  ms: number,
) =>
  ({
    traceId: 't1',
    spanId,
    parentSpanId,
    service,
    name,
    kind: 1,
    startMs: BEGIN + at,
    endMs: BEGIN + at + ms,
    attributes: {},
    isFailed: false,
  }) satisfies StoredSpan;

const SPANS: StoredSpan[] = [
  { ...span('c', 'b', 'ledger', 'process payments.events', 20, 15), attributes: { 'messaging.kafka.offset': 7 } },
  span('b', 'a', 'webhook-ingest', 'send payments.events', 2, 5),
  {
    ...span('a', undefined, 'webhook-ingest', 'POST /stripe/webhooks', 0, 9.5),
    attributes: { 'http.response.status_code': 200, 'stripe.event.id': 'evt_1' },
  },
  { ...span('e', 'c', 'ledger', 'send payments.transactions', 31, 3), isFailed: true },
  span('d', 'c', 'ledger', 'POST payments.update', 22, 8),
];

it('shows which span caused which, their order, durations and failures', () => {
  expect(traceText('t1', SPANS)).toBe(`trace t1: 5 spans of ledger, webhook-ingest; 35.0 ms

  at  took  span
 0.0   9.5  webhook-ingest: POST /stripe/webhooks        200  evt_1
 2.0   5.0  └─ webhook-ingest: send payments.events
20.0  15.0     └─ ledger: process payments.events        offset 7
22.0   8.0        ├─ ledger: POST payments.update
31.0   3.0 !      └─ ledger: send payments.transactions
`);
});

it('shows a span whose cause was not sampled, or has not arrived, beside the roots', () => {
  const [, , ...without] = SPANS;
  expect(traceText('t1', without)).toContain('\n22.0   8.0  ledger: POST payments.update');
});

it('lists traces by their first span', () => {
  expect(traceList([{ id: 't1', spans: SPANS }])).toBe(
    't1  12:00:00.000     35 ms    5 spans  webhook-ingest: POST /stripe/webhooks',
  );
});

it("reads a service's spans in OTLP's form", () => {
  const body = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'ledger' } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: 't1',
                spanId: 'a',
                parentSpanId: '',
                name: 'process payments.events',
                kind: 5,
                startTimeUnixNano: '1764072000000500000',
                endTimeUnixNano: '1764072000002000000',
                attributes: [
                  { key: 'messaging.kafka.offset', value: { intValue: '7' } },
                  { key: 'messaging.system', value: { stringValue: 'kafka' } },
                ],
                status: { code: 2 },
              },
            ],
          },
        ],
      },
    ],
  };
  expect(readOtlp(body)).toEqual([
    {
      traceId: 't1',
      spanId: 'a',
      parentSpanId: undefined,
      service: 'ledger',
      name: 'process payments.events',
      kind: 5,
      startMs: 1764072000000.5,
      endMs: 1764072000002,
      attributes: { 'messaging.kafka.offset': 7, 'messaging.system': 'kafka' },
      isFailed: true,
    },
  ]);
});

it('keeps the latest traces, and finds them by their id and by any id in them', () => {
  const store = createTraceStore(2);
  for (const id of ['t1', 't2', 't3']) {
    store.add([
      { ...span('a', undefined, 'intent', 'GET /payments', 0, 1), traceId: id, attributes: { payment: `p-${id}` } },
    ]);
  }
  expect(store.latest()).toEqual(['t2', 't3']);
  expect(store.find('p-t3')).toEqual(['t3']);
  expect(store.find('p-t1')).toEqual([]);
  expect(store.spansOf('t1')).toEqual([]);
});
