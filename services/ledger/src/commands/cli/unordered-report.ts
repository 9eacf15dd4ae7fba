import { ago, counted, pairs, table } from '@connector/cli';
import { ADVICE, type Settled, UNORDERED_REASONS, type UnorderedSummary } from '../../domain/unordered.ts';
import type { Finding } from '../../use-cases/find-unordered.ts';

const amountOf = ({ amount: { centAmount, currencyCode, fractionDigits } }: Finding): string => {
  const digits = String(Math.abs(centAmount)).padStart(fractionDigits + 1, '0');
  const at = digits.length - fractionDigits;
  return `${digits.slice(0, at)}${fractionDigits > 0 ? `.${digits.slice(at)}` : ''} ${currencyCode}`;
};

/** A run as a person reads it: what was settled, what is left and why, and what there is to do about it. */
export function unorderedReport(
  summary: UnorderedSummary,
  { findings, settled }: { findings: readonly Finding[]; settled: readonly Settled[] },
  now: Date,
  limit = 100,
): string {
  const parts: string[] = [];
  const whole = (title: string) => ({ title, whole: true });
  if (settled.length > 0) {
    const rows = settled
      .slice(0, limit)
      .map(({ cartId = '', settlement, orderNumber }) => [
        cartId,
        settlement === 'returned' ? 'money returned' : `order ${orderNumber}`,
      ]);
    parts.push(table([whole('CART'), whole('SETTLED')], rows));
  }
  if (findings.length > 0) {
    const columns = [
      whole('PAYMENT'),
      { title: 'PAID', whole: true, right: true },
      whole('AGO'),
      whole('REASON'),
      whole('CART'),
    ];
    const rows = findings
      .slice(0, limit)
      .map((finding) => [
        finding.paymentId,
        amountOf(finding),
        ago(finding.paidSince, now),
        finding.detail ? `${finding.reason} (${finding.detail})` : finding.reason,
        finding.cartId ? `${finding.cartId}${finding.cartState ? ` ${finding.cartState}` : ''}` : '',
      ]);
    parts.push(table(columns, rows, Number.POSITIVE_INFINITY));
  }
  if (Math.max(findings.length, settled.length) > limit) parts.push(`Only ${limit} of each are shown; --json has all.`);
  const reasons = UNORDERED_REASONS.filter((reason) => summary.reasons[reason] > 0);
  if (reasons.length > 0) {
    parts.push(pairs(reasons.map((reason) => [`${summary.reasons[reason]} ${reason}`, ADVICE[reason]])));
  }
  if (summary.limited) parts.push('The limit of this run was reached: more carts can be settled by the next.');
  if (!summary.complete) {
    parts.push(
      `Not everything could be looked at (${counted(summary.failed, 'failure')}); it can be run again at once.`,
    );
  }
  const left = counted(findings.length, 'payment');
  parts.push(`${counted(summary.checked, 'paid payment')} looked at, ${left} without an order left.`);
  return parts.join('\n\n');
}
