import { noSuch, refused } from '../errors.ts';
import type { PaymentIntent } from '../objects.ts';
import { cancelPaymentIntent } from '../payment-intents/cancel.ts';
import { capturePaymentIntent } from '../payment-intents/capture.ts';
import { confirmPaymentIntent } from '../payment-intents/confirm.ts';
import { createPaymentIntent } from '../payment-intents/create.ts';
import { incrementAuthorization } from '../payment-intents/increment.ts';
import { updatePaymentIntent } from '../payment-intents/update.ts';
import { search } from '../search.ts';
import { BROWSER, type Call, LIST, type Routes, route } from './route.ts';

const PAYMENT_INTENT_PARAMS =
  'allowed_payment_method_types amount amount_details application_fee_amount capture_method currency customer customer_account description excluded_payment_method_types hooks metadata payment_details payment_method payment_method_configuration payment_method_data payment_method_options receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data transfer_group';

export const PAYMENT_INTENT_ROUTES: Routes = {
  'POST payment_intents': route(
    ({ simulation, params }) => createPaymentIntent(simulation, params),
    `${PAYMENT_INTENT_PARAMS} automatic_payment_methods confirm confirmation_method confirmation_token error_on_requires_action mandate mandate_data off_session on_behalf_of radar_options return_url use_stripe_sdk`,
  ),
  'GET payment_intents': route(({ simulation, params }) => {
    const customer = params.string('customer');
    return simulation.state.paymentIntents.page(
      '/v1/payment_intents',
      params,
      (paymentIntent) => !customer || paymentIntent.customer === customer,
    );
  }, `${LIST} customer customer_account`),
  'GET payment_intents/search': route(
    ({ simulation, params }) => search(simulation, simulation.state.paymentIntents, 'payment_intents', params),
    'query limit page',
  ),
  'GET payment_intents/:id': route((call) => paymentIntentOf(call), BROWSER, true),
  'POST payment_intents/:id': route(
    (call) => updatePaymentIntent(call.simulation, paymentIntentOf(call), call.params),
    PAYMENT_INTENT_PARAMS,
  ),
  'POST payment_intents/:id/confirm': route(
    (call) => confirmPaymentIntent(call.simulation, paymentIntentOf(call), call.params, !call.isPublishable),
    `${BROWSER} allowed_payment_method_types amount_details amount_to_confirm capture_method confirmation_token error_on_requires_action excluded_payment_method_types hooks mandate mandate_data off_session payment_details payment_method payment_method_data payment_method_options radar_options receipt_email return_url setup_future_usage shipping use_stripe_sdk`,
    true,
  ),
  'POST payment_intents/:id/capture': route(
    (call) => capturePaymentIntent(call.simulation, paymentIntentOf(call), call.params),
    'amount_details amount_to_capture application_fee_amount final_capture hooks metadata payment_details statement_descriptor statement_descriptor_suffix transfer_data',
  ),
  'POST payment_intents/:id/increment_authorization': route(
    (call) => incrementAuthorization(call.simulation, paymentIntentOf(call), call.params),
    'amount amount_details application_fee_amount description hooks metadata payment_details statement_descriptor transfer_data',
  ),
  'POST payment_intents/:id/cancel': route(
    (call) => cancelPaymentIntent(call.simulation, paymentIntentOf(call), call.params),
    'cancellation_reason',
  ),
};

export function paymentIntentOf({ simulation, id, isPublishable, params }: Call): PaymentIntent {
  const paymentIntent = simulation.state.paymentIntents.get(id);
  if (!paymentIntent) throw noSuch('payment_intent', id, 'intent');
  const clientSecret = params.string('client_secret');
  if (isPublishable && clientSecret !== paymentIntent.client_secret) {
    throw refused(
      clientSecret
        ? 'The client_secret provided does not match any associated PaymentIntent on this account. Ensure the publishable key used belongs to the same account that created the PaymentIntent.'
        : 'You must provide the `client_secret` of this PaymentIntent when using your publishable key.',
      'payment_intent_invalid_parameter',
      'client_secret',
    );
  }
  return paymentIntent;
}
