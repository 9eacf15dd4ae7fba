import { readFileSync } from 'node:fs';
import { CAUSE_RULES } from './causes.ts';
import { type Alert, isAlert, type RuleFile, toYaml } from './rules.ts';
import { scaled, scaledThresholds } from './scaled.ts';
import { SLO_RULES } from './slos.ts';
import { THRESHOLDS } from './thresholds.ts';

const FOLDER = new URL('../../charts/stripe-connector/files/rules/', import.meta.url);

export const RULE_FILES = [...SLO_RULES, CAUSE_RULES];

export const alertsOf = ({ groups }: RuleFile): Alert[] => groups.flatMap(({ rules }) => rules.filter(isAlert));
export const ALERTS = RULE_FILES.flatMap(alertsOf);

/** Where a rule file of the chart lies. */
export const fileOf = ({ name }: { name: string }): URL => new URL(`${name}.rules.yaml`, FOLDER);
export const thresholdsFile = (): URL => new URL('thresholds.yaml', FOLDER);

/** The installation that the chart renders the rules for. */
export interface Installation {
  readonly namespace: string;
  readonly release: string;
  readonly runbookBaseUrl: string;
  readonly dashboardBaseUrl: string;
}

const DEFAULT_THRESHOLDS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(THRESHOLDS).map(([alert, [value]]) => [alert, value]),
);

/** Fills the placeholders in the same way as the chart. */
export function filled(text: string, installation: Installation, thresholds = DEFAULT_THRESHOLDS): string {
  const values: Record<string, string> = {
    __NAMESPACE__: installation.namespace,
    __RELEASE__: installation.release,
    __RUNBOOK_BASE_URL__: installation.runbookBaseUrl,
    __DASHBOARD_BASE_URL__: installation.dashboardBaseUrl,
    ...Object.fromEntries(
      Object.entries(thresholds).map(([alert, value]) => [`__THRESHOLD_${alert}__`, String(value)]),
    ),
  };
  return Object.entries(values).reduce((done, [placeholder, value]) => done.replaceAll(placeholder, value), text);
}

/** The chart's rule files, rendered for an installation with default values: name → content. */
export const chartRules = (installation: Installation): [name: string, yaml: string][] =>
  RULE_FILES.map((file) => [`${file.name}.rules.yaml`, filled(readFileSync(fileOf(file), 'utf8'), installation)]);

/** The same rules with time running `factor` times as fast, for a test that cannot wait for hours. */
export const scaledRules = (installation: Installation, factor: number): [name: string, yaml: string][] =>
  RULE_FILES.map((file) => [
    `${file.name}.rules.yaml`,
    filled(toYaml(scaled(file, factor)), installation, scaledThresholds(factor)),
  ]);
