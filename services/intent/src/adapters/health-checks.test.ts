import { TransientError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import { checkHealth } from '../use-cases/check-health.ts';
import { commercetoolsPermissions, kafkaStatus, REQUIRED_PERMISSIONS } from './health-checks.ts';

const withScope = (scope: string) =>
  commercetoolsPermissions({ projectKey: 'shop', tokens: { request: async () => ({ scope }) } as never });
const all = REQUIRED_PERMISSIONS.map((permission) => `${permission}:shop`).join(' ');

describe('the permissions of our API client', () => {
  it.each([
    ['all of them', all],
    ['manage_project, which holds all', 'manage_project:shop'],
  ])('are enough with %s', async (_what, scope) => {
    const { status, checks } = await checkHealth([withScope(scope)], 1_000);
    expect(status).toBe('OK');
    expect(checks).toEqual([{ name: 'commercetools permissions', status: 'UP', details: { scope } }]);
  });

  it.each([
    ['one less', all.replace('view_sessions:shop ', '')],
    ['those of another project', all.replaceAll(':shop', ':other')],
    ['manage_project of another project', 'manage_project:other'],
    ['those of one store alone', all.replaceAll(':shop', ':shop:store')],
  ])('are not with %s, and the answer names both', async (_what, scope) => {
    const { status, checks } = await checkHealth([withScope(scope)], 1_000);
    expect(status).toBe('Unavailable');
    expect(checks).toEqual([
      {
        name: 'commercetools permissions',
        status: 'DOWN',
        message: expect.stringContaining(scope),
        details: { expectedScopes: all, actualScopes: scope, reason: 'scopes not available' },
      },
    ]);
  });

  it('are not known where no token is given out; nothing of the error is shown but its name', async () => {
    const failing = commercetoolsPermissions({
      projectKey: 'shop',
      tokens: {
        request: async () => {
          throw new TransientError('secret details');
        },
      } as never,
    });
    const { status, checks } = await checkHealth([failing, kafkaStatus({ healthy: true })], 1_000);
    expect(status).toBe('Partially Available');
    expect(checks[0]).toEqual({
      name: 'commercetools permissions',
      status: 'DOWN',
      details: { error: 'TransientError' },
    });
  });
});
