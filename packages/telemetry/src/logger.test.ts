import { expect, it } from 'vitest';
import { createLogger, redactText } from './logger.ts';

/** Values that must never appear in a log line, wherever they stood. */
const SECRETS = [
  'sk_test_51AbCdEf',
  'rk_live_51AbCdEf',
  'whsec_c2VjcmV0',
  'pi_3Abc_secret_XyZ123',
  'cuss_1_secret_abc',
  'Bearer abc.def.ghi',
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
  'jane.doe+shop@example.com',
];

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger('test', 'debug', { write: (line: string) => lines.push(line) }));
  return lines.join('');
}

it.each(SECRETS)('removes %s from free text', (secret) => {
  expect(redactText(`before ${secret} after`)).toMatch(/^before \[redacted\] after$/);
});

it.each(SECRETS)('shows no %s that an error carries, at any depth', (secret) => {
  const error = Object.assign(new Error(`failed with ${secret}`, { cause: new Error(`because of ${secret}`) }), {
    raw: { secret, headers: { authorization: secret } },
  });
  expect(logged((log) => log.error({ error }, 'failed'))).not.toContain(secret);
});

it.each(['authorization', 'client_secret', 'token', 'email', 'billing_details', 'sessionId'])(
  'shows no value under %s',
  (key) => {
    const line = logged((log) =>
      log.info({ [key]: 'hidden-1', a: { [key]: 'hidden-2', b: { [key]: 'hidden-3' } } }, 'x'),
    );
    expect(line).not.toContain('hidden');
    expect(line).toContain('[redacted]');
  },
);

it("hides values in lists and in a child logger's fields, and does not change the logged object", () => {
  const given = { list: [{ token: 'hidden-1' }, { id: 'pi_1' }] };
  const line = logged((log) => log.child({ password: 'hidden-2', part: { email: 'hidden-3' } }).info(given, 'x'));
  expect(line).not.toContain('hidden');
  expect(JSON.parse(line)).toMatchObject({ list: [{ token: '[redacted]' }, { id: 'pi_1' }], password: '[redacted]' });
  expect(given).toEqual({ list: [{ token: 'hidden-1' }, { id: 'pi_1' }] });
});

it('keeps what helps: ids, classes and stacks', () => {
  const line = logged((log) => log.warn({ error: new RangeError('no'), paymentIntentId: 'pi_1' }, 'x'));
  const { level, error, paymentIntentId } = JSON.parse(line);
  expect({ level, name: error.name, message: error.message, paymentIntentId }).toEqual({
    level: 'warn',
    name: 'RangeError',
    message: 'no',
    paymentIntentId: 'pi_1',
  });
  expect(error.stack).toContain('RangeError');
});

it.each([
  'a',
  'a.',
  '@a',
  'a@',
  'pi_',
  'pi_a-',
  'eyJ-',
  'eyJ.',
  'sk_test_',
  'whsec_',
  'Bearer ',
  'a@b-',
  '._+-',
  'pi_a_secret_',
])('needs only a moment for a text of endless repetitions: %s', (part) => {
  const began = performance.now();
  const shown = redactText(part.repeat(Math.ceil(64_000 / part.length)));
  expect(performance.now() - began).toBeLessThan(500);
  expect(shown.length).toBeLessThan(8_200);
});

it('removes addresses of the greatest allowed length', () => {
  const address = `${'j'.repeat(64)}@${'d'.repeat(63)}.example.com`;
  expect(redactText(`who ${address} is`)).toBe('who [redacted] is');
});

it.each(SECRETS)('shows no part of %s where a long text is cut', (secret) => {
  const shown = redactText(`${'- '.repeat(4_090)}${secret} and more ${'- '.repeat(1_000)}`);
  expect(shown).not.toContain(secret.slice(0, 8));
});

it.each([
  'Jane Doe',
  '{"name":Jane Doe}',
  '{"name":"Jane Doe","city":Berlin,"street":"Long Road"}',
  '{"a":"Jane\nDoe" "}',
])('shows nothing of a text that is not JSON: %s', (json) => {
  const error = (() => {
    try {
      return JSON.parse(json) as unknown;
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(SyntaxError);
  const line = logged((log) => log.error({ error: new Error('unreadable', { cause: error }) }, 'x'));
  expect(line).not.toMatch(/Jane|Doe|Berlin|Long/);
  expect(line).toContain('SyntaxError');
});
