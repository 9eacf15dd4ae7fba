import { describe, expect, it } from 'vitest';
import { checkToken, endOf } from './oauth-token.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const anyOf = ['manage_project', 'manage_checkout_payment_intents'];
const check = (token: Parameters<typeof checkToken>[0]) => checkToken(token, { projectKey: 'shop', anyOf });

describe('an OAuth2 token', () => {
  it('is granted with the permissions it has in this project, and no other', () => {
    const scope = 'manage_checkout_payment_intents:shop view_orders:other customer_id:c-1 anonymous_id:a-1 bare';
    expect(check({ active: true, scope, client_id: 'client-1', exp: NOW / 1000 + 60 })).toEqual({
      kind: 'granted',
      principal: {
        clientId: 'client-1',
        permissions: ['manage_checkout_payment_intents'],
        customerId: 'c-1',
        anonymousId: 'a-1',
        expiresAt: '2026-11-23T12:01:00.000Z',
      },
    });
  });

  it.each([
    ['inactive', { active: false, scope: 'manage_project:shop' }, 'inactive_token', 'invalid_token'],
    ['without scopes', { active: true }, 'no_scope', 'Token has no scopes.'],
    ['with empty scopes', { active: true, scope: ' ' }, 'no_scope', 'Token has no scopes.'],
  ])('is refused when %s', (_case, token, reason, message) => {
    expect(check(token)).toEqual({ kind: 'denied', denial: { reason, code: 'invalid_token', message } });
  });

  it.each([
    ['the permission of another project', 'manage_project:other'],
    ['the permission of a project whose key begins alike', 'manage_project:shop2'],
    ['the permission of a project whose key ends alike', 'manage_project:my-shop'],
    ['the permission for one store', 'manage_project:shop:store-1'],
    ['the permission without a project', 'manage_project'],
    ['the permission as a project', 'view:manage_project:shop'],
    ['another permission', 'manage_payments:shop'],
    ['the permission in capitals', 'MANAGE_PROJECT:shop'],
  ])('is refused with %s', (_case, scope) => {
    expect(check({ active: true, scope })).toEqual({
      kind: 'denied',
      denial: {
        reason: 'no_permission',
        code: 'invalid_token',
        message: 'Not authorized',
        fields: { validAuthorities: anyOf },
      },
    });
  });

  it.each([
    ['that is past by our clock', NOW / 1000 - 600, '2026-11-23T11:50:00.000Z'],
    ['in seconds from now, as no standard has it', 3600, '1970-01-01T01:00:00.000Z'],
    ['that no calendar has', 1e18, undefined],
    ['that is no time', Number.NEGATIVE_INFINITY, undefined],
  ])('is granted as long as the authorization server calls it active, with an end %s', (_what, exp, expiresAt) => {
    const outcome = check({ active: true, scope: 'manage_project:shop', exp });
    expect(outcome).toMatchObject({ kind: 'granted', principal: { permissions: ['manage_project'] } });
    if (outcome.kind === 'granted') expect(outcome.principal.expiresAt).toBe(expiresAt);
  });

  it('ends at exp, in seconds or in milliseconds', () => {
    expect(endOf({ active: true, exp: NOW / 1000 })).toBe(NOW);
    expect(endOf({ active: true, exp: NOW })).toBe(NOW);
    expect(endOf({ active: true })).toBeUndefined();
  });
});
