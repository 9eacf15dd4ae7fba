import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import type { StoredSpan, TraceStore } from './trace-store.ts';

const value = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ intValue: z.union([z.string(), z.number()]) }).transform(({ intValue }) => Number(intValue)),
  z.object({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
  z.object({ boolValue: z.boolean() }).transform(({ boolValue }) => boolValue),
  z.unknown().transform((other) => JSON.stringify(other)),
]);
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .default([])
  .transform((list) => Object.fromEntries(list.map((each) => [each.key, each.value])));
const nanos = z.union([z.string(), z.number()]).transform((time) => Number(BigInt(time) / 1000n) / 1000);

const exported = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }),
        scopeSpans: z.array(
          z.object({
            spans: z.array(
              z.object({
                traceId: z.string(),
                spanId: z.string(),
                parentSpanId: z.string().optional(),
                name: z.string(),
                kind: z.number(),
                startTimeUnixNano: nanos,
                endTimeUnixNano: nanos,
                attributes,
                status: z.object({ code: z.number().optional() }).optional(),
              }),
            ),
          }),
        ),
      }),
    )
    .default([]),
});

/** The spans of one OTLP/HTTP JSON request. Throws ZodError for anything else. */
export function readOtlp(body: unknown): StoredSpan[] {
  return exported.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ startTimeUnixNano: startMs, endTimeUnixNano: endMs, status, parentSpanId, ...span }) => ({
        ...span,
        parentSpanId: parentSpanId || undefined,
        service: String(resource.attributes['service.name'] ?? 'unknown'),
        startMs,
        endMs,
        isFailed: status?.code === 2,
      })),
    ),
  );
}

/** Receives the services' spans (OTLP/HTTP, JSON) on a free loopback port and keeps them in `store`. */
export async function startTraceReceiver(store: TraceStore): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer(async (req, res) => {
    try {
      store.add(readOtlp(await json(req)));
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    } catch {
      // The exporter drops refused spans, and the services continue without them.
      res.writeHead(400).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
