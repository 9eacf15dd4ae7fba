import { setTimeout as sleep } from 'node:timers/promises';
import { type Opened, paymentIntentOf, type Shop } from '@connector/load-tests/shop';
import type { Asker, Life } from './lives.ts';

const DECLINED = '4000000000000002';
const NEEDS_3DS = '4000000000003220';
const IBAN = 'DE89370400440532013000';
const IBAN_RETURNED = 'DE62370400440532013001';

interface Context {
  readonly shop: Shop;
  readonly life: Life;
  readonly opened: Opened;
  readonly paymentIntentId: string;
}

/** Lives one payment from the cart to its end; what Stripe or the connector refuses on the way is part of life. Throws GaveUp. */
export async function live(shop: Shop, life: Life): Promise<void> {
  const { currency, centAmount, capture } = life;
  const checkout = await shop.checkout({ currency, centAmount, captureMethod: capture ? 'manual' : 'automatic' });
  const opened = await shop.open(checkout);
  const paymentIntentId = paymentIntentOf(opened.sClientSecret);
  const context: Context = { shop, life, opened, paymentIntentId };
  const isPaid = await pay(context);
  // The bank may have sent the money back before the browser asks.
  const mayBeRefused = life.paying === 'bank-debit-returned';
  if (isPaid && life.confirms) await shop.confirm(checkout, opened, { mayBeRefused });
  if (!isPaid) {
    if (life.canceledLater) await shop.dashboard(`payment_intents/${paymentIntentId}/cancel`, {}, key(life, 'cancel'));
    return;
  }
  const captured = capture ? await captureSome(context, capture) : await settled(context);
  const left = await refundSome(context, captured);
  if (life.dispute && left > 0) await dispute(context, life.dispute, left);
}

async function pay({ shop, life, paymentIntentId }: Context): Promise<boolean> {
  switch (life.paying) {
    case 'walks-away':
      return false;
    case 'declined':
      return shop.pay(paymentIntentId, { card: DECLINED });
    case 'declined-then-card':
      await shop.pay(paymentIntentId, { card: DECLINED });
      return shop.pay(paymentIntentId, { card: life.card });
    case 'card-3ds':
      return shop.pay(paymentIntentId, { card: NEEDS_3DS });
    case 'bank-debit':
      return shop.pay(paymentIntentId, { iban: IBAN });
    case 'bank-debit-returned':
      return shop.pay(paymentIntentId, { iban: IBAN_RETURNED });
    case 'card':
      return shop.pay(paymentIntentId, { card: life.card });
  }
}

/** Waits for the bank, and answers the centAmount that came. */
async function settled({ shop, life, paymentIntentId }: Context): Promise<number> {
  if (!life.paying.startsWith('bank')) return life.centAmount;
  const outcome = life.paying === 'bank-debit' ? 'succeeded' : 'failed';
  await sleep(500);
  await shop.settle(paymentIntentId, outcome);
  return outcome === 'succeeded' ? life.centAmount : 0;
}

/** Answers the centAmount that was captured, if nothing was refused. */
async function captureSome(context: Context, { how, shares, by }: NonNullable<Life['capture']>): Promise<number> {
  const { life } = context;
  const parts = shares.map((share) => part(life, share));
  switch (how) {
    case 'left-open':
      return 0;
    case 'cancel':
      await cancel(context, by);
      return 0;
    case 'full':
      await captureOnce(context, { centAmount: life.centAmount, by, isLast: true, name: 'full' });
      return life.centAmount;
    case 'partial':
      await captureOnce(context, { centAmount: parts[0] as number, by, isLast: true, name: 'partial' });
      return parts[0] as number;
    case 'several': {
      const rest = life.centAmount - parts.reduce((sum, each) => sum + each, 0);
      for (const [at, centAmount] of [...parts, rest].entries()) {
        await captureOnce(context, { centAmount, by, isLast: at === parts.length, name: `part-${at}` });
      }
      return life.centAmount;
    }
    case 'several-then-cancel':
      for (const [at, centAmount] of parts.entries()) {
        await captureOnce(context, { centAmount, by, isLast: false, name: `part-${at}` });
      }
      await cancel(context, by);
      return parts.reduce((sum, each) => sum + each, 0);
  }
}

async function captureOnce(
  { shop, life, opened, paymentIntentId }: Context,
  { centAmount, by, isLast, name }: { centAmount: number; by: Asker; isLast: boolean; name: string },
): Promise<void> {
  if (by === 'connector') {
    const amount = { centAmount, currencyCode: life.currency };
    const operation = { action: 'capturePayment', amount, merchantReference: invoiceOf(life) };
    await shop.operate(opened.paymentReference, operation, key(life, name));
    return;
  }
  const params = { amount_to_capture: centAmount, ...(!isLast && { final_capture: false }) };
  await shop.dashboard(`payment_intents/${paymentIntentId}/capture`, params, key(life, name));
}

async function cancel({ shop, life, opened, paymentIntentId }: Context, by: Asker): Promise<void> {
  const name = key(life, 'cancel');
  if (by === 'dashboard') return shop.dashboard(`payment_intents/${paymentIntentId}/cancel`, {}, name);
  const operation = { action: 'cancelPayment', merchantReference: invoiceOf(life) };
  return shop.operate(opened.paymentReference, operation, name);
}

/** Answers the centAmount that is left, if no refund was refused. */
async function refundSome({ shop, life, opened, paymentIntentId }: Context, captured: number): Promise<number> {
  if (captured === 0) return 0;
  const refundOnce = async (share: number, by: Asker, at: number) => {
    const centAmount = Math.floor((captured * share) / 10) * 10;
    if (centAmount === 0) return 0;
    const name = key(life, `refund-${at}`);
    if (by === 'dashboard')
      await shop.dashboard('refunds', { payment_intent: paymentIntentId, amount: centAmount }, name);
    else {
      const amount = { centAmount, currencyCode: life.currency };
      const operation = { action: 'refundPayment', amount, merchantReference: invoiceOf(life) };
      await shop.operate(opened.paymentReference, operation, name);
    }
    return centAmount;
  };
  let left = captured;
  if (life.refundsTogether) {
    const amounts = await Promise.all(life.refunds.map(({ share, by }, at) => refundOnce(share, by, at)));
    return amounts.reduce((rest, amount) => rest - amount, left);
  }
  for (const [at, { share, by }] of life.refunds.entries()) left -= await refundOnce(share, by, at);
  return left;
}

async function dispute(
  { shop, paymentIntentId }: Context,
  how: NonNullable<Life['dispute']>,
  amount: number,
): Promise<void> {
  const isInquiry = how.startsWith('inquiry');
  const status = isInquiry && { status: 'warning_needs_response' };
  const { id } = (await shop.openDispute(paymentIntentId, { amount, ...status })) ?? {};
  if (!id) return;
  switch (how) {
    case 'open':
      return;
    case 'won':
    case 'lost':
      await shop.moveDispute(id, { status: 'under_review' });
      await shop.moveDispute(id, { status: how });
      return;
    case 'inquiry-closed':
      await shop.moveDispute(id, { status: 'warning_closed' });
      return;
    case 'inquiry-lost':
      await shop.moveDispute(id, { status: 'needs_response', withdraw: true });
      await shop.moveDispute(id, { status: 'lost' });
  }
}

const part = (life: Life, share: number): number => Math.floor((life.centAmount * share) / 10) * 10;

/** What all operations of a life are for, as merchantReference: it tells none from another. */
const invoiceOf = ({ index }: Life): string => `invoice-${index}`;

/** Names a step of a life, as idempotency key. */
const key = ({ index }: Life, step: string): string => `life-${index}-${step}`;
