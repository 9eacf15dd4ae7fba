import { expect, it } from 'vitest';
import { kafkaUuid } from './uuid.ts';

it('an id of a cluster is 16 bytes in base64url, and never looks like an option', () => {
  const ids = Array.from({ length: 2_000 }, kafkaUuid);
  expect(ids.filter((id) => !/^[A-Za-z0-9][\w-]{21}$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});
