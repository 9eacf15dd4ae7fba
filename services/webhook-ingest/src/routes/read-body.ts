import type { IncomingMessage } from 'node:http';
import { BODY_LIMIT, type BodyAccount, type BodyMemory, SMALL_BODY } from './body-memory.ts';

export type Body =
  /** The caller owns the bytes until it releases the account. */
  | { readonly kind: 'complete'; readonly bytes: Buffer; readonly account: BodyAccount }
  /** `given_up`: it was longest on its way when memory was needed. */
  | { readonly kind: 'too_large' | 'aborted' | 'timed_out' | 'no_memory' | 'given_up' };

export interface ReadBodyOptions {
  readonly memory: BodyMemory;
  /** The client's address. */
  readonly address: string;
  /** Time limit for a body of BODY_LIMIT, in ms; smaller bodies have less time, down to a quarter. */
  readonly timeoutMs: number;
}

/**
 * Reads a request's body unchanged. Ends early when the body exceeds BODY_LIMIT, takes too long for its size, or there
 * is no memory for it. A body uses at most its declared size; without a declared size, at most twice what has arrived.
 */
export function readBody(req: IncomingMessage, { memory, address, timeoutMs }: ReadBodyOptions): Promise<Body> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > BODY_LIMIT) return Promise.resolve({ kind: 'too_large' });
  return new Promise((resolve) => {
    let bytes: Buffer = NOTHING;
    let length = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    const began = performance.now();
    const account = memory.open(address, () => settle({ kind: 'given_up' }));

    const settle = (body: Body) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (body.kind === 'complete') account.arrived();
      else account.release();
      bytes = NOTHING;
      resolve(body);
    };
    const expect = (size: number) => {
      clearTimeout(timer);
      const withinMs = timeoutMs * (0.25 + (0.75 * size) / BODY_LIMIT);
      timer = setTimeout(() => settle({ kind: 'timed_out' }), withinMs - (performance.now() - began));
    };
    req.on('data', (chunk: Buffer) => {
      if (settled) return;
      const grown = length + chunk.length;
      if (grown > BODY_LIMIT) return settle({ kind: 'too_large' });
      if (grown > bytes.length) {
        // Most bodies arrive in one piece and need no copy.
        const isWhole = length === 0 && (declared === 0 || chunk.length === declared);
        const capacity = isWhole ? chunk.length : declared || Math.min(2 * grown, BODY_LIMIT);
        if (!account.grow(capacity)) return settle({ kind: 'no_memory' });
        bytes = isWhole ? chunk : enlarged(bytes, length, capacity);
        if (declared === 0 && capacity > SMALL_BODY && timer) expect(BODY_LIMIT);
      }
      if (bytes !== chunk) chunk.copy(bytes, length);
      length = grown;
    });
    req.on('end', () => settle({ kind: 'complete', bytes: bytes.subarray(0, length), account }));
    req.on('close', () => settle({ kind: 'aborted' }));
    // Most bodies arrive together with the headers and are complete by now; a timer would cost more than this check.
    setImmediate(() => {
      if (!settled && !req.complete) expect(declared || SMALL_BODY);
    });
  });
}

const NOTHING = Buffer.alloc(0);

/** A new buffer of `capacity` bytes that begins with the first `length` bytes of `bytes`. */
function enlarged(bytes: Buffer, length: number, capacity: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(capacity);
  bytes.copy(larger, 0, 0, length);
  return larger;
}
