import { recordedEvents } from '@connector/testing';
import { expect, it } from 'vitest';
import { parseRequest } from './reconcile-request.ts';

const recorded = (type: string) => {
  const found = recordedEvents().find(({ headers }) => headers.ce_type === type);
  if (!found) throw new Error(`no recording of ${type}`);
  return { key: found.key, type, value: Buffer.from(found.value) };
};

it('reads a request that the ledger of an earlier release wrote', () => {
  const { key, type, value } = recorded('checkout.reconciliation.requested');
  expect(parseRequest(key, type, value)).toMatchObject({
    key,
    data: { partition: 3, since: '2026-11-19T12:00:00.000Z' },
  });
});

it.each([
  ['its completion', () => recorded('checkout.reconciliation.completed')],
  ['a checkpoint', () => ({ key: 'reconcile:test', type: undefined, value: Buffer.from('{"until":1}') })],
  [
    'a request that nobody can read',
    () => ({ key: 'a', type: 'checkout.reconciliation.requested', value: Buffer.from('{"until":1}') }),
  ],
  ['bytes', () => ({ key: 'a', type: 'checkout.reconciliation.requested', value: Buffer.from('{') })],
])('takes %s for no request', (_what, of) => {
  const { key, type, value } = of();
  expect(parseRequest(key, type, value)).toBeUndefined();
});
