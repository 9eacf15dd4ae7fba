import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { BUILD } from './build.ts';

export { type Attributes, context, type Span, SpanKind, TraceFlags, trace };

/** Ends tracing: flushes what is buffered. */
export type StopTracing = () => Promise<void>;

/**
 * Starts tracing for this process. Without an OTLP endpoint in the standard `OTEL_*` variables nothing is recorded or
 * exported. Every request still has a trace id, which joins the logs of all services.
 */
export async function startTracing(service: string, { version } = BUILD): Promise<StopTracing> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_SDK_DISABLED } = process.env;
  if ((OTEL_EXPORTER_OTLP_ENDPOINT || OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) && OTEL_SDK_DISABLED !== 'true') {
    const { startExport } = await import('./export.ts');
    return startExport(service, version);
  }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  tracer = () => unrecorded;
  return async () => {};
}

let tracer = (): Pick<Tracer, 'startSpan'> => trace.getTracer('stripe-connector');

/**
 * Spans that are not recorded. They pass the trace's id on, or start a trace. The SDK would do the same, but is not
 * loaded for that (docs/adr/0003).
 */
const unrecorded: Pick<Tracer, 'startSpan'> = {
  startSpan: (_name, _options, parent = context.active()) => {
    const { traceId = randomHex(32), traceState } = trace.getSpanContext(parent) ?? {};
    return trace.wrapSpanContext({
      traceId,
      spanId: randomHex(16),
      traceFlags: TraceFlags.NONE,
      ...(traceState && { traceState }),
    });
  },
};

/**
 * Random hexadecimal digits for the ids of traces, eight at a time. The ids must differ; they need not be
 * unpredictable.
 */
function randomHex(count: number): string {
  let digits = '';
  while (digits.length < count)
    digits += Math.trunc(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return digits;
}

/** Kind, attributes and parent of a span; `parent` is the context that caused it, by default the current one. */
export interface SpanStart {
  kind?: SpanKind;
  attributes?: Attributes;
  parent?: Context;
}

/** Runs `work` inside a span that ends with it. An error of `work` marks the span as failed and is thrown again. */
export async function inSpan<T>(name: string, start: SpanStart, work: (span: Span) => Promise<T> | T): Promise<T> {
  const { kind = SpanKind.INTERNAL, attributes = {}, parent = context.active() } = start;
  const span = tracer().startSpan(name, { kind, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Starts a span that the caller ends itself. */
export function startSpan(name: string, { kind = SpanKind.INTERNAL, attributes = {}, parent }: SpanStart): Span {
  return tracer().startSpan(name, { kind, attributes }, parent ?? context.active());
}

/** Marks a span as failed with its error's class. The message is left out because it may contain data. */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

type Carrier = Record<string, string | string[] | Buffer | (string | Buffer)[] | undefined>;

const getter: TextMapGetter<Carrier> = {
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => {
    const value = carrier[key];
    const first = Array.isArray(value) ? value[0] : value;
    return first === undefined ? undefined : first.toString();
  },
};
const setter: TextMapSetter<Record<string, string | Buffer>> = {
  set: (carrier, key, value) => {
    carrier[key] = value;
  },
};

/** The context in headers (HTTP or Kafka), as a parent for spans; an empty context when the headers have none. */
export const contextFrom = (headers: Carrier): Context => propagation.extract(ROOT_CONTEXT, headers, getter);

/** Adds `traceparent`, `tracestate` and `baggage` of the current context to outgoing headers. */
export function injectContext<H extends Record<string, string | Buffer>>(headers: H, from = context.active()): H {
  const into = headers as Record<string, string | Buffer>;
  const span = trace.getSpanContext(from);
  const entries = propagation.getBaggage(from)?.getAllEntries() ?? [];
  // The usual case, a trace and a correlation id. The propagators handle any case, and take 5 % of a webhook's time.
  if (span && isSpanContextValid(span) && !span.traceState && entries.length === 1 && !entries[0]?.[1].metadata) {
    const [[name, { value }]] = entries as [[string, { value: string }]];
    into.traceparent = `00-${span.traceId}-${span.spanId}-0${span.traceFlags & TraceFlags.SAMPLED}`;
    into.baggage = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  } else {
    propagation.inject(from, into, setter);
  }
  return headers;
}
