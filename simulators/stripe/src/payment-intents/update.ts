import { type StripeApiError, unexpectedState } from '../errors.ts';
import { checkAmount, parseCurrency } from '../money.ts';
import type { PaymentIntent } from '../objects.ts';
import type { Params } from '../params.ts';
import type { Simulation } from '../simulation.ts';
import { holdsVoucher, voidVoucher } from '../vouchers.ts';
import { checkAmountDetails } from './amount-details.ts';
import { automaticTypes } from './offered-types.ts';
import {
  CAPTURE_METHODS,
  checkedCustomer,
  FUTURE_USAGES,
  givenMethod,
  optionsOf,
  receiptEmailOf,
  shippingOf,
  useMethod,
} from './parameters.ts';
import { OPEN, secretsOf } from './states.ts';

/** POST /v1/payment_intents/:id. */
export function updatePaymentIntent(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params: Params,
): PaymentIntent {
  const { status, amount, currency } = paymentIntent;
  refuseClosed(paymentIntent, params);
  const changes = changesOf(simulation, paymentIntent, params);
  const method = givenMethod(simulation, params);
  const wasHeld = holdsVoucher(paymentIntent);
  Object.assign(paymentIntent, changes);
  if (!OPEN.includes(status)) return paymentIntent;
  paymentIntent.payment_method_types =
    paymentIntent.allowed_payment_method_types ?? automaticTypes(simulation, paymentIntent);
  const isAnother = amount !== paymentIntent.amount || currency !== paymentIntent.currency || method;
  const needsNewConfirmation = status === 'requires_action' && isAnother;
  if (method) useMethod(simulation, paymentIntent, method);
  else if (needsNewConfirmation) paymentIntent.status = 'requires_confirmation';
  if (needsNewConfirmation) {
    if (wasHeld) voidVoucher(simulation, paymentIntent);
    paymentIntent.next_action = null;
    secretsOf(simulation, paymentIntent).pending = null;
  }
  return paymentIntent;
}

/** What can be changed only while the shopper has not paid. */
const WHILE_OPEN = [
  'amount',
  'currency',
  'capture_method',
  'setup_future_usage',
  'payment_method',
  'payment_method_data',
  'payment_method_options',
  'customer',
  'hooks',
  'excluded_payment_method_types',
  'allowed_payment_method_types',
];

function refuseClosed(paymentIntent: PaymentIntent, params: Params): void {
  const { status } = paymentIntent;
  if (OPEN.includes(status)) return;
  const closed = status === 'requires_capture' ? WHILE_OPEN : [...WHILE_OPEN, 'shipping'];
  const name = closed.find((each) => params.has(each));
  if (name) throw notUpdatable(paymentIntent, name);
}

/** The fields that the parameters change, all of them read before one is changed. */
function changesOf(simulation: Simulation, paymentIntent: PaymentIntent, params: Params): Partial<PaymentIntent> {
  const currency = params.has('currency') ? parseCurrency(params.requiredString('currency')) : paymentIntent.currency;
  const amount = params.integer('amount') ?? paymentIntent.amount;
  if (params.has('amount') || params.has('currency')) checkAmount(amount, currency);
  checkAmountDetails(params, amount);
  const allowed = params.strings('allowed_payment_method_types') ?? null;
  const isAllowedNew = params.has('allowed_payment_method_types') && OPEN.includes(paymentIntent.status);
  const hooks = params.object('hooks');
  return {
    amount,
    currency,
    capture_method: params.oneOf('capture_method', CAPTURE_METHODS) ?? paymentIntent.capture_method,
    metadata: params.metadata(paymentIntent.metadata),
    payment_method_options: optionsOf(params, paymentIntent.payment_method_options),
    ...(hooks && { hooks: hooks.raw as PaymentIntent['hooks'] & {} }),
    ...(params.has('transfer_group') && { transfer_group: params.string('transfer_group') ?? null }),
    ...(isAllowedNew && { allowed_payment_method_types: allowed }),
    ...given('customer', checkedCustomer(simulation, params)),
    ...given('shipping', shippingOf(params)),
    ...given(
      'setup_future_usage',
      params.isUnset('setup_future_usage') ? null : params.oneOf('setup_future_usage', FUTURE_USAGES),
    ),
    ...given('description', params.nullableString('description')),
    ...given('receipt_email', receiptEmailOf(params)),
  };
}

/** The field, unless the parameters leave it as it is. */
const given = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value };

const notUpdatable = (paymentIntent: PaymentIntent, name: string): StripeApiError =>
  unexpectedState(
    paymentIntent,
    `This PaymentIntent's ${name} could not be updated because it has a status of ${paymentIntent.status}. You may only update the ${name} of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.`,
  );
