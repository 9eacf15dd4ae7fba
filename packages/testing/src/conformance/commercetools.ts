import { callsOf, type Project } from './commercetools/calls.ts';
import { itAddsPaymentsToCarts, itKeepsCarts } from './commercetools/carts.ts';
import { itKeepsCustomers } from './commercetools/customers.ts';
import { itKeepsOrders, itKeepsPaidCarts } from './commercetools/orders.ts';
import { itKeepsPaymentMethods } from './commercetools/payment-methods.ts';
import {
  itKeepsPayments,
  itKeepsPaymentsOfCustomers,
  itTiesPayments,
  itUpdatesPayments,
} from './commercetools/payments.ts';
import { itFindsByPredicate } from './commercetools/predicates.ts';

/**
 * How commercetools behaves, for any implementation: the fake of unit tests, or the client of a server. `project` is
 * called in each test.
 */
export function itIsCommercetools(project: () => Project): void {
  const calls = callsOf(project);
  itKeepsPayments(calls);
  itKeepsPaymentsOfCustomers(calls);
  itUpdatesPayments(calls);
  itTiesPayments(calls);
  itKeepsCarts(calls);
  itAddsPaymentsToCarts(calls);
  itKeepsCustomers(calls);
  itFindsByPredicate(calls);
  itKeepsPaymentMethods(calls);
  itKeepsOrders(calls);
  itKeepsPaidCarts(calls);
}
