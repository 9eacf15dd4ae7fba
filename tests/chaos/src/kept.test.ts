import { expect, it } from 'vitest';
import { compareKept } from './kept.ts';

const event = (id: string, count: number, type = 'charge.succeeded') => ({ id, type, count });

it('finds acknowledged events that are not in the topic, or not often enough', () => {
  const acknowledged = [event('evt_1', 1), event('evt_2', 3), event('evt_3', 2)];
  const records = new Map([
    ['evt_2', 2],
    ['evt_3', 2],
  ]);
  expect(compareKept(acknowledged, records).map(({ verdict, what }) => `${verdict}: ${what}`)).toEqual([
    'lost: evt_1 (charge.succeeded) was acknowledged once and is in the topic 0 times',
    'lost: evt_2 (charge.succeeded) was acknowledged 3 times and is in the topic 2 times',
  ]);
});

it('allows more records than answers, and missing events of unhandled types', () => {
  const acknowledged = [event('evt_1', 1), event('evt_2', 1, 'payment_intent.created')];
  expect(compareKept(acknowledged, new Map([['evt_1', 2]]))).toEqual([]);
});
