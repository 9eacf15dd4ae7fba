import type { BehaviourSettings } from '../../domain/behaviour.ts';
import type { CardFeatures } from '../../domain/card-features.ts';
import type { TransactionIdentity } from '../../domain/merchant-transaction.ts';
import type { RequestedAmount } from '../../domain/operations.ts';
import type { InBackground } from '../background.ts';
import type { Carts, Customers, PaymentEvents, PaymentIntents, Payments, StoredMethods } from '../ports.ts';

export interface RunTransactionDeps {
  isEnabled: boolean;
  carts: Carts;
  customers: Customers;
  payments: Payments;
  paymentIntents: PaymentIntents;
  storedMethods: StoredMethods;
  events: PaymentEvents;
  inBackground: InBackground;
  settings: {
    projectKey: string;
    paymentInterface: string;
    behaviour: BehaviourSettings;
    cardFeatures: CardFeatures;
    /** Whether line items are sent to Stripe. */
    lineItems?: boolean | undefined;
    /** Whether the order number is also the description of the PaymentIntent. */
    orderInDescription?: boolean | undefined;
  };
  /** Ms since the epoch. */
  now: () => number;
}

export interface RunTransactionRequest extends TransactionIdentity {
  cartId: string;
  paymentMethodId?: string | undefined;
  amount?: RequestedAmount | undefined;
  futureOrderNumber?: string | undefined;
}
