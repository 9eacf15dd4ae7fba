import { expect, it } from 'vitest';
import { checkClaims } from './merchant-center-token.ts';

const issuer = 'https://mc-api.example.com';
const expected = { issuer, projectKey: 'shop' };
const claims = { iss: issuer, sub: 'user-1', exp: 1_800_000_000, [`${issuer}/claims/project_key`]: 'shop' };

it('grants what the Merchant Center may do', () => {
  expect(checkClaims(claims, expected)).toEqual({
    kind: 'granted',
    principal: {
      subject: 'user-1',
      projectKey: 'shop',
      permissions: ['manage_project', 'manage_checkout_application'],
      expiresAt: '2027-01-15T08:00:00.000Z',
    },
  });
});

it.each([
  ['another issuer', { iss: 'https://evil.example.com' }, 'wrong_issuer'],
  ['the issuer with a slash', { iss: `${issuer}/` }, 'wrong_issuer'],
  ['the issuer in capitals', { iss: issuer.toUpperCase() }, 'wrong_issuer'],
  ['no issuer', { iss: undefined }, 'wrong_issuer'],
])('refuses %s', (_case, change, reason) => {
  expect(checkClaims({ ...claims, ...change }, expected)).toMatchObject({
    kind: 'denied',
    denial: { reason, code: 'invalid_token', message: 'Issuer in the token does not match the expected issuer.' },
  });
});

it.each([
  ['another project', 'other'],
  ['a list with the project', ['shop']],
  ['no project', undefined],
])('refuses %s', (_case, project) => {
  expect(checkClaims({ ...claims, [`${issuer}/claims/project_key`]: project }, expected)).toMatchObject({
    kind: 'denied',
    denial: { reason: 'wrong_project', code: 'invalid_token', message: 'Project key does not match.' },
  });
});

it.each([
  ['the one alone', 'https://payments.example.com', 'granted'],
  ['the one among others', ['https://other.example.com', 'https://payments.example.com'], 'granted'],
  ['another', 'https://other.example.com', 'denied'],
  ['one that only begins like it', 'https://payments.example.com.evil.example', 'denied'],
  ['none', undefined, 'denied'],
  ['an empty list', [], 'denied'],
])('decides on a token for %s when an audience is expected', (_case, aud, kind) => {
  const checked = checkClaims({ ...claims, aud }, { ...expected, audience: 'https://payments.example.com' });
  expect(checked.kind).toBe(kind);
  if (checked.kind === 'denied') expect(checked.denial.reason).toBe('wrong_audience');
});
