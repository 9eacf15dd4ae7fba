import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DEAD_LETTER_REASONS } from './reasons.ts';

it('the runbook of dead letters has exactly one row for each reason', () => {
  const runbook = readFileSync(new URL('../../../docs/runbooks/redrive-dead-letters.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| Reason \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(runbook) ?? [];
  const rows = table
    .trim()
    .split('\n')
    .map((row) => /^\| `(\w+)` \|/.exec(row)?.[1]);
  expect(rows.sort()).toEqual([...DEAD_LETTER_REASONS].sort());
});
