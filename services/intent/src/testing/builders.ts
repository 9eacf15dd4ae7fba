import type { Money } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { BehaviourSettings } from '../domain/behaviour.ts';
import type { Cart, Customer, Payment, Transaction } from '../domain/checkout-cart.ts';

export const euro = (centAmount: number): Money => ({ centAmount, currencyCode: 'EUR', fractionDigits: 2 });

export const cent = (money: Money) => ({ type: 'centPrecision' as const, ...money });

/** A guest's cart of 11.90 EUR, nothing paid. */
export function aCart({ total = euro(1190), ...fields }: Partial<Cart> & { total?: Money } = {}): Cart {
  return {
    id: 'cart-1',
    version: 1,
    totalPrice: cent(total),
    lineItems: [],
    customLineItems: [],
    ...fields,
  };
}

export const aTaxedPrice = (net: number, tax: number): NonNullable<Cart['taxedPrice']> => ({
  totalNet: cent(euro(net)),
  totalGross: cent(euro(net + tax)),
  totalTax: cent(euro(tax)),
  taxPortions: [],
});

export function aPayment({ planned = euro(1190), ...fields }: Partial<Payment> & { planned?: Money } = {}): Payment {
  return {
    id: 'payment-1',
    version: 1,
    key: 'cart-1-1',
    createdAt: '2026-01-01T00:00:00.000Z',
    amountPlanned: cent(planned),
    paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
    transactions: [],
    ...fields,
  };
}

export function aTransaction(
  type: Transaction['type'],
  state: Transaction['state'],
  fields: Partial<Transaction> = {},
): Transaction {
  return { id: `${type}-${state}`, type, state, amount: euro(1190), ...fields };
}

export const aCustomer = (fields: Partial<Customer> = {}): Customer => ({
  id: '5d6f0c1e-4f3a-4c55-9c0e-1f6a2b3c4d5e',
  version: 1,
  email: 'ada@example.com',
  firstName: 'Ada',
  lastName: 'Lovelace',
  addresses: [],
  ...fields,
});

/** A PaymentIntent that waits for the shopper, with the fields that the code reads. */
export const aPaymentIntent = (fields: Partial<Stripe.PaymentIntent> = {}): Stripe.PaymentIntent =>
  ({
    id: 'pi_1',
    object: 'payment_intent',
    amount: 1190,
    amount_received: 0,
    amount_capturable: 0,
    currency: 'eur',
    status: 'requires_payment_method',
    capture_method: 'automatic',
    client_secret: 'pi_1_secret_x',
    customer: null,
    setup_future_usage: null,
    shipping: null,
    latest_charge: null,
    last_payment_error: null,
    metadata: { cart_id: 'cart-1', ct_project_key: 'project', ct_payment_key: 'cart-1-1' },
    payment_method_options: { card: {} },
    ...fields,
  }) as Stripe.PaymentIntent;

export const someBehaviour = (fields: Partial<BehaviourSettings> = {}): BehaviourSettings => ({
  flowType: 'deferred',
  captureMethod: 'automatic',
  collectBillingAddress: 'auto',
  rules: {},
  ...fields,
});
