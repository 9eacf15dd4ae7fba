import { PermanentError } from '@connector/errors';
import { chargeOf, METADATA_OF_OURS, payment, paymentIntent, stripeEvent, type Truth } from '@connector/testing';
import { FakeStripe } from '@connector/testing/fakes';
import { expect, it } from 'vitest';
import type { PaymentEvent } from '../domain/payment-event.ts';
import { commercetoolsWith, dependenciesOf } from '../testing/ledger-run.ts';
import { read } from '../testing/messages.ts';
import { recordPaymentEvent } from './record-payment-event.ts';

const paid = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
const charge = chargeOf(paid);
paid.latest_charge = charge.id;
const charged = stripeEvent('charge.succeeded', charge);
const succeeded = stripeEvent('payment_intent.succeeded', paid);
const BOTH = [`Authorization:Success [${paid.id}]`, `Charge:Success [${paid.id}]`];

/** A ledger whose commercetools shows the payment that intent opened for the PaymentIntent, and Stripe the given truth. */
function ledger(truth: Partial<Truth> = {}) {
  const opened = payment({ key: METADATA_OF_OURS.ct_payment_key, interfaceId: paid.id });
  const commercetools = commercetoolsWith(opened);
  const dependencies = dependenciesOf(commercetools, new FakeStripe().show({ paymentIntent: paid, ...truth }));
  const handle = (event: PaymentEvent, ...waiting: PaymentEvent[]) =>
    recordPaymentEvent(dependencies, event, undefined, () => waiting);
  const transactions = () =>
    commercetools
      .payment(opened.id)
      .transactions.map(({ type, state, interactionId }) => `${type}:${state} [${interactionId}]`);
  return { commercetools, dependencies, handle, transactions };
}

it('writes what a waiting event tells in the update of the event before it, and finds it written in its turn', async () => {
  const { commercetools, handle, transactions } = ledger();
  const waiting = read(succeeded);
  const first = await handle(read(charged), waiting);
  expect(first).toMatchObject({
    written: true,
    joined: [waiting],
    changes: [
      { type: 'Authorization', state: 'Success' },
      { type: 'Charge', state: 'Success' },
    ],
  });
  expect(transactions()).toEqual(BOTH);
  const before = commercetools.calls.length;
  expect(await handle(waiting)).toMatchObject({ kind: 'recorded', written: false, changes: [] });
  expect(commercetools.calls).toHaveLength(before);
});

it.each<[string, Partial<PaymentEvent>]>([
  ['of another PaymentIntent', { paymentIntentId: 'pi_other' }],
  ['of the other mode', { livemode: true }],
  ['of a connected account that this one does not name', { account: 'acct_other' }],
])('leaves a waiting event %s to its own turn', async (_which, change) => {
  const { handle, transactions } = ledger();
  await handle(read(charged), { ...read(succeeded), ...change });
  expect(transactions()).toEqual(BOTH.slice(0, 1));
});

it('joins nothing from behind an event that cannot join, so that events are written in order', async () => {
  const { handle, transactions } = ledger();
  const refunded = read(stripeEvent('charge.refunded', charge));
  await handle(read(charged), refunded, read(succeeded));
  expect(transactions()).toEqual(BOTH.slice(0, 1));
});

it('does not change in an update the state of a transaction that the update itself adds', async () => {
  const canceled = paymentIntent({ id: paid.id, status: 'canceled' });
  const { commercetools, handle, transactions } = ledger({ paymentIntent: canceled });
  await handle(read(stripeEvent('payment_intent.canceled', canceled)), read(charged));
  expect(commercetools.calls.filter((call) => call === 'payments.update')).toHaveLength(1);
  expect(transactions()).toContain(`Authorization:Failure [${paid.id}]`);
});

it('writes the event alone when commercetools refuses the update that others joined, which is held against them in their turn', async () => {
  const { dependencies, handle, transactions } = ledger();
  const { update } = dependencies.payments;
  dependencies.payments.update = async (of, actions) => {
    if (actions.some((action) => action.action === 'addTransaction' && action.transaction.type === 'Charge'))
      throw new PermanentError('no Charge here');
    return update(of, actions);
  };
  const first = await handle(read(charged), read(succeeded));
  expect(first).toMatchObject({ written: true, joined: [], changes: [{ type: 'Authorization', state: 'Success' }] });
  expect(transactions()).toEqual(BOTH.slice(0, 1));
  await expect(handle(read(succeeded))).rejects.toThrow('no Charge here');
});

it('collects the facts again when another writer was first, and what waits joins again', async () => {
  const { commercetools, handle, transactions } = ledger();
  commercetools.faults.push('another-writer');
  await handle(read(charged), read(succeeded));
  expect(transactions()).toEqual(BOTH);
});
