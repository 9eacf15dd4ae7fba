import type { Payment } from '@commercetools/platform-sdk';
import { TransientError } from '@connector/errors';
import {
  type BalanceTransaction,
  balanceTransaction,
  type Charge,
  chargeOf,
  METADATA_OF_OURS,
  money,
  type PaymentIntent,
  paymentIntent,
  payment as paymentOf,
  refundOf,
  transaction,
} from '@connector/testing';
import { FakeCommercetools, FakeStripe } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { movedPayments } from '../adapters/moved-payments.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { stripeMoney } from '../adapters/stripe-money.ts';
import { stripeSnapshots } from '../adapters/stripe-snapshots.ts';
import type { AuditDifference } from '../domain/audit.ts';
import { type AuditSummary, agrees } from '../domain/audit-summary.ts';
import { type AuditDependencies, type AuditOptions, audit } from './audit.ts';

const HOUR = 60 * 60_000;
const BEGIN = new Date('2026-11-25T00:00:00Z');
const at = (hours: number) => new Date(BEGIN.getTime() + hours * HOUR);

/** A charge whose money moved: its PaymentIntent, itself, and the balance transaction of it. */
interface Moved {
  readonly intent: PaymentIntent;
  readonly charge: Charge;
  readonly transaction: BalanceTransaction;
}

/** A charge that moved its money `hours` after the window's begin. */
function movedAt(hours: number, metadata: Record<string, string> = { ...METADATA_OF_OURS }): Moved {
  const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000, metadata });
  const charge = chargeOf(intent, { captured: true, amount_captured: 10_000 });
  intent.latest_charge = charge.id;
  return { intent, charge, transaction: movementOf(charge, hours) };
}

/** Of money that some other integration took without a PaymentIntent. */
function ofNoPaymentIntent(hours: number): Moved {
  const { charge, ...others } = movedAt(hours);
  return { ...others, charge: { ...charge, payment_intent: null } };
}

const movementOf = ({ id }: Charge, hours: number): BalanceTransaction =>
  balanceTransaction({
    type: 'charge',
    amount: 10_000,
    fee: 175,
    net: 9_825,
    currency: 'eur',
    created: at(hours).getTime() / 1000,
    source: id,
  });

const recordedOf = ({ intent, transaction: movement }: Moved, ...more: Payment['transactions']): Payment =>
  paymentOf({
    interfaceId: intent.id,
    transactions: [
      transaction('Charge', 'Success', {
        amount: money(10_000),
        interactionId: intent.id,
        timestamp: new Date(movement.created * 1000).toISOString(),
      }),
      ...more,
    ],
  });

/** The account and the project, with what moved in the one and is recorded in the other. */
function world(moved: readonly Moved[], payments: readonly Payment[]) {
  const account = new FakeStripe();
  for (const { intent, charge, transaction: movement } of moved) {
    account.paymentIntents.set(intent.id, intent as Stripe.PaymentIntent);
    account.charges.set(charge.id, charge as Stripe.Charge);
    account.balanceTransactions.set(movement.id, movement as Stripe.BalanceTransaction);
  }
  const project = new FakeCommercetools().add(...payments);
  const listed: Date[] = [];
  const differences: AuditDifference[] = [];
  const failed: string[] = [];
  const slices: Date[] = [];
  const { movements, ofPaymentIntent } = stripeMoney(account);
  const deps: AuditDependencies = {
    money: {
      movements: (type, since, ...rest) => {
        listed.push(since);
        return movements(type, since, ...rest);
      },
      ofPaymentIntent,
    },
    movedPayments: movedPayments(project, 'checkout-stripe'),
    payments: commercetoolsPayments(project),
    snapshots: stripeSnapshots(account),
    stripe: stripeFacts(account),
    producer: { send: async () => expect.unreachable('nothing is published without repair') },
    projectKey: METADATA_OF_OURS.ct_project_key,
    onDifference: (difference) => differences.push(difference),
    onFailure: (id) => failed.push(id),
    onSlice: async (_, until) => {
      slices.push(until);
    },
    pause: async () => {},
  };
  return { account, project, deps, listed, differences, failed, slices };
}

const options: AuditOptions = { since: BEGIN, until: at(3), repair: false, dryRun: false, atOnce: 4 };

describe('an audit', () => {
  it('agrees when each movement has its payment, and sums both sides', async () => {
    const movements = [movedAt(0), movedAt(2)];
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
    const one = movedAt(0);
    const again = { ...one, transaction: movementOf(one.charge, 2) };
    const { deps } = world([one, again], [recordedOf(one)]);
    expect(await audit(deps, options)).toMatchObject({ payments: 1, movements: { charge: 2 } });
  });

  it('compares again what differed before, until it agrees, whichever side still has it', async () => {
    const earlier = movedAt(-48);
    const gone = paymentOf({ interfaceId: 'pi_gone', transactions: recordedOf(movedAt(-48)).transactions });
    const unrecorded = { ...recordedOf(earlier), transactions: [] };
    const again = [earlier.intent.id, 'pi_gone', 'pi_of_nobody'];
    const { project, deps, differences } = world([earlier], [unrecorded, gone]);
    expect(await audit(deps, { ...options, again })).toMatchObject({ payments: 2, failed: 0, complete: true });
    expect(differences.map(({ kind, paymentIntentId }) => [kind, paymentIntentId])).toEqual(
      expect.arrayContaining([
        ['missing_here', earlier.intent.id],
        ['missing_there', 'pi_gone'],
      ]),
    );
    expect(differences).toHaveLength(2);
    for (const { id } of [unrecorded, gone]) project.stored.delete(id);
    project.add(recordedOf(earlier));
    differences.length = 0;
    expect(agrees(await audit(deps, { ...options, again }))).toBe(true);
    expect(differences).toEqual([]);
  });

  it('counts the money of others, and does not compare it', async () => {
    const movements = [movedAt(0, {}), movedAt(1, { ct_project_key: 'another' }), ofNoPaymentIntent(1)];
    const { deps, differences } = world(movements, []);
    expect(await audit(deps, options)).toMatchObject({ foreign: 3, payments: 0, complete: true });
    expect(differences).toEqual([]);
  });

  it('counts a PaymentIntent as ours when a payment of the project names it, whatever its metadata says', async () => {
    const moved = movedAt(0, {});
    const { deps } = world([moved], [recordedOf(moved)]);
    expect(await audit(deps, options)).toMatchObject({ foreign: 0, payments: 1 });
  });

  it('reports a missing payment once, over the charged amount', async () => {
    const { deps, differences } = world([movedAt(0)], []);
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
    const moved = movedAt(0);
    const refund = refundOf(moved.charge, { amount: 500 });
    // Stripe's side was read before the refund, the payment after it.
    const shown = transaction('Refund', 'Success', { amount: money(500), interactionId: refund.id });
    const { account, deps, differences } = world([moved], [recordedOf(moved, shown)]);
    account.gate = async (call, moment) => {
      if (call !== 'refunds.list' || moment !== 'after') return;
      account.refunds.set(refund.id, refund as Stripe.Refund);
      moved.charge.amount_refunded = 500;
    };
    const summary = await audit(deps, options);
    expect(differences).toEqual([]);
    expect(summary.sums.EUR?.Refund).toEqual({ stripe: 500, commercetools: 500 });
  });

  it('counts as repaired only what the ledger fixes, not what differs beside it', async () => {
    const moved = movedAt(0);
    const [small, absent, early] = [500, 300, 200].map((amount) => refundOf(moved.charge, { amount }));
    if (!small || !absent || !early) throw new Error('there are three refunds');
    early.status = 'pending';
    moved.charge.amount_refunded = 1_000;
    const shown = (centAmount: number, interactionId: string) =>
      transaction('Refund', 'Success', { amount: money(centAmount), interactionId });
    const { account, deps, differences } = world(
      [moved],
      [recordedOf(moved, shown(400, small.id), shown(200, early.id))],
    );
    for (const refund of [small, absent, early]) account.refunds.set(refund.id, refund as Stripe.Refund);
    const published: unknown[] = [];
    const producer = { send: async (_topic: string, record: unknown) => void published.push(record) };
    const summary = await audit({ ...deps, producer } as AuditDependencies, { ...options, repair: true });
    expect(differences.map(({ kind, interactionId, repaired }) => [kind, interactionId, repaired]).toSorted()).toEqual(
      [
        ['missing_here', absent.id, true],
        ['other_amount', small.id, false],
        ['other_state', early.id, false],
      ].toSorted(),
    );
    expect(summary.repairs).toMatchObject({ missing_here: 1, other_amount: 0, other_state: 0 });
    expect(published.length).toBeGreaterThan(0);
  });

  it('waits up to 30 s for the ledger when something has just changed at Stripe', async () => {
    const moved = movedAt(0);
    const { transactions, ...late } = recordedOf(moved);
    const early = { ...late, transactions: [] };
    const now = () => new Date(Date.parse(late.lastModifiedAt) + 1_000);
    const pauses: number[] = [];
    const seen = world([moved], [early]);
    const pause = async (ms: number) => {
      if (pauses.push(ms) === 2) seen.project.changeByAnother(early.id, { transactions });
    };
    await audit({ ...seen.deps, now, pause }, options);
    expect({ pauses: pauses.length, differences: seen.differences }).toEqual({ pauses: 2, differences: [] });

    const never = world([moved], [early]);
    pauses.length = 0;
    await audit({ ...never.deps, now, pause: async (ms) => void pauses.push(ms) }, options);
    expect(never.differences).toMatchObject([{ kind: 'missing_here' }]);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(30_000);
  });

  it('continues when one payment cannot be compared, but is incomplete', async () => {
    const [bad, good] = [movedAt(0), movedAt(0)];
    bad.charge.amount_refunded = 500;
    const { account, deps, failed } = world([bad, good], [recordedOf(bad), recordedOf(good)]);
    account.gate = async (call) => {
      if (call === 'refunds.list') throw new TransientError('Stripe is away');
    };
    expect(await audit(deps, options)).toMatchObject({ payments: 1, failed: 1, complete: false });
    expect(failed).toEqual([bad.intent.id]);
  });

  it('continues where an earlier run was interrupted, with its counts', async () => {
    const movements = [movedAt(0), movedAt(0), movedAt(2), movedAt(2)];
    // In each hour, one payment is recorded and one shows nothing.
    const recorded = movements.map((each, n) =>
      n % 2 === 0 ? recordedOf(each) : { ...recordedOf(each), transactions: [] },
    );
    // What differed in the first hour differed the day before, too, and its money moves again later.
    const differed = movements.slice(1, 2);
    movements.push(...differed.map((each) => ({ ...each, transaction: movementOf(each.charge, 2) })));
    const again = differed.map(({ intent }) => intent.id);
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
    expect(await audit({ ...second.deps, onSlice }, { ...options, again, resume: kept })).toMatchObject({
      payments: 4,
      kinds: { missing_here: 2 },
      complete: true,
    });
    // The earlier run's differences are reported with the rest; each of this run's once.
    expect(second.differences.map(({ paymentIntentId }) => paymentIntentId)).toEqual(
      [movements[1], movements[3]].map((each) => each?.intent.id),
    );
    expect(slices).toEqual([0, 1]);
    expect(second.listed.filter((since) => since <= BEGIN)).toEqual([]);
    expect(second.slices).toEqual([at(2), at(3)]);
  });
});
