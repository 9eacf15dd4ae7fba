import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { EUR, type Flow, ok, operate, PATIENTLY, paid, refused } from './flow.ts';

/** What a payment shows of its money. */
interface Shown {
  readonly amountPlanned: { readonly centAmount: number };
  readonly transactions: readonly {
    readonly type: string;
    readonly state: string;
    readonly amount: { readonly centAmount: number };
  }[];
}

/** What merchants, their systems and banks do with payments. */
export const MERCHANTS: readonly Flow[] = [
  {
    name: 'manual capture, the whole',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(2400) });
    },
  },
  {
    name: 'partial captures, the last final',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(400), merchantReference: 'INV-1' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(2000), merchantReference: 'INV-1' });
    },
  },
  {
    name: 'an authorization that nobody captures in time',
    run: async (world) => void world.stripe.controls.expire((await paid(world, {}, { country: 'NL' })).paymentIntent),
  },
  {
    name: 'an authorization that is raised, declined for more, and captured above itself',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      const raise = (centAmount: number) =>
        operate(system, payment, { action: 'incrementAuthorization', amount: EUR(centAmount) });
      const outcomes = [await raise(3000), await raise(3000), await raise(9000)];
      const capture = { action: 'capturePayment', amount: EUR(3300) };
      outcomes.push(await operate(system, payment, capture));
      if (outcomes.join() !== 'approved,approved,rejected,approved') throw new Error(outcomes.join());
      const shown = async () => {
        const { amountPlanned, transactions } = await system.merchant<Shown>('GET', `/payments/${payment}`);
        return [
          `planned ${amountPlanned.centAmount}`,
          ...transactions.map(({ type, state, amount }) => `${type}:${state} ${amount.centAmount}`).toSorted(),
        ].join();
      };
      const expected = [
        'planned 3300',
        'Authorization:Failure 6000',
        'Authorization:Success 2400',
        'Authorization:Success 600',
        'Charge:Success 3300',
      ].join();
      await vi.waitUntil(async () => (await shown()) === expected, PATIENTLY);
    },
  },
  {
    name: 'refunds, several, by reference and by key',
    run: async (system) => {
      const { payment } = await system.opened({ pay: true });
      for (const key of ['a', 'b'])
        await operate(
          system,
          payment,
          { action: 'refundPayment', amount: EUR(300), merchantReference: 'INV-2' },
          { 'idempotency-key': randomUUID() + key },
        );
      await operate(system, payment, { action: 'refundPayment', amount: EUR(100) });
    },
  },
  {
    name: 'the same operation twice, under one idempotency key',
    run: async (system) => {
      const { payment } = await system.opened({ pay: true });
      const headers = { 'idempotency-key': randomUUID() };
      for (const _twice of [1, 2])
        await operate(system, payment, { action: 'refundPayment', amount: EUR(300) }, headers);
    },
  },
  {
    name: 'a refund that fails later',
    run: async (system) => {
      const opened = await paid(system, { card: '4000000000005126' });
      await operate(system, opened.payment, { action: 'refundPayment', amount: EUR(2400) });
    },
  },
  {
    name: 'cancel and reverse',
    run: async (system) => {
      await operate(system, (await paid(system, {}, { country: 'NL' })).payment, { action: 'cancelPayment' });
      await operate(system, (await paid(system, {}, { country: 'NL' })).payment, { action: 'reversePayment' });
      await operate(system, (await paid(system, {})).payment, { action: 'reversePayment' });
    },
  },
  {
    name: 'operations that cannot be done',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(2400) });
      const asks = (id: string, action: object) =>
        system.call('POST', `/operations/payment-intents/${id}`, {
          token: system.token('manage_project'),
          body: { actions: [action] },
        });
      await asks(payment, { action: 'capturePayment', amount: EUR(2400) });
      await asks(payment, { action: 'refundPayment', amount: EUR(9900) });
      await asks(payment, { action: 'cancelPayment' });
      await refused(asks(randomUUID(), { action: 'cancelPayment' }), 404);
    },
  },
  {
    name: "a refund, a capture and a cancellation in Stripe's dashboard",
    run: async (system) => {
      const refund = await paid(system, {});
      await system.stripeCall('/refunds', { payment_intent: refund.paymentIntent, amount: '500' });
      const capture = await paid(system, {}, { country: 'NL' });
      await system.stripeCall(`/payment_intents/${capture.paymentIntent}/capture`, {});
      const cancel = await paid(system, {}, { country: 'NL' });
      await system.stripeCall(`/payment_intents/${cancel.paymentIntent}/cancel`, {});
    },
  },
  {
    name: 'a dispute, lost, and one won',
    run: async (system) => {
      for (const status of ['lost', 'won'] as const) {
        const { paymentIntent } = await paid(system, {});
        const dispute = system.stripe.controls.openDispute({ payment_intent: paymentIntent });
        system.stripe.controls.moveDispute(dispute.id, { status: 'under_review' });
        system.stripe.controls.moveDispute(dispute.id, { status, ...(status === 'won' && { reinstate: true }) });
      }
    },
  },
  {
    name: 'an inquiry that is closed without a dispute',
    run: async (system) => {
      const { paymentIntent } = await paid(system, {});
      const { id } = system.stripe.controls.openDispute({
        payment_intent: paymentIntent,
        status: 'warning_needs_response',
      });
      system.stripe.controls.moveDispute(id, { status: 'warning_closed' });
    },
  },
  {
    name: "Checkout's status question",
    run: async (system) => void (await ok(system.call('GET', '/operations/status', { token: await system.jwt() }))),
  },
];
