import {
  createCustomer,
  createCustomerSession,
  createEphemeralKey,
  deleteCustomer,
  deletedCustomer,
  search,
  updateCustomer,
} from './customers.ts';
import { closeDispute } from './disputes.ts';
import { noSuch, refused } from './errors.ts';
import { SETTLEMENT_CURRENCY } from './money.ts';
import type { Charge, Customer, Dispute, PaymentIntent, PaymentMethod, Refund, WebhookEndpoint } from './objects.ts';
import type { Params } from './params.ts';
import {
  cancelPaymentIntent,
  capturePaymentIntent,
  confirmPaymentIntent,
  createPaymentIntent,
  updatePaymentIntent,
} from './payment-intents.ts';
import { attachPaymentMethod, createPaymentMethod, detachPaymentMethod, findPaymentMethod } from './payment-methods.ts';
import { cancelRefund, createRefund } from './refunds.ts';
import type { Simulation } from './simulation.ts';
import { Collection } from './state.ts';
import { createWebhookEndpoint, type EndpointSecrets, updateWebhookEndpoint } from './webhook-endpoints.ts';

/** One authorised call of the API with its decoded parameters. */
export interface Call {
  simulation: Simulation;
  endpointSecrets: EndpointSecrets;
  params: Params;
  /** The id in the path, '' where the route has none. */
  id: string;
  /** True when a shopper's page calls with the publishable key. */
  isPublishable: boolean;
  stripeVersion: string | undefined;
}

export interface Route {
  run: (call: Call) => object;
  params: ReadonlySet<string>;
  /** Whether a shopper's page may call it with the publishable key. */
  isPublic: boolean;
}

const names = (text: string): Set<string> => new Set(text.split(/\s+/).filter(Boolean));
const LIST = 'limit starting_after ending_before created';
const BROWSER = 'client_secret key expected_payment_method_type';

const route = (run: Route['run'], params = '', isPublic = false): Route => ({ run, params: names(params), isPublic });

const PAYMENT_INTENT_PARAMS =
  'allowed_payment_method_types amount amount_details application_fee_amount capture_method currency customer customer_account description excluded_payment_method_types hooks metadata payment_details payment_method payment_method_configuration payment_method_data payment_method_options receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data transfer_group';
const PAYMENT_METHOD_PARAMS =
  'allow_redisplay billing_details card customer metadata payment_method radar_options sepa_debit type ideal bancontact eps p24 klarna paypal giropay twint wero alipay affirm afterpay_clearpay us_bank_account bacs_debit au_becs_debit sofort link blik boleto customer_balance konbini multibanco oxxo';
const CUSTOMER_PARAMS =
  'address balance business_name cash_balance default_source description email individual_name invoice_prefix invoice_settings metadata name next_invoice_sequence payment_method phone preferred_locales shipping source tax tax_exempt tax_id_data test_clock validate';

/** Keys are `METHOD path` with `:id` for the id. */
export const ROUTES: Readonly<Record<string, Route>> = {
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
    ({ simulation, params }) =>
      search(simulation, simulation.state.paymentIntents, '/v1/payment_intents/search', params),
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
  'POST payment_intents/:id/cancel': route(
    (call) => cancelPaymentIntent(call.simulation, paymentIntentOf(call), call.params),
    'cancellation_reason',
  ),
  'GET charges': route(({ simulation, params }) => {
    const customer = params.string('customer');
    const paymentIntent = params.string('payment_intent');
    const charges = paymentIntent
      ? Collection.of(simulation.state.chargesOf.get(paymentIntent) ?? [])
      : simulation.state.charges;
    return charges.page('/v1/charges', params, (charge) => !customer || charge.customer === customer);
  }, `${LIST} customer payment_intent transfer_group`),
  'GET charges/search': route(
    ({ simulation, params }) => search(simulation, simulation.state.charges, '/v1/charges/search', params),
    'query limit page',
  ),
  'GET charges/:id': route((call) => chargeOf(call)),
  'POST charges/:id': route((call) => {
    const charge = chargeOf(call);
    const { params } = call;
    const previous: Record<string, unknown> = { metadata: charge.metadata, description: charge.description };
    const metadata = params.metadata(charge.metadata);
    const description = params.nullableString('description');
    charge.metadata = metadata;
    if (description !== undefined) charge.description = description;
    call.simulation.events.emit('charge.updated', charge, previous);
    return charge;
  }, 'customer description fraud_details metadata receipt_email shipping transfer_group'),
  'POST refunds': route(
    ({ simulation, params }) =>
      createRefund(simulation, params, (paymentIntent) => cancelPaymentIntent(simulation, paymentIntent)),
    'amount charge currency customer instructions_email metadata origin payment_intent reason refund_application_fee reverse_transfer',
  ),
  'GET refunds': route(({ simulation, params }) => {
    const charge = params.string('charge');
    const paymentIntent = params.string('payment_intent');
    const refunds = charge
      ? Collection.of(simulation.state.refundsOf.get(charge) ?? [])
      : paymentIntent
        ? Collection.of(
            (simulation.state.chargesOf.get(paymentIntent) ?? []).flatMap(
              ({ id }) => simulation.state.refundsOf.get(id) ?? [],
            ),
          )
        : simulation.state.refunds;
    return refunds.page('/v1/refunds', params, (refund) => !paymentIntent || refund.payment_intent === paymentIntent);
  }, `${LIST} charge payment_intent`),
  'GET refunds/:id': route((call) => refundOf(call)),
  'POST refunds/:id': route((call) => {
    const refund = refundOf(call);
    const previous = { metadata: refund.metadata };
    refund.metadata = call.params.metadata(refund.metadata ?? {});
    call.simulation.events.emit('refund.updated', refund, previous);
    return refund;
  }, 'metadata'),
  'POST refunds/:id/cancel': route((call) => cancelRefund(call.simulation, refundOf(call))),
  'GET disputes': route(({ simulation, params }) => {
    const charge = params.string('charge');
    const paymentIntent = params.string('payment_intent');
    return simulation.state.disputes.page(
      '/v1/disputes',
      params,
      (dispute) =>
        (!charge || dispute.charge === charge) && (!paymentIntent || dispute.payment_intent === paymentIntent),
    );
  }, `${LIST} charge payment_intent`),
  'GET disputes/:id': route((call) => disputeOf(call)),
  'POST disputes/:id/close': route((call) => closeDispute(call.simulation, disputeOf(call))),
  'POST customers': route(({ simulation, params }) => createCustomer(simulation, params), CUSTOMER_PARAMS),
  'GET customers': route(({ simulation, params }) => {
    const email = params.string('email');
    return simulation.state.customers.page('/v1/customers', params, (customer) => !email || customer.email === email);
  }, `${LIST} email test_clock`),
  'GET customers/search': route(
    ({ simulation, params }) => search(simulation, simulation.state.customers, '/v1/customers/search', params),
    'query limit page',
  ),
  'GET customers/:id': route((call) =>
    call.simulation.state.deletedCustomers.has(call.id) ? deletedCustomer(call.id) : customerOf(call),
  ),
  'POST customers/:id': route(
    (call) => updateCustomer(call.simulation, customerOf(call), call.params),
    CUSTOMER_PARAMS,
  ),
  'DELETE customers/:id': route((call) => deleteCustomer(call.simulation, customerOf(call))),
  'GET customers/:id/payment_methods': route((call) => {
    const type = call.params.string('type');
    const customer = customerOf(call).id;
    return call.simulation.state.paymentMethods.page(
      `/v1/customers/${customer}/payment_methods`,
      call.params,
      (method) => method.customer === customer && (!type || method.type === type),
    );
  }, `${LIST} type allow_redisplay`),
  'POST customer_sessions': route(
    ({ simulation, params }) => createCustomerSession(simulation, params),
    'components customer customer_account',
  ),
  'POST ephemeral_keys': route(
    ({ simulation, params, stripeVersion }) => createEphemeralKey(simulation, params, stripeVersion),
    'customer issuing_card nonce verification_session',
  ),
  'POST payment_methods': route(
    ({ simulation, params }) => createPaymentMethod(simulation, params),
    `${PAYMENT_METHOD_PARAMS} key`,
    true,
  ),
  'GET payment_methods': route(({ simulation, params }) => {
    const customer = params.string('customer');
    const type = params.string('type');
    return simulation.state.paymentMethods.page(
      '/v1/payment_methods',
      params,
      (method) => (!customer || method.customer === customer) && (!type || method.type === type),
    );
  }, `${LIST} customer customer_account type allow_redisplay`),
  'GET payment_methods/:id': route((call) => paymentMethodOf(call)),
  'POST payment_methods/:id': route((call) => {
    const method = paymentMethodOf(call);
    const { params } = call;
    method.metadata = params.metadata(method.metadata ?? {});
    method.allow_redisplay =
      params.oneOf('allow_redisplay', ['always', 'limited', 'unspecified']) ?? method.allow_redisplay;
    return method;
  }, 'allow_redisplay billing_details card metadata us_bank_account'),
  'POST payment_methods/:id/attach': route(
    (call) => attachPaymentMethod(call.simulation, paymentMethodOf(call), call.params.requiredString('customer')),
    'customer customer_account',
  ),
  'POST payment_methods/:id/detach': route((call) => detachPaymentMethod(call.simulation, paymentMethodOf(call))),
  'GET balance': route(({ simulation }) => {
    let pending = 0;
    for (const { net } of simulation.state.balanceTransactions.values()) pending += net;
    const money = (amount: number) => [{ amount, currency: SETTLEMENT_CURRENCY, source_types: { card: amount } }];
    return { object: 'balance', available: money(0), livemode: false, pending: money(pending) };
  }),
  'GET account': route(({ simulation }) => account(simulation)),
  'GET accounts/:id': route(({ simulation, id }) => {
    if (id !== simulation.accountId) throw noSuch('account', id);
    return account(simulation);
  }),
  'GET balance_transactions': route(({ simulation, params }) => {
    const source = params.string('source');
    const type = params.string('type');
    const currency = params.string('currency');
    const payout = params.string('payout');
    return simulation.state.balanceTransactions.page(
      '/v1/balance_transactions',
      params,
      (transaction) =>
        (!source || transaction.source === source) &&
        (!type || transaction.type === type) &&
        (!payout || simulation.state.payoutOf.get(transaction.id) === payout) &&
        (!currency || transaction.currency === currency),
    );
  }, `${LIST} currency payout source type`),
  'GET balance_transactions/:id': route(({ simulation, id }) => {
    const transaction = simulation.state.balanceTransactions.get(id);
    if (!transaction) throw noSuch('balance transaction', id);
    return transaction;
  }),
  'GET payouts': route(({ simulation, params }) => {
    const status = params.string('status');
    return simulation.state.payouts.page('/v1/payouts', params, (payout) => !status || payout.status === status);
  }, `${LIST} arrival_date destination status`),
  'GET payouts/:id': route(({ simulation, id }) => {
    const payout = simulation.state.payouts.get(id);
    if (!payout) throw noSuch('payout', id);
    return payout;
  }),
  'GET events': route(
    ({ simulation, params }) => simulation.events.list(params),
    `${LIST} type types delivery_success`,
  ),
  'GET events/:id': route(({ simulation, id }) => {
    const event = simulation.events.get(id);
    if (!event) throw noSuch('event', id);
    return event;
  }),
  'POST webhook_endpoints': route(
    ({ simulation, endpointSecrets, params }) => createWebhookEndpoint(simulation, endpointSecrets, params),
    'api_version connect description enabled_events metadata url',
  ),
  'GET webhook_endpoints': route(
    ({ simulation, params }) => simulation.state.webhookEndpoints.page('/v1/webhook_endpoints', params),
    LIST,
  ),
  'GET webhook_endpoints/:id': route((call) => endpointOf(call)),
  'POST webhook_endpoints/:id': route(
    (call) => updateWebhookEndpoint(endpointOf(call), call.params),
    'description disabled enabled_events metadata url',
  ),
  'DELETE webhook_endpoints/:id': route((call) => {
    const { id } = endpointOf(call);
    call.simulation.state.webhookEndpoints.remove(id);
    return { id, object: 'webhook_endpoint', deleted: true };
  }),
  'GET elements/sessions': route((call) => elementsSession(call), `${BROWSER} customer_session_client_secret`, true),
};

function paymentIntentOf({ simulation, id, isPublishable, params }: Call): PaymentIntent {
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

function chargeOf({ simulation, id }: Call): Charge {
  const charge = simulation.state.charges.get(id);
  if (!charge) throw noSuch('charge', id);
  return charge;
}

function refundOf({ simulation, id }: Call): Refund {
  const refund = simulation.state.refunds.get(id);
  if (!refund) throw noSuch('refund', id);
  return refund;
}

function disputeOf({ simulation, id }: Call): Dispute {
  const dispute = simulation.state.disputes.get(id);
  if (!dispute) throw noSuch('dispute', id);
  return dispute;
}

function customerOf({ simulation, id }: Call): Customer {
  const customer = simulation.state.customers.get(id);
  if (!customer) throw noSuch('customer', id);
  return customer;
}

const paymentMethodOf = ({ simulation, id }: Call): PaymentMethod => {
  try {
    return findPaymentMethod(simulation, id, 'id');
  } catch {
    throw noSuch('PaymentMethod', id);
  }
};

function endpointOf({ simulation, id }: Call): WebhookEndpoint {
  const endpoint = simulation.state.webhookEndpoints.get(id);
  if (!endpoint) throw noSuch('webhook endpoint', id);
  return endpoint;
}

const account = ({ accountId }: Simulation): object => ({
  id: accountId,
  object: 'account',
  business_profile: { name: 'Sandbox shop' },
  capabilities: { card_payments: 'active', sepa_debit_payments: 'active', transfers: 'active' },
  charges_enabled: true,
  country: 'DE',
  default_currency: SETTLEMENT_CURRENCY,
  details_submitted: true,
  email: 'shop@example.com',
  payouts_enabled: true,
  settings: { dashboard: { display_name: 'Sandbox shop', timezone: 'Europe/Berlin' } },
  type: 'standard',
});

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
