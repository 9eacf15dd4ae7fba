import { ago, counted, pairs, table } from '@connector/cli';
import type { Settled, UnorderedSummary } from '../../domain/unordered.ts';
import { ADVICE, UNORDERED_REASONS } from '../../domain/unordered-reasons.ts';
import type { Finding } from '../../use-cases/find-unordered.ts';

const amountOf = ({ amount: { centAmount, currencyCode, fractionDigits } }: Finding): string => {
  const digits = String(Math.abs(centAmount)).padStart(fractionDigits + 1, '0');
  const at = digits.length - fractionDigits;
  return `${digits.slice(0, at)}${fractionDigits > 0 ? `.${digits.slice(at)}` : ''} ${currencyCode}`;
};

/** The report of a run for people: what was settled, what is left and why, and what to do about it. */
export function unorderedReport(
  summary: UnorderedSummary,
  { findings, settled }: { findings: readonly Finding[]; settled: readonly Settled[] },
  now: Date,
  limit = 100,
): string {
  const { checked, failed, limited, complete } = summary;
  const left = counted(findings.length, 'payment');
  const isCut = Math.max(findings.length, settled.length) > limit;
  const parts = [
    settled.length > 0 && settledTable(settled.slice(0, limit)),
    findings.length > 0 && findingTable(findings.slice(0, limit), now),
    isCut && `Only ${limit} of each are shown; --json has all.`,
    adviceOn(summary),
    limited && 'The limit of this run was reached: more carts can be settled by the next.',
    !complete && `Not everything could be looked at (${counted(failed, 'failure')}); it can be run again at once.`,
    `${counted(checked, 'paid payment')} looked at, ${left} without an order left.`,
  ];
  return parts.filter(Boolean).join('\n\n');
}

const whole = (title: string) => ({ title, whole: true });

const settledTable = (settled: readonly Settled[]): string =>
  table(
    [whole('CART'), whole('SETTLED')],
    settled.map(({ cartId = '', settlement, orderNumber }) => [
      cartId,
      settlement === 'returned' ? 'money returned' : `order ${orderNumber}`,
    ]),
  );

function findingTable(findings: readonly Finding[], now: Date): string {
  const columns = [
    whole('PAYMENT'),
    { title: 'PAID', whole: true, right: true },
    whole('AGO'),
    whole('REASON'),
    whole('CART'),
  ];
  const rows = findings.map((finding) => [
    finding.paymentId,
    amountOf(finding),
    ago(finding.paidSince, now),
    finding.detail ? `${finding.reason} (${finding.detail})` : finding.reason,
    finding.cartId ? `${finding.cartId}${finding.cartState ? ` ${finding.cartState}` : ''}` : '',
  ]);
  return table(columns, rows, Number.POSITIVE_INFINITY);
}

/** How many payments are left for each reason, and what to do about them; undefined when none are. */
function adviceOn({ reasons }: UnorderedSummary): string | undefined {
  const found = UNORDERED_REASONS.filter((reason) => reasons[reason] > 0);
  return found.length > 0 ? pairs(found.map((reason) => [`${reasons[reason]} ${reason}`, ADVICE[reason]])) : undefined;
}
