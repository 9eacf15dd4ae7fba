import { describe, expect, it } from 'vitest';
import { parseAmount } from './dom.ts';

describe('an amount that somebody typed', () => {
  it.each([
    ['12.50', 2, 1250],
    ['12,5', 2, 1250],
    ['12', 2, 1200],
    ['3900', 0, 3900],
    ['7.99', 3, 7990],
    [' 0.10 ', 2, 10],
  ])('%j with %i digits is %i', (typed, digits, expected) => {
    expect(parseAmount(typed, digits)).toBe(expected);
  });

  it.each([
    ['12.345', 2],
    ['39.5', 0],
    ['-1', 2],
    ['1e3', 2],
    ['abc', 2],
    ['', 2],
  ])('%j with %i digits is not an amount', (typed, digits) => {
    expect(parseAmount(typed, digits)).toBeUndefined();
  });
});
