import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { type Request, type RequestHandler, type Response, Router } from 'express';

/** The files that Checkout and merchants' pages load; nothing else in the folder is served. */
export const FILES = ['connector-enabler.es.js', 'connector-enabler.umd.js'] as const;

/**
 * Serves the enabler's files from `folder` to pages of any origin, from memory and compressed once. Their names contain
 * no version, so copies are revalidated after five minutes. Throws at once when a file is missing.
 */
export function filesRoute(folder: string): RequestHandler {
  const router = Router({ caseSensitive: true, strict: true });
  for (const name of FILES) {
    const plain = readFileSync(join(folder, name));
    const bodies = {
      br: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
      gzip: gzipSync(plain, { level: 9 }),
      identity: plain,
    };
    const tag = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
    const answer = (req: Request, res: Response) => {
      // Our order of preference, smallest first, among the encodings that the browser accepts.
      const encoding = (req.acceptsEncodings(['br', 'gzip']) || 'identity') as keyof typeof bodies;
      const body = bodies[encoding];
      res.set({
        'access-control-allow-origin': '*',
        'cache-control': 'public, max-age=300, stale-while-revalidate=86400',
        'content-type': 'text/javascript; charset=utf-8',
        'cross-origin-resource-policy': 'cross-origin',
        etag: `W/"${tag}"`,
        vary: 'accept-encoding',
        'x-content-type-options': 'nosniff',
      });
      if (req.fresh) {
        res.status(304).end();
        return;
      }
      if (encoding !== 'identity') res.set('content-encoding', encoding);
      res.set('content-length', String(body.length)).end(req.method === 'HEAD' ? undefined : body);
    };
    router.get(`/${name}`, answer);
  }
  return router;
}
