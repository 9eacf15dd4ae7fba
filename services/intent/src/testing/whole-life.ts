import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import type { Gate } from '@connector/testing/fakes';
import fc from 'fast-check';
import type Stripe from 'stripe';
import { createRecordedTransactions } from '../adapters/recorded-transactions.ts';
import { rememberingCarts } from '../adapters/remembered-carts.ts';
import { rememberingCustomers } from '../adapters/remembered-customers.ts';
import { holdsMoney } from '../domain/merchant-transaction.ts';
import type { Operation } from '../domain/operations.ts';
import type { ConfirmPaymentDeps } from '../use-cases/confirm-payment.ts';
import type { OpenCheckoutDeps } from '../use-cases/opening/opening.ts';
import type { RunOperationDeps } from '../use-cases/run-operation.ts';
import type { RunTransactionDeps } from '../use-cases/run-transaction.ts';
import { aCart, cent, euro, someBehaviour } from './builders.ts';
import { FakeWorld } from './fake-world.ts';

export const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });

/** What one actor does; amounts are few, so that equal requests are common. */
export const ACT = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('shop' as const),
      pays: fc.constantFrom('yes', 'yes', 'declined', 'no'),
      confirms: fc.nat(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('transact' as const),
      key: fc.constantFrom('k1', 'k2'),
      amount: fc.constantFrom(undefined, 500),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('operate' as const),
      what: fc.constantFrom('capture', 'capture', 'refund', 'refund', 'cancel', 'reverse', 'increment'),
      amount: fc.constantFrom(300, 600, 1190, 2000),
      which: fc.nat(2),
      key: fc.nat(3),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('reprice' as const), to: fc.constantFrom(600, 1190, 2000) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('record' as const) }) },
);
export type Act = typeof ACT extends fc.Arbitrary<infer A> ? A : never;
export type ActOf<D extends Act['does']> = Extract<Act, { does: D }>;

export function operationOf({ what, amount }: ActOf<'operate'>): Operation {
  switch (what) {
    case 'capture':
      return { action: 'capturePayment', amount: EUR(amount) };
    case 'refund':
      return { action: 'refundPayment', amount: EUR(amount) };
    case 'increment':
      return { action: 'incrementAuthorization', amount: EUR(amount) };
    case 'cancel':
      return { action: 'cancelPayment' };
    default:
      return { action: 'reversePayment' };
  }
}

/** What one pod runs its use-cases with. */
export type Pod = OpenCheckoutDeps & ConfirmPaymentDeps & RunOperationDeps & RunTransactionDeps;

/** A customer's cart of 11.90 EUR, with a stored method. */
export function aShop(captureMethod: 'automatic' | 'manual') {
  const world = new FakeWorld(aCart({ customerId: 'customer-1' }));
  world.putCustomer({ id: 'customer-1', version: 1, email: 'ada@example.com', addresses: [] });
  world.stripe.addCustomer('cus_1');
  world.saveMethod('method-1');
  const { carts, payments, paymentIntents, stripeCustomers, events, inBackground } = world;
  const cardFeatures = { multicapture: true, incrementalAuthorization: true };
  const pod = (): Pod => ({
    carts: rememberingCarts(carts, { max: 10 }),
    customers: rememberingCustomers(world.customers, { max: 10 }),
    payments,
    paymentIntents,
    stripeCustomers,
    events,
    inBackground,
    log: createLogger('intent', 'silent'),
    settings: {
      projectKey: 'project',
      paymentInterface: 'checkout-stripe',
      merchantReturnUrl: 'https://shop.example/return',
      cardFeatures,
      behaviour: someBehaviour({ captureMethod }),
    },
    cardFeatures,
    recorded: { ...createRecordedTransactions().ledger, isListening: true },
    checksCart: true,
    confirmWaitMs: 0,
    isEnabled: true,
    storedMethods: world.storedMethods,
    sleep: async () => {
      world.now += 150;
    },
    now: () => world.now,
  });
  return { world, pod };
}

/** The charge of a PaymentIntent in the fake. */
const chargeIn = ({ stripe }: FakeWorld, { latest_charge: latest }: Stripe.PaymentIntent): Stripe.Charge | undefined =>
  typeof latest === 'string' ? stripe.charges.get(latest) : (latest ?? undefined);

/** The PaymentIntents that hold money now. */
export const holding = (world: FakeWorld): Stripe.PaymentIntent[] =>
  [...world.intents.values()].filter(({ status, ...rest }) =>
    holdsMoney({ status, latest_charge: chargeIn(world, { status, ...rest } as Stripe.PaymentIntent) ?? null }),
  );

/** Does what the ledger does: each payment shows the state of its PaymentIntent. */
export function record(world: FakeWorld): void {
  for (const { id, interfaceId, transactions, amountPlanned } of [...world.commercetools.stored.values()]) {
    const paymentIntent = interfaceId ? world.intents.get(interfaceId) : undefined;
    if (!paymentIntent) continue;
    const { id: pi, amount, amount_received: received, status } = paymentIntent;
    const isAuthorized = chargeIn(world, paymentIntent) !== undefined;
    const known = transactions.filter(({ type }) => type === 'Authorization');
    const raise = amount - known.reduce((sum, one) => sum + one.amount.centAmount, 0);
    const show = (type: string, centAmount: number, interactionId: string) => ({
      id: `${type}-${interactionId}`,
      type,
      state: 'Success',
      amount: cent(euro(centAmount)),
      interactionId,
    });
    const refunds = [...world.stripe.refunds.values()].filter(({ payment_intent }) => payment_intent === pi);
    const shown = [
      ...known,
      ...(isAuthorized && raise > 0
        ? [show('Authorization', raise, `${pi}${known.length > 0 ? `:${amount}` : ''}`)]
        : []),
      ...(received > 0 ? [show('Charge', received, pi)] : []),
      ...(status === 'canceled' ? [show('CancelAuthorization', amount - received, pi)] : []),
      ...refunds.map((refund) => show('Refund', refund.amount, refund.id)),
    ];
    const planned = isAuthorized ? cent(euro(Math.max(amount, received))) : amountPlanned;
    world.commercetools.changeByAnother(id, { transactions: shown, amountPlanned: planned } as never);
  }
}

type Fault = readonly [at: number, moment: 'before' | 'after'];
export const FAULT: fc.Arbitrary<Fault> = fc.tuple(fc.nat(120), fc.constantFrom('before' as const, 'after' as const));

/** A gate at which the scheduler decides who goes on, `look` sees each state, and the calls of `faults` fail. */
export function scheduledGate(scheduler: fc.Scheduler, faults: readonly Fault[], look: () => void): Gate {
  let calls = -1;
  return async (call, moment) => {
    if (moment === 'before') calls += 1;
    const fails = faults.some(([at, when]) => at === calls && when === moment);
    await scheduler.schedule(Promise.resolve(), `${moment} ${call}`);
    look();
    if (fails) throw new TransientError(`injected ${moment} ${call}`, { reason: 'connection' });
  };
}
