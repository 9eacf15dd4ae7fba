import type { Payment } from '@commercetools/platform-sdk';
import { attributesOf, derivedEventId, EVENTS, type EventRecord, PAYMENT_EVENTS } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import { chargeOf, disputeOf, payment, paymentIntent, refundOf, stripeId, transaction } from '@connector/testing';
import { FakeCommercetools, FakeStripe } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { openPayments } from '../adapters/open-payments.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { stripeSnapshots } from '../adapters/stripe-snapshots.ts';
import type { Divergence } from '../domain/reconciliation.ts';
import { standingOfOperation } from './find-unfinished-operations.ts';
import type { RequestedOperation, Snapshot } from './ports.ts';
import { type ReconcilePaymentsOptions, reconcilePayments } from './reconcile-payments.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const HOUR = 60 * 60 * 1000;
const METADATA = { ct_project_key: 'shop', cart_id: 'cart-1' };

interface World {
  payments?: Payment[];
  /** Stripe's objects, newest first. */
  stripe?: object[];
  /** Errors of the next calls that name an object. */
  faults?: Record<string, Error[]>;
  sendFaults?: Error[];
  /** Operations without a result in any event. */
  operations?: RequestedOperation[];
}

/** Stores an object among Stripe's objects of its kind. */
function put(account: FakeStripe, object: Snapshot): void {
  const { paymentIntents, charges, refunds, disputes } = account;
  const kinds: Record<string, Map<string, unknown>> = {
    payment_intent: paymentIntents,
    charge: charges,
    refund: refunds,
    dispute: disputes,
  };
  kinds[object.object]?.set(object.id, object);
}

function world({ payments = [], stripe = [], faults = {}, sendFaults = [], operations = [] }: World) {
  const sent: EventRecord[] = [];
  const divergences: Divergence[] = [];
  const failures: string[] = [];
  const pauses: number[] = [];
  const account = new FakeStripe();
  account.maxPage = 1;
  account.beforeRead = (id) => {
    const fault = faults[id]?.shift();
    if (fault) throw fault;
  };
  for (const object of stripe.toReversed()) put(account, object as Snapshot);
  const project = new FakeCommercetools().add(...payments);
  const run = (options: Partial<ReconcilePaymentsOptions> = {}) =>
    reconcilePayments(
      {
        // A page holds one payment.
        openPayments: openPayments(project, 'checkout-stripe', 1),
        payments: commercetoolsPayments(project),
        snapshots: stripeSnapshots(account),
        operations: {
          withoutEnd: async (before) => operations.filter(({ requestedAt }) => requestedAt < before),
        },
        stripe: stripeFacts(account),
        projectKey: 'shop',
        producer: {
          send: async (topic, record) => {
            const fault = sendFaults.shift();
            if (fault) throw fault;
            expect(topic).toBe(PAYMENT_EVENTS);
            sent.push(record);
          },
        },
        onDivergence: (divergence) => divergences.push(divergence),
        onFailure: (what) => failures.push(what),
        pause: async (ms) => pauses.push(ms),
        now: () => NOW,
      },
      { olderThanMs: HOUR, repair: false, dryRun: false, ...options },
    );
  return { run, sent, divergences, failures, pauses };
}

const pending = (type: Parameters<typeof transaction>[0], interactionId: string, given: object = {}) =>
  transaction(type, 'Pending', { interactionId, ...given });

/** A payment of 100.00 EUR whose money is on its way, and its PaymentIntent in the given present state. */
function debit(status: string, given: object = {}) {
  const atStripe = paymentIntent({
    status: status as 'succeeded',
    amount_received: status === 'succeeded' ? 10_000 : 0,
    metadata: METADATA,
    ...given,
  });
  const ofIt = payment({ interfaceId: atStripe.id, transactions: [pending('Authorization', atStripe.id)] });
  return { atStripe, ofIt };
}

const dataOf = ({ value }: EventRecord) => EVENTS['checkout.payment.reconciled'].parse(JSON.parse(value.toString()));

describe('an open transaction', () => {
  it.each([
    ['succeeded', 'Authorization Pending → Success, + Charge Success 10000 EUR'],
    ['requires_capture', 'Authorization Pending → Success'],
    ['requires_payment_method', 'Authorization Pending → Failure'],
    ['canceled', 'Authorization Pending → Failure, + CancelAuthorization Success 10000 EUR'],
  ])('that Stripe has settled gets an event with the present state at Stripe: %s', async (status, change) => {
    const { atStripe, ofIt } = debit(status);
    const { run, sent, divergences } = world({ payments: [ofIt], stripe: [atStripe] });
    const summary = await run();
    expect(divergences).toEqual([
      { kind: 'transaction_outdated', paymentIntentId: atStripe.id, paymentId: ofIt.id, change, repaired: true },
    ]);
    expect(sent.map(({ key }) => key)).toEqual([atStripe.id]);
    expect(sent.map(dataOf)).toMatchObject([
      { paymentId: ofIt.id, paymentIntentId: atStripe.id, object: { id: atStripe.id, status } },
    ]);
    expect(sent[0]?.value.toString()).not.toContain('client_secret');
    expect(summary).toMatchObject({
      complete: true,
      payments: { checked: 1, pending: 0, diverging: 1, repaired: 1, failed: 0 },
      repairs: { transaction_outdated: 1 },
    });
  });

  it('that is also open at Stripe is left alone', async () => {
    const { atStripe, ofIt } = debit('processing');
    const { run, sent } = world({ payments: [ofIt], stripe: [atStripe] });
    expect((await run()).payments).toEqual({ checked: 1, pending: 1, diverging: 0, repaired: 0, failed: 0 });
    expect(sent).toEqual([]);
  });

  it('that is Initial because the shopper never paid is left alone', async () => {
    const atStripe = paymentIntent({ status: 'requires_payment_method', metadata: METADATA });
    const initial = transaction('Authorization', 'Initial', { interactionId: atStripe.id });
    const ofIt = payment({ interfaceId: atStripe.id, transactions: [initial] });
    const { run } = world({ payments: [ofIt], stripe: [atStripe] });
    expect(await run()).toMatchObject({
      payments: { pending: 1, diverging: 0 },
      open: { Initial: { payments: 1 }, Pending: { payments: 0 } },
    });
  });

  it.each([
    ['under_1h', 0.9],
    ['1h_to_1d', 1],
    ['1h_to_1d', 23],
    ['1d_to_3d', 71],
    ['over_3d', 72],
  ] as const)('is counted by its age: %s after %d hours', async (age, hours) => {
    const { atStripe, ofIt } = debit('processing');
    const timestamp = new Date(NOW.getTime() - hours * 3_600_000).toISOString();
    const aged = { ...ofIt, transactions: [pending('Authorization', atStripe.id, { timestamp })] };
    const { run } = world({ payments: [aged], stripe: [atStripe] });
    const none = { under_1h: 0, '1h_to_1d': 0, '1d_to_3d': 0, over_3d: 0 };
    expect((await run({ olderThanMs: 60_000 })).open.Pending.ages).toEqual({ ...none, [age]: 1 });
  });

  it('that is young is left to the webhooks', async () => {
    const { atStripe, ofIt } = debit('succeeded');
    const young = { ...ofIt, transactions: [pending('Authorization', atStripe.id, { timestamp: NOW.toISOString() })] };
    const { run } = world({ payments: [young], stripe: [atStripe] });
    expect((await run()).payments.checked).toBe(0);
  });

  it('without a time is as old as its payment', async () => {
    const { atStripe, ofIt } = debit('succeeded');
    const old = { ...ofIt, transactions: ofIt.transactions.map(({ timestamp: _, ...rest }) => rest) };
    const { run } = world({ payments: [old], stripe: [atStripe] });
    expect(await run()).toMatchObject({
      payments: { repaired: 1 },
      open: { Pending: { oldest: new Date(ofIt.createdAt) } },
    });
  });

  it('of a refund is compared with the refund', async () => {
    const { atStripe, ofIt } = debit('succeeded');
    const charge = chargeOf(atStripe, { amount_captured: 10_000, captured: true });
    const refund = refundOf(charge, { status: 'failed' });
    const transactions = [
      transaction('Authorization', 'Success', { interactionId: atStripe.id }),
      transaction('Charge', 'Success', { interactionId: atStripe.id }),
      pending('Refund', refund.id),
    ];
    const { run, sent, divergences } = world({
      payments: [{ ...ofIt, transactions }],
      stripe: [atStripe, charge, refund],
    });
    await run();
    expect(divergences).toMatchObject([{ change: 'Refund Pending → Failure' }]);
    expect(sent.map(dataOf)).toMatchObject([{ paymentIntentId: atStripe.id, object: { id: refund.id } }]);
  });

  it('of a dispute is compared with the dispute', async () => {
    const { atStripe, ofIt } = debit('succeeded');
    const charge = chargeOf(atStripe, { amount_captured: 10_000, captured: true });
    const dispute = disputeOf(charge, { id: stripeId('du'), status: 'lost' });
    const transactions = [pending('Chargeback', dispute.id)];
    const { run, sent, divergences } = world({
      payments: [{ ...ofIt, transactions }],
      stripe: [atStripe, charge, dispute],
    });
    await run();
    expect(divergences).toMatchObject([{ change: 'Chargeback Pending → Success' }]);
    expect(sent.map(dataOf)).toMatchObject([{ object: { id: dispute.id } }]);
  });

  it('about something that Stripe does not have is reported, and nothing is published', async () => {
    const { ofIt } = debit('succeeded');
    const unnamed = payment({ transactions: [transaction('Authorization', 'Initial')] });
    const { run, sent, divergences } = world({ payments: [ofIt, unnamed] });
    expect(await run()).toMatchObject({ complete: true, payments: { diverging: 2, repaired: 0 } });
    expect(divergences.map(({ kind, repaired }) => [kind, repaired])).toEqual([
      ['gone_from_stripe', false],
      ['gone_from_stripe', false],
    ]);
    expect(sent).toEqual([]);
  });

  it('gets the same event id, however often the same state is found', async () => {
    const { atStripe, ofIt } = debit('succeeded');
    const { run, sent } = world({ payments: [ofIt], stripe: [atStripe] });
    await run();
    await run();
    expect(new Set(sent.map(({ headers }) => attributesOf(headers).id)).size).toBe(1);
    expect(sent).toHaveLength(2);
  });
});

it('reads page after page', async () => {
  const many = Array.from({ length: 5 }, () => debit('succeeded'));
  const { run, sent } = world({ payments: many.map(({ ofIt }) => ofIt), stripe: many.map(({ atStripe }) => atStripe) });
  expect((await run()).payments).toMatchObject({ checked: 5, repaired: 5 });
  expect(new Set(sent.map(({ key }) => key)).size).toBe(5);
});

describe("Stripe's PaymentIntents", () => {
  const since = new Date(NOW.getTime() - 24 * HOUR);
  const paid = () => paymentIntent({ status: 'succeeded', amount_received: 10_000, metadata: METADATA });

  it('without a payment are reported, and repaired when asked to', async () => {
    const { run, sent, divergences } = world({ stripe: [paid()] });
    expect(await run({ since })).toMatchObject({ complete: true, paymentIntents: { diverging: 1, repaired: 0 } });
    expect(sent).toEqual([]);
    expect(await run({ since, repair: true })).toMatchObject({ repairs: { payment_missing: 1 } });
    expect(sent.map(dataOf).map(({ paymentId }) => paymentId)).toEqual([undefined]);
    expect(divergences.map(({ kind, repaired }) => [kind, repaired])).toEqual([
      ['payment_missing', false],
      ['payment_missing', true],
    ]);
  });

  it('whose payment lacks a transaction are repaired, by interfaceId or by the key they name', async () => {
    const [one, two] = [paid(), paid()];
    const named = { ...two, metadata: { ...METADATA, ct_payment_key: 'cart-1-1' } };
    const payments = [payment({ interfaceId: one.id }), payment({ key: 'cart-1-1' })];
    const { run, sent } = world({ payments, stripe: [one, named] });
    expect(await run({ since, repair: true })).toMatchObject({ repairs: { transaction_missing: 2 } });
    expect(sent.map(dataOf).map(({ paymentId }) => paymentId)).toEqual(payments.map(({ id }) => id));
  });

  it('that still wait for the shopper are linked to the payment that they name, if the opening was interrupted', async () => {
    const waiting = (key: string) =>
      paymentIntent({ status: 'requires_payment_method', metadata: { ...METADATA, ct_payment_key: key } });
    const [untied, tied, alone] = [waiting('cart-1-1'), waiting('cart-2-1'), waiting('cart-3-1')];
    const payments = [payment({ key: 'cart-1-1' }), payment({ key: 'cart-2-1', interfaceId: tied.id })];
    const { run, sent, divergences } = world({ payments, stripe: [untied, tied, alone] });
    expect(await run({ since, repair: true })).toMatchObject({
      paymentIntents: { checked: 3, diverging: 1, repaired: 1 },
      repairs: { payment_untied: 1, payment_missing: 0 },
    });
    expect(divergences[0]).toMatchObject({ paymentId: payments[0]?.id, change: `tied to ${untied.id}` });
    expect(sent.map(({ key }) => key)).toEqual([untied.id]);
  });

  it('are no divergence when the payment that they name belongs to another PaymentIntent', async () => {
    const named = { ...paid(), metadata: { ...METADATA, ct_payment_key: 'cart-1-1' } };
    const other = payment({ key: 'cart-1-1', interfaceId: stripeId('pi') });
    const { run, divergences } = world({ payments: [other], stripe: [named] });
    await run({ since });
    expect(divergences).toMatchObject([{ kind: 'payment_missing', paymentId: undefined }]);
  });

  it.each<[string, object]>([
    ['of another project', { ...paid(), metadata: { ct_project_key: 'other' } }],
    ['of another integration', { ...paid(), metadata: {} }],
    ['that the shopper left', paymentIntent({ status: 'requires_payment_method', metadata: METADATA })],
    [
      'that were canceled before any money',
      paymentIntent({ status: 'canceled', latest_charge: null, metadata: METADATA }),
    ],
  ])('%s are not looked at', async (_which, object) => {
    const { run } = world({ stripe: [object] });
    expect((await run({ since, repair: true })).paymentIntents).toMatchObject({ checked: 0, diverging: 0 });
  });

  it('are not read twice', async () => {
    const { atStripe, ofIt } = debit('succeeded');
    const { run, sent } = world({ payments: [ofIt], stripe: [atStripe] });
    expect(await run({ since, repair: true })).toMatchObject({
      payments: { repaired: 1 },
      paymentIntents: { checked: 0 },
    });
    expect(sent).toHaveLength(1);
  });

  it('are skipped without --since', async () => {
    const { run } = world({ stripe: [paid()] });
    expect((await run({ since: undefined })).paymentIntents.checked).toBe(0);
  });
});

it('publishes nothing in a dry run, and reports what it would publish', async () => {
  const { atStripe, ofIt } = debit('succeeded');
  const { run, sent } = world({ payments: [ofIt], stripe: [atStripe] });
  expect(await run({ dryRun: true })).toMatchObject({
    payments: { repaired: 1 },
    repairs: { transaction_outdated: 0 },
  });
  expect(sent).toEqual([]);
});

describe('what fails', () => {
  it('that is transient is retried after the requested wait', async () => {
    const { atStripe, ofIt } = debit('succeeded');
    const busy = new TransientError('429', { reason: 'rate_limited', retryAfterMs: 30_000 });
    const faults = { [atStripe.id]: [busy] };
    const { run, pauses } = world({
      payments: [ofIt],
      stripe: [atStripe],
      faults,
      sendFaults: [new TransientError('x')],
    });
    expect(await run()).toMatchObject({ complete: true, payments: { repaired: 1, failed: 0 } });
    expect(pauses[0]).toBe(30_000);
    expect(pauses).toHaveLength(2);
  });

  it('that is permanent stops no other check, but makes the run incomplete', async () => {
    const [one, two] = [debit('succeeded'), debit('succeeded')];
    const faults = { [one.atStripe.id]: [new PermanentError('refused')] };
    const { run, failures } = world({
      payments: [one.ofIt, two.ofIt],
      stripe: [one.atStripe, two.atStripe],
      faults,
    });
    expect(await run()).toMatchObject({ complete: false, payments: { checked: 2, repaired: 1, failed: 1 } });
    expect(failures).toEqual([`payment ${one.ofIt.id}`]);
  });
});

describe('an operation without a result', () => {
  const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR', fractionDigits: 2 });
  const OPERATION = 'refundPayment-0123456789abcdef0123';
  const captured = () => {
    const atStripe = paymentIntent({ status: 'succeeded', amount_received: 10_000, metadata: METADATA });
    const charge = chargeOf(atStripe, { amount_captured: 10_000 });
    const transactions = [
      transaction('Authorization', 'Success', { interactionId: atStripe.id }),
      transaction('Charge', 'Success', { interactionId: atStripe.id }),
    ];
    return { atStripe, charge, ofIt: payment({ interfaceId: atStripe.id, transactions }) };
  };
  const requested = (
    { atStripe, ofIt }: Pick<ReturnType<typeof captured>, 'atStripe' | 'ofIt'>,
    given: Partial<RequestedOperation> = {},
  ): RequestedOperation => ({
    paymentId: ofIt.id,
    paymentIntentId: atStripe.id,
    operationId: OPERATION,
    operation: 'refundPayment',
    transactionType: 'Refund',
    amount: EUR(300),
    requestedAt: new Date(NOW.getTime() - 2 * HOUR),
    ...given,
  });

  it('that Stripe did not do is booked as a Failure, once, under the id that intent would have given it', async () => {
    const one = captured();
    const { run, sent, divergences } = world({
      payments: [one.ofIt],
      stripe: [one.atStripe, one.charge],
      operations: [requested(one)],
    });
    const summary = await run();
    expect(divergences).toMatchObject([{ kind: 'operation_unfinished', paymentId: one.ofIt.id, repaired: true }]);
    expect(summary).toMatchObject({ complete: true, operations: { checked: 1, diverging: 1, repaired: 1, failed: 0 } });
    const [record] = sent;
    expect(record?.headers).toMatchObject({
      ce_type: 'checkout.payment.operation_completed',
      ce_id: derivedEventId('checkout.payment.operation_completed', OPERATION, 'refused'),
    });
    expect(JSON.parse(record?.value.toString() ?? '')).toMatchObject({
      operationId: OPERATION,
      outcome: { kind: 'refused', transactionType: 'Refund', amount: EUR(300), code: 'not_done' },
    });
    // The ledger books a transaction under the operation's id; then nothing is left to find.
    const failure = transaction('Refund', 'Failure', { interactionId: OPERATION });
    const later = world({
      payments: [{ ...one.ofIt, transactions: [...one.ofIt.transactions, failure] }],
      stripe: [one.atStripe, one.charge],
      operations: [requested(one)],
    });
    await later.run();
    expect(later.sent).toEqual([]);
  });

  it('that Stripe did is published from Stripe’s object', async () => {
    const one = captured();
    const refund = refundOf(one.charge, { amount: 300, metadata: { ct_operation_id: OPERATION } });
    const { run, sent, divergences } = world({
      payments: [one.ofIt],
      stripe: [one.atStripe, { ...one.charge, amount_refunded: 300 }, refund],
      operations: [requested(one)],
    });
    await run();
    expect(divergences).toMatchObject([{ kind: 'transaction_missing', change: '+ Refund Success 300 EUR' }]);
    expect(sent.map(dataOf)).toMatchObject([{ object: { id: refund.id } }]);
  });

  it('for which Stripe only released an uncaptured rest counts as not done, because no money was returned', async () => {
    const one = captured();
    const part = { ...one.atStripe, amount_received: 9_700 } as unknown as Snapshot;
    const release = (balance_transaction: unknown) =>
      ({
        ...refundOf(one.charge, { amount: 300, metadata: { ct_operation_id: OPERATION } }),
        balance_transaction,
      }) as unknown as Snapshot;
    const kindFor = (refund: Snapshot) => standingOfOperation(requested(one), one.ofIt, part, [refund]).kind;
    expect(kindFor(release(null))).toBe('not-done');
    expect(kindFor(release({ id: 'txn_1', reporting_category: 'partial_capture_reversal' }))).toBe('not-done');
    expect(kindFor(release({ id: 'txn_1', reporting_category: 'refund' }))).toBe('done');
  });

  it('that is young is left alone, and only reported in a dry run', async () => {
    const one = captured();
    const young = requested(one, { requestedAt: new Date(NOW.getTime() - HOUR / 2) });
    const stripe = [one.atStripe, one.charge];
    const waiting = world({ payments: [one.ofIt], stripe, operations: [young] });
    expect(await waiting.run()).toMatchObject({ operations: { checked: 0 } });
    const dry = world({ payments: [one.ofIt], stripe, operations: [requested(one)] });
    expect(await dry.run({ dryRun: true })).toMatchObject({ operations: { diverging: 1 } });
    expect([...waiting.sent, ...dry.sent]).toEqual([]);
  });

  const key = `ct_operation_id_${OPERATION.slice(OPERATION.indexOf('-') + 1, OPERATION.indexOf('-') + 17)}`;
  const full = Object.fromEntries(Array.from({ length: 49 }, (_, at) => [`key_${at}`, 'x']));
  it.each<[string, Partial<RequestedOperation>, object, string]>([
    [
      'a capture with its note was done',
      { transactionType: 'Charge' },
      { status: 'requires_capture', metadata: { [key]: 'x' } },
      'done',
    ],
    [
      'a capture without one was not',
      { transactionType: 'Charge' },
      { status: 'requires_capture', metadata: {} },
      'not-done',
    ],
    [
      'a capture whose entry had no room cannot be decided',
      { transactionType: 'Charge' },
      { metadata: full },
      'settled',
    ],
    ['a refund needs no entry there', {}, { metadata: full }, 'not-done'],
    [
      'a cancelation was done when the payment is canceled',
      { transactionType: 'CancelAuthorization' },
      { status: 'canceled', metadata: { [key]: 'x' } },
      'done',
    ],
    [
      'a cancelation that was noted and not done was not',
      { transactionType: 'CancelAuthorization' },
      { status: 'requires_capture', metadata: { [key]: 'x' } },
      'not-done',
    ],
    [
      'a cancelation by somebody else is not this operation',
      { transactionType: 'CancelAuthorization' },
      { status: 'canceled', metadata: {} },
      'not-done',
    ],
    [
      'an event of an older version does not say what to book',
      { transactionType: undefined },
      { metadata: {} },
      'settled',
    ],
  ])('is decided by what Stripe keeps: %s', (_rule, asked, fields, kind) => {
    const one = captured();
    const atStripe = { ...one.atStripe, ...fields } as unknown as Snapshot;
    expect(standingOfOperation(requested(one, asked), one.ofIt, atStripe, []).kind).toBe(kind);
  });
});
