import {
  budget,
  burns,
  type Case,
  delay,
  delayCount,
  HISTORY,
  HTTP,
  OPEN,
  P,
  quiet,
  rising,
  route,
  series,
} from './series.ts';

/** Alerts about the budgets of the objectives. */
export const OBJECTIVES_CASES: Readonly<Record<string, readonly Case[]>> = {
  WebhookAcceptanceBudgetBurn: burns(
    1,
    (good, bad) => [
      [series('webhook-ingest', `${HTTP}_count`, { ...route, http_response_status_code: '200' }), good],
      [series('webhook-ingest', `${HTTP}_bucket`, { ...route, http_response_status_code: '200', le: '2.5' }), good],
      [series('webhook-ingest', `${HTTP}_count`, { ...route, http_response_status_code: '503' }), bad],
      // Requests of strangers count neither as good nor as bad.
      [
        series('webhook-ingest', `${HTTP}_count`, { ...route, http_response_status_code: '400' }),
        rising(1000, HISTORY),
      ],
    ],
    (ratio, window) =>
      `${ratio} of the genuine webhooks failed or took longer than 2.5 s in the last ${window}, in namespace shop. ${budget('0.999', window)}`,
  ),
  PaymentApiBudgetBurn: burns(
    1,
    (good, bad) => [
      [series('intent', `${HTTP}_count`, { http_route: '/payments', http_response_status_code: '200' }), good],
      [series('intent', `${HTTP}_count`, { http_route: '/payments', http_response_status_code: '500' }), bad],
    ],
    (ratio, window) =>
      `${ratio} of the requests to the payment API failed in the last ${window}, in namespace shop. ${budget('0.999', window)}`,
  ),
  OpenLatencyBudgetBurn: [
    ...burns(
      10,
      (good, bad) => [
        [series('intent', `${HTTP}_bucket`, { ...OPEN, http_response_status_code: '200', le: '1' }), good],
        [series('intent', `${HTTP}_count`, { ...OPEN, http_response_status_code: '200', pod: 'quick' }), good],
        [series('intent', `${HTTP}_count`, { ...OPEN, http_response_status_code: '200', pod: 'slow' }), bad],
        // Failures belong to the objective of the payment API.
        [series('intent', `${HTTP}_count`, { ...OPEN, http_response_status_code: '503' }), rising(1000, HISTORY)],
      ],
      (ratio, window) =>
        `${ratio} of the payments took longer than 1 s to open in the last ${window}, in namespace shop. ${budget('0.99', window)}`,
    ),
  ],
  LedgerFreshnessBudgetBurn: [
    ...burns(
      10,
      (good, bad) => [
        [series('ledger', `${P}ledger_event_delay_seconds_bucket`, { event_type: 'a', le: '60' }), good],
        [series('ledger', `${P}ledger_event_delay_seconds_count`, { event_type: 'a' }), good],
        [series('ledger', `${P}ledger_event_delay_seconds_count`, { event_type: 'b' }), bad],
      ],
      (ratio, window) =>
        `${ratio} of the events reached commercetools later than 60 s after they happened in the last ${window}, in namespace shop. ${budget('0.99', window)}`,
    ),
    quiet('all in time, with bounds written as in Prometheus 3', [
      [delay('60.0'), rising(100)],
      [delayCount, rising(100)],
    ]),
  ],
};
