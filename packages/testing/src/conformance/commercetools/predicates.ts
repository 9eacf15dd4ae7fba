import { randomUUID } from 'node:crypto';
import type { TransactionDraft } from '@commercetools/platform-sdk';
import { quoted } from '@connector/commercetools';
import { describe, expect, it } from 'vitest';
import type { ProjectCalls } from './calls.ts';

/** Which resources commercetools finds for the query predicates of the connector. */
export function itFindsByPredicate(calls: ProjectCalls): void {
  const { of, keysOf, made } = paymentsOf(calls);

  describe('payments are found by a predicate', () => {
    it('on several fields of the same transaction', async () => {
      const here = randomUUID();
      await made(here, 'none');
      await made(here, 'held', { state: 'Success' });
      await made(here, 'mixed', { type: 'Charge', state: 'Pending' }, { type: 'Refund', state: 'Success' });
      expect(await keysOf(of(here, 'transactions(state in ("Pending", "Initial"))'))).toEqual([`mixed-${here}`]);
      const charged = 'transactions(type in ("Authorization", "Charge") and state = "Success")';
      expect(await keysOf(of(here, charged))).toEqual([`held-${here}`]);
      expect(
        await keysOf(of(here, '(transactions(state = "Pending") or transactions(type = "Authorization"))')),
      ).toEqual([`held-${here}`, `mixed-${here}`]);
    });

    it('on the time of a transaction, or on its absence', async () => {
      const here = randomUUID();
      await made(here, 'early', { timestamp: '2026-11-23T09:01:00Z' });
      await made(here, 'late', { timestamp: '2026-11-23T10:00:00.000Z' });
      await made(here, 'undated', {});
      const from = (begin: string, end: string) =>
        keysOf(of(here, `transactions(timestamp >= "${begin}" and timestamp < "${end}")`));
      expect(await from('2026-11-23T09:01:00.000Z', '2026-11-23T10:00:00.000Z')).toEqual([`early-${here}`]);
      expect(await from('2026-11-23T10:00:00.000Z', '2026-11-24T00:00:00.000Z')).toEqual([`late-${here}`]);
      expect(await keysOf(of(here, 'transactions(timestamp is not defined)'))).toEqual([`undated-${here}`]);
    });

    it('page by page, each after the last id', async () => {
      const here = randomUUID();
      const three = [await made(here, 'a'), await made(here, 'b'), await made(here, 'c')];
      const ids = three.map(({ id }) => id).toSorted();
      const behind = (id: string) => of(here, `createdAt < "2100-01-01T00:00:00.000Z" and id > ${quoted(id)}`, 2);
      const idsOf = async (found: ReturnType<typeof of>) => (await found).results.map(({ id }) => id);
      expect(await idsOf(of(here, 'createdAt > "2000-01-01T00:00:00.000Z"', 2))).toEqual(ids.slice(0, 2));
      expect(await idsOf(behind(ids[1] as string))).toEqual([ids[2]]);
      expect(await idsOf(behind(ids[2] as string))).toEqual([]);
    });

    it('only if it can be parsed; any other is refused', async () => {
      for (const condition of ['key =', 'transactions(state = "Pending"', 'key "x"']) {
        await expect(of('x', condition)).rejects.toMatchObject({ status: 400, code: 'InvalidInput' });
      }
    });
  });
}

function paymentsOf({ call }: ProjectCalls) {
  const of = (paymentInterface: string, condition: string, limit = 20) => {
    const where = `paymentMethodInfo(paymentInterface=${quoted(paymentInterface)}) and ${condition}`;
    const queryArgs = { where, sort: 'id asc', limit, withTotal: false };
    return call('payments.query', (api) => api.payments().get({ queryArgs }));
  };
  const keysOf = async (found: ReturnType<typeof of>) => (await found).results.map(({ key }) => key).toSorted();
  /** A payment with that key and these transactions; by default they are authorizations of 100.00 EUR. */
  const made = async (paymentInterface: string, key: string, ...transactions: Partial<TransactionDraft>[]) => {
    const amount = { centAmount: 10_000, currencyCode: 'EUR' };
    const body = {
      key: `${key}-${paymentInterface}`,
      amountPlanned: amount,
      paymentMethodInfo: { paymentInterface },
    };
    const payment = await call('payments.create', (api) => api.payments().post({ body }));
    const { id: ID, version } = payment;
    const actions = transactions.map((fields) => ({
      action: 'addTransaction' as const,
      transaction: { type: 'Authorization' as const, amount, ...fields },
    }));
    if (actions.length === 0) return payment;
    return call('payments.update', (api) => api.payments().withId({ ID }).post({ body: { version, actions } }));
  };
  return { of, keysOf, made };
}
