import { describe, expect, it } from 'vitest';
import { beginningOf } from './text.ts';

describe('the beginning of a text', () => {
  it.each([
    ['of a short text is the whole text', 'Ada', 4, 'Ada'],
    ['ends after the maximum number of characters', 'abcdef', 4, 'abcd'],
    ['never ends within a character', 'abc😀😀', 4, 'abc😀'],
    ['can be sent, even if it contained half a character', 'a\ud83db', 4, 'a�b'],
  ])('%s', (_rule, text, max, expected) => {
    expect(beginningOf(text, max)).toBe(expected);
  });
});
