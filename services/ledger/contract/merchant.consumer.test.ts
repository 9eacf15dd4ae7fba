import { attributesOf, EVENTS } from '@connector/contracts';
import { expected, receive, startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { expect, it } from 'vitest';

const { equal, regex, string } = MatchersV3;

/** The merchant is not ours: its side is what docs/money.md tells it to read of our topic. */
const contract = startContract('merchant', 'ledger');

const TYPE = 'checkout.payment.settled_without_order';
const schema = EVENTS[TYPE];
const [orderCreated, returned] = schema.shape.settlement.options;

const common = {
  paymentId: 'payment-1',
  paymentIntentId: 'pi_1',
  paymentKey: 'cart-1-1',
  cartId: 'cart-1',
  amount: { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 },
  paidSince: '2026-11-23T09:00:00.000Z',
};
const ROWS = [
  {
    says: 'the order of a paid cart was made',
    of: schema.extend({ settlement: orderCreated }),
    example: {
      ...common,
      settlement: { kind: 'order_created', orderId: 'order-1', orderNumber: 'stripe-cart-1', paymentState: 'Paid' },
    } as const,
    does: 'ship order-1, which payment-1 paid with 10000 EUR',
  },
  {
    says: 'the money of a paid cart went back',
    of: schema.extend({ settlement: returned }),
    example: { ...common, settlement: { kind: 'returned' } } as const,
    does: 'tell the shopper of cart-1 that 10000 EUR come back',
  },
];

/** A merchant's consumer: what it does next, from the event alone. */
function next(value: Buffer): string {
  const { paymentId, cartId, amount, settlement } = schema.parse(JSON.parse(value.toString()));
  const money = `${amount.centAmount} ${amount.currencyCode}`;
  return settlement.kind === 'order_created'
    ? `${settlement.paymentState === 'Paid' ? 'ship' : 'wait with'} ${settlement.orderId}, which ${paymentId} paid with ${money}`
    : `tell the shopper of ${cartId} that ${money} come back`;
}

it.each(ROWS)('reads that $says', async ({ says, of, example, does }) => {
  const headers = {
    // The same settlement published twice has the same id: whoever acts on it remembers that.
    ce_id: regex('[0-9a-f-]{36}', '7c1de1f0-51f1-5d0e-8f39-3a6b5ce1d2aa'),
    ce_source: equal('/stripe-connector/unordered'),
    ce_type: equal(TYPE),
    ce_time: regex('\\d{4}-\\d\\d-\\d\\dT.+Z', '2026-11-23T09:30:00.000Z'),
    ce_subject: string('pi_1'),
    key: regex('pi_\\w+', 'pi_1'),
  };
  await receive(contract, says, { headers, content: expected(of, example) }, (message) => {
    expect(attributesOf(message.headers)).toMatchObject({ type: TYPE, subject: message.key });
    expect(next(message.value)).toBe(does);
  });
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
