import type Stripe from 'stripe';
import { savedCard } from '../stripe-objects.ts';
import { refusal } from './refusal.ts';
import type { StripeState } from './state.ts';

/** Stripe's test card. Each use of it creates a new payment method. */
const TEST_CARD = 'pm_card_visa';

/** `paymentMethods` of the SDK. */
export function paymentMethodsOf(stripe: StripeState) {
  return {
    retrieve: async (id: string) => stripe.existing(stripe.paymentMethods, id),
    attach: async (id: string, { customer = '' }: Stripe.PaymentMethodAttachParams) => {
      const method = id === TEST_CARD ? newCard(stripe) : stripe.existing(stripe.paymentMethods, id);
      if (method.customer) throw refusal('payment_method_already_attached');
      return kept(stripe, method, stripe.existing(stripe.customers, customer, 'customer').id);
    },
    detach: async (id: string) => {
      const method = stripe.existing(stripe.paymentMethods, id);
      if (!method.customer) throw refusal(undefined);
      return kept(stripe, method, null);
    },
  };
}

const newCard = (stripe: StripeState): Stripe.PaymentMethod =>
  savedCard({ id: stripe.newId('pm'), customer: null, created: stripe.seconds }) as unknown as Stripe.PaymentMethod;

function kept(stripe: StripeState, method: Stripe.PaymentMethod, customer: string | null): Stripe.PaymentMethod {
  const after = { ...method, customer };
  stripe.paymentMethods.set(after.id, after);
  return after;
}
