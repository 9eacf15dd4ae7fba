/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { type Appearance, create, dress } from './dom.ts';
import type { PaymentIntentView } from './errors.ts';
import type { Texts } from './texts.ts';

type Action = NonNullable<PaymentIntentView['next_action']>;
type Line = [label: string, value: string];

/** Whether the shopper gets something to pay with later: a voucher, or the account to transfer to. */
export const isVoucher = ({ status, next_action: action }: PaymentIntentView): boolean =>
  status === 'requires_action' && voucherOf(action) !== null;

/** Shows what the shopper pays with in the next days; resolves once it is closed. */
export function showVoucher(
  texts: Texts,
  appearance: Appearance | undefined,
  paymentIntent: PaymentIntentView,
  money: (amount: number) => string,
): Promise<void> {
  return new Promise((resolve) => {
    const dialog = create('dialog', { id: 'voucher-dialog', 'aria-label': texts.voucherTitle });
    dress(dialog, appearance);
    const list = create('dl', {});
    const voucher = voucherOf(paymentIntent.next_action) ?? {};
    const remaining = typeof voucher.amount_remaining === 'number' ? voucher.amount_remaining : paymentIntent.amount;
    for (const [label, value] of [[texts.total, money(remaining)] satisfies Line, ...linesOf(voucher, texts)]) {
      list.append(create('dt', {}, label), create('dd', {}, value));
    }
    const close = create('button', { type: 'button', id: 'voucher-close', class: 'sjs-primary' }, texts.close);
    close.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve();
    });
    dialog.append(create('h2', {}, texts.voucherTitle), create('p', {}, texts.voucherNote), list, close);
    document.body.append(dialog);
    dialog.showModal();
  });
}

function voucherOf(action: Action | null): Record<string, unknown> | null {
  const { type } = action ?? {};
  if (!type || !(type === 'display_bank_transfer_instructions' || type.endsWith('_display_details'))) return null;
  return (action as unknown as Record<string, Record<string, unknown>>)[type] ?? null;
}

function linesOf(voucher: Record<string, unknown>, texts: Texts): Line[] {
  const [account] = (voucher.financial_addresses ?? []) as {
    iban?: { iban: string; bic: string; account_holder_name: string };
  }[];
  const stores = (voucher.stores ?? {}) as Record<string, { payment_code: string }>;
  const expires = voucher.expires_at ?? voucher.expires_after;
  const lines: [string, unknown][] = [
    [texts.entity, voucher.entity],
    [texts.recipient, account?.iban?.account_holder_name],
    [texts.iban, account?.iban && inGroups(account.iban.iban)],
    ['BIC', account?.iban?.bic],
    [texts.reference, voucher.reference ?? voucher.number ?? stores.lawson?.payment_code],
    [texts.payBy, typeof expires === 'number' ? longDate(expires) : undefined],
  ];
  return lines.filter((line): line is Line => typeof line[1] === 'string');
}

/** An IBAN as people read and type it. */
const inGroups = (iban: string): string => iban.replace(/.{4}(?=.)/g, '$& ');

/** A day whose month is a word: 04/12 is April to some. `seconds` since the epoch. */
const longDate = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleDateString(undefined, { dateStyle: 'long' });
