import { derivedEventId, eventRecord, PAYMENT_EVENTS, PROJECT_HEADER, SOURCES } from '@connector/contracts';
import type { StoredMessage } from '@connector/kafka';
import { expect, it } from 'vitest';
import { requestedOperations } from './requested-operations.ts';

const SINCE = new Date('2026-11-22T00:00:00Z');
const BEFORE = new Date('2026-11-23T12:00:00Z');
const ids = { paymentId: 'payment-1', paymentIntentId: 'pi_1', operation: 'refundPayment' } as const;
const amount = { centAmount: 300, currencyCode: 'EUR', fractionDigits: 2 };

function message(operationId: string, isEnd: boolean, { at = '2026-11-23T09:00:00Z', project = 'shop' } = {}) {
  const type = isEnd ? 'checkout.payment.operation_completed' : 'checkout.payment.operation_requested';
  const origin = { key: 'pi_1', id: derivedEventId(type, operationId), source: SOURCES.intent, time: new Date(at) };
  const { value, headers } = isEnd
    ? eventRecord('checkout.payment.operation_completed', origin, {
        ...ids,
        operationId,
        outcome: { kind: 'refused', transactionType: 'Refund', amount },
      })
    : eventRecord('checkout.payment.operation_requested', origin, {
        ...ids,
        operationId,
        transactionType: 'Refund',
        amount,
      });
  return { value, headers: { ...headers, [PROJECT_HEADER]: project } };
}

it('finds the operations of this project that have no result and are old enough, oldest first', async () => {
  const messages = [
    message('late', false, { at: '2026-11-23T11:00:00Z' }),
    message('ended', false),
    message('early', false),
    message('ended', true),
    message('of another project', false, { project: 'elsewhere' }),
    message('young', false, { at: '2026-11-23T12:30:00Z' }),
    { value: Buffer.from('no JSON'), headers: message('x', false).headers },
    { value: Buffer.from('{}'), headers: {} },
  ];
  const operations = requestedOperations(
    async (topic, onMessage, since) => {
      expect([topic, since]).toEqual([PAYMENT_EVENTS, SINCE]);
      for (const each of messages) onMessage(each as unknown as StoredMessage);
    },
    SINCE,
    'shop',
  );
  const found = await operations.withoutEnd(BEFORE);
  expect(found.map(({ operationId }) => operationId)).toEqual(['early', 'late']);
  expect(found[0]).toMatchObject({
    ...ids,
    transactionType: 'Refund',
    amount,
    requestedAt: new Date('2026-11-23T09:00:00Z'),
  });
});
