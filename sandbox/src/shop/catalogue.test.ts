import { expect, it } from 'vitest';
import { BEHAVIOR_RULES, countryFor, type Wishes } from './catalogue.ts';

it.each<Wishes>([
  { captureMethod: 'manual' },
  { flowType: 'pi_first' },
  { captureMethod: 'manual', flowType: 'pi_first' },
])('a cart that wishes %j gets a country whose rule grants it', (wishes) => {
  expect(BEHAVIOR_RULES[countryFor(wishes) as keyof typeof BEHAVIOR_RULES]).toEqual(wishes);
});

it.each<Wishes>([{}, { captureMethod: 'automatic', flowType: 'deferred' }])(
  'a cart that wishes %j has the shop’s country and no rule',
  (wishes) => {
    expect(countryFor(wishes)).toBe('DE');
    expect(BEHAVIOR_RULES).not.toHaveProperty('DE');
  },
);
