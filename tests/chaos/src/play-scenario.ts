import { setTimeout as sleep } from 'node:timers/promises';
import { type Opened, paymentIntentOf, type Shop } from '@connector/load-tests/shop';
import type { Asker, Scenario } from './scenarios.ts';

const DECLINED = '4000000000000002';
const NEEDS_3DS = '4000000000003220';
const IBAN = 'DE89370400440532013000';
const IBAN_RETURNED = 'DE62370400440532013001';

interface Context {
  readonly shop: Shop;
  readonly scenario: Scenario;
  readonly opened: Opened;
  readonly paymentIntentId: string;
}

/**
 * Plays one payment from the cart to its end. Refusals of Stripe or the connector on the way are part of the scenario.
 * Throws GaveUp.
 */
export async function playScenario(shop: Shop, scenario: Scenario): Promise<void> {
  const { currency, centAmount, capture } = scenario;
  const checkout = await shop.checkout({ currency, centAmount, captureMethod: capture ? 'manual' : 'automatic' });
  const opened = await shop.open(checkout);
  const paymentIntentId = paymentIntentOf(opened.sClientSecret);
  const context: Context = { shop, scenario, opened, paymentIntentId };
  const isPaid = await pay(context);
  // The bank may have returned the money before the browser asks.
  const mayBeRefused = scenario.paying === 'bank-debit-returned';
  if (isPaid && scenario.confirms) await shop.confirm(checkout, opened, { mayBeRefused });
  if (!isPaid) {
    if (scenario.canceledLater)
      await shop.dashboard(`payment_intents/${paymentIntentId}/cancel`, {}, key(scenario, 'cancel'));
    return;
  }
  const captured = capture ? await captureSome(context, capture) : await settled(context);
  const left = await refundSome(context, captured);
  if (scenario.dispute && left > 0) await dispute(context, scenario.dispute, left);
}

async function pay({ shop, scenario, paymentIntentId }: Context): Promise<boolean> {
  switch (scenario.paying) {
    case 'walks-away':
      return false;
    case 'declined':
      return shop.pay(paymentIntentId, { card: DECLINED });
    case 'declined-then-card':
      await shop.pay(paymentIntentId, { card: DECLINED });
      return shop.pay(paymentIntentId, { card: scenario.card });
    case 'card-3ds':
      return shop.pay(paymentIntentId, { card: NEEDS_3DS });
    case 'bank-debit':
      return shop.pay(paymentIntentId, { iban: IBAN });
    case 'bank-debit-returned':
      return shop.pay(paymentIntentId, { iban: IBAN_RETURNED });
    case 'card':
      return shop.pay(paymentIntentId, { card: scenario.card });
  }
}

/** Waits for the bank, and returns the centAmount that arrived. */
async function settled({ shop, scenario, paymentIntentId }: Context): Promise<number> {
  if (!scenario.paying.startsWith('bank')) return scenario.centAmount;
  const outcome = scenario.paying === 'bank-debit' ? 'succeeded' : 'failed';
  await sleep(500);
  await shop.settle(paymentIntentId, outcome);
  return outcome === 'succeeded' ? scenario.centAmount : 0;
}

/** Returns the captured centAmount, unless something was refused. */
async function captureSome(context: Context, { how, shares, by }: NonNullable<Scenario['capture']>): Promise<number> {
  const { scenario } = context;
  const parts = shares.map((share) => part(scenario, share));
  switch (how) {
    case 'left-open':
      return 0;
    case 'cancel':
      await cancel(context, by);
      return 0;
    case 'full':
      await captureOnce(context, { centAmount: scenario.centAmount, by, isLast: true, name: 'full' });
      return scenario.centAmount;
    case 'partial':
      await captureOnce(context, { centAmount: parts[0] as number, by, isLast: true, name: 'partial' });
      return parts[0] as number;
    case 'several': {
      const rest = scenario.centAmount - parts.reduce((sum, each) => sum + each, 0);
      for (const [at, centAmount] of [...parts, rest].entries()) {
        await captureOnce(context, { centAmount, by, isLast: at === parts.length, name: `part-${at}` });
      }
      return scenario.centAmount;
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
  { shop, scenario, opened, paymentIntentId }: Context,
  { centAmount, by, isLast, name }: { centAmount: number; by: Asker; isLast: boolean; name: string },
): Promise<void> {
  if (by === 'connector') {
    const amount = { centAmount, currencyCode: scenario.currency };
    const operation = { action: 'capturePayment', amount, merchantReference: invoiceOf(scenario) };
    await shop.operate(opened.paymentReference, operation, key(scenario, name));
    return;
  }
  const params = { amount_to_capture: centAmount, ...(!isLast && { final_capture: false }) };
  await shop.dashboard(`payment_intents/${paymentIntentId}/capture`, params, key(scenario, name));
}

async function cancel({ shop, scenario, opened, paymentIntentId }: Context, by: Asker): Promise<void> {
  const name = key(scenario, 'cancel');
  if (by === 'dashboard') return shop.dashboard(`payment_intents/${paymentIntentId}/cancel`, {}, name);
  const operation = { action: 'cancelPayment', merchantReference: invoiceOf(scenario) };
  return shop.operate(opened.paymentReference, operation, name);
}

/** Returns the remaining centAmount, unless a refund was refused. */
async function refundSome({ shop, scenario, opened, paymentIntentId }: Context, captured: number): Promise<number> {
  if (captured === 0) return 0;
  const refundOnce = async (share: number, by: Asker, at: number) => {
    const centAmount = Math.floor((captured * share) / 10) * 10;
    if (centAmount === 0) return 0;
    const name = key(scenario, `refund-${at}`);
    if (by === 'dashboard')
      await shop.dashboard('refunds', { payment_intent: paymentIntentId, amount: centAmount }, name);
    else {
      const amount = { centAmount, currencyCode: scenario.currency };
      const operation = { action: 'refundPayment', amount, merchantReference: invoiceOf(scenario) };
      await shop.operate(opened.paymentReference, operation, name);
    }
    return centAmount;
  };
  let left = captured;
  if (scenario.refundsTogether) {
    const amounts = await Promise.all(scenario.refunds.map(({ share, by }, at) => refundOnce(share, by, at)));
    return amounts.reduce((rest, amount) => rest - amount, left);
  }
  for (const [at, { share, by }] of scenario.refunds.entries()) left -= await refundOnce(share, by, at);
  return left;
}

async function dispute(
  { shop, paymentIntentId }: Context,
  how: NonNullable<Scenario['dispute']>,
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

const part = (scenario: Scenario, share: number): number => Math.floor((scenario.centAmount * share) / 10) * 10;

/** The same merchantReference for all operations of a scenario, because it must not identify one. */
const invoiceOf = ({ index }: Scenario): string => `invoice-${index}`;

/** Names a step of a scenario, as its idempotency key. */
const key = ({ index }: Scenario, step: string): string => `scenario-${index}-${step}`;
