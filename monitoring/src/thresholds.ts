/** Default thresholds that the chart's values may change, by alert, with their meaning. */
export const THRESHOLDS: Readonly<Record<string, readonly [value: number, meaning: string]>> = {
  WebhookAcceptanceBudgetBurn: [0.999, 'objective: share of genuine webhooks accepted within 2.5 s'],
  PaymentApiBudgetBurn: [0.999, 'objective: share of requests not answered 5xx'],
  OpenLatencyBudgetBurn: [0.99, 'objective: share of payments opened within 1 s'],
  LedgerFreshnessBudgetBurn: [0.99, 'objective: share of events in commercetools within 60 s'],
  WebhookBadSignatures: [5, 'refused webhooks in 15 minutes'],
  WebhookSilence: [3, 'successful payment operations in 30 minutes without a webhook'],
  ConsumerLagHigh: [500, 'messages'],
  ConsumerStalled: [300, 'seconds without a commit while events wait'],
  ConsumerRebalancingOften: [6, 'joins of one pod in 30 minutes'],
  DeadLettersPresent: [0, 'dead letters'],
  CertificateExpiring: [1209600, 'seconds that a certificate is still valid'],
  KeysParked: [0, 'payments'],
  LedgerDelayHigh: [60, 'seconds, of the slowest twentieth'],
  PaymentWithoutCart: [0, 'payments in an hour'],
  PaidWithoutOrder: [0, 'payments, by reason'],
  UnorderedStale: [10800, 'seconds; more than two intervals of the CronJob'],
  PaymentsStuckPending: [259200, 'seconds; slow methods such as bank debits take days'],
  AuditDivergence: [0, 'differences of one kind'],
  AuditStale: [129600, 'seconds; an interval and a half of the CronJob'],
  ReconciliationDivergence: [0, 'divergences of one kind'],
  ReconciliationRequestOpen: [0, 'requests'],
  ReconciliationStale: [10800, 'seconds; more than two intervals of the slower CronJob'],
  StripeApiErrors: [0.05, 'share of calls that ended in 5xx or a time-out'],
  CommercetoolsApiErrors: [0.05, 'share of calls that ended in 5xx or a time-out'],
  ApiRateLimited: [10, 'answers 429, and calls not made because of them, in 10 minutes'],
  ShoppersTurnedAway: [5, 'calls that a shopper or a merchant waited for, in 5 minutes'],
  ApiCredentialsRefused: [3, 'answers 401 or 403 in 10 minutes'],
  ConcurrentModificationStorm: [0.1, 'share of updates that were refused because of a newer version'],
  SessionAuthUpstreamDown: [0.05, 'share of session checks that failed because commercetools did not answer'],
};

/** thresholds.yaml, from which the chart fills the rules. */
export const thresholdsYaml = (): string =>
  `# Generated from monitoring/src by \`npm run docs\`; a test fails when it is stale.
# Thresholds of the alerts, for __THRESHOLD_<name>__ in the rule files; metrics.prometheusRule.alerts.<name>.threshold changes one.
${Object.entries(THRESHOLDS)
  .map(([alert, [value, meaning]]) => `${alert}: ${value} # ${meaning}`)
  .join('\n')}
`;
