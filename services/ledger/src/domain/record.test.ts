import type { TransactionState, TransactionType } from '@connector/payment-model';
import { payment, transaction } from '@connector/testing';
import { describe, expect, it } from 'vitest';
import type { TransactionFact } from './facts.ts';
import { record } from './record.ts';

const fact = (
  type: TransactionType,
  state: TransactionState,
  overrides: Partial<TransactionFact> = {},
): TransactionFact => ({
  type,
  state,
  interactionId: 'pi_1',
  amount: { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 },
  occurredAt: '2026-11-23T09:02:00.000Z',
  ...overrides,
});

describe('a state that a transaction is in', () => {
  const STATES = ['Initial', 'Pending', 'Success', 'Failure'] as const;
  const MAY: Record<TransactionState, readonly TransactionState[]> = {
    Initial: ['Pending', 'Success', 'Failure'],
    Pending: ['Success', 'Failure'],
    Success: ['Failure'],
    Failure: ['Success'],
  };
  const rows = STATES.flatMap((from) => STATES.map((to) => [from, to, MAY[from].includes(to)] as const));

  it.each(rows)('%s → %s is taken over: %s', (from, to, allowed) => {
    const known = transaction('Charge', from, { interactionId: 'pi_1' });
    const expected = allowed ? [{ action: 'changeTransactionState', transactionId: known.id, state: to }] : [];
    expect(record(payment({ transactions: [known] }), fact('Charge', to))).toEqual(expected);
  });

  it.each([
    ['Authorization', true],
    ['CancelAuthorization', false],
    ['Charge', false],
    ['Refund', false],
    ['Chargeback', false],
  ] as const)('%s may wait again after it failed: %s', (type, allowed) => {
    const known = transaction(type, 'Failure', { interactionId: 'pi_1' });
    const expected = allowed ? [{ action: 'changeTransactionState', transactionId: known.id, state: 'Pending' }] : [];
    expect(record(payment({ transactions: [known] }), fact(type, 'Pending'))).toEqual(expected);
  });
});

describe('the transaction that a fact means', () => {
  const added = (of: TransactionFact) => ({
    action: 'addTransaction',
    transaction: {
      type: of.type,
      state: of.state,
      amount: { centAmount: of.amount.centAmount, currencyCode: of.amount.currencyCode },
      interactionId: of.interactionId,
      timestamp: of.occurredAt,
    },
  });
  const refund = fact('Refund', 'Success', { interactionId: 're_1' });

  it.each([
    ['there is none', []],
    ['only another type has its id', [transaction('Charge', 'Success', { interactionId: 're_1' })]],
    ['only another id is there', [transaction('Refund', 'Success', { interactionId: 're_2' })]],
    ['an Initial one has an id of its own', [transaction('Refund', 'Initial', { interactionId: 're_2' })]],
    [
      'an Initial one has another amount',
      [
        transaction('Refund', 'Initial', {
          amount: { type: 'centPrecision', centAmount: 9_999, currencyCode: 'EUR', fractionDigits: 2 },
        }),
      ],
    ],
    [
      'an Initial one has another currency',
      [
        transaction('Refund', 'Initial', {
          amount: { type: 'centPrecision', centAmount: 10_000, currencyCode: 'USD', fractionDigits: 2 },
        }),
      ],
    ],
    ['one without an id is not Initial any more', [transaction('Refund', 'Pending')]],
  ])('is added when %s', (_when, transactions) => {
    expect(record(payment({ transactions }), refund)).toEqual([added(refund)]);
  });

  it('is an Initial one without an id and of this amount: it gets state and id', () => {
    const known = transaction('Refund', 'Initial');
    expect(record(payment({ transactions: [known] }), refund)).toEqual([
      { action: 'changeTransactionState', transactionId: known.id, state: 'Success' },
      { action: 'changeTransactionInteractionId', transactionId: known.id, interactionId: 're_1' },
    ]);
  });

  it('is the one with its id rather than an Initial one of this amount', () => {
    const known = transaction('Refund', 'Pending', { interactionId: 're_1' });
    const awaiting = transaction('Refund', 'Initial');
    expect(record(payment({ transactions: [awaiting, known] }), refund)).toEqual([
      { action: 'changeTransactionState', transactionId: known.id, state: 'Success' },
    ]);
  });

  it('keeps its amount and its time', () => {
    const known = transaction('Authorization', 'Success', { interactionId: 'pi_1' });
    const amount = { centAmount: 12_000, currencyCode: 'EUR', fractionDigits: 2 };
    expect(record(payment({ transactions: [known] }), fact('Authorization', 'Success', { amount }))).toEqual([]);
  });
});
