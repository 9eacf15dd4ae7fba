import { invalidParameter, missingParameter, refuseTogether } from '../errors.ts';
import { checkAmount, parseCurrency } from '../money.ts';
import type { PaymentIntent } from '../objects.ts';
import type { Params } from '../params.ts';
import { type Simulation, token } from '../simulation.ts';
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
  receiptEmailOf,
  shippingOf,
  useMethod,
} from './parameters.ts';

/** POST /v1/payment_intents. */
export function createPaymentIntent(simulation: Simulation, params: Params): PaymentIntent {
  const isConfirmed = params.boolean('confirm') ?? false;
  const paymentIntent = newPaymentIntent(simulation, params);
  if (isConfirmed) checkReturnUrl(paymentIntent, params);
  else refuseOfConfirmation(params);
  const method = givenMethod(simulation, params);
  const { id, client_secret: clientSecret } = paymentIntent;
  simulation.state.secrets.set(id, {
    clientSecret: clientSecret ?? '',
    returnUrl: null,
    pending: null,
    allowsMulticapture: false,
  });
  simulation.state.paymentIntents.add(paymentIntent);
  if (method) useMethod(simulation, paymentIntent, method);
  simulation.events.emit('payment_intent.created', paymentIntent);
  return isConfirmed ? confirm(simulation, paymentIntent, params, method) : paymentIntent;
}

/** What only a PaymentIntent takes that is confirmed as it is made. */
function refuseOfConfirmation(params: Params): void {
  for (const only of ['off_session', 'return_url', 'mandate_data', 'error_on_requires_action']) {
    if (!params.has(only)) continue;
    throw invalidParameter(
      only,
      `You cannot provide \`${only}\` when creating a PaymentIntent without \`confirm\` set to \`true\`.`,
    );
  }
}

function newPaymentIntent(simulation: Simulation, params: Params): PaymentIntent {
  refuseTogether(params, ['automatic_payment_methods', 'payment_method_types']);
  const amount = params.integer('amount');
  if (amount === undefined) throw missingParameter('amount');
  const currency = parseCurrency(params.requiredString('currency'));
  checkAmount(amount, currency);
  checkAmountDetails(params, amount);
  const allowed = params.strings('allowed_payment_method_types') ?? params.strings('payment_method_types');
  const hooks = params.object('hooks');
  const id = simulation.newId('pi');
  const paymentIntent: PaymentIntent = {
    ...EMPTY,
    id,
    allowed_payment_method_types: params.has('allowed_payment_method_types') ? (allowed ?? null) : null,
    amount,
    amount_details: { tip: {} },
    automatic_payment_methods: automaticMethods(params),
    capture_method: params.oneOf('capture_method', CAPTURE_METHODS) ?? 'automatic_async',
    client_secret: `${id}_secret_${token(25)}`,
    confirmation_method: params.oneOf('confirmation_method', ['automatic', 'manual']) ?? 'automatic',
    created: simulation.now(),
    currency,
    customer: checkedCustomer(simulation, params) ?? null,
    description: params.nullableString('description') ?? null,
    excluded_payment_method_types: params.strings('excluded_payment_method_types') ?? null,
    ...(hooks && { hooks: hooks.raw as PaymentIntent['hooks'] & {} }),
    metadata: params.metadata(),
    payment_method_configuration_details: { id: `pmc_${simulation.accountId.slice(-16)}`, parent: null },
    payment_method_options: optionsOf(params, {}),
    receipt_email: receiptEmailOf(params) ?? null,
    setup_future_usage: params.oneOf('setup_future_usage', FUTURE_USAGES) ?? null,
    shipping: shippingOf(params) ?? null,
    statement_descriptor: params.string('statement_descriptor') ?? null,
    statement_descriptor_suffix: params.string('statement_descriptor_suffix') ?? null,
    transfer_group: params.string('transfer_group') ?? null,
  };
  return { ...paymentIntent, payment_method_types: allowed ?? automaticTypes(simulation, paymentIntent) };
}

function automaticMethods(params: Params): PaymentIntent['automatic_payment_methods'] {
  const automatic = params.object('automatic_payment_methods');
  if (automatic?.boolean('enabled') === false) return { enabled: false };
  if (params.has('payment_method_types')) return null;
  return { allow_redirects: automatic?.oneOf('allow_redirects', ['always', 'never']) ?? 'always', enabled: true };
}

/** What every PaymentIntent begins with. */
const EMPTY = {
  object: 'payment_intent',
  amount_capturable: 0,
  amount_received: 0,
  application: null,
  application_fee_amount: null,
  canceled_at: null,
  cancellation_reason: null,
  customer_account: null,
  last_payment_error: null,
  latest_charge: null,
  livemode: false,
  managed_payments: null,
  next_action: null,
  on_behalf_of: null,
  payment_method: null,
  payment_method_types: [],
  payment_record: null,
  processing: null,
  review: null,
  source: null,
  status: 'requires_payment_method',
  transfer_data: null,
} satisfies Partial<PaymentIntent>;
