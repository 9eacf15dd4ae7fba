import { isAlert, type RuleFile } from './rules.ts';
import { THRESHOLDS } from './thresholds.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const shorter = (duration: string, factor: number): string => {
  const [, amount, unit = 's'] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  if (amount === undefined) throw new Error(`${duration} is not a duration of the rules`);
  return `${Math.max(1, Math.round((Number(amount) * (UNITS[unit] ?? 0)) / factor))}ms`;
};

/**
 * A rule file whose time runs `factor` times as fast: its windows, offsets and waiting times are shorter by that
 * factor. Counts, shares, and the durations of single requests and events stay unchanged.
 */
export function scaled(file: RuleFile, factor: number): RuleFile {
  const faster = (expr: string) =>
    expr
      .replaceAll(/\[(\d+[smhd])\]/g, (_, window: string) => `[${shorter(window, factor)}]`)
      .replaceAll(/ offset (\d+[smhd])/g, (_, by: string) => ` offset ${shorter(by, factor)}`);
  return {
    ...file,
    groups: file.groups.map(({ rules, interval, ...group }) => ({
      ...group,
      ...(interval && { interval: shorter(interval, factor) }),
      rules: rules.map((rule) =>
        isAlert(rule)
          ? { ...rule, expr: faster(rule.expr), for: shorter(rule.for, factor) }
          : { ...rule, expr: faster(rule.expr) },
      ),
    })),
  };
}

/** Thresholds that are a time since an event, so they run faster too. */
const SINCE_THEN = ['ConsumerStalled', 'PaymentsStuckPending', 'ReconciliationStale', 'UnorderedStale', 'AuditStale'];

export const scaledThresholds = (factor: number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(THRESHOLDS).map(([alert, [value]]) => [alert, SINCE_THEN.includes(alert) ? value / factor : value]),
  );
