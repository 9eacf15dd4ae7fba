import type Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { refusalOf, startWithClient } from './testing.ts';

let simulator: StripeSimulator;
let stripe: Stripe;

beforeAll(async () => {
  ({ simulator, stripe } = await startWithClient());
});
afterAll(() => simulator.close());
beforeEach(() => {
  simulator.controls.reset();
  simulator.controls.configure({ settleDelayMs: null });
});

async function paid(
  card = '4242424242424242',
  captureMethod: 'automatic' | 'manual' = 'automatic',
): Promise<Stripe.PaymentIntent> {
  const { id } = await stripe.paymentIntents.create({ amount: 1000, currency: 'eur', capture_method: captureMethod });
  simulator.controls.pay(id, card.startsWith('DE') ? { iban: card } : { card });
  if (card.startsWith('DE')) simulator.controls.settle(id);
  return stripe.paymentIntents.retrieve(id);
}
const typesSince = (start: number): string[] => [...simulator.controls.events()].slice(start).map(({ type }) => type);
const eventCount = (): number => simulator.controls.state().events;

describe('refunds', () => {
  it('are counted on the charge until nothing is left', async () => {
    const { id, latest_charge } = await paid();
    const start = eventCount();
    const first = await stripe.refunds.create({ payment_intent: id, amount: 400, metadata: { why: 'broken' } });
    const second = await stripe.refunds.create({ charge: String(latest_charge), reason: 'requested_by_customer' });
    expect(first).toMatchObject({ amount: 400, status: 'succeeded', metadata: { why: 'broken' }, payment_intent: id });
    expect(second).toMatchObject({ amount: 600, reason: 'requested_by_customer' });
    const charge = await stripe.charges.retrieve(String(latest_charge), { expand: ['refunds'] });
    expect(charge).toMatchObject({ amount_refunded: 1000, refunded: true });
    expect(charge.refunds?.data.map(({ id: refundId }) => refundId)).toEqual([second.id, first.id]);
    expect(typesSince(start)).toEqual(['refund.created', 'charge.refunded', 'refund.created', 'charge.refunded']);
    const refusal = await refusalOf(stripe.refunds.create({ payment_intent: id }));
    expect(refusal).toMatchObject({ statusCode: 400, code: 'charge_already_refunded' });
  });

  it('never exceed what is left of the charge', async () => {
    const { id } = await paid();
    await stripe.refunds.create({ payment_intent: id, amount: 900 });
    const refusal = await refusalOf(stripe.refunds.create({ payment_intent: id, amount: 200 }));
    expect(refusal).toMatchObject({
      statusCode: 400,
      param: 'amount',
      message: expect.stringContaining('greater than'),
    });
  });

  it('may use the captured part in full after the rest was let go of', async () => {
    const { id } = await paid('4242424242424242', 'manual');
    await stripe.paymentIntents.capture(id, { amount_to_capture: 600 });
    expect(await stripe.refunds.create({ payment_intent: id })).toMatchObject({ amount: 600 });
  });

  it('of an authorisation let go of it whole, and never in part', async () => {
    const { id } = await paid('4242424242424242', 'manual');
    const refusal = await refusalOf(stripe.refunds.create({ payment_intent: id, amount: 1 }));
    expect(refusal.message).toContain('You cannot partially refund an uncaptured charge');
    expect(await stripe.refunds.create({ payment_intent: id })).toMatchObject({ amount: 1000, status: 'succeeded' });
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('canceled');
    expect(simulator.controls.state().refunds).toMatchObject([{ amount: 1000, is_release: true }]);
  });

  it('are refused for a PaymentIntent that nobody paid', async () => {
    const { id } = await stripe.paymentIntents.create({ amount: 1000, currency: 'eur' });
    expect(await refusalOf(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ statusCode: 400 });
  });

  it.each(['DE89370400440532013000', '4000000000007726'])('of %s are pending and succeed later', async (card) => {
    const { id } = await paid(card);
    const refund = await stripe.refunds.create({ payment_intent: id, amount: 300 });
    expect(refund.status).toBe('pending');
    const start = eventCount();
    simulator.controls.setRefundStatus(refund.id, 'succeeded');
    expect((await stripe.refunds.retrieve(refund.id)).status).toBe('succeeded');
    expect(typesSince(start)).toEqual(['refund.updated', 'charge.refund.updated']);
  });

  it('that fail late give the amount back to the charge', async () => {
    simulator.controls.configure({ settleDelayMs: 0 });
    const { id, latest_charge } = await paid('4000000000005126');
    const refund = await stripe.refunds.create({ payment_intent: id, amount: 300 });
    expect(refund.status).toBe('succeeded');
    await expect.poll(() => typesSince(0)).toContain('refund.failed');
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({
      status: 'failed',
      failure_reason: expect.any(String),
      failure_balance_transaction: expect.stringMatching(/^txn_/),
    });
    expect((await stripe.charges.retrieve(String(latest_charge))).amount_refunded).toBe(0);
  });

  it('can be canceled only while they wait for an action', async () => {
    const { id } = await paid();
    const refund = await stripe.refunds.create({ payment_intent: id, amount: 300 });
    expect((await refusalOf(stripe.refunds.cancel(refund.id))).statusCode).toBe(400);
    simulator.controls.setRefundStatus(refund.id, 'requires_action');
    expect((await stripe.refunds.cancel(refund.id)).status).toBe('canceled');
  });
});

describe('disputes', () => {
  it('take the money at once, and give it back when won', async () => {
    const { id, latest_charge } = await paid();
    const start = eventCount();
    const dispute = simulator.controls.openDispute({ payment_intent: id, amount: 700 });
    expect(await stripe.disputes.retrieve(dispute.id)).toMatchObject({
      amount: 700,
      charge: latest_charge,
      payment_intent: id,
      status: 'needs_response',
      balance_transactions: [{ amount: -700, type: 'adjustment' }],
    });
    expect((await stripe.charges.retrieve(String(latest_charge))).disputed).toBe(true);
    expect(await refusalOf(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ code: 'charge_disputed' });
    simulator.controls.moveDispute(dispute.id, { status: 'under_review' });
    simulator.controls.moveDispute(dispute.id, { status: 'won' });
    expect((await stripe.disputes.retrieve(dispute.id)).balance_transactions.map(({ amount }) => amount)).toEqual([
      -700, 700,
    ]);
    expect(typesSince(start)).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.updated',
      'charge.dispute.funds_reinstated',
      'charge.dispute.closed',
    ]);
  });

  it('are lost when the merchant closes them', async () => {
    const { id } = await paid();
    const dispute = simulator.controls.openDispute({ payment_intent: id });
    expect((await stripe.disputes.close(dispute.id)).status).toBe('lost');
    expect(await refusalOf(stripe.disputes.close(dispute.id))).toMatchObject({ statusCode: 400 });
  });

  it('that are inquiries move no money unless they escalate', async () => {
    const { id } = await paid();
    const start = eventCount();
    const inquiry = simulator.controls.openDispute({ payment_intent: id, status: 'warning_needs_response' });
    expect(inquiry.balance_transactions).toEqual([]);
    simulator.controls.moveDispute(inquiry.id, { status: 'needs_response', withdraw: true });
    expect(typesSince(start)).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.updated',
    ]);
  });

  it.each([
    ['4000000000000259', 'needs_response', 'fraudulent'],
    ['4000000000002685', 'needs_response', 'product_not_received'],
    ['4000000000001976', 'warning_needs_response', 'fraudulent'],
  ])('come by themselves with %s', async (card, status, reason) => {
    const { id } = await paid(card);
    expect((await stripe.disputes.list({ payment_intent: id })).data).toMatchObject([{ status, reason }]);
  });
});
