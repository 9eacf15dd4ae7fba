/** A span as OTLP/HTTP JSON has it, with its service; times in ms since the epoch, with fractions. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly service: string;
  readonly name: string;
  /** OTLP's numbers: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly isFailed: boolean;
}

/** The latest traces of one run of the sandbox, in memory. */
export interface TraceStore {
  add(spans: readonly StoredSpan[]): void;
  /** The spans of a trace, oldest first; empty when it is not known (any more). */
  spansOf(traceId: string): readonly StoredSpan[];
  /** Ids of the traces that have a span with this value among its attributes, such as a payment's id; oldest first. */
  find(value: string): readonly string[];
  /** Ids of the latest traces, oldest first. */
  latest(): readonly string[];
}

/** Enough for an afternoon of clicks; a load test pushes the oldest out. */
const MAX_TRACES = 5_000;
/** A trace of ours has some twenty; a loop must not fill the memory. */
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
