import { expect, it } from 'vitest';
import { type DeadLetter, type DeadLetterFilter, matches } from './dead-letter.ts';

const letter: DeadLetter = {
  id: '3:14',
  partition: 3,
  offset: '14',
  key: 'pi_1',
  deadLetteredAt: new Date('2026-11-20T12:00:00Z'),
  bytes: 100,
  reason: 'unreadable',
  event: { id: 'evt_1', type: 'com.stripe.charge.succeeded' },
  origin: { topic: 'payments.events', partition: '3', offset: '900' },
  headers: {},
};
const done: DeadLetter = { ...letter, resolution: { kind: 'redriven', at: new Date(), by: 'sre' } };

it.each<[string, DeadLetter, DeadLetterFilter, boolean]>([
  ['no condition selects waiting letters', letter, {}, true],
  ['no condition excludes resolved letters', done, {}, false],
  ['resolved ones are included on request', done, { resolved: true }, true],
  ['an id', letter, { ids: ['1:1', '3:14'] }, true],
  ['another id', letter, { ids: ['3:15'] }, false],
  ['an empty list of ids', letter, { ids: [] }, false],
  ['an event id', letter, { eventId: 'evt_1' }, true],
  ['another event id', letter, { eventId: 'evt_2' }, false],
  ['a type', letter, { type: 'com.stripe.charge.succeeded' }, true],
  ['the prefix of a type', letter, { type: 'com.stripe.charge.*' }, true],
  ['the prefix of a type without a star', letter, { type: 'com.stripe.charge.' }, false],
  ['another beginning', letter, { type: 'com.stripe.refund.*' }, false],
  ['a reason', letter, { reason: 'unreadable' }, true],
  ['another reason', letter, { reason: 'rejected' }, false],
  ['a PaymentIntent', letter, { key: 'pi_1' }, true],
  ['another PaymentIntent', letter, { key: 'pi_10' }, false],
  ['before a moment', letter, { before: new Date('2026-11-20T12:00:01Z') }, true],
  ['before its own time', letter, { before: new Date('2026-11-20T12:00:00Z') }, false],
  ['after a moment', letter, { after: new Date('2026-11-20T11:59:59Z') }, true],
  ['after a later time', letter, { after: new Date('2026-11-20T12:00:01Z') }, false],
  ['the ends of an offset range', letter, { offsets: { partition: 3, from: 14n, to: 14n } }, true],
  ['below an offset range', letter, { offsets: { partition: 3, from: 15n, to: 99n } }, false],
  ['above an offset range', letter, { offsets: { partition: 3, from: 0n, to: 13n } }, false],
  ['the range of another partition', letter, { offsets: { partition: 2, from: 0n, to: 99n } }, false],
  ['every condition at once', letter, { reason: 'unreadable', key: 'pi_2' }, false],
])('selects by %s', (_rule, one, filter, expected) => {
  expect(matches(one, filter)).toBe(expected);
});
