import { expect, it } from 'vitest';
import { bearerTokenOf } from './bearer.ts';

it('accepts a header of exactly two parts', () => {
  expect(bearerTokenOf('Bearer abc.def.ghi')).toEqual({ kind: 'token', token: 'abc.def.ghi' });
});

it.each([[undefined], [null], ['']])('calls %j missing', (header) => {
  expect(bearerTokenOf(header)).toEqual({
    kind: 'denied',
    denial: {
      reason: 'missing',
      code: 'access_denied',
      message: 'This endpoint requires the authorization header.',
    },
  });
});

it.each([
  ['Bearer'],
  ['Bearer '],
  ['bearer abc'],
  ['Basic abc'],
  ['Bearer  abc'],
  ['Bearer a b'],
  [' Bearer abc'],
  ['abc'],
])('calls %j malformed', (header) => {
  expect(bearerTokenOf(header)).toEqual({
    kind: 'denied',
    denial: {
      reason: 'malformed',
      code: 'invalid_request',
      message: "Authorization header must have the format 'Bearer <token>'",
    },
  });
});
