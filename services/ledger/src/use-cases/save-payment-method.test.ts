import type { Cart, Payment, PaymentMethod } from '@commercetools/platform-sdk';
import { attributesOf, eventRecord, SOURCES, toRecord } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import { ownershipOf } from '@connector/payment-model';
import { createLogger } from '@connector/telemetry';
import {
  cart,
  chargeOf,
  payment as paymentFixture,
  paymentIntent,
  paymentMethod,
  savedCard,
  stripeEvent,
} from '@connector/testing';
import { type Failures, FakeCommercetools, FakeStripe, failing, RefusedAnswer } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { commercetoolsCarts, commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import {
  checkoutRecurringJobs,
  commercetoolsPaymentMethods,
  stripeGeneratedDebit,
  stripePaymentMethod,
} from '../adapters/payment-methods.ts';
import { type PaymentEvent, toPaymentEvent } from '../domain/payment-event.ts';
import { memory } from '../testing/memory.ts';
import { keepPaymentMethod } from './keep-payment-method.ts';
import { type SaveDependencies, savePaymentMethod } from './save-payment-method.ts';

const METADATA = {
  ct_project_key: 'shop',
  cart_id: 'cart-1',
  ct_customer_id: 'customer-1',
  ct_payment_key: 'cart-1-1',
};
const paid = paymentIntent({
  status: 'succeeded',
  customer: 'cus_1',
  payment_method: 'pm_1',
  amount_received: 10_000,
  metadata: METADATA,
});
const charge = { ...chargeOf(paid), customer: 'cus_1', payment_method: 'pm_1' };

const eventOf = (type: string, object: Parameters<typeof stripeEvent>[1]): PaymentEvent => {
  const sent = stripeEvent(type as Parameters<typeof stripeEvent>[0], object);
  const attributes = { id: sent.id, source: '/stripe', type: `com.stripe.${type}`, time: '2026-11-23T09:00:00Z' };
  const record = toRecord('pi_1', attributes, sent);
  const event = toPaymentEvent(attributesOf(record.headers), record.value);
  if (!event) throw new Error('no event');
  return event;
};
const recurring = cart({
  id: 'cart-1',
  customerId: 'customer-1',
  lineItems: [{ recurrenceInfo: { recurrencePolicy: { typeId: 'recurrence-policy', id: 'monthly' } } }] as never,
});

interface World {
  cart?: Cart;
  methods?: Partial<PaymentMethod>[];
  stripeCustomer?: string | undefined;
  /** Errors of the next calls, by call name. */
  failures?: Failures;
  token?: string;
  /** The type of the single-use method that was used. */
  payOnce?: string;
  /** Whether it created a SEPA direct debit. */
  leaves?: boolean;
}

/** commercetools, Checkout and Stripe in memory, for one payment. */
function world({ cart: ofPayment, methods = [], failures = {}, token, payOnce, leaves = true, ...given }: World = {}) {
  const stripeCustomer = 'stripeCustomer' in given ? given.stripeCustomer : 'cus_1';
  const calls: string[] = [];
  const seen = { calls, gate: failing(failures) };
  const project = Object.assign(new FakeCommercetools(), seen).addCustomer('customer-1');
  project.newId = () => `method-${project.paymentMethods.size + 1}`;
  project.add(
    paymentFixture({
      id: 'payment-1',
      key: METADATA.ct_payment_key,
      version: 3,
      interfaceId: paid.id,
      ...(token && { paymentMethodInfo: { paymentInterface: 'checkout-stripe', token: { value: token } } }),
    }),
  );
  if (ofPayment) project.addCart(ofPayment);
  for (const fields of methods) {
    const method = paymentMethod({ paymentInterface: 'checkout-stripe', ...fields });
    project.paymentMethods.set(method.id, method);
  }
  const account = Object.assign(new FakeStripe(), seen);
  const has = (id: string, type: string, customer: string | null) =>
    account.paymentMethods.set(id, { ...savedCard({ id, customer }), type } as Stripe.PaymentMethod);
  has('pm_1', 'card', stripeCustomer ?? null);
  has('pm_sepa', 'sepa_debit', stripeCustomer ?? null);
  if (payOnce) has(`pm_${payOnce}`, payOnce, null);
  const left = payOnce && { type: payOnce, [payOnce]: { generated_sepa_debit: leaves ? 'pm_sepa' : null } };
  const charged = { ...charge, ...(left && { payment_method_details: left }) };
  account.charges.set(charge.id, charged as unknown as Stripe.Charge);
  const deps: SaveDependencies = {
    payments: commercetoolsPayments(project),
    carts: commercetoolsCarts(project),
    paymentMethods: commercetoolsPaymentMethods(project),
    jobs: checkoutRecurringJobs(project, 'https://checkout.example'),
    stripePaymentMethod: stripePaymentMethod(account),
    generatedDebit: stripeGeneratedDebit(account),
    paymentInterface: 'checkout-stripe',
    known: memory(),
    log: createLogger('test', 'silent'),
  };
  const payment = () => structuredClone(project.payment('payment-1'));
  return {
    deps,
    calls,
    payment,
    remembered: deps.known,
    methods: () => [...project.paymentMethods.values()],
    /** Payment and method of each recurring job. */
    jobs: () =>
      [...project.recurringJobs.values()].map(({ originPayment, paymentMethod: { id } }) => [originPayment.id, id]),
    /** Another writer changes the payment. */
    change: (change: Partial<Payment>) => project.changeByAnother('payment-1', change),
    /** The payment as the ledger has just recorded it, whose it is by the metadata `of`. */
    recorded: (of: Record<string, string> = METADATA) => ({
      kind: 'recorded' as const,
      written: true,
      standing: 'applied' as const,
      changes: [],
      payment: payment(),
      collected: { facts: [], paymentIntentId: paid.id, ownership: ownershipOf(of) },
    }),
  };
}

const succeeded = eventOf('payment_intent.succeeded', paid);
const authorised = eventOf('charge.succeeded', { ...charge, captured: false });

describe('what is stored', () => {
  it.each([
    ['a charge that waits for its capture', authorised],
    ['a successful PaymentIntent', succeeded],
  ])(
    '%s of a customer who saved the method: the method in commercetools, and its token on the payment',
    async (_what, event) => {
      const { deps, methods, remembered, recorded, ...rest } = world();
      expect(await savePaymentMethod(deps)(event, recorded())).toMatchObject({ kind: 'saved', job: false });
      expect(methods()).toMatchObject([
        {
          key: 'stripe-pm_1',
          customer: { typeId: 'customer', id: 'customer-1' },
          paymentInterface: 'checkout-stripe',
          method: 'card',
          default: false,
          paymentMethodStatus: 'Active',
          token: { value: 'pm_1' },
        },
      ]);
      expect(rest.calls).toContain('payments.update');
      // The next event of the payment costs one call again.
      expect(remembered.get(paid.id)).toMatchObject({ version: 4, paymentMethodInfo: { token: { value: 'pm_1' } } });
    },
  );

  it('under the account in which intent looks for methods, and with a name of the card, if names are on', async () => {
    const { deps, methods, recorded } = world();
    const set = { ...deps, interfaceAccount: 'shop-a', names: true };
    await savePaymentMethod(set)(succeeded, recorded());
    expect(methods()).toMatchObject([{ interfaceAccount: 'shop-a', name: { en: 'Visa •••• 4242, 08/27' } }]);
  });

  it('for the business unit that the customer bought for, as its associate', async () => {
    const { deps, methods, recorded } = world();
    await savePaymentMethod(deps)(succeeded, recorded({ ...METADATA, ct_business_unit: 'acme' }));
    expect(methods()).toMatchObject([
      { customer: { id: 'customer-1' }, businessUnit: { typeId: 'business-unit', key: 'acme' } },
    ]);
  });

  it('what reconciliation read at Stripe, like a webhook', async () => {
    const { deps, methods, recorded } = world();
    const attributes = { key: paid.id, id: 'rec-1', source: SOURCES.reconcile };
    const record = eventRecord('checkout.payment.reconciled', attributes, {
      paymentIntentId: paid.id,
      object: { ...paid },
    });
    const event = toPaymentEvent(attributesOf(record.headers), record.value);
    await savePaymentMethod(deps)(event as PaymentEvent, recorded());
    expect(methods()).toHaveLength(1);
  });

  it.each<[string, PaymentEvent, Record<string, string>]>([
    ['a guest at Stripe', eventOf('payment_intent.succeeded', { ...paid, customer: null }), METADATA],
    ['a guest in commercetools', succeeded, { ct_project_key: 'shop', cart_id: 'cart-1' }],
    ['a payment without a method', eventOf('payment_intent.succeeded', { ...paid, payment_method: null }), METADATA],
    ['a captured charge, because its PaymentIntent succeeds with it', eventOf('charge.succeeded', charge), METADATA],
    ['a charge that failed', eventOf('charge.succeeded', { ...charge, status: 'failed' }), METADATA],
    ['an event that only changes a charge', eventOf('charge.updated', charge), METADATA],
    ['a payment that is under way', eventOf('payment_intent.processing', { ...paid, status: 'processing' }), METADATA],
  ])('nothing, without a call: %s', async (_what, event, metadata) => {
    const { deps, calls, recorded } = world();
    expect(await savePaymentMethod(deps)(event, recorded(metadata))).toEqual({ kind: 'nothing-to-save' });
    expect(calls).toEqual([]);
  });

  it('nothing, without a call, for a payment that this process has handled', async () => {
    const { deps, calls, recorded } = world();
    const save = savePaymentMethod(deps);
    await save(authorised, recorded());
    calls.length = 0;
    expect(await save(succeeded, recorded())).toEqual({ kind: 'nothing-to-save' });
    expect(calls).toEqual([]);
  });

  describe.each(['ideal', 'bancontact', 'sofort'])(
    'of %s, a single-use method: the SEPA direct debit that it created',
    (type) => {
      const method = `pm_${type}`;
      const withDebit = (generated: string | null | { id: string }, customer: string | null = 'cus_1') =>
        eventOf('charge.succeeded', {
          ...charge,
          customer,
          payment_method: method,
          payment_method_details: { type, [type]: { generated_sepa_debit: generated } } as never,
        });
      const intentEvent = eventOf('payment_intent.succeeded', {
        ...paid,
        payment_method: method,
        latest_charge: charge.id,
      });

      it.each<[string, PaymentEvent]>([
        ['named by the charge', withDebit('pm_sepa')],
        ['named by the charge of no customer', withDebit('pm_sepa', null)],
        ['expanded in the charge', withDebit({ id: 'pm_sepa' })],
        ['read, because the PaymentIntent does not name it', intentEvent],
      ])('%s', async (_how, event) => {
        const { deps, methods, jobs, recorded, ...rest } = world({ payOnce: type, cart: recurring });
        expect(await savePaymentMethod(deps)(event, recorded())).toMatchObject({ kind: 'saved', job: true });
        expect(methods()).toMatchObject([{ key: 'stripe-pm_sepa', method: 'sepa_debit', token: { value: 'pm_sepa' } }]);
        expect(jobs()).toEqual([['payment-1', 'method-1']]);
        expect(rest.calls).toContain('payments.update');
      });

      it('once, with one job, from charge and PaymentIntent in any order', async () => {
        for (const events of [
          [withDebit('pm_sepa'), intentEvent],
          [intentEvent, withDebit('pm_sepa')],
        ]) {
          const situation = world({ payOnce: type, cart: recurring });
          const save = savePaymentMethod(situation.deps);
          for (const event of events) await save(event, situation.recorded());
          expect([situation.methods().length, situation.jobs().length]).toEqual([1, 1]);
        }
      });

      it('nothing when it created none', async () => {
        const { deps, methods, recorded } = world({ payOnce: type, leaves: false });
        expect(await savePaymentMethod(deps)(withDebit(null), recorded())).toEqual({ kind: 'nothing-to-save' });
        expect(await savePaymentMethod(deps)(intentEvent, recorded())).toEqual({ kind: 'not-saved-by-shopper' });
        expect(methods()).toEqual([]);
      });
    },
  );

  it('reads Stripe once for each payment whose method the shopper did not save', async () => {
    const { deps, calls, recorded } = world({ stripeCustomer: undefined });
    const save = savePaymentMethod(deps);
    for (const event of [eventOf('charge.succeeded', charge), succeeded]) await save(event, recorded());
    expect(calls).toEqual(['payment_methods.retrieve']);
  });

  it('nothing when the shopper did not save the method', async () => {
    const { deps, calls, recorded } = world({ stripeCustomer: undefined });
    expect(await savePaymentMethod(deps)(succeeded, recorded())).toEqual({ kind: 'not-saved-by-shopper' });
    expect(calls).toEqual(['payment_methods.retrieve']);
  });

  it('one method for two payments with it, also one that the original connector stored without a key', async () => {
    const stored = { id: 'old', token: { value: 'pm_1' }, customer: { typeId: 'customer' as const, id: 'customer-1' } };
    const { deps, methods, recorded } = world({ methods: [stored] });
    expect(await savePaymentMethod(deps)(succeeded, recorded())).toMatchObject({ paymentMethodId: 'old' });
    expect(methods()).toHaveLength(1);
  });

  it('one method when two processes store it in the same moment', async () => {
    const { deps, methods, recorded } = world();
    const both = [authorised, succeeded].map((event) => savePaymentMethod(deps)(event, recorded()));
    const outcomes = await Promise.all(both);
    expect(methods()).toHaveLength(1);
    expect(outcomes.map((one) => one.kind === 'saved' && one.paymentMethodId)).toEqual(['method-1', 'method-1']);
  });

  it("refuses a method that is another customer's", async () => {
    const stored = { id: 'x', key: 'stripe-pm_1', customer: { typeId: 'customer' as const, id: 'customer-2' } };
    const { deps, recorded } = world({ methods: [stored] });
    await expect(savePaymentMethod(deps)(succeeded, recorded())).rejects.toMatchObject({ reason: 'other_customer' });
  });

  it('reads the payment again when another writer changed it', async () => {
    const one = world();
    const recorded = one.recorded();
    one.change({ key: 'changed' });
    await savePaymentMethod(one.deps)(succeeded, recorded);
    expect(one.payment()).toMatchObject({ key: 'changed', paymentMethodInfo: { token: { value: 'pm_1' } } });
  });

  it('leaves a token of another writer alone', async () => {
    const one = world({ cart: recurring });
    const recorded = one.recorded();
    one.change({ paymentMethodInfo: { paymentInterface: 'checkout-stripe', token: { value: 'pm_1' } } });
    await savePaymentMethod(one.deps)(succeeded, recorded);
    expect(one.calls.filter((call) => call === 'payments.update')).toHaveLength(1);
    expect(one.jobs()).toEqual([]);
  });
});

describe('a recurring cart', () => {
  it('gets one job, whoever asks and how often', async () => {
    const one = world({ cart: recurring });
    const [here, there] = [savePaymentMethod(one.deps), savePaymentMethod(one.deps)];
    const early = one.recorded();
    await Promise.all([here(authorised, early), there(succeeded, early)]);
    await here(succeeded, one.recorded());
    expect(one.jobs()).toEqual([['payment-1', 'method-1']]);
  });

  it.each([
    ['without a customer', { ...recurring, customerId: undefined }],
    ['without recurring items', cart({ id: 'cart-1', customerId: 'customer-1' })],
    ['that is gone', undefined],
  ])('gets none: a cart %s', async (_what, ofPayment) => {
    const one = world({ ...(ofPayment && { cart: ofPayment as Cart }) });
    await savePaymentMethod(one.deps)(succeeded, one.recorded());
    expect(one.jobs()).toEqual([]);
  });

  it('gets it with a custom line item that recurs', async () => {
    const { lineItems, ...rest } = recurring;
    const one = world({ cart: { ...rest, lineItems: [], customLineItems: lineItems as never } });
    await savePaymentMethod(one.deps)(succeeded, one.recorded());
    expect(one.jobs()).toHaveLength(1);
  });

  it('gets it at the next try when Checkout was down', async () => {
    const one = world({ cart: recurring, failures: { 'recurring-payment-jobs.create': [new TransientError('503')] } });
    const save = savePaymentMethod(one.deps);
    await expect(save(succeeded, one.recorded())).rejects.toThrow(TransientError);
    await save(succeeded, one.recorded());
    expect(one.jobs()).toEqual([['payment-1', 'method-1']]);
  });

  it('gets no second job when the answer was lost', async () => {
    const away = new TransientError('503');
    const failures: Failures = {
      'recurring-payment-jobs.create': ['answer-lost'],
      'recurring-payment-jobs.get': [away],
    };
    const one = world({ cart: recurring, failures });
    const save = savePaymentMethod(one.deps);
    await expect(save(succeeded, one.recorded())).rejects.toThrow(away);
    expect(await save(succeeded, one.recorded())).toMatchObject({ kind: 'saved', job: true });
    expect(await save(succeeded, one.recorded())).toEqual({ kind: 'nothing-to-save' });
    expect(one.jobs()).toEqual([['payment-1', 'method-1']]);
    expect(one.calls.filter((call) => call === 'recurring-payment-jobs.create')).toHaveLength(2);
  });

  it('is not requested again after a refusal', async () => {
    const refused = new RefusedAnswer(400, 'InvalidInput');
    const one = world({ cart: recurring, failures: { 'recurring-payment-jobs.create': [refused] } });
    const save = savePaymentMethod(one.deps);
    await expect(save(succeeded, one.recorded())).rejects.toThrow(PermanentError);
    expect(await save(succeeded, one.recorded())).toEqual({ kind: 'nothing-to-save' });
  });

  it('gets it from the next process when one died right after the claim', async () => {
    const one = world({ cart: recurring, failures: { 'carts.get': [new TransientError('killed')] } });
    await expect(savePaymentMethod(one.deps)(succeeded, one.recorded())).rejects.toThrow(TransientError);
    expect(one.payment().paymentMethodInfo.token).toEqual({ value: 'pm_1' });
    const next = savePaymentMethod(one.deps);
    expect(await next(succeeded, one.recorded())).toEqual({ kind: 'saved', paymentMethodId: 'method-1', job: true });
    expect(one.jobs()).toEqual([['payment-1', 'method-1']]);
  });

  it.each([
    ['a cycle without the shopper', 'transaction-1'],
    ['the original connector', undefined],
  ])('gets none from a payment of %s, whose token is from elsewhere', async (_whose, key) => {
    const one = world({ cart: recurring, token: 'pm_1' });
    one.change({ key: key as string });
    expect(await savePaymentMethod(one.deps)(succeeded, one.recorded())).toEqual({ kind: 'nothing-to-save' });
    expect(one.calls).toEqual([]);
  });

  it('gets it although the answer to the claim was lost', async () => {
    const one = world({ cart: recurring, failures: { 'payments.update': ['answer-lost'] } });
    const save = savePaymentMethod(one.deps);
    await expect(save(succeeded, one.recorded())).rejects.toThrow(TransientError);
    await save(succeeded, one.recorded());
    expect(one.jobs()).toEqual([['payment-1', 'method-1']]);
  });
});

describe('what goes wrong', () => {
  const down = () => new TransientError('down');

  it('has the event retried twice, then gives up', async () => {
    const one = world({ failures: { 'payment_methods.retrieve': [down(), down(), down(), down()] } });
    const keep = keepPaymentMethod(one.deps);
    await expect(keep(succeeded, one.recorded(), 1)).rejects.toThrow(TransientError);
    await expect(keep(succeeded, one.recorded(), 1)).rejects.toThrow(TransientError);
    await keep(succeeded, one.recorded(), 1);
    expect(one.calls).toHaveLength(3);
  });

  it('does not retry an event that took long to be recorded', async () => {
    const one = world({ failures: { 'payment_methods.retrieve': [down()] } });
    await keepPaymentMethod(one.deps)(succeeded, one.recorded(), 11);
    expect(one.calls).toEqual(['payment_methods.retrieve']);
  });

  it('counts the tries of each event separately', async () => {
    const one = world({ failures: { 'payment_methods.retrieve': [down(), down(), down()] } });
    const keep = keepPaymentMethod(one.deps);
    for (const event of [succeeded, authorised, succeeded]) {
      await expect(keep(event, one.recorded(), 1)).rejects.toThrow(TransientError);
    }
  });

  it.each([
    ['a refusal', new PermanentError('no')],
    ['a bug', new TypeError('x is undefined')],
  ])('%s never reaches the consumer', async (_what, error) => {
    const one = world({ failures: { 'payment-methods.create': [error] } });
    await keepPaymentMethod(one.deps)(succeeded, one.recorded(), 1);
    expect(one.calls).toContain('payment-methods.create');
  });

  it('retries after a refused key (401), because a renewed key file is read a moment later', async () => {
    const refused = () => new TransientError('401', { reason: 'unauthorized', status: 401 });
    const one = world({
      cart: recurring,
      failures: { 'payment_methods.retrieve': [refused()], 'recurring-payment-jobs.create': [refused()] },
    });
    const keep = keepPaymentMethod(one.deps);
    await expect(keep(succeeded, one.recorded(), 1)).rejects.toThrow(TransientError);
    await expect(keep(succeeded, one.recorded(), 2)).rejects.toThrow(TransientError);
    await keep(succeeded, one.recorded(), 3);
    expect(one.jobs()).toHaveLength(1);
  });

  it('warns of a missing permission once an hour, and does not retry', async () => {
    const denied = () => new TransientError('403', { reason: 'unauthorized', status: 403 });
    const lines: string[] = [];
    const log = createLogger('test', 'warn', { write: (line) => void lines.push(line) });
    let now = 0;
    const one = world({ failures: { 'payment-methods.query': [denied(), denied(), denied()] } });
    const keep = keepPaymentMethod({ ...one.deps, log, now: () => now });
    await keep(succeeded, one.recorded(), 1);
    await keep(succeeded, one.recorded(), 1);
    expect(lines).toHaveLength(1);
    now = 60 * 60 * 1000;
    await keep(succeeded, one.recorded(), 1);
    expect(lines).toHaveLength(2);
    expect(one.payment().paymentMethodInfo.token).toBeUndefined();
  });
});
