import { EVENTS } from '@connector/contracts';
import { createLogger } from '@connector/telemetry';
import { expected, receive, startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { expect, it } from 'vitest';
import { LookupCache } from '../src/lookup-cache.ts';
import { createEvictCart } from '../src/use-cases/evict-cart.ts';
import type { SessionCache } from '../src/use-cases/verify-session.ts';

const { equal } = MatchersV3;

const contract = startContract('session-auth', 'ledger');

const TYPE = 'checkout.transaction.recorded';

it("evicts a cart's sessions when its payment shows a transaction", async () => {
  const amount = { centAmount: 100, currencyCode: 'EUR', fractionDigits: 2 };
  const transactions = [{ id: 'transaction-1', type: 'Charge' as const, state: 'Success' as const, amount }];
  const content = expected(EVENTS[TYPE].pick({ cartId: true, transactions: true }), { cartId: 'cart-1', transactions });
  await receive(
    contract,
    'a payment that shows an event',
    { headers: { ce_type: equal(TYPE) }, content },
    async (message) => {
      const cache: SessionCache = new LookupCache({
        ttlMs: 60_000,
        max: 10,
        refusedTtlMs: 60_000,
        refusedMax: 10,
        limit: (work) => work(),
        groupOf: ({ cartId }) => cartId,
      });
      const value = { cartId: 'cart-1', projectKey: 'shop', allowedPaymentMethods: [] };
      await cache.get('session', async () => ({ kind: 'good', value }));
      createEvictCart({ cache, log: createLogger('session-auth', 'silent') })(message);
      expect(await cache.get('session', async () => ({ kind: 'good', value }))).toMatchObject({ cache: 'miss' });
    },
  );
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
