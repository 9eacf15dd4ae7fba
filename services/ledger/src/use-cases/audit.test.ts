import type { Payment } from '@commercetools/platform-sdk';
import { TransientError } from '@connector/errors';
import {
  chargeOf,
  METADATA_OF_OURS,
  money,
  paymentIntent,
  payment as paymentOf,
  refundOf,
  transaction,
} from '@connector/testing';
import { describe, expect, it } from 'vitest';
import type { AuditDifference } from '../domain/audit.ts';
import { type AuditSummary, agrees } from '../domain/audit-summary.ts';
import { chargeSchema, paymentIntentSchema, refundSchema } from '../domain/stripe-objects.ts';
import { type AuditDependencies, type AuditOptions, audit } from './audit.ts';
import type { Movement, Snapshot } from './ports.ts';

const HOUR = 60 * 60_000;
const BEGIN = new Date('2026-11-25T00:00:00Z');
const at = (hours: number) => new Date(BEGIN.getTime() + hours * HOUR);

/** A charge whose money moved `hours` after the begin of the window. */
function movementAt(hours: number, metadata: Record<string, string> = { ...METADATA_OF_OURS }): Movement {
  const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000, metadata });
  const charge = chargeOf(intent, { captured: true, amount_captured: 10_000 });
  return {
    id: `txn_${intent.id}`,
    type: 'charge',
    createdAt: at(hours),
    availableAt: at(hours + 48),
    amount: 10_000,
    fee: 175,
    net: 9_825,
    currency: 'eur',
    presented: { amount: 10_000, currency: 'eur' },
    sourceId: charge.id,
    paymentIntent: intent as unknown as Snapshot,
    facts: async () => ({
      paymentIntent: paymentIntentSchema.parse(intent),
      charges: [{ charge: chargeSchema.parse(charge), refunds: [] }],
      disputes: [],
    }),
  };
}

const idOf = (movement: Movement) => movement.paymentIntent?.id ?? '';
const recordedOf = (movement: Movement, ...more: Payment['transactions']): Payment =>
  paymentOf({
    interfaceId: idOf(movement),
    transactions: [transaction('Charge', 'Success', { amount: money(10_000), interactionId: idOf(movement) }), ...more],
  });

function world(movements: readonly Movement[], payments: readonly Payment[]) {
  const calls: string[] = [];
  const differences: AuditDifference[] = [];
  const failures: string[] = [];
  const slices: Date[] = [];
  const within = (since: Date, until: Date) => (when: Date) => when >= since && when < until;
  const deps: AuditDependencies = {
    money: {
      movements: async (type, since, until, afterId) => {
        calls.push(`movements ${type} ${since.toISOString()}`);
        const all = movements.filter((each) => each.type === type && within(since, until)(each.createdAt));
        return afterId ? [] : all;
      },
      ofPaymentIntent: async (id) => {
        calls.push(`PaymentIntent ${id}`);
        const found = movements.find((each) => idOf(each) === id);
        return found?.paymentIntent && { paymentIntent: found.paymentIntent, facts: await found.facts(undefined) };
      },
    },
    movedPayments: {
      page: async (since, until, afterId) =>
        afterId
          ? []
          : payments.filter(({ transactions }) =>
              transactions.some(({ timestamp }) => within(since, until)(new Date(timestamp ?? 0))),
            ),
      ofPaymentIntents: async (ids) => payments.filter(({ interfaceId = '' }) => ids.includes(interfaceId)),
    },
    payments: { byId: async (id) => payments.find((each) => each.id === id), byKey: async () => undefined },
    snapshots: { refund: async () => undefined, dispute: async () => undefined },
    stripe: {} as never,
    producer: { send: async () => expect.unreachable('nothing is published without repair') },
    projectKey: METADATA_OF_OURS.ct_project_key,
    onDifference: (difference) => differences.push(difference),
    onFailure: (what) => failures.push(what),
    onSlice: async (_, until) => {
      slices.push(until);
    },
    pause: async () => {},
  };
  return { deps, calls, differences, failures, slices };
}

const options: AuditOptions = { since: BEGIN, until: at(3), repair: false, dryRun: false, atOnce: 4 };

describe('an audit', () => {
  it('agrees when each movement has its payment, and sums both sides', async () => {
    const movements = [movementAt(0), movementAt(2)];
    const { deps } = world(
      movements,
      movements.map((each) => recordedOf(each)),
    );
    const summary = await audit(deps, options);
    expect(agrees(summary)).toBe(true);
    expect(summary).toMatchObject({ payments: 2, movements: { charge: 2 }, complete: true });
    expect(summary.sums.EUR?.Charge).toEqual({ stripe: 20_000, commercetools: 20_000 });
  });

  it('compares a payment once, however often its money moved', async () => {
    const one = movementAt(0);
    const again: Movement = { ...one, id: 'txn_2', createdAt: at(2) };
    const { deps } = world([one, again], [recordedOf(one)]);
    expect(await audit(deps, options)).toMatchObject({ payments: 1, movements: { charge: 2 } });
  });

  it('counts the money of others, and does not compare it', async () => {
    const movements = [
      movementAt(0, {}),
      movementAt(1, { ct_project_key: 'another' }),
      { ...movementAt(1), paymentIntent: undefined },
    ];
    const { deps, differences } = world(movements, []);
    expect(await audit(deps, options)).toMatchObject({ foreign: 3, payments: 0, complete: true });
    expect(differences).toEqual([]);
  });

  it('counts a PaymentIntent as ours when a payment of the project names it, whatever its metadata says', async () => {
    const movement = movementAt(0, {});
    const { deps } = world([movement], [recordedOf(movement)]);
    expect(await audit(deps, options)).toMatchObject({ foreign: 0, payments: 1 });
  });

  it('reports a missing payment once, over the charged amount', async () => {
    const { deps, differences } = world([movementAt(0)], []);
    await audit(deps, options);
    expect(differences).toMatchObject([
      { kind: 'payment_missing', stripe: { centAmount: 10_000 }, commercetools: undefined },
    ]);
  });

  it('finds money in commercetools that Stripe never moved, also of a PaymentIntent that Stripe does not have', async () => {
    const gone = paymentOf({
      interfaceId: 'pi_gone',
      transactions: [
        transaction('Charge', 'Success', {
          amount: money(10_000),
          interactionId: 'pi_gone',
          timestamp: at(1).toISOString(),
        }),
      ],
    });
    const { deps, differences } = world([], [gone]);
    await audit(deps, options);
    expect(differences).toMatchObject([{ kind: 'missing_there', type: 'Charge', paymentIntentId: 'pi_gone' }]);
  });

  it('reads both sides again before it reports a difference, because they were not read at the same moment', async () => {
    const movement = movementAt(0);
    const now = await movement.facts(undefined);
    const charge = now.charges[0]?.charge;
    if (!charge) throw new Error('it has a charge');
    const refund = refundSchema.parse(refundOf(charge as never, { amount: 500 }));
    const refunded = { ...now, charges: [{ charge, refunds: [refund] }] };
    // Stripe's page was read before the refund, the payment after it.
    const payment = recordedOf(
      movement,
      transaction('Refund', 'Success', { amount: money(500), interactionId: refund.id }),
    );
    const { deps, differences } = world([movement], [payment]);
    const ofPaymentIntent = async () => ({ paymentIntent: movement.paymentIntent as Snapshot, facts: refunded });
    const summary = await audit({ ...deps, money: { ...deps.money, ofPaymentIntent } }, options);
    expect(differences).toEqual([]);
    expect(summary.sums.EUR?.Refund).toEqual({ stripe: 500, commercetools: 500 });
  });

  it('waits up to 30 s for the ledger when something has just changed at Stripe', async () => {
    const movement = movementAt(0);
    const late = recordedOf(movement);
    const early = { ...late, transactions: [] };
    const pauses: number[] = [];
    const seen = world([movement], [early]);
    const now = () => new Date(Date.parse(late.lastModifiedAt) + 1_000);
    const pause = async (ms: number) => void pauses.push(ms);
    const byId = async () => (pauses.length < 2 ? early : late);
    await audit({ ...seen.deps, now, pause, payments: { ...seen.deps.payments, byId } }, options);
    expect({ pauses: pauses.length, differences: seen.differences }).toEqual({ pauses: 2, differences: [] });

    const never = world([movement], [early]);
    pauses.length = 0;
    await audit({ ...never.deps, now, pause }, options);
    expect(never.differences).toMatchObject([{ kind: 'missing_here' }]);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(30_000);
  });

  it('continues when one payment cannot be compared, but is incomplete', async () => {
    const [bad, good] = [movementAt(0), movementAt(0)];
    const away = { ...bad, facts: () => Promise.reject(new TransientError('Stripe is away')) };
    const { deps, failures } = world([away, good], [recordedOf(bad), recordedOf(good)]);
    expect(await audit(deps, options)).toMatchObject({ payments: 1, failed: 1, complete: false });
    expect(failures).toEqual([`PaymentIntent ${idOf(bad)}`]);
  });

  it('continues where an earlier run was interrupted, with its counts', async () => {
    const movements = [movementAt(0), movementAt(0), movementAt(2), movementAt(2)];
    // In each hour, one payment is recorded and one shows nothing.
    const recorded = movements.map((each, n) =>
      n % 2 === 0 ? recordedOf(each) : { ...recordedOf(each), transactions: [] },
    );
    const first = world(movements, recorded);
    const stop = new AbortController();
    let kept: AuditOptions['resume'];
    const cutOff = await audit(
      {
        ...first.deps,
        signal: stop.signal,
        onSlice: async (summary, from, differences) => {
          kept = structuredClone({ summary, from, differences });
          stop.abort();
        },
      },
      options,
    );
    expect(cutOff).toMatchObject({ payments: 2, complete: false });
    const second = world(movements, recorded);
    const slices: number[] = [];
    const onSlice = async (_summary: AuditSummary, until: Date, differences: readonly AuditDifference[]) => {
      second.slices.push(until);
      slices.push(differences.length);
    };
    expect(await audit({ ...second.deps, onSlice }, { ...options, resume: kept })).toMatchObject({
      payments: 4,
      kinds: { missing_here: 2 },
      complete: true,
    });
    // The earlier run's differences are reported with the rest; each of this run's once.
    expect(second.differences.map(({ paymentIntentId }) => paymentIntentId)).toEqual(
      [movements[1], movements[3]].map((each) => each && idOf(each)),
    );
    expect(slices).toEqual([0, 1]);
    expect(second.calls.some((call) => call.includes(BEGIN.toISOString()))).toBe(false);
    expect(second.slices).toEqual([at(2), at(3)]);
  });
});
