import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, join } from 'node:path';

/**
 * Serves the enabler's build to any origin. The file names have no version, so copies are revalidated after five
 * minutes; the etag makes the answer a 304. Resolves false when the file has not been built.
 */
export async function serveEnablerFile(folder: string, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const path = new URL(req.url ?? '/', 'http://gateway').pathname;
  let body: Buffer;
  try {
    body = await readFile(join(folder, basename(path)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const headers = {
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'public, max-age=300, stale-while-revalidate=86400',
    etag,
  };
  if (req.method === 'OPTIONS') {
    res.writeHead(204, { ...headers, 'access-control-allow-methods': 'GET,HEAD' }).end();
  } else if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else if (req.headers['if-none-match']?.includes(etag)) {
    res.writeHead(304, headers).end();
  } else {
    res
      .writeHead(200, { ...headers, 'content-type': 'text/javascript; charset=utf-8', 'content-length': body.length })
      .end(req.method === 'HEAD' ? undefined : body);
  }
  return true;
}
