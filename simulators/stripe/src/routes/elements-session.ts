import { refused } from '../errors.ts';
import type { PaymentMethod } from '../objects.ts';
import { paymentIntentOf } from './payment-intents.ts';
import { BROWSER, type Call, type Routes, route } from './route.ts';

export const ELEMENTS_ROUTES: Routes = {
  'GET elements/sessions': route((call) => elementsSession(call), `${BROWSER} customer_session_client_secret`, true),
};

/** What the page's payment form needs to know: the PaymentIntent, if there is one, and what the customer saved. */
function elementsSession(call: Call): object {
  const { simulation, params } = call;
  const intentSecret = params.string('client_secret');
  const id = intentSecret?.split('_secret_')[0];
  const paymentIntent = id ? paymentIntentOf({ ...call, id }) : null;
  const sessionSecret = params.string('customer_session_client_secret');
  const session = sessionSecret ? simulation.state.customerSessions.get(sessionSecret) : undefined;
  if (sessionSecret && (!session || session.expiresAt < simulation.now())) {
    throw refused(
      'The provided CustomerSession client secret is invalid or has expired.',
      'customer_session_expired',
      'customer_session_client_secret',
    );
  }
  const element = session?.components.payment_element as
    | { enabled: boolean; features: Record<string, unknown> | null }
    | undefined;
  const features = element?.features ?? null;
  const shown = new Set((features?.payment_method_allow_redisplay_filters as string[] | undefined) ?? ['always']);
  const saved: PaymentMethod[] = [];
  if (session && features?.payment_method_redisplay === 'enabled') {
    for (const method of simulation.state.paymentMethods.values()) {
      if (method.customer === session.customer && shown.has(method.allow_redisplay ?? 'unspecified'))
        saved.push(method);
    }
  }
  saved.reverse();
  return {
    object: 'elements_session',
    click_needs_rates: simulation.settings.clickNeedsRates,
    also_offers: simulation.settings.alsoOffers,
    payment_intent: paymentIntent,
    customer: session
      ? { payment_methods: saved.slice(0, Number(features?.payment_method_redisplay_limit ?? 3)) }
      : null,
    features,
  };
}
