import { table } from '@connector/load-tests/table';
import { VERDICTS } from './consistency-check.ts';
import type { ChaosReport } from './run-chaos.ts';

/**
 * True when nothing was lost, doubled, wrong, stuck or orphaned, no event became a dead letter, and every scenario was
 * completed.
 */
export const isClean = ({ findings, deadLetters, cutShort, atRest }: ChaosReport): boolean =>
  findings.length === 0 && deadLetters === 0 && cutShort.length === 0 && atRest;

const SHOWN = 40;

/** The report as Markdown tables. */
export function chaosTables(report: ChaosReport): string {
  const { findings, cutShort, refusals } = report;
  const faults = report.faults.map(({ name, what, fromSeconds, toSeconds = '' }) => [
    name,
    what,
    fromSeconds,
    toSeconds,
  ]);
  const summary = summaryOf(report).map(([what, value]) => [
    what,
    typeof value === 'number' ? value.toLocaleString('en') : value,
  ]);
  const parts = [table(['fault', 'what', 'from s', 'to s'], faults), table(['', ''], summary)];
  if (findings.length > 0) {
    const rows = findings
      .slice(0, SHOWN)
      .map(({ verdict, paymentIntentId = '', paymentId = '', what }) => [verdict, paymentIntentId, paymentId, what]);
    parts.push(table(['verdict', 'PaymentIntent', 'payment', 'what'], rows));
    if (findings.length > SHOWN) parts.push(`… and ${findings.length - SHOWN} more`);
  }
  if (cutShort.length > 0) parts.push(['Cut short:', ...cutShort.slice(0, SHOWN)].join('\n'));
  if (refusals.length > 0) parts.push(['Refused:', ...refusals.slice(0, SHOWN)].join('\n'));
  return parts.join('\n\n');
}

const summaryOf = (report: ChaosReport): [string, string | number][] => [
  ['seed', String(report.seed)],
  ['brokers', report.brokers],
  ['scenarios', report.scenarios],
  ['scenarios cut short', report.cutShort.length],
  ['PaymentIntents', report.paymentIntents],
  ['refunds', report.refunds],
  ['disputes', report.disputes],
  ['events made by Stripe', report.events.made],
  ['webhooks tried', report.events.attempts],
  ['webhooks delivered', report.events.delivered],
  ['records on the events topic', report.events.records],
  ['requests that people had to repeat', report.retriedRequests],
  ['operations told to come later', report.tooEarly],
  ['transactions without the shopper', report.merchantTransactions.made],
  ['of these asked for again', report.merchantTransactions.repeated],
  ['operations refused', report.refusals.length],
  ['transactions in commercetools', report.transactions],
  ['dead letters', report.deadLetters],
  ['movements of money audited', report.audit.movements],
  ['payments audited', report.audit.payments],
  ['differences that audit found', report.audit.differences],
  ['seconds: scenarios', report.seconds.scenarios],
  ['seconds: from the last fault to rest', report.atRest ? report.seconds.toRest : 'never'],
  ['seconds: all', report.seconds.total],
  ...VERDICTS.map((verdict): [string, number] => [
    verdict,
    report.findings.filter((finding) => finding.verdict === verdict).length,
  ]),
];
