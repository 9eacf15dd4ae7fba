export { DASHBOARDS } from './dashboards/index.ts';
export type { Panel } from './grafana.ts';
export { ALERTS, chartRules, filled, type Installation, RULE_FILES, scaledRules } from './rule-files.ts';
export { type Alert, isAlert } from './rules.ts';
