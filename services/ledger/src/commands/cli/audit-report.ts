import { clock, pairs, table } from '@connector/cli';
import { stripeExponent } from '@connector/payment-model';
import type { AuditDifference } from '../../domain/audit.ts';
import { type DifferenceKind, MOVEMENT_TYPES } from '../../domain/audit.ts';
import { type AuditSummary, agrees } from '../../domain/audit-summary.ts';
import type { AuditedMovement } from '../../use-cases/audit.ts';
import { ownershipOfSnapshot } from '../../use-cases/payment-of-snapshot.ts';

const IN_WORDS: Record<DifferenceKind, string> = {
  payment_missing: 'no payment',
  missing_here: 'missing in commercetools',
  missing_there: 'not at Stripe',
  other_amount: 'another amount',
  other_state: 'another state',
  doubled: 'there twice',
};

/** What to do about each kind of difference. */
const ADVICE: Record<DifferenceKind, string> = {
  payment_missing: 'run again with --repair: the ledger creates the payment from the data at Stripe',
  missing_here: 'run again with --repair: the ledger adds the transaction',
  other_state: 'run again with --repair: the ledger changes the state, where its rules allow it',
  missing_there:
    'find out who wrote it; set the transaction to Failure in commercetools if there is no such money at Stripe',
  other_amount: '--repair adds what a too small Charge lacks; correct all else by hand: amounts cannot be changed',
  doubled: 'set one of the two to Failure in commercetools, and report it: the ledger never books twice',
};

/**
 * The report of a run for people: the differences (only the first ones, if there are many), what to do about them, the
 * sums, and how much was compared.
 */
export function auditReport(
  summary: AuditSummary,
  differences: readonly AuditDifference[],
  { dryRun, repair }: { dryRun: boolean; repair: boolean },
): string {
  const parts = [`Money moved from ${clock(summary.since)} to ${clock(summary.until)}`];
  const total = Object.values(summary.kinds).reduce((sum, count) => sum + count, 0);
  if (differences.length > 0) parts.push(differing(differences, { dryRun, total }));
  parts.push(sums(summary), counts(summary));
  const left = Object.entries(summary.kinds).filter(([, count]) => count > 0) as [DifferenceKind, number][];
  if (left.length > 0 && !repair) {
    parts.push(
      `What to do\n${pairs(
        left.map(([kind]) => [IN_WORDS[kind], ADVICE[kind]]),
        '  ',
      )}`,
    );
  }
  parts.push(verdict(summary, { dryRun, repair }));
  return parts.join('\n\n');
}

function differing(differences: readonly AuditDifference[], { dryRun, total }: { dryRun: boolean; total: number }) {
  const columns = [
    { title: 'DIFFERENCE', whole: true },
    { title: 'OF', whole: true },
    { title: 'STRIPE', right: true, whole: true },
    { title: 'COMMERCETOOLS', right: true, whole: true },
    { title: '', whole: true },
  ];
  const side = (of: AuditDifference['stripe']) =>
    of ? [of.centAmount, of.currencyCode, of.state].filter((part) => part !== undefined).join(' ') : 'nothing';
  const fixed = dryRun ? 'would repair' : 'repaired';
  const [head = '', ...lines] = table(
    columns,
    differences.map(({ kind, type, currencyCode, stripe, commercetools, repaired }) => [
      IN_WORDS[kind],
      `${type} ${currencyCode}`,
      side(stripe),
      side(commercetools),
      repaired ? fixed : '',
    ]),
  ).split('\n');
  const text = [head, ...lines.flatMap((line, at) => [line, ...idsOf(differences[at] as AuditDifference)])].join('\n');
  return total > differences.length ? `${text}\n… and ${total - differences.length} more (--json has all)` : text;
}

/** Ids on lines of their own, so that they can be copied whole. */
const idsOf = ({ paymentIntentId, paymentId, interactionId, transactionId }: AuditDifference): string[] => {
  const about = [
    ...(interactionId === paymentIntentId ? [] : [interactionId]),
    ...(transactionId && transactionId !== interactionId ? [`transaction ${transactionId}`] : []),
  ];
  return [
    `  ${paymentIntentId}${paymentId ? `, payment ${paymentId}` : ''}`,
    ...(about.length > 0 ? [`  ${about.join(', ')}`] : []),
  ];
};

function sums({ sums: of }: AuditSummary): string {
  const right = { right: true, whole: true };
  const columns = [
    { title: 'OF THE PAYMENTS COMPARED', whole: true },
    ...['STRIPE', 'COMMERCETOOLS', 'APART'].map((title) => ({ title, ...right })),
  ];
  const rows = Object.entries(of)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([currencyCode, byType]) =>
      MOVEMENT_TYPES.filter((type) => byType[type].stripe || byType[type].commercetools).map((type) => {
        const { stripe, commercetools } = byType[type];
        return [
          `${type} ${currencyCode}, in minor units`,
          ...[stripe, commercetools, commercetools - stripe].map(String),
        ];
      }),
    );
  return rows.length > 0 ? table(columns, rows) : 'No money moved.';
}

function counts({ movements, foreign, payments, failed }: AuditSummary): string {
  const moved = Object.values(movements).reduce((sum, count) => sum + count, 0);
  const rows: [string, number][] = [
    ['movements at Stripe', moved],
    ['of other integrations, left out', foreign],
    ['payments compared', payments],
    ['could not be compared', failed],
  ];
  return pairs(rows);
}

function verdict(summary: AuditSummary, { dryRun, repair }: { dryRun: boolean; repair: boolean }): string {
  const total = (of: Record<string, number>) => Object.values(of).reduce((sum, count) => sum + count, 0);
  const found = total(summary.kinds);
  if (!summary.complete) return 'Not everything was compared. Run it again: it continues where it stopped.';
  if (agrees(summary)) return 'Everything agrees.';
  const differ = found === 1 ? '1 difference' : `${found} differences`;
  if (!repair) return `${differ}.`;
  if (dryRun) return `${differ}. Dry run: nothing was published.`;
  const fixed = total(summary.repairs);
  const rest = found - fixed;
  return `${differ}; ${fixed} of them are repaired by the ledger within moments${rest > 0 ? `, ${rest} need a person` : ''}. Run audit again to see.`;
}

const CSV_COLUMNS = [
  'created',
  'balance_transaction',
  'type',
  'payout',
  'source',
  'payment_intent',
  'payment_id',
  'payment_key',
  'cart_id',
  'order_number',
  'presented_currency',
  'presented_amount',
  'currency',
  'amount',
  'fee',
  'net',
] as const;

export const CSV_HEAD = CSV_COLUMNS.join(',');

/** A movement as a line of a table (RFC 4180). Amounts are in whole units with the currency's digits. */
export function csvRow(
  { movement, payment }: AuditedMovement,
  { orderNumber = '', payout = '' }: { orderNumber?: string | undefined; payout?: string | undefined },
): string {
  const { presented, paymentIntent } = movement;
  const { paymentKey, cartId } = paymentIntent ? ownershipOfSnapshot(paymentIntent) : {};
  const row: Record<(typeof CSV_COLUMNS)[number], string> = {
    created: movement.createdAt.toISOString(),
    balance_transaction: movement.id,
    type: movement.type,
    payout,
    source: movement.sourceId,
    payment_intent: paymentIntent?.id ?? '',
    payment_id: payment?.id ?? '',
    payment_key: payment?.key ?? paymentKey ?? '',
    cart_id: cartId ?? '',
    order_number: orderNumber,
    presented_currency: presented.currency.toUpperCase(),
    presented_amount: decimal(presented.amount, presented.currency),
    currency: movement.currency.toUpperCase(),
    amount: decimal(movement.amount, movement.currency),
    fee: decimal(movement.fee, movement.currency),
    net: decimal(movement.net, movement.currency),
  };
  return CSV_COLUMNS.map((name) => quotedCell(row[name])).join(',');
}

/** Stripe's minor units as a decimal number in whole units. */
function decimal(amount: number, currency: string): string {
  return (amount / 10 ** stripeExponent(currency.toUpperCase())).toFixed(stripeExponent(currency.toUpperCase()));
}

/** A cell that a spreadsheet reads as text, never as a formula. */
const quotedCell = (text: string): string => {
  const safe = /^[=+@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
