import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { stripeRejection } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../domain/operations.ts';
import { aPayment, aPaymentIntent, aTransaction } from '../testing/builders.ts';
import { FakeWorld } from '../testing/fake-world.ts';
import { type RunOperationRequest, runOperation } from './run-operation.ts';

const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
const capture: Operation = { action: 'capturePayment', amount: EUR(1190) };
const refund: Operation = { action: 'refundPayment', amount: EUR(1190) };
const charge = () => ({ amount_captured: 1190, amount_refunded: 0 }) as never;

function worldWith(status: 'requires_capture' | 'succeeded') {
  const world = new FakeWorld();
  world.putPayment(aPayment({ interfaceId: 'pi_1' }), 'cart-1');
  const amount_received = status === 'succeeded' ? 1190 : 0;
  const latest_charge = status === 'succeeded' ? charge() : null;
  world.intents.set('pi_1', aPaymentIntent({ status, amount_received, latest_charge }));
  return world;
}

function run(world: FakeWorld, operation: Operation, fields: Partial<RunOperationRequest> = {}) {
  const { payments, paymentIntents, events } = world;
  return runOperation(
    {
      payments,
      paymentIntents,
      events,
      cardFeatures: { multicapture: true, incrementalAuthorization: true },
      log: createLogger('intent', 'silent'),
    },
    { paymentId: 'payment-1', operation, ...fields },
  );
}

const refundsIn = (world: FakeWorld) => [...world.stripe.refunds.values()];

const outcomes = (world: FakeWorld) =>
  world.published.map(({ type, data }) => [type.replace('checkout.payment.', ''), data.outcome]);

describe('an operation', () => {
  it('is published as requested, done at Stripe, and published with what Stripe returned', async () => {
    const world = worldWith('requires_capture');
    expect(await run(world, capture)).toBe('approved');
    expect(outcomes(world)).toMatchObject([
      ['operation_requested', undefined],
      ['operation_completed', { kind: 'done', object: { id: 'pi_1', status: 'succeeded' } }],
    ]);
    expect(world.calls.filter((call) => call.startsWith('publish') || call.includes('capture'))).toEqual([
      'publish checkout.payment.operation_requested',
      'payment_intents.capture',
      'publish checkout.payment.operation_completed',
    ]);
    expect(JSON.stringify(world.published)).not.toContain('client_secret');
  });

  it('of an amount that the line items do not fit is done without them', async () => {
    const world = worldWith('requires_capture');
    Object.assign(world.intents.get('pi_1')?.metadata ?? {}, { ct_line_items: 'digest' });
    const refusals = [stripeRejection(undefined, { param: 'amount_details[line_items]' })];
    world.stripe.refuse = (call) => (call.endsWith('capture') ? refusals.pop() : undefined);
    expect(await run(world, capture)).toBe('approved');
    expect(world.calls.filter((call) => call.endsWith('capture'))).toHaveLength(2);
    expect(outcomes(world).at(-1)?.[1]).toMatchObject({ kind: 'done', object: { status: 'succeeded' } });
  });

  describe('that raises the authorisation', () => {
    const raise: Operation = { action: 'incrementAuthorization', amount: EUR(1500) };

    it('is done once, however often the new total is requested, and published with the PaymentIntent', async () => {
      const world = worldWith('requires_capture');
      const card = { request_incremental_authorization: 'if_available' as const };
      Object.assign(world.intents.get('pi_1') ?? {}, { payment_method_options: { card } });
      expect(await run(world, raise)).toBe('approved');
      expect(await run(world, raise)).toBe('approved');
      expect(world.intents.get('pi_1')).toMatchObject({ amount: 1500, status: 'requires_capture' });
      expect(world.calls.filter((call) => call.includes('increment'))).toHaveLength(1);
      expect(outcomes(world)).toMatchObject([
        ['operation_requested', undefined],
        ['operation_completed', { kind: 'done', object: { id: 'pi_1', amount: 1500 } }],
        ['operation_completed', { kind: 'done', object: { id: 'pi_1', amount: 1500 } }],
      ]);
    });

    it('and that the bank declines is rejected, with a Failure over the increase', async () => {
      const world = worldWith('requires_capture');
      world.stripe.refuse = (call) => (call.includes('increment') ? stripeRejection('card_declined') : undefined);
      expect(await run(world, raise)).toBe('rejected');
      expect(outcomes(world)[1]?.[1]).toMatchObject({
        kind: 'refused',
        transactionType: 'Authorization',
        amount: { centAmount: 310 },
        code: 'card_declined',
      });
    });
  });

  it("has the ledger book a Failure with Stripe's code when Stripe refuses", async () => {
    const world = worldWith('requires_capture');
    world.stripe.refuse = (call) =>
      call.endsWith('capture') ? stripeRejection('charge_expired_for_capture') : undefined;
    expect(await run(world, capture)).toBe('rejected');
    expect(outcomes(world)[1]?.[1]).toMatchObject({
      kind: 'refused',
      transactionType: 'Charge',
      amount: { centAmount: 1190 },
      code: 'charge_expired_for_capture',
    });
  });

  it('does nothing when its request could not be published', async () => {
    const world = worldWith('requires_capture');
    world.gate = async (call) => {
      if (call.startsWith('publish')) throw new TransientError('Kafka is down');
    };
    await expect(run(world, capture)).rejects.toBeInstanceOf(TransientError);
    expect(world.intents.get('pi_1')?.status).toBe('requires_capture');
  });

  it('is answered as done when only publishing the result fails, because the webhook brings it', async () => {
    const world = worldWith('requires_capture');
    world.gate = async (call) => {
      if (call === 'publish checkout.payment.operation_completed') throw new TransientError('Kafka is down');
    };
    expect(await run(world, capture)).toBe('approved');
  });

  it.each<[string, Operation, string]>([
    ['more than is left to refund', { action: 'refundPayment', amount: EUR(1191) }, 'InvalidField'],
    ['another currency', { ...refund, amount: { centAmount: 1, currencyCode: 'USD' } }, 'InvalidField'],
  ])('answers 400 for %s', async (_what, operation, code) => {
    const world = worldWith('succeeded');
    await expect(run(world, operation)).rejects.toMatchObject({ code, statusCode: 400 });
    expect(world.published).toEqual([]);
  });

  it('needs a PaymentIntent, and something to reverse', async () => {
    const world = worldWith('succeeded');
    world.putPayment(aPayment({ id: 'none', key: 'cart-2-1' }));
    await expect(run(world, capture, { paymentId: 'none' })).rejects.toMatchObject({ code: 'InvalidOperation' });
    world.intents.set('pi_1', aPaymentIntent());
    await expect(run(world, { action: 'reversePayment' })).rejects.toMatchObject({
      code: 'InvalidOperation',
      message: 'There is no successful payment transaction to reverse.',
    });
  });
});

const DAY_MS = 25 * 60 * 60 * 1000;
const refundOf = (centAmount: number): Operation => ({ action: 'refundPayment', amount: EUR(centAmount) });
const captureOf = (centAmount: number): Operation => ({ action: 'capturePayment', amount: EUR(centAmount) });
const cancel: Operation = { action: 'cancelPayment' };
const reverse: Operation = { action: 'reversePayment' };

/**
 * What was done at Stripe: captured and refunded amounts in minor units, and whether the authorisation was released.
 */
const doneIn = (world: FakeWorld) => {
  const paymentIntent = world.intents.get('pi_1');
  return {
    captured: paymentIntent?.amount_received,
    refunded: refundsIn(world).reduce((sum, { amount }) => sum + amount, 0),
    canceled: paymentIntent?.status === 'canceled',
  };
};

type Once = [
  name: string,
  operation: Operation,
  status: 'requires_capture' | 'succeeded',
  outcome: string,
  done: Partial<ReturnType<typeof doneIn>>,
];
const EACH: Once[] = [
  ['a refund', refundOf(300), 'succeeded', 'received', { refunded: 300 }],
  ['a capture', captureOf(1190), 'requires_capture', 'approved', { captured: 1190 }],
  ['a partial capture', captureOf(300), 'requires_capture', 'approved', { captured: 300 }],
  ['a cancelation', cancel, 'requires_capture', 'approved', { canceled: true }],
  ['a reversal of a capture', reverse, 'succeeded', 'received', { refunded: 1190 }],
  ['a reversal of an authorisation', reverse, 'requires_capture', 'approved', { canceled: true }],
];

describe('two operations with one merchant reference', () => {
  const merchantReference = 'invoice-7';
  it('are two refunds of 3.00, because an invoice may have several', async () => {
    const world = worldWith('succeeded');
    for (const _ of [1, 2]) expect(await run(world, refundOf(300), { merchantReference })).toBe('received');
    expect(refundsIn(world).map(({ amount }) => amount)).toEqual([300, 300]);
    expect(refundsIn(world)[0]?.metadata).toMatchObject({
      merchant_reference: 'invoice-7',
      ct_payment_id: 'payment-1',
    });
  });

  it('are two partial captures, and nothing of the second expires', async () => {
    const world = worldWith('requires_capture');
    for (const _ of [1, 2]) expect(await run(world, captureOf(300), { merchantReference })).toBe('approved');
    expect(doneIn(world)).toMatchObject({ captured: 600 });
  });

  it('are two also without a reference', async () => {
    const world = worldWith('succeeded');
    for (const _ of [1, 2]) expect(await run(world, refundOf(300))).toBe('received');
    expect(doneIn(world)).toMatchObject({ refunded: 600 });
  });
});

describe('an operation with an idempotency key', () => {
  const idempotencyKey = 'key-1';

  it.each(EACH)('is %s once, a second and a day later', async (_name, operation, status, outcome, done) => {
    const world = worldWith(status);
    expect(await run(world, operation, { idempotencyKey })).toBe(outcome);
    for (const later of [1_000, DAY_MS]) {
      world.now += later;
      expect(await run(world, operation, { idempotencyKey })).toBe(outcome);
      expect(doneIn(world)).toMatchObject(done);
    }
    expect(world.calls.filter((call) => call.startsWith('publish') && call.endsWith('requested'))).toHaveLength(1);
  });

  it.each(EACH)('is %s once, whatever was done since', async (_name, operation, status, outcome) => {
    const world = worldWith(status);
    expect(await run(world, operation, { idempotencyKey })).toBe(outcome);
    for (const other of [captureOf(200), refundOf(200), cancel]) {
      await run(world, other, { idempotencyKey: `other-${other.action}` }).catch(() => undefined);
    }
    const before = doneIn(world);
    world.now += DAY_MS;
    expect(await run(world, operation, { idempotencyKey })).toBe(outcome);
    expect(doneIn(world)).toEqual(before);
  });

  it.each<[string, Operation, Operation, 'requires_capture' | 'succeeded']>([
    ['another amount', refundOf(300), refundOf(400), 'succeeded'],
    ['another action', captureOf(300), refundOf(300), 'requires_capture'],
    ['a reversal', refundOf(300), reverse, 'succeeded'],
    ['a cancelation', captureOf(300), cancel, 'requires_capture'],
  ])('is refused for %s, because the key is taken, within a day and later', async (_what, first, second, status) => {
    const world = worldWith(status);
    await run(world, first, { idempotencyKey });
    const done = doneIn(world);
    for (const later of [1_000, DAY_MS]) {
      world.now += later;
      await expect(run(world, second, { idempotencyKey })).rejects.toMatchObject({
        code: 'InvalidOperation',
        message: 'The Idempotency-Key was used for another operation.',
      });
    }
    expect(doneIn(world)).toEqual(done);
  });

  describe.each(EACH)('that is %s', (_name, operation, status, outcome, done) => {
    const CALLS = 6;
    const crashes = Array.from({ length: CALLS }, (_, at) => at).flatMap((at) =>
      (['before', 'after'] as const).flatMap((moment) => [[at, moment, 1_000] as const, [at, moment, DAY_MS] as const]),
    );
    it.each(crashes)(
      'and whose process dies at call %i, %s its effect, is completed once when repeated %i ms later',
      async (at, moment, later) => {
        const world = worldWith(status);
        let count = -1;
        let isDead = false;
        world.gate = async (_call, now) => {
          if (now === 'before') count += 1;
          if (count >= at && now === moment) isDead = true;
          if (isDead) throw new TransientError('the process is gone');
        };
        await run(world, operation, { idempotencyKey }).catch(() => undefined);
        world.gate = async () => {};
        world.now += later;
        expect(await run(world, operation, { idempotencyKey })).toBe(outcome);
        expect(doneIn(world)).toMatchObject(done);
        expect(world.published.at(-1)).toMatchObject({
          type: 'checkout.payment.operation_completed',
          data: { outcome: { kind: 'done' } },
        });
      },
    );
  });
});

describe('equal operations at the same moment', () => {
  it.each(EACH)('are one: %s', async (_name, operation, status, outcome, done) => {
    const world = worldWith(status);
    // Both read Stripe before either acts.
    const bothHaveRead = Promise.withResolvers<void>();
    let requested = 0;
    world.gate = async (call, moment) => {
      if (call !== 'publish checkout.payment.operation_requested' || moment !== 'before') return;
      requested += 1;
      if (requested === 2) bothHaveRead.resolve();
      await bothHaveRead.promise;
    };
    expect(await Promise.all([run(world, operation), run(world, operation)])).toEqual([outcome, outcome]);
    expect(doneIn(world)).toMatchObject(done);
    expect(new Set(world.published.map(({ id }) => id)).size).toBe(2);
  });
});

describe('a refusal', () => {
  it.each([
    ['without a key', {}],
    ['with a key', { idempotencyKey: 'key-1' }],
  ])('of Stripe does not count an hour later, although Stripe repeats it for a day: %s', async (_how, labels) => {
    const world = worldWith('requires_capture');
    world.change('pi_1', { status: 'processing' });
    for (const _ of [1, 2, 3]) expect(await run(world, captureOf(300), labels)).toBe('rejected');
    world.change('pi_1', { status: 'requires_capture' });
    world.now += 60 * 60 * 1000;
    expect(await run(world, captureOf(300), labels)).toBe('approved');
    expect(doneIn(world)).toMatchObject({ captured: 300 });
    const completed = world.published.filter(({ type }) => type === 'checkout.payment.operation_completed');
    expect(new Set(completed.map(({ id }) => id)).size).toBe(2);
  });

  it.each([
    ['was canceled by another before', 'canceled', 'canceled'],
    ['is canceled by another after', 'processing', 'canceled'],
  ] as const)('is the answer to a cancelation, now and later, when the payment %s', async (_when, before, after) => {
    const world = worldWith('requires_capture');
    const labels = { idempotencyKey: 'key-1' };
    world.change('pi_1', { status: before });
    world.stripe.refuse = (call) =>
      call.endsWith('cancel') ? stripeRejection('payment_intent_unexpected_state') : undefined;
    expect(await run(world, cancel, labels)).toBe('rejected');
    world.change('pi_1', { status: after });
    expect(await run(world, cancel, labels)).toBe('rejected');
  });
});

describe('a partly captured payment whose rest was released', () => {
  const partly = () => {
    const world = worldWith('succeeded');
    // In Stripe's data: 500 of 1190 captured, a release of 690, and a real refund of 100.
    const latest_charge = { amount: 1190, amount_captured: 500, amount_refunded: 790 } as never;
    world.change('pi_1', { amount_received: 500, latest_charge });
    const refunds = [
      { id: 're_release', amount: 690, status: 'succeeded', balance_transaction: null },
      { id: 're_real', amount: 100, status: 'succeeded', balance_transaction: 'txn_1' },
      { id: 're_failed', amount: 300, status: 'failed', balance_transaction: 'txn_2' },
    ];
    for (const one of refunds) world.stripe.refunds.set(one.id, { ...one, payment_intent: 'pi_1' } as never);
    return world;
  };

  it('is refunded up to the captured amount minus earlier refunds', async () => {
    expect(await run(partly(), { action: 'refundPayment', amount: EUR(400) })).toBe('received');
  });

  it('is not refunded beyond that', async () => {
    await expect(run(partly(), { action: 'refundPayment', amount: EUR(401) })).rejects.toMatchObject({
      code: 'InvalidField',
      fields: { field: 'amount.centAmount', allowedValues: ['<= 400'] },
    });
  });
});

describe('a payment that is not linked to a PaymentIntent', () => {
  const untied = (createdAt: string) => {
    const world = new FakeWorld();
    world.putPayment(aPayment({ key: 'cart-1-1', createdAt }), 'cart-1');
    return world;
  };

  it('is answered with 503 while it is young, because it is linked after the answer to the shopper', async () => {
    await expect(run(untied(new Date().toISOString()), capture)).rejects.toBeInstanceOf(TransientError);
  });

  it('is found by its key at Stripe, if its process died before it was linked', async () => {
    const world = untied(new Date().toISOString());
    const metadata = { ct_payment_key: 'cart-1-1' };
    world.intents.set('pi_1', aPaymentIntent({ status: 'requires_capture', metadata }));
    expect(await run(world, { action: 'cancelPayment' })).toBe('approved');
    expect(world.intents.get('pi_1')?.status).toBe('canceled');
  });

  it('is refunded by its key when a part was captured and the rest canceled before it was linked', async () => {
    const world = untied(new Date().toISOString());
    const latest_charge = { amount: 1190, amount_captured: 500, amount_refunded: 690 } as never;
    const metadata = { ct_payment_key: 'cart-1-1' };
    world.intents.set('pi_1', aPaymentIntent({ status: 'canceled', amount_received: 500, latest_charge, metadata }));
    expect(await run(world, { action: 'refundPayment', amount: EUR(200) })).toBe('received');
  });

  it('belongs to another provider if Stripe cannot express its amount', async () => {
    const world = new FakeWorld();
    const planned = { centAmount: 7993, currencyCode: 'KWD', fractionDigits: 3 };
    world.putPayment(aPayment({ key: 'other-7', planned }), 'cart-1');
    await expect(run(world, { action: 'cancelPayment' })).rejects.toMatchObject({ code: 'InvalidOperation' });
  });

  it('has no PaymentIntent when it is old', async () => {
    await expect(run(untied('2026-01-01T00:00:00Z'), capture)).rejects.toMatchObject({ code: 'InvalidOperation' });
  });
});

it.each([
  ['the balance transaction', 'txn_1'],
  ['the refund', 're_1'],
])(
  'an operation finds the PaymentIntent of an original payment whose interface id is %s of a partial capture',
  async (_what, interfaceId) => {
    const world = new FakeWorld();
    const { key: _none, ...theirs } = aPayment({ interfaceId });
    const transactions = [
      aTransaction('Authorization', 'Success', { interactionId: 'pi_1' }),
      aTransaction('Charge', 'Success', { interactionId: interfaceId }),
    ];
    world.putPayment({ ...theirs, transactions }, 'cart-1');
    const latest_charge = charge();
    world.intents.set('pi_1', aPaymentIntent({ status: 'succeeded', amount_received: 1190, latest_charge }));
    expect(await run(world, refund)).toBe('received');
    expect(refundsIn(world)).toMatchObject([{ payment_intent: 'pi_1' }]);
  },
);

describe('a merchantReference', () => {
  it.each([
    ['is left out', 49, undefined],
    ['is kept', 47, 'INV-1'],
  ])('%s where Stripe’s metadata have %i keys already, and the capture is made', async (_what, keys, kept) => {
    const world = worldWith('requires_capture');
    const present = Object.fromEntries(Array.from({ length: keys }, (_, n) => [`key_${n}`, 'x']));
    world.change('pi_1', { metadata: present });
    expect(await run(world, capture, { merchantReference: 'INV-1' })).toBe('approved');
    expect(world.intents.get('pi_1')).toMatchObject({ status: 'succeeded', amount_received: 1190 });
    expect(world.intents.get('pi_1')?.metadata.merchant_reference).toBe(kept);
  });

  it.each([
    ['a capture', capture, 'requires_capture', 'approved'],
    ['a refund', refund, 'succeeded', 'received'],
    ['a cancelation', { action: 'cancelPayment' }, 'requires_capture', 'approved'],
  ] as const)(
    'longer than Stripe’s limit never stops %s: its beginning is stored',
    async (_what, operation, status, outcome) => {
      const world = worldWith(status);
      const merchantReference = 'invoice '.repeat(100);
      expect(await run(world, operation, { merchantReference })).toBe(outcome);
      const kept = refundsIn(world)[0]?.metadata ?? world.intents.get('pi_1')?.metadata;
      expect(kept?.merchant_reference).toBe(merchantReference.slice(0, 500));
    },
  );
});
