import { type Account, callsOf } from './stripe/calls.ts';
import { itHasCustomers, itSavesPaymentMethods } from './stripe/customers.ts';
import { itHasWebhookEndpoints, itListsEvents } from './stripe/events.ts';
import { itAuthorizes, itBooksBalanceTransactions, itCancels, itCaptures, itRefunds } from './stripe/money.ts';
import { itConfirms, itHasPaymentIntents, itKeepsIdempotencyKeys, itUpdates } from './stripe/payment-intents.ts';

/**
 * How Stripe behaves, for any implementation: the fake of unit tests, or the client of a server. `account` is called in
 * each test.
 */
export function itIsStripe(account: () => Account): void {
  const calls = callsOf(account);
  itHasPaymentIntents(calls);
  itConfirms(calls);
  itKeepsIdempotencyKeys(calls);
  itUpdates(calls);
  itAuthorizes(calls);
  itCaptures(calls);
  itCancels(calls);
  itRefunds(calls);
  itBooksBalanceTransactions(calls);
  itHasCustomers(calls);
  itSavesPaymentMethods(calls);
  itListsEvents(calls);
  itHasWebhookEndpoints(calls);
}
