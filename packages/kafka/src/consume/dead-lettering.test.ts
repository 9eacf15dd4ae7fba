import { expect, it } from 'vitest';
import { deadLetterOf } from './dead-lettering.ts';

const letterOf = (error: unknown) =>
  deadLetterOf(
    {
      topic: 'payments.events',
      partition: 3,
      offset: '17',
      key: 'pi_1',
      value: Buffer.from('{"name":Jane Doe}'),
      headers: { ce_id: 'evt_1' },
    },
    '1700000000000',
    {
      reason: 'unreadable',
      error,
      attempts: 1,
      firstFailedAt: new Date(0),
      consumerGroup: 'ledger',
      appVersion: '0.1.0',
    },
  );

function parseError(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    return error;
  }
}

it.each<[string, unknown]>([
  ['text that is not JSON', parseError('{"name":Jane Doe}')],
  ['an address', new Error('no customer jane.doe@example.com')],
  ['a client secret', new Error('bad pi_1Jane_secret_Doe1')],
  ['a thrown value that is not an Error', 'jane.doe@example.com'],
])('a dead letter contains the reason without personal data: %s', (_what, error) => {
  const { headers, value } = letterOf(error);
  const why = Object.entries(headers).filter(([name]) => name.startsWith('dlq-'));
  expect(JSON.stringify(why)).not.toMatch(/jane|doe/i);
  expect(value.toString()).toBe('{"name":Jane Doe}');
});

it('a dead letter stays small, however long its error is', () => {
  const { headers } = letterOf(new Error(`no ${'a'.repeat(1_000_000)}`));
  expect(JSON.stringify(headers).length).toBeLessThan(6_000);
});
