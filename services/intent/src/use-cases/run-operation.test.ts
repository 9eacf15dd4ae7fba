import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../domain/operations.ts';
import { aPayment, aPaymentIntent } from '../testing/builders.ts';
import { FakeWorld, stripeRejection } from '../testing/fake-world.ts';
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

let requests = 0;
function run(world: FakeWorld, operation: Operation, fields: Partial<RunOperationRequest> = {}) {
  requests += 1;
  const { payments, paymentIntents, events } = world;
  return runOperation(
    { payments, paymentIntents, events, multiOperations: false, log: createLogger('intent', 'silent') },
    { paymentId: 'payment-1', operation, requestId: `request-${requests}`, ...fields },
  );
}

const outcomes = (world: FakeWorld) =>
  world.published.map(({ type, data }) => [type.replace('checkout.payment.', ''), data.outcome]);

describe('an operation', () => {
  it('is noted, carried out at Stripe, and told with what Stripe returned', async () => {
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

  it("leaves a Failure to the ledger when Stripe refuses, with Stripe's code", async () => {
    const world = worldWith('requires_capture');
    world.refuse = (call) => (call.endsWith('capture') ? stripeRejection('charge_expired_for_capture') : undefined);
    expect(await run(world, capture)).toBe('rejected');
    expect(outcomes(world)[1]?.[1]).toMatchObject({
      kind: 'refused',
      transactionType: 'Charge',
      amount: { centAmount: 1190 },
      code: 'charge_expired_for_capture',
    });
  });

  it('does nothing when its note is not durable', async () => {
    const world = worldWith('requires_capture');
    world.gate = async (call) => {
      if (call.startsWith('publish')) throw new TransientError('Kafka is down');
    };
    await expect(run(world, capture)).rejects.toBeInstanceOf(TransientError);
    expect(world.intents.get('pi_1')?.status).toBe('requires_capture');
  });

  it('is answered as Stripe did it when only the telling fails: the webhook tells it', async () => {
    const world = worldWith('requires_capture');
    world.gate = async (call) => {
      if (call === 'publish checkout.payment.operation_completed') throw new TransientError('Kafka is down');
    };
    expect(await run(world, capture)).toBe('approved');
  });

  it('refunds once for one merchant reference, however often it is asked', async () => {
    const world = worldWith('succeeded');
    const once = { merchantReference: 'return-7' };
    expect([await run(world, refund, once), await run(world, refund, once)]).toEqual(['received', 'received']);
    expect(world.refunds).toHaveLength(1);
    expect(world.refunds[0]?.metadata).toMatchObject({ merchant_reference: 'return-7', ct_payment_id: 'payment-1' });
  });

  it('refunds once when the answer of the first try was lost', async () => {
    const world = worldWith('succeeded');
    let lost = false;
    world.gate = async (call, moment) => {
      if (call !== 'refunds.create' || moment === 'before' || lost) return;
      lost = true;
      throw new TransientError('lost');
    };
    const once = { requestId: 'same' };
    await expect(run(world, refund, once)).rejects.toBeInstanceOf(TransientError);
    expect(await run(world, refund, once)).toBe('received');
    expect(world.refunds).toHaveLength(1);
  });

  it('is new for every call without a reference', async () => {
    const world = worldWith('succeeded');
    const half: Operation = { action: 'refundPayment', amount: EUR(595) };
    await run(world, half);
    await run(world, half);
    expect(world.refunds).toHaveLength(2);
  });

  it.each<[string, Operation, string]>([
    ['more than is left to refund', { action: 'refundPayment', amount: EUR(1191) }, 'InvalidField'],
    ['another currency', { ...refund, amount: { centAmount: 1, currencyCode: 'USD' } }, 'InvalidField'],
  ])('is the caller’s mistake for %s', async (_what, operation, code) => {
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

describe('a partly captured payment whose rest was released', () => {
  const partly = () => {
    const world = worldWith('succeeded');
    // As Stripe shows it: 500 of 1190 captured, and the release of 690 beside a real refund of 100.
    const latest_charge = { amount: 1190, amount_captured: 500, amount_refunded: 790 } as never;
    world.change('pi_1', { amount_received: 500, latest_charge });
    const refunds = [
      { id: 're_release', amount: 690, status: 'succeeded', balance_transaction: null },
      { id: 're_real', amount: 100, status: 'succeeded', balance_transaction: 'txn_1' },
      { id: 're_failed', amount: 300, status: 'failed', balance_transaction: 'txn_2' },
    ];
    for (const one of refunds) world.refunds.push({ ...one, payment_intent: 'pi_1' } as never);
    return world;
  };

  it('is refunded up to what was captured and not given back', async () => {
    expect(await run(partly(), { action: 'refundPayment', amount: EUR(400) })).toBe('received');
  });

  it('is not refunded beyond that', async () => {
    await expect(run(partly(), { action: 'refundPayment', amount: EUR(401) })).rejects.toMatchObject({
      code: 'InvalidField',
      fields: { field: 'amount.centAmount', allowedValues: ['<= 400'] },
    });
  });
});

describe('a payment that is not tied to a PaymentIntent', () => {
  const untied = (createdAt: string) => {
    const world = new FakeWorld();
    world.putPayment(aPayment({ key: 'cart-1-1', createdAt }), 'cart-1');
    return world;
  };

  it('is to be asked for again while it is young: tying follows the answer to the shopper', async () => {
    await expect(run(untied(new Date().toISOString()), capture)).rejects.toBeInstanceOf(TransientError);
  });

  it('is found by its key at Stripe, when its process died before it was tied', async () => {
    const world = untied(new Date().toISOString());
    const metadata = { ct_payment_key: 'cart-1-1' };
    world.intents.set('pi_1', aPaymentIntent({ status: 'requires_capture', metadata }));
    expect(await run(world, { action: 'cancelPayment' })).toBe('approved');
    expect(world.intents.get('pi_1')?.status).toBe('canceled');
  });

  it('has none when it is old', async () => {
    await expect(run(untied('2026-01-01T00:00:00Z'), capture)).rejects.toMatchObject({ code: 'InvalidOperation' });
  });
});
