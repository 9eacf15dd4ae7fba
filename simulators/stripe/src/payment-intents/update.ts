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
  const { status } = paymentIntent;
  const isOpen = OPEN.includes(status);
  for (const name of [
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
  ]) {
    if (params.has(name) && !isOpen) throw notUpdatable(paymentIntent, name);
  }
  if (params.has('shipping') && !isOpen && status !== 'requires_capture') throw notUpdatable(paymentIntent, 'shipping');
  const currency = params.has('currency') ? parseCurrency(params.requiredString('currency')) : paymentIntent.currency;
  const amount = params.integer('amount') ?? paymentIntent.amount;
  if (params.has('amount') || params.has('currency')) checkAmount(amount, currency);
  checkAmountDetails(params, amount);
  const captureMethod = params.oneOf('capture_method', CAPTURE_METHODS) ?? paymentIntent.capture_method;
  const customer = checkedCustomer(simulation, params);
  const metadata = params.metadata(paymentIntent.metadata);
  const shipping = shippingOf(params);
  const usage = params.isUnset('setup_future_usage') ? null : params.oneOf('setup_future_usage', FUTURE_USAGES);
  const options = optionsOf(params, paymentIntent.payment_method_options);
  const description = params.nullableString('description');
  const receiptEmail = params.nullableString('receipt_email');
  const hooks = params.object('hooks');
  const method = givenMethod(simulation, params);

  const needsNewConfirmation =
    status === 'requires_action' && (amount !== paymentIntent.amount || currency !== paymentIntent.currency || method);
  const wasHeld = holdsVoucher(paymentIntent);
  paymentIntent.amount = amount;
  paymentIntent.currency = currency;
  paymentIntent.capture_method = captureMethod;
  paymentIntent.metadata = metadata;
  paymentIntent.payment_method_options = options;
  if (customer !== undefined) paymentIntent.customer = customer;
  if (shipping !== undefined) paymentIntent.shipping = shipping;
  if (usage !== undefined) paymentIntent.setup_future_usage = usage;
  if (description !== undefined) paymentIntent.description = description;
  if (receiptEmail !== undefined) paymentIntent.receipt_email = receiptEmail;
  if (hooks) paymentIntent.hooks = hooks.raw as PaymentIntent['hooks'] & {};
  if (params.has('transfer_group')) paymentIntent.transfer_group = params.string('transfer_group') ?? null;
  if (isOpen) {
    if (params.has('allowed_payment_method_types')) {
      paymentIntent.allowed_payment_method_types = params.strings('allowed_payment_method_types') ?? null;
    }
    paymentIntent.payment_method_types =
      paymentIntent.allowed_payment_method_types ?? automaticTypes(simulation, paymentIntent);
    if (method) useMethod(paymentIntent, method);
    else if (needsNewConfirmation) paymentIntent.status = 'requires_confirmation';
    if (needsNewConfirmation) {
      if (wasHeld) voidVoucher(simulation, paymentIntent);
      paymentIntent.next_action = null;
      secretsOf(simulation, paymentIntent).pending = null;
    }
  }
  return paymentIntent;
}

const notUpdatable = (paymentIntent: PaymentIntent, name: string): StripeApiError =>
  unexpectedState(
    paymentIntent,
    `This PaymentIntent's ${name} could not be updated because it has a status of ${paymentIntent.status}. You may only update the ${name} of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.`,
  );
