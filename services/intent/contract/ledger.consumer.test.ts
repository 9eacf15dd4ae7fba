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

it.each([
  {
    says: 'a payment that shows an event',
    type: RECORDED,
    // Of what is recorded, only whose event it answers matters to a shopper who waits.
    content: expected(EVENTS[RECORDED].pick({ causeId: true }), { causeId: 'event-1' }),
    means: { kind: 'recorded' },
  },
  {
    says: 'a decline',
    type: REJECTED,
    content: expected(EVENTS[REJECTED], { ...about, code: 'card_declined', declineCode: 'insufficient_funds' }),
    means: { kind: 'rejected', code: 'card_declined', declineCode: 'insufficient_funds' },
  },
])('hands $says to whoever waits for the event', async ({ says, type, content, means }) => {
  const headers = { ce_id: string('result-1'), ce_source: string('/stripe-connector/ledger'), ce_type: equal(type) };
  await receive(contract, says, { headers, content }, async (message) => {
    const { waiters, onMessage } = createRecordedTransactions();
    using waiter = waiters.waitFor('event-1');
    onMessage(message);
    expect(await waiter.within(1_000)).toEqual(means);
  });
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
