/** A span from OTLP/HTTP JSON, with its service; times in ms since the epoch, with fractions. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly service: string;
  readonly name: string;
  /** OTLP's span kinds: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly isFailed: boolean;
}

/** The latest traces of one run of the sandbox, in memory. */
export interface TraceStore {
  add(spans: readonly StoredSpan[]): void;
  /** The spans of a trace, oldest first; empty for an unknown (or forgotten) trace. */
  spansOf(traceId: string): readonly StoredSpan[];
  /** Ids of the traces that have a span with this attribute value, such as a payment's id; oldest first. */
  find(value: string): readonly string[];
  /** Ids of the latest traces, oldest first. */
  latest(): readonly string[];
}

/** Enough for an afternoon of clicks; a load test removes the oldest traces. */
const MAX_TRACES = 5_000;
/** One of our traces has about twenty spans; a loop must not fill the memory. */
const MAX_SPANS = 1_000;

export function createTraceStore(maxTraces = MAX_TRACES): TraceStore {
  const traces = new Map<string, StoredSpan[]>();
  return {
    add(spans) {
      for (const span of spans) {
        const known = traces.get(span.traceId) ?? [];
        if (known.length === 0) traces.set(span.traceId, known);
        if (known.length < MAX_SPANS) known.push(span);
      }
      for (const id of traces.keys()) {
        if (traces.size <= maxTraces) break;
        traces.delete(id);
      }
    },
    spansOf: (traceId) => (traces.get(traceId) ?? []).toSorted((a, b) => a.startMs - b.startMs),
    find: (value) =>
      [...traces].flatMap(([id, spans]) =>
        spans.some(({ attributes }) => Object.values(attributes).includes(value)) ? [id] : [],
      ),
    latest: () => [...traces.keys()],
  };
}
