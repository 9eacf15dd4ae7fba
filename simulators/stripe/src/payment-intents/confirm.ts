import { refused, unexpectedState } from '../errors.ts';
import type { PaymentIntent, PaymentMethod } from '../objects.ts';
import type { Params } from '../params.ts';
import { REDIRECT_TYPES, VOUCHER_TYPES } from '../payment-methods.ts';
import type { Simulation } from '../simulation.ts';
import { AUTHENTICATION_REQUIRED, type CardBehaviour } from '../test-cards.ts';
import { handOut, holdsVoucher, voidVoucher } from '../vouchers.ts';
import { fail } from './decline.ts';
import {
  CAPTURE_METHODS,
  checkReturnUrl,
  FUTURE_USAGES,
  givenMethod,
  optionsOf,
  receiptEmailOf,
  shippingOf,
  useMethod,
} from './parameters.ts';
import { pay } from './pay.ts';
import { askShopper } from './shopper-action.ts';
import { OPEN, secretsOf } from './states.ts';

/** POST /v1/payment_intents/:id/confirm; a shopper's page may do so with the client secret, where `isServer` is false. */
export function confirmPaymentIntent(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params: Params,
  isServer = true,
): PaymentIntent {
  const { status } = paymentIntent;
  if (status === 'succeeded' || status === 'requires_capture') {
    throw unexpectedState(
      paymentIntent,
      'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.',
    );
  }
  if (!OPEN.includes(status)) {
    throw unexpectedState(
      paymentIntent,
      `You cannot confirm this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.`,
    );
  }
  if (isServer) checkReturnUrl(paymentIntent, params);
  if (!isServer && paymentIntent.confirmation_method === 'manual') {
    throw unexpectedState(
      paymentIntent,
      'This PaymentIntent cannot be confirmed using your publishable key because its `confirmation_method` is set to `manual`. Please use your secret key instead, or create a PaymentIntent with `confirmation_method` set to `automatic`.',
    );
  }
  const usage = params.isUnset('setup_future_usage') ? null : params.oneOf('setup_future_usage', FUTURE_USAGES);
  const shipping = shippingOf(params);
  const options = optionsOf(params, paymentIntent.payment_method_options);
  const receiptEmail = receiptEmailOf(params);
  const captureMethod = params.oneOf('capture_method', CAPTURE_METHODS);
  const method = givenMethod(simulation, params);
  if (usage !== undefined) paymentIntent.setup_future_usage = usage;
  if (shipping !== undefined) paymentIntent.shipping = shipping;
  if (receiptEmail !== undefined) paymentIntent.receipt_email = receiptEmail;
  if (captureMethod) paymentIntent.capture_method = captureMethod;
  paymentIntent.payment_method_options = options;
  return confirm(simulation, paymentIntent, params, method);
}

export function confirm(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params: Params,
  given: PaymentMethod | undefined,
): PaymentIntent {
  const method =
    given ??
    (paymentIntent.payment_method ? simulation.state.paymentMethods.get(paymentIntent.payment_method) : undefined);
  if (!method) {
    throw unexpectedState(
      paymentIntent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
    );
  }
  if (!paymentIntent.payment_method_types.includes(method.type)) {
    throw refused(
      `The PaymentMethod provided (${method.type}) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: ${paymentIntent.payment_method_types.join(', ')}. Alternatively update the allowed payment_method_types for this PaymentIntent to include "${method.type}".`,
      'payment_intent_incompatible_payment_method',
      'payment_method',
    );
  }
  const secrets = secretsOf(simulation, paymentIntent);
  useMethod(simulation, paymentIntent, method);
  if (holdsVoucher(paymentIntent)) voidVoucher(simulation, paymentIntent);
  paymentIntent.last_payment_error = null;
  paymentIntent.next_action = null;
  const offSession = params.has('off_session') && params.raw.off_session !== 'false';
  secrets.returnUrl = params.string('return_url') ?? secrets.returnUrl;
  secrets.pending = null;
  secrets.allowsMulticapture = paymentIntent.payment_method_options?.card?.request_multicapture === 'if_available';
  const behaviour = simulation.state.behaviours.get(method.id) ?? {};
  const usesStripeJs = params.boolean('use_stripe_sdk') ?? false;
  if (VOUCHER_TYPES.includes(method.type) && !offSession) return handOut(simulation, paymentIntent, method);
  const kind = REDIRECT_TYPES.includes(method.type)
    ? 'redirect'
    : needsAuthentication(behaviour, method, offSession)
      ? '3ds'
      : null;
  if (kind && (offSession || params.boolean('error_on_requires_action'))) {
    return fail(simulation, paymentIntent, method, AUTHENTICATION_REQUIRED, { isAuthenticated: false });
  }
  if (kind) {
    secrets.pending = { kind, paymentMethodId: method.id, offSession };
    askShopper(simulation, paymentIntent, usesStripeJs && kind === '3ds');
    return paymentIntent;
  }
  return pay(simulation, paymentIntent, method, { isAuthenticated: false });
}

/** A card saved for off-session use was authenticated when it was saved. */
function needsAuthentication(behaviour: CardBehaviour, method: PaymentMethod, offSession: boolean): boolean {
  if (behaviour.threeDSecure === 'always') return true;
  return behaviour.threeDSecure === 'unless_set_up' && !(offSession && method.customer !== null);
}
