import type { PaymentMethod } from '@commercetools/platform-sdk';
import {
  NotFoundError,
  PermanentError,
  StaleVersionError,
  TransientError,
  type TransientReason,
} from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { paymentMethod, savedCard, stripeEvent } from '@connector/testing';
import { type Failures, FakeCommercetools, FakeStripe, failing } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { commercetoolsPaymentMethods, stripeCustomerOwner, stripePaymentMethod } from '../adapters/payment-methods.ts';
import { toMethodEvent } from '../domain/method-event.ts';
import { messageOf } from '../testing/messages.ts';
import { followPaymentMethod } from './follow-payment-method.ts';

const card = savedCard({ id: 'pm_1' });
const NAME = { en: 'Visa •••• 4242, 08/27' };

type About = Parameters<typeof stripeEvent>[2];
const eventOf = (type: string, object: object = card, about?: About) => {
  const { attributes, value } = messageOf(stripeEvent(`payment_method.${type}`, object as typeof card, about));
  const event = toMethodEvent(attributes, value);
  if (!event) throw new Error('no event of a payment method');
  return event;
};
const detached = eventOf(
  'detached',
  { ...card, customer: null },
  { previous_attributes: { customer: 'cus_1' } as Record<string, unknown> },
);
const renewed = eventOf('automatically_updated');

const stored = (overrides: Partial<PaymentMethod> = {}): PaymentMethod =>
  paymentMethod({
    id: 'method-1',
    version: 3,
    key: 'stripe-pm_1',
    customer: { typeId: 'customer', id: 'customer-1' },
    paymentInterface: 'checkout-stripe',
    method: 'card',
    token: { value: 'pm_1' },
    ...overrides,
  });

interface World {
  methods?: PaymentMethod[];
  /** The method at Stripe; undefined = Stripe has deleted it. */
  atStripe?: object;
  names?: boolean;
  failures?: Failures;
  now?: () => number;
}

const SAVED = card;
const GONE = { ...card, customer: null };

/** The project and the account of a shop, whose customer stored methods. */
function world({ methods = [stored()], atStripe, names = false, failures = {}, now }: World) {
  const calls: string[] = [];
  const warnings: object[] = [];
  const seen = { calls, gate: failing(failures) };
  const project = Object.assign(new FakeCommercetools(), seen);
  for (const method of methods) project.paymentMethods.set(method.id, method);
  const account = Object.assign(new FakeStripe(), seen).addCustomer('cus_1', { ct_customer_id: 'customer-1' });
  if (atStripe) account.paymentMethods.set('pm_1', atStripe as Stripe.PaymentMethod);
  const log = createLogger('test', 'silent');
  const follow = followPaymentMethod({
    paymentMethods: commercetoolsPaymentMethods(project),
    stripePaymentMethod: stripePaymentMethod(account),
    customerOf: stripeCustomerOwner(account),
    isOwnAccount: async (account) => account === 'acct_own',
    paymentInterface: 'checkout-stripe',
    livemode: false,
    names,
    log: Object.assign(log, { warn: (about: object) => void warnings.push(about) }),
    ...(now && { now }),
  });
  return { follow, calls, warnings, methods: () => [...project.paymentMethods.values()] };
}

describe('a payment method that was taken from its customer at Stripe', () => {
  it('is deleted in commercetools, and a repeated event changes nothing', async () => {
    const { follow, methods } = world({ atStripe: GONE });
    expect(await follow(detached)).toBe('applied');
    expect(methods()).toEqual([]);
    expect(await follow(detached)).toBe('ignored');
  });

  it('is found by its customer if the original connector stored it without a key', async () => {
    const { key: _none, ...original } = stored();
    const { follow, methods } = world({
      methods: [original, stored({ id: 'other', key: 'x', token: { value: 'pm_2' } })],
      atStripe: GONE,
    });
    expect(await follow(detached)).toBe('applied');
    expect(methods().map(({ id }) => id)).toEqual(['other']);
  });

  it('is deleted as often as it was stored, also after an interruption', async () => {
    const copies = () => [
      stored(),
      ...['copy-1', 'copy-2'].map((id) => ({ ...stored({ id }), key: undefined as never })),
    ];
    const { follow, methods } = world({ methods: copies(), atStripe: GONE });
    expect(await follow(detached)).toBe('applied');
    expect(methods()).toEqual([]);
    for (const at of [0, 1, 2]) {
      const away = new TransientError('503');
      const failures = {
        'payment-methods.delete': Array.from({ length: at + 1 }, (_, n) => (n === at ? away : undefined)),
      };
      const cutOff = world({ methods: copies(), atStripe: GONE, failures });
      await expect(cutOff.follow(detached)).rejects.toThrow(away);
      expect(cutOff.methods()).toHaveLength(3 - at);
      expect(await cutOff.follow(detached)).toBe('applied');
      expect(cutOff.methods()).toEqual([]);
    }
  });

  it('is deleted when Stripe no longer has it', async () => {
    const { follow, methods } = world({});
    expect(await follow(detached)).toBe('applied');
    expect(methods()).toEqual([]);
  });

  it('stays if Stripe says that it is attached', async () => {
    const { follow, methods } = world({ atStripe: SAVED });
    expect(await follow(detached)).toBe('duplicate');
    expect(methods()).toHaveLength(1);
  });

  it('is made inactive where commercetools refuses to delete it, once', async () => {
    const refused = () => new PermanentError('it is referenced');
    const { follow, methods } = world({
      methods: [stored({ default: true })],
      atStripe: GONE,
      failures: { 'payment-methods.delete': [refused(), refused()] },
    });
    expect(await follow(detached)).toBe('applied');
    expect(methods()).toMatchObject([{ paymentMethodStatus: 'Inactive', default: false }]);
    expect(await follow(detached)).toBe('duplicate');
  });

  it('is deleted even if somebody else has just changed it', async () => {
    const { follow, methods } = world({
      atStripe: GONE,
      failures: { 'payment-methods.delete': [new StaleVersionError('409')] },
    });
    expect(await follow(detached)).toBe('applied');
    expect(methods()).toEqual([]);
  });

  it('is done when somebody else has deleted the last copy', async () => {
    const { follow } = world({ atStripe: GONE, failures: { 'payment-methods.delete': [new NotFoundError('gone')] } });
    expect(await follow(detached)).toBe('duplicate');
  });
});

describe('a card that its bank renewed', () => {
  it.each([
    ['without a name', undefined],
    ['named after the old one', { en: 'Visa •••• 1111, 01/25' }],
  ])('%s is named after the new one', async (_which, name) => {
    const { follow, methods } = world({ methods: [stored(name && { name })], atStripe: SAVED, names: true });
    expect(await follow(renewed)).toBe('applied');
    expect(methods()).toMatchObject([{ name: NAME }]);
    expect(await follow(renewed)).toBe('duplicate');
  });

  it('is renamed as often as it was stored', async () => {
    const copy = { ...stored({ id: 'copy' }), key: undefined as never };
    const { follow, methods } = world({ methods: [copy, stored()], atStripe: SAVED, names: true });
    expect(await follow(renewed)).toBe('applied');
    expect(methods()).toMatchObject([{ name: NAME }, { name: NAME }]);
    expect(await follow(renewed)).toBe('duplicate');
  });

  it('keeps a name that somebody gave it', async () => {
    const name = { de: 'Firmenkarte' };
    const { follow, methods } = world({ methods: [stored({ name })], atStripe: SAVED, names: true });
    expect(await follow(renewed)).toBe('duplicate');
    expect(methods()).toMatchObject([{ name }]);
  });

  it('makes no call when names are off', async () => {
    const { follow, calls } = world({ atStripe: SAVED });
    expect(await follow(renewed)).toBe('ignored');
    expect(calls).toEqual([]);
  });

  it('that Stripe does not have stays unchanged: the event is from another account', async () => {
    const { follow, methods } = world({ names: true });
    expect(await follow(renewed)).toBe('ignored');
    expect(methods()).toHaveLength(1);
  });
});

describe('an event of a payment method that is not stored here', () => {
  it.each([
    ['of the other mode', eventOf('detached', card, { livemode: true })],
    ['of another account', { ...detached, account: 'acct_other' }],
  ])('%s is ignored without a call', async (_whose, event) => {
    const { follow, calls } = world({ atStripe: GONE });
    expect(await follow(event)).toBe('ignored');
    expect(calls).toEqual([]);
  });

  it('of another integration’s customer is ignored', async () => {
    const event = eventOf('detached', { ...card, customer: null }, { previous_attributes: { customer: 'cus_9' } });
    const { follow, calls } = world({ methods: [], atStripe: GONE });
    expect(await follow(event)).toBe('ignored');
    expect(calls).toEqual(['payment-methods.get', 'customers.retrieve']);
  });

  it('whose key another method has is ignored', async () => {
    const { follow, methods } = world({ methods: [stored({ token: { value: 'pm_9' } })], atStripe: GONE });
    expect(await follow(detached)).toBe('ignored');
    expect(methods()).toHaveLength(1);
  });
});

describe('when payment methods cannot be reached', () => {
  const answer = (status: number, reason: TransientReason) => () =>
    new TransientError(`answered ${status}`, { reason, dependency: 'commercetools', status });

  it('the event is retried after an outage, and after a refused key', async () => {
    for (const fail of [answer(503, 'server_error'), answer(401, 'unauthorized')]) {
      const { follow, methods } = world({ atStripe: GONE, failures: { 'payment-methods.get': [fail()] } });
      await expect(follow(detached)).rejects.toThrow('answered');
      expect(await follow(detached)).toBe('applied');
      expect(methods()).toEqual([]);
    }
  });

  it('without the permission the event is done, with a warning once an hour', async () => {
    const forbidden = answer(403, 'unauthorized');
    let at = 0;
    const failures = { 'payment-methods.get': [forbidden(), forbidden(), forbidden()] };
    const { follow, warnings } = world({ failures, now: () => at });
    expect(await follow(detached)).toBe('ignored');
    expect(await follow(detached)).toBe('ignored');
    expect(warnings).toHaveLength(1);
    at = 60 * 60 * 1000;
    await follow(detached);
    expect(warnings).toHaveLength(2);
  });

  it('the event is retried if somebody keeps changing the method', async () => {
    const failures = { 'payment-methods.delete': Array.from({ length: 5 }, () => new StaleVersionError('409')) };
    const { follow } = world({ atStripe: GONE, failures });
    await expect(follow(detached)).rejects.toMatchObject({ reason: 'conflict' });
  });
});
