import { PermanentError } from '@connector/errors';
import { expect, it } from 'vitest';
import { handlePaymentEvent, type PaymentEventsDependencies } from './payment-events.ts';

/** Dependencies without ports: any read or call would fail the test. */
const untouched = { projectKey: 'shop-a' } as PaymentEventsDependencies;

const delivery = (headers: Record<string, string>) =>
  ({
    attributes: {
      id: 'evt_1',
      source: '/stripe',
      type: 'com.stripe.payment_intent.succeeded',
      time: '',
      subject: 'pi_1',
    },
    value: Buffer.from('not even read'),
    headers,
    attempt: 1,
    mayCall: () => true,
    isAssigned: () => true,
    behind: () => [],
  }) as unknown as Parameters<ReturnType<typeof handlePaymentEvent>>[0];

it('makes an event of another project a dead letter, without reading it and without a call', async () => {
  await expect(handlePaymentEvent(untouched)(delivery({ ce_ctproject: 'shop-b' }))).rejects.toSatisfy(
    (error) => error instanceof PermanentError && error.reason === 'foreign_project',
  );
});

it.each([
  ['of its own project', { ce_ctproject: 'shop-a' }],
  ['of a version that did not name the project', {}],
])('reads an event %s', async (_whose, headers) => {
  await expect(handlePaymentEvent(untouched)(delivery(headers as Record<string, string>))).rejects.toThrow(
    'cannot be read',
  );
});
