import { derivedEventId } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import { StripeRejection } from '@connector/stripe';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { createRecordedTransactions } from '../adapters/recorded-transactions.ts';
import { aCart, aCustomer, aPayment, aPaymentIntent, aTransaction, euro } from '../testing/builders.ts';
import { FakeWorld } from '../testing/fake-world.ts';
import { type ConfirmPaymentDeps, confirmPayment } from './confirm-payment.ts';
import type { LedgerResult, RecordedTransactions } from './ports.ts';

const request = { session: { cartId: 'cart-1' }, paymentId: 'payment-1', paymentIntentId: 'pi_1' };
const EVENT = derivedEventId('checkout.payment.confirmed', 'payment-1', 'pi_1', 'succeeded', '1190');

function paidWorld() {
  const world = new FakeWorld();
  world.putPayment(aPayment({ interfaceId: 'pi_1' }), 'cart-1');
  world.intents.set('pi_1', aPaymentIntent({ status: 'succeeded', amount_received: 1190 }));
  return world;
}

const depsOf = (
  world: FakeWorld,
  recorded: RecordedTransactions,
  confirmWaitMs = 0,
  checksCart = true,
): ConfirmPaymentDeps => ({
  inBackground: world.inBackground,
  checksCart,
  carts: world.carts,
  payments: world.payments,
  paymentIntents: world.paymentIntents,
  events: world.events,
  recorded,
  confirmWaitMs,
  sleep: async () => {},
});

const message = (type: string, data: object) => ({
  headers: { ce_id: 'x', ce_source: '/ledger', ce_type: type },
  value: Buffer.from(JSON.stringify(data)),
});

const about = { paymentId: 'payment-1', paymentIntentId: 'pi_1', causeId: EVENT, causeType: 'x', transactions: [] };

/** A ledger that publishes something right after a call; by default the result of each published event. */
function withLedger(world: FakeWorld, type: string, data: object, after = 'publish checkout.payment.confirmed') {
  const { ledger, onMessage } = createRecordedTransactions();
  world.gate = async (call, moment) => {
    if (call === after && moment === 'after') onMessage(message(type, { ...about, ...data }));
  };
  return { ...ledger, isListening: true };
}

const deaf: RecordedTransactions = { ...createRecordedTransactions().ledger, isListening: false };
const silent: RecordedTransactions = { ...createRecordedTransactions().ledger, isListening: true };

describe('a confirm', () => {
  it('publishes the snapshot without its client secret, and is approved when the ledger has recorded it', async () => {
    const world = paidWorld();
    const recorded = withLedger(world, 'checkout.transaction.recorded', {});
    expect(await confirmPayment(depsOf(world, recorded, 1000), request)).toEqual({ kind: 'approved' });
    expect(world.published).toMatchObject([{ type: 'checkout.payment.confirmed', id: EVENT }]);
    expect(JSON.stringify(world.published)).not.toContain('secret');
  });

  const charged = {
    causeId: 'evt_of_stripe',
    transactions: [
      {
        id: 't',
        type: 'Charge',
        state: 'Success',
        amount: { ...euro(1190), fractionDigits: 2 },
        interactionId: 'pi_1',
      },
    ],
  };

  it.each([
    ['during the read from Stripe, and publishes nothing', 'payment_intents.retrieve', 0],
    ['while it waits for its own event', 'publish checkout.payment.confirmed', 1],
  ])("is approved when one of Stripe's events was recorded %s", async (_when, after, published) => {
    const world = paidWorld();
    const recorded = withLedger(world, 'checkout.transaction.recorded', charged, after);
    expect(await confirmPayment(depsOf(world, recorded, 60_000), request)).toEqual({ kind: 'approved' });
    expect(world.published).toHaveLength(published);
  });

  it.each([
    [
      'shows another state',
      { ...charged, transactions: charged.transactions.map((of) => ({ ...of, state: 'Pending' })) },
    ],
    [
      'shows only the authorisation of a charged payment',
      { ...charged, transactions: charged.transactions.map((of) => ({ ...of, type: 'Authorization' })) },
    ],
    ['belongs to another payment', { ...charged, paymentId: 'payment-2' }],
    ['belongs to another PaymentIntent', { ...charged, paymentIntentId: 'pi_2' }],
  ])('continues to wait when the recorded result %s', async (_how, data) => {
    const world = paidWorld();
    const recorded = withLedger(world, 'checkout.transaction.recorded', data, 'payment_intents.retrieve');
    expect(await confirmPayment(depsOf(world, recorded), request)).toEqual({ kind: 'pending' });
    expect(world.published).toHaveLength(1);
  });

  it("is rejected with the ledger's codes when the ledger rejects it", async () => {
    const world = paidWorld();
    const recorded = withLedger(world, 'checkout.payment.rejected', { code: 'card_declined' });
    expect(await confirmPayment(depsOf(world, recorded, 1000), request)).toMatchObject({
      kind: 'rejected',
      code: 'card_declined',
    });
  });

  it('is pending when the ledger does not answer in time', async () => {
    expect(await confirmPayment(depsOf(paidWorld(), silent), request)).toEqual({ kind: 'pending' });
  });

  it('is approved when the ledger has recorded it but the result was lost', async () => {
    const world = paidWorld();
    world.gate = async (call, moment) => {
      if (!call.startsWith('publish') || moment !== 'after') return;
      world.addTransaction('payment-1', aTransaction('Charge', 'Success', { interactionId: 'pi_1' }));
    };
    expect(await confirmPayment(depsOf(world, silent), request)).toEqual({ kind: 'approved' });
  });

  it.each([
    ['hears', () => silent],
    ['does not hear', () => deaf],
  ])('is pending, not failed, when its pod %s the ledger and the payment cannot be read', async (_how, recorded) => {
    const world = paidWorld();
    let isPublished = false;
    world.gate = async (call, moment) => {
      if (call.startsWith('publish') && moment === 'after') isPublished = true;
      if (call === 'payments.get' && isPublished) throw new TransientError('down');
    };
    expect(await confirmPayment(depsOf(world, recorded(), 20), request)).toEqual({
      kind: 'pending',
    });
  });

  it('is pending, without a wait, while the money is on its way', async () => {
    const world = paidWorld();
    world.change('pi_1', { status: 'processing' });
    expect(await confirmPayment(depsOf(world, silent, 60_000), request)).toEqual({ kind: 'pending' });
    expect(world.published).toHaveLength(1);
  });

  it('is approved at once when commercetools shows it already', async () => {
    const world = paidWorld();
    world.addTransaction('payment-1', aTransaction('Charge', 'Success', { interactionId: 'pi_1' }));
    expect(await confirmPayment(depsOf(world, silent, 60_000), request)).toEqual({ kind: 'approved' });
    expect(world.published).toEqual([]);
  });

  it('is rejected once all of it was given back, also while commercetools shows the Charge alone: nobody has paid', async () => {
    const world = paidWorld();
    world.addTransaction('payment-1', aTransaction('Charge', 'Success', { interactionId: 'pi_1' }));
    const charge = { amount: 1190, amount_captured: 1190, amount_refunded: 1190 } as Stripe.Charge;
    world.change('pi_1', { latest_charge: charge });
    expect(await confirmPayment(depsOf(world, silent), request)).toEqual({
      kind: 'rejected',
      code: 'charge_already_refunded',
    });
    expect(world.published).toEqual([]);
  });

  it('publishes the same event when it is called twice', async () => {
    const world = paidWorld();
    await confirmPayment(depsOf(world, silent), request);
    await confirmPayment(depsOf(world, silent), request);
    expect(new Set(world.published.map(({ id }) => id))).toEqual(new Set([EVENT]));
  });

  it('reads the payment while its pod receives no results of the ledger', async () => {
    const world = paidWorld();
    let reads = 0;
    world.gate = async (call, moment) => {
      if (call !== 'payments.get' || moment !== 'before') return;
      reads += 1;
      if (reads === 3) world.addTransaction('payment-1', aTransaction('Charge', 'Success', { interactionId: 'pi_1' }));
    };
    expect(await confirmPayment(depsOf(world, deaf, 5000), request)).toEqual({ kind: 'approved' });
    expect(await confirmPayment(depsOf(paidWorld(), deaf, 5000), request)).toEqual({ kind: 'pending' });
  });

  it.each([
    ['an unknown payment', { paymentId: 'nobody' }],
    ['an unknown PaymentIntent', { paymentIntentId: 'pi_nobody' }],
    ['a session whose cart is gone', { session: { cartId: 'cart-gone' } }],
  ])('of %s is rejected', async (_what, fields) => {
    const outcome = await confirmPayment(depsOf(paidWorld(), silent), { ...request, ...fields });
    expect(outcome).toMatchObject({ kind: 'rejected' });
  });

  it("is rejected with Stripe's codes when Stripe refuses to show the PaymentIntent", async () => {
    const world = paidWorld();
    const refusal = { type: 'card_error', code: 'card_declined', decline_code: 'do_not_honor', message: '' } as const;
    world.gate = async (call) => {
      if (call !== 'payment_intents.retrieve') return;
      throw new StripeRejection(call, 402, new Stripe.errors.StripeCardError(refusal));
    };
    expect(await confirmPayment(depsOf(world, silent), request)).toEqual({
      kind: 'rejected',
      code: 'card_declined',
      declineCode: 'do_not_honor',
    });
  });

  it.each(['carts.get', 'payment_intents.retrieve', 'publish checkout.payment.confirmed'])(
    'fails transiently, and is not rejected, when %s does',
    async (broken) => {
      const world = paidWorld();
      world.gate = async (call) => {
        if (call === broken) throw new TransientError('down');
      };
      await expect(confirmPayment(depsOf(world, silent), request)).rejects.toBeInstanceOf(TransientError);
    },
  );
});

describe('the payment of a confirmation', () => {
  it('is read together with the cart, in one call', async () => {
    const world = paidWorld();
    await confirmPayment(depsOf(world, withLedger(world, 'checkout.transaction.recorded', {}), 1000), request);
    expect(world.calls.filter((call) => !call.startsWith('publish'))).toEqual([
      'carts.get',
      'payment_intents.retrieve',
    ]);
  });

  it('is read separately when it is no longer on the cart; if that fails, the confirmation fails transiently', async () => {
    const world = new FakeWorld();
    world.putPayment(aPayment({ interfaceId: 'pi_1' }));
    world.intents.set('pi_1', aPaymentIntent({ status: 'succeeded', amount_received: 1190 }));
    const recorded = withLedger(world, 'checkout.transaction.recorded', {});
    expect(await confirmPayment(depsOf(world, recorded, 1000), request)).toEqual({ kind: 'approved' });
    world.gate = async (call) => {
      if (call === 'payments.get') throw new TransientError('down');
    };
    await expect(confirmPayment(depsOf(world, silent), request)).rejects.toBeInstanceOf(TransientError);
  });
});

describe('a confirmation of a cart that changed while it was being paid', () => {
  it('says what is still due when the cart has grown, and books what was paid', async () => {
    const world = paidWorld();
    world.setTotal('cart-1', euro(2000));
    expect(await confirmPayment(depsOf(world, silent, 60_000), request)).toEqual({
      kind: 'cart-changed',
      amountDue: euro(810),
    });
    expect(world.published).toMatchObject([{ type: 'checkout.payment.confirmed', id: EVENT }]);
  });

  it('says so also while the money is pending, and when commercetools shows it', async () => {
    const processing = paidWorld();
    processing.change('pi_1', { status: 'processing' });
    processing.setTotal('cart-1', euro(2000));
    expect(await confirmPayment(depsOf(processing, silent), request)).toMatchObject({ kind: 'cart-changed' });
    const recorded = paidWorld();
    recorded.addTransaction('payment-1', aTransaction('Charge', 'Success', { interactionId: 'pi_1' }));
    recorded.setTotal('cart-1', euro(2000));
    expect(await confirmPayment(depsOf(recorded, silent), request)).toMatchObject({ kind: 'cart-changed' });
    expect(recorded.published).toEqual([]);
  });

  it('answers like the original connector when the cart check is off', async () => {
    const world = paidWorld();
    world.setTotal('cart-1', euro(2000));
    const recorded = withLedger(world, 'checkout.transaction.recorded', {});
    expect(await confirmPayment(depsOf(world, recorded, 1000, false), request)).toEqual({ kind: 'approved' });
  });

  it.each([
    ['costs less', aCart({ total: euro(500) }), {}],
    ['costs nothing', aCart({ total: euro(0) }), {}],
    ['is paid with a gift card besides', aCart({ total: euro(2000) }), { centAmount: 810, currencyCode: 'EUR' }],
    ['is in another currency', aCart({ total: { ...euro(9000), currencyCode: 'USD' } }), {}],
  ])('is approved when the cart %s now', async (_what, { totalPrice: total }, card) => {
    const world = paidWorld();
    world.setTotal('cart-1', total);
    const session = { cartId: 'cart-1', ...('centAmount' in card && { giftCardPlannedAmount: card }) };
    const recorded = withLedger(world, 'checkout.transaction.recorded', {});
    const outcome = await confirmPayment(depsOf(world, recorded, 1000), { ...request, session });
    expect(outcome).toEqual({ kind: 'approved' });
  });

  it('is approved when an earlier attempt paid the rest, which only Stripe shows yet', async () => {
    const world = paidWorld();
    world.setTotal('cart-1', euro(2000));
    const earlier = { planned: euro(810), interfaceId: 'pi_0' };
    world.putPayment(aPayment({ id: 'payment-0', key: 'cart-1-0', ...earlier }), 'cart-1');
    world.intents.set('pi_0', aPaymentIntent({ id: 'pi_0', amount: 810, status: 'requires_capture' }));
    const recorded = withLedger(world, 'checkout.transaction.recorded', {});
    expect(await confirmPayment(depsOf(world, recorded, 1000), request)).toEqual({ kind: 'approved' });
  });

  it('is approved if an earlier attempt, which was removed from the cart, paid the rest', async () => {
    const world = paidWorld();
    world.setTotal('cart-1', euro(2000));
    world.putPayment(aPayment({ id: 'payment-2', key: 'cart-1-2', interfaceId: 'pi_2', planned: euro(810) }));
    const metadata = { cart_id: 'cart-1', ct_payment_key: 'cart-1-2' };
    world.intents.set('pi_2', aPaymentIntent({ id: 'pi_2', status: 'succeeded', amount: 810, metadata }));
    world.addTransaction('payment-2', aTransaction('Charge', 'Success', { interactionId: 'pi_2', amount: euro(810) }));
    world.changeCart({ paymentInfo: { payments: [{ typeId: 'payment', id: 'payment-2' }] } } as never);
    const second = { ...request, paymentId: 'payment-2', paymentIntentId: 'pi_2' };
    expect(await confirmPayment(depsOf(world, silent), second)).toEqual({ kind: 'approved' });
  });

  it('never rejects charged money because amountPlanned was higher', async () => {
    const world = paidWorld();
    world.putPayment(aPayment({ interfaceId: 'pi_1', planned: euro(2000) }));
    world.setTotal('cart-1', euro(2000));
    expect(await confirmPayment(depsOf(world, silent), request)).toEqual({
      kind: 'cart-changed',
      amountDue: euro(810),
    });
    world.setTotal('cart-1', euro(1190));
    expect(await confirmPayment(depsOf(world, silent), request)).toEqual({ kind: 'pending' });
  });

  it('is approved when the cart is deleted or the payment was removed from it, because the key names the cart', async () => {
    const gone = paidWorld();
    gone.commercetools.carts.delete('cart-1');
    expect(
      await confirmPayment(depsOf(gone, withLedger(gone, 'checkout.transaction.recorded', {}), 1000), request),
    ).toEqual({
      kind: 'approved',
    });
    const removed = paidWorld();
    removed.putCart(aCart());
    const recorded = withLedger(removed, 'checkout.transaction.recorded', {});
    expect(await confirmPayment(depsOf(removed, recorded, 1000), request)).toEqual({ kind: 'approved' });
  });

  it('sets a guest who has logged in meanwhile on the payment', async () => {
    const world = paidWorld();
    world.putCart(aCart({ customerId: 'customer-1' }), 'payment-1');
    world.putCustomer(aCustomer({ id: 'customer-1' }));
    await confirmPayment(depsOf(world, silent), request);
    await world.settled();
    expect(world.paymentsOnCart()).toMatchObject([{ customer: { typeId: 'customer', id: 'customer-1' } }]);
  });
});

describe('what the ledger tells', () => {
  const ofCause = (causeId: string) => (result: LedgerResult) => result.causeId === causeId;

  it('reaches every listener of that PaymentIntent, and nobody else', async () => {
    const { ledger, onMessage } = createRecordedTransactions();
    using first = ledger.listenTo('pi_1');
    using second = ledger.listenTo('pi_1');
    using other = ledger.listenTo('pi_2');
    const waiting = first.first(ofCause(EVENT), 60_000);
    onMessage(message('checkout.transaction.recorded', about));
    const told = { kind: 'recorded', causeId: EVENT, paymentId: 'payment-1', transactions: [] };
    expect(await waiting).toEqual(told);
    expect(await second.first(ofCause(EVENT), 0)).toEqual(told);
    expect(second.heard(ofCause(EVENT))).toEqual(told);
    expect(second.heard(ofCause('another'))).toBeUndefined();
    expect(await other.first(() => true, 0)).toBeUndefined();
  });

  it('is ignored when it is unreadable', async () => {
    const { ledger, onMessage } = createRecordedTransactions();
    using listening = ledger.listenTo('pi_1');
    onMessage({ headers: {}, value: Buffer.from('{}') });
    onMessage({ ...message('checkout.transaction.recorded', {}), value: Buffer.from('{') });
    onMessage(message('checkout.transaction.recorded', { ...about, causeId: 1 }));
    onMessage(message('checkout.unknown', about));
    expect(await listening.first(() => true, 0)).toBeUndefined();
  });
});
