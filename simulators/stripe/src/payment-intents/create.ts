import { invalidParameter, missingParameter } from '../errors.ts';
import { checkAmount, parseCurrency } from '../money.ts';
import type { PaymentIntent } from '../objects.ts';
import type { Params } from '../params.ts';
import { type Simulation, token } from '../simulation.ts';
import type { PaymentIntentSecrets } from '../state.ts';
import { checkAmountDetails } from './amount-details.ts';
import { confirm } from './confirm.ts';
import { automaticTypes } from './offered-types.ts';
import {
  CAPTURE_METHODS,
  checkedCustomer,
  checkReturnUrl,
  FUTURE_USAGES,
  givenMethod,
  optionsOf,
  shippingOf,
  useMethod,
} from './parameters.ts';

/** POST /v1/payment_intents. */
export function createPaymentIntent(simulation: Simulation, params: Params): PaymentIntent {
  const amount = params.integer('amount');
  if (amount === undefined) throw missingParameter('amount');
  const currency = parseCurrency(params.requiredString('currency'));
  checkAmount(amount, currency);
  checkAmountDetails(params, amount);
  const captureMethod = params.oneOf('capture_method', CAPTURE_METHODS) ?? 'automatic_async';
  const isConfirmed = params.boolean('confirm') ?? false;
  const automatic = params.object('automatic_payment_methods');
  const allowed = params.strings('allowed_payment_method_types') ?? params.strings('payment_method_types');
  const customer = checkedCustomer(simulation, params);
  const id = simulation.newId('pi');
  const clientSecret = `${id}_secret_${token(25)}`;
  const paymentIntent: PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: params.has('allowed_payment_method_types') ? (allowed ?? null) : null,
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods:
      automatic?.boolean('enabled') === false
        ? { enabled: false }
        : params.has('payment_method_types')
          ? null
          : { allow_redirects: automatic?.oneOf('allow_redirects', ['always', 'never']) ?? 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: captureMethod,
    client_secret: clientSecret,
    confirmation_method: params.oneOf('confirmation_method', ['automatic', 'manual']) ?? 'automatic',
    created: simulation.now(),
    currency,
    customer: customer ?? null,
    customer_account: null,
    description: params.nullableString('description') ?? null,
    excluded_payment_method_types: params.strings('excluded_payment_method_types') ?? null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: params.metadata(),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: { id: `pmc_${simulation.accountId.slice(-16)}`, parent: null },
    payment_method_options: {},
    payment_method_types: [],
    payment_record: null,
    processing: null,
    receipt_email: params.nullableString('receipt_email') ?? null,
    review: null,
    setup_future_usage: params.oneOf('setup_future_usage', FUTURE_USAGES) ?? null,
    shipping: shippingOf(params) ?? null,
    source: null,
    statement_descriptor: params.string('statement_descriptor') ?? null,
    statement_descriptor_suffix: params.string('statement_descriptor_suffix') ?? null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: params.string('transfer_group') ?? null,
  };
  const hooks = params.object('hooks');
  if (hooks) paymentIntent.hooks = hooks.raw as PaymentIntent['hooks'] & {};
  const secrets: PaymentIntentSecrets = { clientSecret, returnUrl: null, pending: null, allowsMulticapture: false };
  paymentIntent.payment_method_options = optionsOf(params, {});
  paymentIntent.payment_method_types = allowed ?? automaticTypes(simulation, paymentIntent);
  if (!isConfirmed) {
    for (const only of ['off_session', 'return_url', 'mandate_data', 'error_on_requires_action']) {
      if (params.has(only)) {
        throw invalidParameter(
          only,
          `You cannot provide \`${only}\` when creating a PaymentIntent without \`confirm\` set to \`true\`.`,
        );
      }
    }
  } else {
    checkReturnUrl(paymentIntent, params);
  }
  const method = givenMethod(simulation, params);
  simulation.state.secrets.set(id, secrets);
  simulation.state.paymentIntents.add(paymentIntent);
  if (method) useMethod(paymentIntent, method);
  simulation.events.emit('payment_intent.created', paymentIntent);
  return isConfirmed ? confirm(simulation, paymentIntent, params, method) : paymentIntent;
}
