import { request } from 'node:http';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAdminServer } from './admin-server.ts';
import { cutRequests } from './testing/cut-requests.ts';

const lines: string[] = [];
let log: ReturnType<typeof createLogger>;
let admin: ReturnType<typeof createAdminServer>;

beforeEach(async () => {
  lines.length = 0;
  log = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
  admin = createAdminServer({ log, port: 0, parts: [] });
  await admin.start?.();
});
afterEach(async () => admin.stop?.());

async function ask(method: string, body?: string): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${admin.port}/loglevel`, {
    method,
    ...(body !== undefined && { body }),
  });
  return { status: answer.status, json: await answer.json() };
}
const audited = () =>
  lines.map((line) => JSON.parse(line)).filter(({ msg }: { msg: string }) => msg.startsWith('the log level'));

it('returns the log level', async () => {
  expect(await ask('GET')).toEqual({ status: 200, json: { level: 'info' } });
});

it('changes the level for all later lines while the process runs, and logs the change', async () => {
  log.debug('not seen');
  expect(await ask('PUT', 'debug\n')).toEqual({ status: 200, json: { level: 'debug' } });
  log.debug('seen');
  expect(lines.join('')).not.toContain('not seen');
  expect(lines.join('')).toContain('"seen"');
  expect(audited()).toMatchObject([
    {
      level: 'warn',
      before: 'info',
      after: 'debug',
      by: expect.stringMatching(/127\.0\.0\.1|::1/),
      msg: expect.any(String),
    },
  ]);
});

it.each([
  ['info', 'silent'],
  ['silent', 'info'],
])('logs the change from %s to %s', async (before, level) => {
  log.level = before;
  await ask('PUT', level);
  expect(audited()).toHaveLength(1);
  expect(await ask('GET')).toMatchObject({ json: { level } });
});

it.each([
  ['another word', 'verbose'],
  ['nothing', ''],
  ['a long body', 'x'.repeat(100_000)],
  ['JSON', '{"level":"debug"}'],
])('refuses a level that does not exist: %s', async (_what, body) => {
  const { status, json } = await ask('PUT', body);
  expect({ status, json }).toEqual({
    status: 400,
    json: { message: 'the body must be one of trace, debug, info, warn, error, fatal, silent' },
  });
  expect(log.level).toBe('info');
});

it('refuses other methods', async () => {
  expect((await ask('POST', 'debug')).status).toBe(405);
});

describe('who may change the level', () => {
  const TOKEN = 'a-token-of-the-operator';
  /** A PUT as a proxy on the same machine, or a page in a browser there, would send it. */
  const put = (port: number, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', method: 'PUT', path: '/loglevel', agent: false };
      request({ ...options, headers: { 'content-length': '5', ...headers } }, (res) =>
        resolve(res.resume().statusCode ?? 0),
      )
        .once('error', reject)
        .end('debug');
    });

  it.each([
    ['came through a proxy', { 'x-forwarded-for': '10.0.0.7' }],
    ['came through a gateway', { via: '1.1 gateway' }],
    ['was sent by a page', { origin: 'http://localhost:9464' }],
    ['has a token although none is configured', { 'x-forwarded-for': '10.0.0.7', authorization: 'Bearer undefined' }],
  ])('is refused when a request %s', async (_how, headers) => {
    expect(await put(admin.port, headers)).toBe(403);
    expect(log.level).toBe('info');
  });

  it('is allowed from other machines only with the token', async () => {
    const guarded = createAdminServer({ log, port: 0, token: TOKEN, parts: [] });
    await guarded.start?.();
    onTestFinished(async () => guarded.stop?.());
    const from = { 'x-forwarded-for': '10.0.0.7' };
    expect(await put(guarded.port, { ...from, authorization: `Bearer ${TOKEN}x` })).toBe(403);
    expect(await put(guarded.port, { ...from, authorization: TOKEN })).toBe(403);
    expect(log.level).toBe('info');
    expect(await put(guarded.port, { ...from, authorization: `Bearer ${TOKEN}` })).toBe(200);
    expect(log.level).toBe('debug');
    expect(lines.join('')).not.toContain(TOKEN);
  });
});

it('listens only on the given address', async () => {
  const bound = createAdminServer({ log, port: 0, host: '127.0.0.2', parts: [] });
  await bound.start?.();
  onTestFinished(async () => bound.stop?.());
  expect((await fetch(`http://127.0.0.2:${bound.port}/livez`)).status).toBe(200);
  await expect(fetch(`http://127.0.0.1:${bound.port}/livez`)).rejects.toThrow();
});

it('survives every request that is cut off, at every stage', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const paths = ['/loglevel', '/livez', '/readyz', '/metrics', '/constructor', '/'];
  const cuts = await cutRequests(
    admin.port,
    paths.flatMap((path) => ['GET', 'PUT', 'POST'].map((method) => ({ method, path }))),
  );
  expect(cuts).toBeGreaterThan(400);
  expect(await ask('GET')).toMatchObject({ status: 200 });
  expect(unhandled).toEqual([]);
});
