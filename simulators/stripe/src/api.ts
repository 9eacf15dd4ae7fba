import { ACCOUNT_ROUTES } from './routes/account.ts';
import { CHARGE_ROUTES } from './routes/charges.ts';
import { CUSTOMER_ROUTES } from './routes/customers.ts';
import { DISPUTE_ROUTES } from './routes/disputes.ts';
import { ELEMENTS_ROUTES } from './routes/elements-session.ts';
import { EVENT_ROUTES } from './routes/events.ts';
import { PAYMENT_INTENT_ROUTES } from './routes/payment-intents.ts';
import { PAYMENT_METHOD_ROUTES } from './routes/payment-methods.ts';
import { REFUND_ROUTES } from './routes/refunds.ts';
import type { Routes } from './routes/route.ts';

/** Every call of Stripe's API that is simulated. */
export const ROUTES: Routes = {
  ...PAYMENT_INTENT_ROUTES,
  ...CHARGE_ROUTES,
  ...REFUND_ROUTES,
  ...DISPUTE_ROUTES,
  ...CUSTOMER_ROUTES,
  ...PAYMENT_METHOD_ROUTES,
  ...ACCOUNT_ROUTES,
  ...EVENT_ROUTES,
  ...ELEMENTS_ROUTES,
};
