import { describe, expect, it } from 'vitest';
import { beginningOf } from './text.ts';

describe('the beginning of a text', () => {
  it.each([
    ['that is short is all of it', 'Ada', 4, 'Ada'],
    ['ends after as many characters as are taken', 'abcdef', 4, 'abcd'],
    ['never ends within a character', 'abc😀😀', 4, 'abc😀'],
    ['can be sent, though half a character was given', 'a\ud83db', 4, 'a�b'],
  ])('%s', (_rule, text, max, expected) => {
    expect(beginningOf(text, max)).toBe(expected);
  });
});
