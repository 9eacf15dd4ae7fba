import { UsageError } from '@connector/cli';
import { describe, expect, it } from 'vitest';
import { parseRedriveCommand } from './redrive-options.ts';

const now = new Date('2026-11-23T12:00:00Z');
const parse = (line: string) => parseRedriveCommand(line.split(' ').filter(Boolean), now);

describe('which dead letters', () => {
  it.each<[string, object]>([
    ['list 3:14 2:0', { ids: ['3:14', '2:0'] }],
    ['list --event evt_1', { eventId: 'evt_1' }],
    ['list --type charge.succeeded', { type: 'com.stripe.charge.succeeded' }],
    ['list --type charge.*', { type: 'com.stripe.charge.*' }],
    ['list --type com.stripe.charge.*', { type: 'com.stripe.charge.*' }],
    ['list --type checkout.payment.opened', { type: 'checkout.payment.opened' }],
    ['list --type *', { type: '*' }],
    ['list --reason rejected', { reason: 'rejected' }],
    ['list --payment-intent pi_1', { key: 'pi_1' }],
    ['list --older-than 12h', { before: new Date('2026-11-23T00:00:00Z') }],
    ['list --newer-than 2026-11-20', { after: new Date('2026-11-20T00:00:00Z') }],
    ['list --offsets 3:10-20', { offsets: { partition: 3, from: 10n, to: 20n } }],
  ])('%s', (line, filter) => {
    expect(parse(line)).toEqual({ kind: 'list', filter: { ...filter, resolved: false }, limit: 100, json: false });
  });
});

it.each([
  ['purge', 'no command purge'],
  ['list --offsets 3:20-10', 'not a range'],
  ['list --older-than 12', 'not a duration'],
  ['list --newer-than 2026-99-99', 'not a date'],
  ['list --limit 0', 'from 1 to'],
  ['list 3-14', 'Not the id'],
  ['list --no-such-thing', 'Unknown option'],
  ['show', 'Name one'],
  ['show 1:1 1:2', 'Name one'],
  ['redrive', 'Say which'],
  ['redrive --again', 'Say which'],
  ['redrive --everything --reason rejected', 'contradict'],
  ['redrive --everything --rate 0', 'from 1 to'],
  ['discard 1:1', 'Say why'],
])('refuses "%s" with a sentence', (line, problem) => {
  expect(() => parse(line)).toThrow(UsageError);
  expect(() => parse(line)).toThrow(problem);
});

it.each(['', '--help', 'list --help', 'show -h', 'redrive --help', 'discard --help'])(
  'prints help in lines of at most 100 characters, with the usage: "%s"',
  (line) => {
    const command = parse(line);
    if (command.kind !== 'help') throw new Error('no help');
    expect(command.text).toMatch(/Usage: redrive/);
    if (line.includes(' ')) expect(command.text).toMatch(/Example.*\n {2}redrive \w+ /);
    expect(command.text.split('\n').filter((each) => each.length > 100)).toEqual([]);
  },
);
