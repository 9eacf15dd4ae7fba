import { type Account, callsOf } from './stripe/calls.ts';
import { itHasCustomers, itSavesPaymentMethods } from './stripe/customers.ts';
import { itHasWebhookEndpoints, itListsEvents } from './stripe/events.ts';
import { itAuthorizes, itBooksBalanceTransactions, itCancels, itCaptures, itRefunds } from './stripe/money.ts';
import { itConfirms, itHasPaymentIntents, itKeepsIdempotencyKeys, itUpdates } from './stripe/payment-intents.ts';

/** What Stripe does, whoever plays it: the fake of unit tests, or the client before a server. `account` is asked in each test. */
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
