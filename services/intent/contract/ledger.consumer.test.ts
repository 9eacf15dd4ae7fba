import { EVENTS } from '@connector/contracts';
import { expected, receive, startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { expect, it } from 'vitest';
import { createRecordedTransactions } from '../src/adapters/recorded-transactions.ts';

const { equal, string } = MatchersV3;

const contract = startContract('intent', 'ledger');

const RECORDED = 'checkout.transaction.recorded';
const REJECTED = 'checkout.payment.rejected';
const about = { paymentId: 'payment-1', paymentIntentId: 'pi_1', causeId: 'event-1', causeType: 'type' };
const amount = { centAmount: 100, currencyCode: 'EUR', fractionDigits: 2 };
const transactions = [
  { id: 'transaction-1', type: 'Charge' as const, state: 'Success' as const, amount, interactionId: 'pi_1' },
];

it.each([
  {
    says: 'a payment that shows an event',
    type: RECORDED,
    content: expected(
      EVENTS[RECORDED].pick({ causeId: true, paymentId: true, paymentIntentId: true, transactions: true }),
      { causeId: 'event-1', paymentId: 'payment-1', paymentIntentId: 'pi_1', transactions },
    ),
    means: { kind: 'recorded', causeId: 'event-1', paymentId: 'payment-1', transactions },
  },
  {
    says: 'a decline',
    type: REJECTED,
    content: expected(EVENTS[REJECTED], { ...about, code: 'card_declined', declineCode: 'insufficient_funds' }),
    means: { kind: 'rejected', causeId: 'event-1', code: 'card_declined', declineCode: 'insufficient_funds' },
  },
])('delivers $says to whoever listens to the PaymentIntent', async ({ says, type, content, means }) => {
  const headers = { ce_id: string('result-1'), ce_source: string('/stripe-connector/ledger'), ce_type: equal(type) };
  await receive(contract, says, { headers, content }, async (message) => {
    const { ledger, onMessage } = createRecordedTransactions();
    using listening = ledger.listenTo('pi_1');
    onMessage(message);
    expect(listening.heard(() => true)).toEqual(means);
  });
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
