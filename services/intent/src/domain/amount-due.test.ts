import { describe, expect, it } from 'vitest';
import { aCart, aPayment, aPaymentIntent, aTaxedPrice, aTransaction, euro } from '../testing/builders.ts';
import { amountDue, asPaid, totalOf } from './amount-due.ts';

const paid = (...transactions: Parameters<typeof aTransaction>[]) =>
  aPayment({ planned: euro(500), transactions: transactions.map((one) => aTransaction(...one)) });

const part = { amount: euro(10) };
const rest = { amount: euro(1180) };

describe('the amount due', () => {
  it.each([
    ['nothing tried yet', [], 1190],
    ['an attempt without a transaction', [paid()], 1190],
    ['an authorisation not sent yet', [paid(['Authorization', 'Initial'])], 1190],
    ['a failed authorisation', [paid(['Authorization', 'Failure'])], 1190],
    ['an authorisation on its way', [paid(['Authorization', 'Pending'])], 690],
    ['an authorisation', [paid(['Authorization', 'Success'])], 690],
    ['a charge', [paid(['Charge', 'Success'])], 690],
    ['a refunded charge', [paid(['Charge', 'Success'], ['Refund', 'Success'])], 1190],
    ['a charge of which a part was refunded', [paid(['Charge', 'Success'], ['Refund', 'Success', part])], 690],
    [
      'a charge refunded in two parts',
      [paid(['Charge', 'Success'], ['Refund', 'Success', part], ['Refund', 'Success', rest])],
      1190,
    ],
    [
      'a charge refunded in part and charged back',
      [paid(['Charge', 'Success'], ['Refund', 'Success', part], ['Chargeback', 'Success', rest])],
      1190,
    ],
    ['a charge with a dispute that was won', [paid(['Charge', 'Success'], ['Chargeback', 'Failure'])], 690],
    ['a charge with a dispute that is not decided', [paid(['Charge', 'Success'], ['Chargeback', 'Pending'])], 690],
    [
      'a captured part, its rest released',
      [paid(['Authorization', 'Success'], ['Charge', 'Success', part], ['CancelAuthorization', 'Success', rest])],
      690,
    ],
    [
      'a captured part, its rest released, refunded',
      [
        paid(
          ['Authorization', 'Success'],
          ['Charge', 'Success', part],
          ['CancelAuthorization', 'Success', rest],
          ['Refund', 'Success', part],
        ),
      ],
      1190,
    ],
    [
      'a refund in another currency than the charge',
      [paid(['Charge', 'Success'], ['Refund', 'Success', { amount: { ...euro(1190), currencyCode: 'GBP' } }])],
      690,
    ],
    ['a refund on its way', [paid(['Charge', 'Success'], ['Refund', 'Pending'])], 1190],
    ['a refund that failed', [paid(['Charge', 'Success'], ['Refund', 'Failure'])], 690],
    ['a released authorisation', [paid(['Authorization', 'Success'], ['CancelAuthorization', 'Success'])], 1190],
    ['two partial payments', [paid(['Charge', 'Success']), paid(['Charge', 'Success'])], 190],
  ])('subtracts the planned amount of each paid attempt once: %s', (_what, payments, centAmount) => {
    expect(amountDue(aCart(), payments)).toMatchObject({ kind: 'due', due: euro(centAmount) });
  });

  it('is zero when payments reach the total, and for a free cart', () => {
    const payment = { ...paid(['Charge', 'Success']), amountPlanned: aPayment().amountPlanned };
    expect(amountDue(aCart(), [payment])).toEqual({ kind: 'paid', paidAmount: 1190, cartAmount: 1190 });
    expect(amountDue(aCart({ total: euro(0) }), [])).toEqual({ kind: 'nothing', paidAmount: 0, cartAmount: 0 });
    const covered = { centAmount: 1190, currencyCode: 'EUR' };
    expect(amountDue(aCart(), [], covered)).toEqual({ kind: 'nothing', paidAmount: 0, cartAmount: 1190 });
  });

  it('is zero while money in another currency is held, so that nobody has to pay twice', () => {
    const planned = { centAmount: 500, currencyCode: 'USD', fractionDigits: 2 };
    const inDollars = aPayment({ planned, transactions: [aTransaction('Charge', 'Success')] });
    expect(amountDue(aCart(), [inDollars])).toMatchObject({ kind: 'paid' });
  });

  it.each([
    ['in the same currency', 'EUR', 190, 1000],
    ['in another currency', 'USD', 190, 1190],
    ['of a negative amount', 'EUR', -190, 1190],
  ])('takes gift cards off %s', (_what, currencyCode, centAmount, due) => {
    expect(amountDue(aCart(), [], { currencyCode, centAmount })).toMatchObject({ due: euro(due) });
  });

  it('is gross where the cart is taxed', () => {
    expect(totalOf(aCart({ total: euro(1000), taxedPrice: aTaxedPrice(1000, 190) }))).toEqual(euro(1190));
  });

  it.each([
    ['in full', 1190, euro(0)],
    ['above what was authorised', 1390, euro(200)],
    ['in part, and no more', 500, euro(0)],
  ])('subtracts what was captured %s, so that nobody has to pay it twice', (_what, received, above) => {
    const paymentIntent = aPaymentIntent({ status: 'succeeded', amount: 1190, amount_received: received });
    const total = euro(1190 + above.centAmount);
    expect(amountDue(aCart({ total }), [asPaid(aPayment(), paymentIntent)])).toMatchObject({ kind: 'paid' });
  });
});
