import type { IncomingMessage } from 'node:http';

/** Largest body that is read: 1 MiB. Stripe's events are a few kB. */
export const BODY_LIMIT = 1024 * 1024;

export type Body =
  | { readonly kind: 'complete'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' | 'aborted' | 'timed_out' | 'no_memory' };

/** Bytes that bodies in hand take together, of all requests at once. */
export interface BodyMemory {
  held: number;
  readonly limit: number;
}

/**
 * Reads a request's body as it is. Ends early when it grows beyond `limit`, does not arrive within `timeoutMs`, or `memory` is
 * used up; what a body takes is added to `memory.held` and is the caller's to take off (`bytes.length`) when it is done with
 * the bytes. A body in many tiny chunks takes no more than its size twice.
 */
export function readBody(
  req: IncomingMessage,
  { memory, timeoutMs, limit = BODY_LIMIT }: { memory: BodyMemory; timeoutMs: number; limit?: number },
): Promise<Body> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > limit) return Promise.resolve({ kind: 'too_large' });
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    let length = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;

    const settle = (body: Body) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (body.kind !== 'complete') memory.held -= length;
      resolve(body);
    };
    req.on('data', (chunk: Buffer) => {
      if (settled) return;
      const grown = length + chunk.length;
      if (grown > limit) return settle({ kind: 'too_large' });
      if (memory.held + chunk.length > memory.limit) return settle({ kind: 'no_memory' });
      memory.held += chunk.length;
      if (length === 0) {
        bytes = chunk;
      } else {
        if (grown > bytes.length) {
          const larger = Buffer.allocUnsafe(Math.max(declared, Math.min(2 * grown, limit)));
          bytes.copy(larger, 0, 0, length);
          bytes = larger;
        }
        chunk.copy(bytes, length);
      }
      length = grown;
    });
    req.on('end', () => settle({ kind: 'complete', bytes: bytes.subarray(0, length) }));
    req.on('close', () => settle({ kind: 'aborted' }));
    // Most bodies come with the head and are complete by then; a timer costs more than this.
    setImmediate(() => {
      if (!settled && !req.complete) timer = setTimeout(() => settle({ kind: 'timed_out' }), timeoutMs);
    });
  });
}
