import { clock, pairs } from '@connector/cli';
import { redactText } from '@connector/telemetry';
import type { Known } from '../../domain/story.ts';
import type { Explanation } from '../../use-cases/explain.ts';

/** The story for people: a line for each thing that happened, and one sentence at the end. */
export function explainReport(asked: string, { known, story, verdict }: Explanation, reveal: boolean): string {
  const width = Math.max(0, ...story.map(({ where }) => where.length));
  const lines = story.map(({ at, where, what }) => `${clock(at)}  ${where.padEnd(width)}  ${what}`);
  const parts = [`The story of ${asked}`];
  if (lines.length > 0) parts.push(lines.join('\n'));
  const people = reveal ? peopleOf(known) : [];
  if (people.length > 0) parts.push(`People\n${pairs(people, '  ')}`);
  if (known.payment && known.stripe) {
    parts.push(
      known.due.length > 0
        ? `The ledger would write now: ${known.due.join(', ')}`
        : 'The ledger would write nothing more.',
    );
  }
  if (known.unavailable.length > 0) {
    parts.push(
      `Could not be asked\n${pairs(
        known.unavailable.map(({ what, why }) => [what, redactText(why)] as const),
        '  ',
      )}`,
    );
  }
  if (known.cutTopics.length > 0)
    parts.push(`Older messages may be deleted by retention: ${known.cutTopics.join(', ')}`);
  if (known.otherPayments.length > 0) parts.push(`Other payments of the cart: ${known.otherPayments.join(', ')}`);
  parts.push(verdict.sentence);
  return parts.join('\n\n');
}

/** The story as JSON; without `reveal` it contains no personal data. */
export const explainJson = (asked: string, { known, story, verdict }: Explanation, reveal: boolean): string =>
  JSON.stringify({
    asked,
    ...verdict,
    paymentId: known.payment?.id,
    paymentKey: known.payment?.key,
    paymentIntentId: known.stripe?.paymentIntent.id,
    cartId: known.cart?.id,
    orderNumber: known.order?.orderNumber,
    due: known.due,
    differences: known.differences,
    otherPayments: known.otherPayments,
    cutTopics: known.cutTopics,
    unavailable: known.unavailable.map(({ what, why }) => ({ what, why: redactText(why) })),
    story,
    ...(reveal && { people: Object.fromEntries(peopleOf(known)) }),
  });

function peopleOf({ cart, order }: Known): [string, string][] {
  const of = order ?? cart;
  const { firstName, lastName } = of?.billingAddress ?? of?.shippingAddress ?? {};
  const rows: [string, string | undefined][] = [
    ['customer', of?.customerId],
    ['e-mail', of?.customerEmail],
    ['name', [firstName, lastName].filter(Boolean).join(' ') || undefined],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}
