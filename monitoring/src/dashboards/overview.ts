import { type Dashboard, m, type Panel } from '../grafana.ts';
import { threshold } from '../rules.ts';
import { SLOS } from '../slos.ts';
import { HTTP, inRange, NAMES, OPERATIONS, P, quantile, quantiles, rate, selected, share, sumRate } from './queries.ts';

const budgetLeft = ({ name, alert, good, total }: (typeof SLOS)[number]): Panel => ({
  title: `${NAMES[name]}: budget left`,
  description: `Remaining share of the error budget of the last 30 days. Objective: ${threshold(alert)}. Below 0 the objective is missed.`,
  unit: 'percentunit',
  as: 'stat',
  width: 6,
  lowIsBad: true,
  limits: [0.5, 0.1],
  queries: [
    {
      expr: `1 - (1 - sum(increase(${selected(good)}[30d])) / sum(increase(${selected(total)}[30d]))) / (1 - ${threshold(alert)})`,
      legend: 'budget left',
    },
  ],
  alerts: [alert],
});

const burnRate: Panel = {
  title: 'Burn rate of one hour',
  description:
    'How many times faster than allowed the error budget is used up. At 14.4 over an hour somebody is woken; at 1 the budget lasts exactly 30 days.',
  unit: 'short',
  width: 24,
  limits: [1, 14.4],
  queries: SLOS.map(({ name, alert }) => ({
    expr: `stripe_connector:${name}:error_ratio_rate1h{namespace=~"$namespace"} / (1 - ${threshold(alert)})`,
    legend: `${NAMES[name]} {{release}}`,
  })),
  alerts: SLOS.map(({ alert }) => alert),
};

/** One step of paying, as its count in the selected time range. */
const step = (title: string, description: string, expr: string, more: Partial<Panel> = {}): Panel => ({
  title,
  description,
  unit: 'short',
  as: 'stat',
  width: 4,
  queries: [{ expr, legend: title.toLowerCase() }],
  runbooks: ['is-money-flowing'],
  traces: '{ resource.service.name = "intent" && kind = server }',
  ...more,
});
const OPENED = inRange(OPERATIONS, 'operation="create"', 'outcome="approved"');
const transactions = (type: string) => [`${P}transactions_total`, `type="${type}"`, 'state="Success"'] as const;
const AUTHORISED = inRange(...transactions('Authorization'));
const CHARGED = inRange(...transactions('Charge'));

/** Firing alerts of this project, by the time they began. */
const FIRING = 'namespace=~"$namespace",release!=""';
const firingSince = `1000 * max by (alertname, service, severity) (ALERTS_FOR_STATE{${FIRING}} and on (alertname, service, namespace) ALERTS{${FIRING},alertstate="firing"})`;

export const OVERVIEW: Dashboard = {
  name: 'overview',
  title: 'Payments',
  description: 'Is money flowing, and if not: why, since when, for whom?',
  traces: '{ resource.service.namespace = "stripe-connector" && status = error }',
  rows: [
    {
      title: 'Is money flowing?',
      panels: [
        {
          title: 'Payments by step',
          description:
            'Shoppers open a payment, pay, and get an answer (confirmed). Then commercetools shows an Authorization, and a Charge. Payments stop at the step where the lines separate.',
          unit: 'ops',
          width: 12,
          queries: [
            { expr: `sum(${rate(OPERATIONS, 'operation="create"', 'outcome="approved"')})`, legend: 'opened' },
            {
              expr: `sum(${rate(OPERATIONS, 'operation="confirm"', 'outcome=~"approved|received"')})`,
              legend: 'confirmed',
            },
            { expr: `sum(${rate(...transactions('Authorization'))})`, legend: 'authorised' },
            { expr: `sum(${rate(...transactions('Charge'))})`, legend: 'charged' },
          ],
          alerts: ['PaymentApiBudgetBurn', 'ConsumerStalled', 'LedgerCircuitOpen'],
          runbooks: ['is-money-flowing'],
        },
        {
          title: 'What is wrong, and since when',
          description:
            'Firing alerts, with the time when their condition began. Each has a runbook with its name. Empty is good.',
          unit: 'dateTimeFromNow',
          as: 'table',
          width: 12,
          queries: [{ expr: firingSince, legend: '{{alertname}}' }],
          runbooks: ['is-money-flowing'],
        },
        step(
          'Opened',
          'Payment forms that shoppers opened in the time range shown. A reused attempt counts again.',
          OPENED,
        ),
        step(
          'Confirmed',
          'Payments whose shopper got an answer in the time range shown: already recorded (approved), or pending (received).',
          inRange(OPERATIONS, 'operation="confirm"', 'outcome=~"approved|received"'),
        ),
        step('Authorised', 'Successful Authorizations in commercetools in the time range shown.', AUTHORISED),
        step(
          'Charged',
          'Successful Charges in commercetools in the time range shown. With manual capture they come later.',
          CHARGED,
        ),
        step(
          'Authorised of opened',
          'Share of the opened payments that were authorised in the time range shown. Compare with the same time of another day.',
          `${AUTHORISED} / ${OPENED}`,
          { unit: 'percentunit', alerts: ['PaymentApiBudgetBurn'] },
        ),
        step(
          'Declined',
          'Payment attempts that Stripe or the bank declined, in the time shown. One shopper may try several times.',
          inRange(`${P}payment_declines_total`),
        ),
      ],
    },
    {
      title: 'Why, and for whom?',
      panels: [
        {
          title: 'Declines by code',
          description:
            "Stripe's decline codes of the last hour, the ten most frequent. The traces and log lines of `payment_intent.payment_failed` name payment, cart and PaymentIntent.",
          unit: 'short',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: `topk(10, sum by (code) (increase(${m(`${P}payment_declines_total`)}[1h])) > 0 or sum by (code) (increase(${m(`${P}payment_declines_total`, 'code="other"')}[1h])))`,
              legend: '{{code}}',
            },
          ],
          runbooks: ['is-money-flowing'],
          traces: '{ span.stripe.event.type = "payment_intent.payment_failed" }',
        },
        {
          title: 'Payment operations',
          description:
            'Opening, confirming, capturing, refunding and canceling, by outcome. `error` is a failure of ours; `rejected` is the card’s.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: sumRate('operation, outcome', OPERATIONS), legend: '{{operation}} {{outcome}}' }],
          alerts: ['PaymentApiBudgetBurn', 'WebhookSilence'],
          traces: '{ resource.service.name = "intent" && kind = server && status = error }',
        },
        {
          title: 'From Stripe to commercetools',
          description:
            'Events at each stage: accepted by the webhook; applied by the ledger, or already shown; moved to the dead letters. The first number is the sum of the other two.',
          unit: 'ops',
          width: 12,
          queries: [
            { expr: `sum(${rate(`${P}webhook_events_total`, 'outcome="accepted"')})`, legend: 'accepted' },
            { expr: `sum(${rate(`${P}ledger_events_total`, 'outcome="applied"')})`, legend: 'applied' },
            {
              expr: `sum(${rate(`${P}ledger_events_total`, 'outcome=~"duplicate|superseded"')})`,
              legend: 'nothing left to do',
            },
            { expr: `sum(${rate(`${P}dead_letters_total`)})`, legend: 'dead letters' },
          ],
          alerts: ['WebhookSilence', 'ConsumerStalled', 'DeadLettersPresent'],
          traces: '{ name = "process payments.events" && status = error }',
        },
        {
          title: 'Time to the ledger',
          description:
            'From the creation of an event, at Stripe or here, to its write in commercetools. Points are traced events.',
          unit: 's',
          width: 12,
          limits: [30, 60],
          queries: quantiles(`${P}ledger_event_delay_seconds`),
          alerts: ['LedgerFreshnessBudgetBurn', 'LedgerDelayHigh'],
          traces: '{ name = "process payments.events" }',
        },
        {
          title: 'Pending payments',
          description: 'Payments with an open transaction by its age, as of the last reconciliation.',
          unit: 'short',
          queries: [{ expr: `max by (state, age) (${m(`${P}pending_payments`)})`, legend: '{{state}} {{age}}' }],
          alerts: ['PaymentsStuckPending'],
        },
        {
          title: 'Oldest pending payment',
          description:
            'Creation time of the oldest open transaction at the last reconciliation. Bank debits take days, cards do not.',
          unit: 'dateTimeFromNow',
          as: 'stat',
          queries: [
            {
              expr: `1000 * min by (state) (${m(`${P}oldest_pending_payment_timestamp_seconds`)})`,
              legend: '{{state}}',
            },
          ],
          alerts: ['PaymentsStuckPending'],
        },
        {
          title: 'Paid without an order',
          description:
            'Paid payments without an order whose cart is still open, at the last run of unordered, and the carts that it settled.',
          unit: 'short',
          queries: [
            { expr: `max by (reason) (${m(`${P}unordered_payments`)})`, legend: '{{reason}}' },
            {
              expr: `sum by (settlement) (increase(${m(`${P}unordered_settlements_total`)}[1h]))`,
              legend: '{{settlement}} in an hour',
            },
          ],
          alerts: ['PaidWithoutOrder', 'UnorderedStale'],
        },
        {
          title: 'Divergences',
          description: 'Divergences between Stripe and commercetools at the last reconciliation, and what it repaired.',
          unit: 'short',
          queries: [
            { expr: `max by (kind) (${m(`${P}reconciliation_divergences`)})`, legend: '{{kind}}' },
            { expr: `sum(increase(${m(`${P}reconciliation_repairs_total`)}[1h]))`, legend: 'repaired in an hour' },
          ],
          alerts: ['ReconciliationDivergence', 'ReconciliationStale'],
        },
        {
          title: 'Audit',
          description:
            "Differences between Stripe's money and the payments that the last audit found and did not repair, and how much it compared.",
          unit: 'short',
          queries: [
            { expr: `max by (kind) (${m(`${P}audit_differences`)})`, legend: '{{kind}}' },
            { expr: `sum(max by (type) (${m(`${P}audit_movements`)}))`, legend: 'movements compared' },
          ],
          alerts: ['AuditDivergence', 'AuditStale'],
        },
      ],
    },
    { title: 'Objectives', panels: [...SLOS.map(budgetLeft), burnRate] },
    {
      title: 'Requests',
      panels: [
        {
          title: 'Requests',
          description: 'HTTP requests served, by service.',
          unit: 'reqps',
          queries: [{ expr: sumRate('job', `${HTTP}_count`), legend: '{{job}}' }],
          alerts: ['MetricsAbsent'],
        },
        {
          title: 'Failed requests',
          description: 'Share of the requests answered 5xx, by service.',
          unit: 'percentunit',
          limits: [0.001, 0.0144],
          queries: [
            {
              expr: share('job', `${HTTP}_count`, ['http_response_status_code=~"5.."']),
              legend: '{{job}}',
            },
          ],
          alerts: ['PaymentApiBudgetBurn', 'WebhookAcceptanceBudgetBurn', 'SessionAuthUpstreamDown'],
        },
        {
          title: 'Duration of requests, p95',
          description: 'One request in twenty takes longer, by service. Points are traced requests.',
          unit: 's',
          queries: [{ expr: quantile(0.95, 'job', HTTP), legend: '{{job}}', exemplars: true }],
          alerts: ['PaymentApiBudgetBurn'],
        },
      ],
    },
  ],
};
