import { expect, it } from 'vitest';
import { RULE_FILES } from './rule-files.ts';
import { isAlert, type RuleFile } from './rules.ts';
import { scaled, scaledThresholds } from './scaled.ts';
import { THRESHOLDS } from './thresholds.ts';

const one = (expr: string): RuleFile => ({
  name: 'x',
  about: '',
  groups: [
    {
      name: 'x',
      rules: [
        {
          alert: 'X',
          expr,
          for: '5m',
          severity: 'warning',
          service: 'ledger',
          summary: '',
          description: '',
          dashboard: 'kafka',
        },
      ],
    },
  ],
});

it('shortens windows, offsets and waits, and leaves counts, shares and bounds unchanged', () => {
  const [rule] = scaled(one('increase(a{le="60"}[10m]) > 5 and b[3d] offset 1h > 0.5'), 60).groups[0]?.rules ?? [];
  expect(rule).toMatchObject({
    expr: 'increase(a{le="60"}[10000ms]) > 5 and b[4320000ms] offset 60000ms > 0.5',
    for: '5000ms',
  });
});

it.each(RULE_FILES.map((file) => [file.name, file] as const))('leaves no time of %s unchanged', (_, file) => {
  const rules = scaled(file, 120).groups.flatMap(({ rules }) => rules);
  for (const rule of rules) {
    expect(rule.expr).not.toMatch(/\[\d+[smhd]\]|offset \d+[smhd]\b/);
    if (isAlert(rule)) expect(rule.for).toMatch(/^\d+ms$/);
  }
});

it('shortens thresholds that are a time since an event', () => {
  const changed = Object.entries(scaledThresholds(60)).filter(([alert, value]) => value !== THRESHOLDS[alert]?.[0]);
  expect(changed).toEqual([
    ['ConsumerStalled', 5],
    ['UnorderedStale', 180],
    ['PaymentsStuckPending', 4320],
    ['AuditStale', 2160],
    ['ReconciliationStale', 180],
  ]);
});
