import { expect, it } from 'vitest';
import { contextFrom, injectContext, inSpan, SpanKind, startTracing, trace } from './tracing.ts';

it('records and loads nothing without an OTLP endpoint, but gives every request a trace id, which is passed on', async () => {
  const stop = await startTracing('test', { version: '1.2.3', revision: 'abc' });
  const headers = await inSpan('outer', { kind: SpanKind.SERVER }, (span) => {
    expect(span.isRecording()).toBe(false);
    return injectContext<Record<string, string>>({});
  });
  expect(headers.traceparent).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  await stop();
});

it("continues a caller's trace, so that one id joins the logs of all services", async () => {
  const traceId = 'a'.repeat(32);
  const parent = contextFrom({ traceparent: `00-${traceId}-${'b'.repeat(16)}-01` });
  await inSpan('inner', { parent }, (span) => {
    expect(span.spanContext().traceId).toBe(traceId);
    expect(trace.getActiveSpan()).toBe(span);
  });
});

it.each([
  ['with one entry', { baggage: 'correlation.id=a%20b' }],
  ['with several entries', { baggage: 'correlation.id=c-1,tenant=shop%2C1' }],
  ['with properties', { baggage: 'correlation.id=c-1;ttl=5' }],
  ['with the state of other tracers', { baggage: 'correlation.id=c-1', tracestate: 'vendor=1' }],
])("passes a caller's %s on unchanged", (_what, more) => {
  const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, ...more };
  expect(injectContext<Record<string, string>>({}, contextFrom(headers))).toEqual(headers);
});

it('passes nothing on without a trace', () => {
  expect(injectContext({}, contextFrom({}))).toEqual({});
});

it('passes the trace on in spans that are not recorded', async () => {
  const stop = await startTracing('test', { version: '1.2.3', revision: 'abc' });
  const parent = contextFrom({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
  await inSpan('outer', { parent }, async (outer) => {
    expect(outer.spanContext()).toMatchObject({ traceId: 'a'.repeat(32), traceFlags: 0 });
    expect(outer.spanContext().spanId).not.toBe('b'.repeat(16));
    await inSpan('inner', {}, (inner) => {
      expect(inner.spanContext()).toMatchObject({ traceId: 'a'.repeat(32), traceFlags: 0 });
      expect(inner.isRecording()).toBe(false);
    });
  });
  await stop();
});

it('marks a failed span with the class of its error, without the message, which may contain data, and throws the error again', async () => {
  const failure = new RangeError('jane.doe@example.com');
  await expect(
    inSpan('failing', {}, () => {
      throw failure;
    }),
  ).rejects.toBe(failure);
});
