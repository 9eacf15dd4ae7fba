import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAdminServer } from './admin-server.ts';

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

it('tells the log level', async () => {
  expect(await ask('GET')).toEqual({ status: 200, json: { level: 'info' } });
});

it('changes it while the process runs, for every line from then on, and writes down who did', async () => {
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
])('shows the change from %s to %s too', async (before, level) => {
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
])('refuses what is no level: %s', async (_what, body) => {
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
