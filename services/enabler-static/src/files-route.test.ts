import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createHttpServer } from '@connector/http';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILES, filesRoute } from './files-route.ts';

const CODE = `export const enabler = ${JSON.stringify('x'.repeat(2_000))};\n`;
const folder = mkdtempSync(join(tmpdir(), 'enabler-'));
for (const name of FILES) writeFileSync(join(folder, name), CODE);
writeFileSync(join(folder, 'notes.txt'), 'not for everybody');
const server = createHttpServer({ log: createLogger('test', 'silent'), port: 0, routes: [filesRoute(folder)] });

beforeAll(() => server.start?.());
afterAll(async () => {
  await server.stop?.();
  rmSync(folder, { recursive: true });
});

/** The raw, still compressed body. */
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }>(
    (resolve, reject) => {
      const outgoing = request({ port: server.port, path, headers, method, agent: false }, async (res) => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(await res.toArray()) });
      });
      outgoing.once('error', reject).end();
    },
  );

describe.each(FILES)('%s', (name) => {
  it('may be loaded by pages of any origin, and is revalidated after five minutes', async () => {
    const { status, headers, body } = await get(`/${name}`);
    expect(status).toBe(200);
    expect(body.toString()).toBe(CODE);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=300, stale-while-revalidate=86400',
    });
  });

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('is sent as %s when that is accepted', async (encoding, unpacked) => {
    const { headers, body } = await get(`/${name}`, { 'accept-encoding': encoding });
    expect(headers['content-encoding']).toBe(encoding);
    expect(body.length).toBeLessThan(CODE.length);
    expect(unpacked(body).toString()).toBe(CODE);
  });

  it('is not sent again to clients that have it', async () => {
    const { headers } = await get(`/${name}`);
    const again = await get(`/${name}`, { 'if-none-match': String(headers.etag) });
    expect(again.status).toBe(304);
    expect(again.body.length).toBe(0);
  });
});

it.each(['/', '/notes.txt', '/../notes.txt', '/CONNECTOR-ENABLER.ES.JS', '/connector-enabler.es.js/'])(
  'serves nothing else: %s',
  async (path) => {
    expect((await get(path)).status).toBe(404);
  },
);

it('does not start without its files', () => {
  expect(() => filesRoute(join(folder, 'nowhere'))).toThrow('ENOENT');
});
