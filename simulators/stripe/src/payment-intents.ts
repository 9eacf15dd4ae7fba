import { bookCapture, bookCaptureLater, bookFailure, newCharge } from './charges.ts';
import { openDispute } from './disputes.ts';
import { invalidParameter, missingParameter, noSuch, refused, StripeApiError, unexpectedState } from './errors.ts';
import { checkAmount, display, parseCurrency } from './money.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './objects.ts';
import type { Params } from './params.ts';
import {
  ASYNC_TYPES,
  attachPaymentMethod,
  createPaymentMethod,
  findPaymentMethod,
  generateSepaDebit,
  REDIRECT_TYPES,
  SEPA_GENERATING_TYPES,
  VOUCHER_TYPES,
} from './payment-methods.ts';
import { releaseUncaptured } from './refunds.ts';
import type { Simulation } from './simulation.ts';
import { token } from './simulation.ts';
import type { PaymentIntentSecrets } from './state.ts';
import { AUTHENTICATION_REQUIRED, type CardBehaviour, type Decline } from './test-cards.ts';
import { handOut, holdsVoucher, isVoucherOffered, voidVoucher } from './vouchers.ts';

const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
const FUTURE_USAGES = ['off_session', 'on_session'] as const;
const CANCELLATION_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;
/** How long an authorisation can be captured, in ms; the charge tells it as `capture_before`. */
const AUTHORIZED_MS = 7 * 86_400_000;
const OPEN: readonly string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
/** Methods whose authorisation can be captured later. */
const MANUAL_CAPTURE_TYPES = new Set(['card', 'klarna', 'paypal', 'link', 'affirm', 'afterpay_clearpay']);

const secretsOf = (simulation: Simulation, paymentIntent: PaymentIntent): PaymentIntentSecrets => {
  const secrets = simulation.state.secrets.get(paymentIntent.id);
  if (!secrets) throw new Error(`no secrets of ${paymentIntent.id}`);
  return secrets;
};

/** POST /v1/payment_intents. */
export function createPaymentIntent(simulation: Simulation, params: Params): PaymentIntent {
  const amount = params.integer('amount');
  if (amount === undefined) throw missingParameter('amount');
  const currency = parseCurrency(params.requiredString('currency'));
  checkAmount(amount, currency);
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
  const receiptEmail = params.nullableString('receipt_email');
  const captureMethod = params.oneOf('capture_method', CAPTURE_METHODS);
  const method = givenMethod(simulation, params);
  if (usage !== undefined) paymentIntent.setup_future_usage = usage;
  if (shipping !== undefined) paymentIntent.shipping = shipping;
  if (receiptEmail !== undefined) paymentIntent.receipt_email = receiptEmail;
  if (captureMethod) paymentIntent.capture_method = captureMethod;
  paymentIntent.payment_method_options = options;
  return confirm(simulation, paymentIntent, params, method);
}

function confirm(
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
  useMethod(paymentIntent, method);
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

function askShopper(simulation: Simulation, paymentIntent: PaymentIntent, usesStripeJs: boolean): void {
  const { clientSecret, returnUrl } = secretsOf(simulation, paymentIntent);
  const url = `${simulation.url}/_sandbox/3ds/${paymentIntent.id}?client_secret=${encodeURIComponent(clientSecret)}`;
  paymentIntent.status = 'requires_action';
  paymentIntent.next_action = usesStripeJs
    ? {
        type: 'use_stripe_sdk',
        use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source: simulation.newId('payatt') },
      }
    : { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } };
  simulation.events.emit('payment_intent.requires_action', paymentIntent);
}

/** The shopper finished, or failed, what `next_action` asked for. */
export function finishAction(simulation: Simulation, paymentIntent: PaymentIntent, isComplete: boolean): PaymentIntent {
  const secrets = secretsOf(simulation, paymentIntent);
  const { pending } = secrets;
  if (paymentIntent.status !== 'requires_action' || !pending) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent has a status of ${paymentIntent.status} and waits for no action.`,
    );
  }
  secrets.pending = null;
  paymentIntent.next_action = null;
  const method = findPaymentMethod(simulation, pending.paymentMethodId, 'payment_method');
  if (isComplete)
    return attempt(() => pay(simulation, paymentIntent, method, { isAuthenticated: pending.kind === '3ds' }));
  paymentIntent.status = 'requires_payment_method';
  paymentIntent.payment_method = null;
  paymentIntent.last_payment_error =
    pending.kind === '3ds'
      ? {
          type: 'invalid_request_error',
          code: 'payment_intent_authentication_failure',
          doc_url: 'https://stripe.com/docs/error-codes/payment-intent-authentication-failure',
          message:
            'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
          payment_method: structuredClone(method),
        }
      : {
          type: 'invalid_request_error',
          code: 'payment_intent_payment_attempt_failed',
          doc_url: 'https://stripe.com/docs/error-codes/payment-intent-payment-attempt-failed',
          message: 'The customer declined the payment.',
          payment_method: structuredClone(method),
        };
  simulation.events.emit('payment_intent.payment_failed', paymentIntent);
  return paymentIntent;

  /** The page that finishes an action reads the outcome from the PaymentIntent; a decline is no error to it. */
  function attempt(work: () => PaymentIntent): PaymentIntent {
    try {
      return work();
    } catch (error) {
      if (error instanceof StripeApiError && error.status === 402) return paymentIntent;
      throw error;
    }
  }
}

function pay(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  { isAuthenticated }: { isAuthenticated: boolean },
): PaymentIntent {
  const behaviour = simulation.state.behaviours.get(method.id) ?? {};
  if (behaviour.decline) return fail(simulation, paymentIntent, method, behaviour.decline, { isAuthenticated });
  const isCaptured = paymentIntent.capture_method !== 'manual';
  if (ASYNC_TYPES.includes(method.type)) {
    const charge = newCharge(simulation, paymentIntent, method, {
      status: 'pending',
      isCaptured: true,
      isAuthenticated,
    });
    // A bank debit is booked when it is made, and back when it fails.
    bookCapture(simulation, charge, charge.amount);
    paymentIntent.latest_charge = charge.id;
    paymentIntent.status = 'processing';
    saveMethod(simulation, paymentIntent, method, charge);
    simulation.events.emit('charge.pending', charge);
    simulation.events.emit('payment_intent.processing', paymentIntent);
    const delay = simulation.settings.settleDelayMs;
    if (delay !== null) {
      simulation.later(delay, () => {
        if (paymentIntent.status === 'processing' && paymentIntent.latest_charge === charge.id) {
          settle(simulation, paymentIntent, behaviour.settles ?? 'succeeded');
        }
      });
    }
    return paymentIntent;
  }
  const charge = newCharge(simulation, paymentIntent, method, { status: 'succeeded', isCaptured, isAuthenticated });
  paymentIntent.latest_charge = charge.id;
  saveMethod(simulation, paymentIntent, method, charge);
  if (!isCaptured) {
    paymentIntent.status = 'requires_capture';
    paymentIntent.amount_capturable = paymentIntent.amount;
    simulation.events.emit('charge.succeeded', charge);
    simulation.events.emit('payment_intent.amount_capturable_updated', paymentIntent);
    simulation.later(AUTHORIZED_MS, () => {
      const isOpen = paymentIntent.status === 'requires_capture' && paymentIntent.latest_charge === charge.id;
      if (isOpen) expireAuthorization(simulation, paymentIntent);
    });
    return paymentIntent;
  }
  if (paymentIntent.capture_method === 'automatic_async') bookCaptureLater(simulation, charge);
  else bookCapture(simulation, charge, charge.amount);
  paymentIntent.status = 'succeeded';
  paymentIntent.amount_received = paymentIntent.amount;
  simulation.events.emit('charge.succeeded', charge);
  simulation.events.emit('payment_intent.succeeded', paymentIntent);
  disputeIfMeant(simulation, charge, behaviour);
  return paymentIntent;
}

function disputeIfMeant(simulation: Simulation, charge: Charge, behaviour: CardBehaviour): void {
  if (!behaviour.dispute) return;
  openDispute(simulation, charge, {
    status: behaviour.dispute === 'inquiry' ? 'warning_needs_response' : 'needs_response',
    reason: behaviour.dispute === 'product_not_received' ? 'product_not_received' : 'fraudulent',
  });
}

/** A processing payment (bank debit) comes to its end. */
export function settle(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  outcome: 'succeeded' | 'failed',
): PaymentIntent {
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (paymentIntent.status !== 'processing' || !charge) {
    throw unexpectedState(paymentIntent, `This PaymentIntent has a status of ${paymentIntent.status}, not processing.`);
  }
  const method = findPaymentMethod(simulation, charge.payment_method ?? '', 'payment_method');
  if (outcome === 'succeeded') {
    charge.status = 'succeeded';
    charge.paid = true;
    charge.captured = true;
    charge.amount_captured = charge.amount;
    paymentIntent.status = 'succeeded';
    paymentIntent.amount_received = paymentIntent.amount;
    simulation.events.emit('charge.succeeded', charge);
    simulation.events.emit('payment_intent.succeeded', paymentIntent);
    disputeIfMeant(simulation, charge, simulation.state.behaviours.get(method.id) ?? {});
    return paymentIntent;
  }
  charge.status = 'failed';
  charge.paid = false;
  charge.captured = false;
  charge.failure_code = 'insufficient_funds';
  bookFailure(simulation, charge);
  charge.failure_message = 'The customer’s account has insufficient funds to cover this payment.';
  paymentIntent.status = 'requires_payment_method';
  paymentIntent.payment_method = null;
  paymentIntent.last_payment_error = {
    type: 'card_error',
    code: 'payment_intent_payment_attempt_failed',
    doc_url: 'https://stripe.com/docs/error-codes/payment-intent-payment-attempt-failed',
    decline_code: 'insufficient_funds',
    charge: charge.id,
    message: 'The payment failed.',
    payment_method: structuredClone(method),
  };
  simulation.events.emit('charge.failed', charge);
  simulation.events.emit('payment_intent.payment_failed', paymentIntent);
  return paymentIntent;
}

function fail(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
  { isAuthenticated }: { isAuthenticated: boolean },
): never {
  const charge = newCharge(simulation, paymentIntent, method, {
    status: 'failed',
    isCaptured: false,
    isAuthenticated,
    decline,
  });
  const snapshot = structuredClone(method);
  const details = {
    code: decline.code,
    ...(decline.declineCode ? { decline_code: decline.declineCode } : {}),
    message: decline.message,
    ...(decline.param ? { param: decline.param } : {}),
    charge: charge.id,
    ...(charge.outcome?.network_decline_code ? { network_decline_code: charge.outcome.network_decline_code } : {}),
    ...(charge.outcome?.advice_code ? { advice_code: charge.outcome.advice_code } : {}),
  };
  paymentIntent.status = 'requires_payment_method';
  paymentIntent.payment_method = null;
  paymentIntent.next_action = null;
  paymentIntent.latest_charge = charge.id;
  paymentIntent.last_payment_error = {
    type: 'card_error',
    ...details,
    doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll('_', '-')}`,
    payment_method: snapshot,
  };
  simulation.events.emit('charge.failed', charge);
  simulation.events.emit('payment_intent.payment_failed', paymentIntent);
  throw new StripeApiError(402, {
    type: 'card_error',
    ...details,
    payment_intent: paymentIntent,
    payment_method: snapshot,
  });
}

/** POST /v1/payment_intents/:id/capture. */
export function capturePaymentIntent(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params: Params,
): PaymentIntent {
  const requested = params.integer('amount_to_capture');
  const isFinalAsked = params.boolean('final_capture') ?? true;
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (paymentIntent.status !== 'requires_capture' || !charge) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent could not be captured because it has a status of ${paymentIntent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    );
  }
  const { allowsMulticapture } = secretsOf(simulation, paymentIntent);
  if (!isFinalAsked && !allowsMulticapture) {
    throw refused(
      'You cannot use `final_capture` with this PaymentIntent because multicapture is not available for it.',
      undefined,
      'final_capture',
    );
  }
  const amount = requested ?? paymentIntent.amount_capturable;
  const mayBeZero = isFinalAsked && charge.amount_captured > 0;
  if (amount < 0 || (amount === 0 && !mayBeZero)) {
    throw invalidParameter(
      'amount_to_capture',
      `This value must be greater than or equal to 1 (it currently is '${amount}').`,
      'parameter_invalid_integer',
    );
  }
  if (amount > paymentIntent.amount_capturable) {
    throw refused(
      `The amount to capture (${display(amount, charge.currency)}) is greater than the capturable amount of this PaymentIntent (${display(paymentIntent.amount_capturable, charge.currency)}).`,
      'amount_too_large',
      'amount_to_capture',
    );
  }
  if (params.has('metadata')) paymentIntent.metadata = params.metadata(paymentIntent.metadata);
  const isFinal = isFinalAsked || amount === paymentIntent.amount_capturable;
  const wasCaptured = charge.amount_captured;
  const previous: Record<string, unknown> = {
    amount_captured: wasCaptured,
    balance_transaction: charge.balance_transaction,
    ...(isFinal ? { captured: false } : {}),
  };
  charge.amount_captured += amount;
  paymentIntent.amount_received += amount;
  // Released with a movement of its own, what is let go of was booked with what is captured.
  const isReleaseBooked = isFinal && simulation.settings.releases === 'movement';
  if (amount > 0) bookCapture(simulation, charge, isReleaseBooked ? charge.amount - wasCaptured : amount);
  if (!isFinal) {
    paymentIntent.amount_capturable -= amount;
    simulation.events.emit('charge.updated', charge, previous);
    simulation.events.emit('payment_intent.amount_capturable_updated', paymentIntent, {
      amount_capturable: paymentIntent.amount_capturable + amount,
      amount_received: paymentIntent.amount_received - amount,
    });
    return paymentIntent;
  }
  charge.captured = true;
  paymentIntent.amount_capturable = 0;
  paymentIntent.status = 'succeeded';
  if (wasCaptured > 0 && amount > 0) simulation.events.emit('charge.updated', charge, previous);
  simulation.events.emit('charge.captured', charge, previous);
  simulation.events.emit('payment_intent.succeeded', paymentIntent);
  releaseUncaptured(simulation, charge, charge.amount - charge.amount_captured);
  disputeIfMeant(simulation, charge, simulation.state.behaviours.get(charge.payment_method ?? '') ?? {});
  return paymentIntent;
}

/** POST /v1/payment_intents/:id/cancel; what was authorised and not captured is let go of. */
export function cancelPaymentIntent(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params?: Params,
): PaymentIntent {
  const reason = params?.oneOf('cancellation_reason', CANCELLATION_REASONS) ?? null;
  if (!OPEN.includes(paymentIntent.status) && paymentIntent.status !== 'requires_capture') {
    throw unexpectedState(
      paymentIntent,
      `You cannot cancel this PaymentIntent because it has a status of ${paymentIntent.status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action.`,
    );
  }
  return cancel(simulation, paymentIntent, reason);
}

function cancel(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  reason: PaymentIntent['cancellation_reason'],
): PaymentIntent {
  const isAuthorized = paymentIntent.status === 'requires_capture';
  const wasHeld = holdsVoucher(paymentIntent);
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  paymentIntent.status = 'canceled';
  paymentIntent.canceled_at = simulation.now();
  paymentIntent.cancellation_reason = reason;
  paymentIntent.amount_capturable = 0;
  if (wasHeld) voidVoucher(simulation, paymentIntent);
  paymentIntent.next_action = null;
  secretsOf(simulation, paymentIntent).pending = null;
  if (isAuthorized && charge) {
    if (charge.amount_captured > 0) charge.captured = true;
    releaseUncaptured(simulation, charge, charge.amount - charge.amount_captured);
  }
  simulation.events.emit('payment_intent.canceled', paymentIntent);
  return paymentIntent;
}

/** Nobody captured in time: Stripe lets go of the money and cancels by itself. Throws StripeApiError when nothing is authorised. */
export function expireAuthorization(simulation: Simulation, paymentIntent: PaymentIntent): PaymentIntent {
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (paymentIntent.status !== 'requires_capture' || !charge) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent has a status of ${paymentIntent.status}, not requires_capture.`,
    );
  }
  simulation.events.emit('charge.expired', charge);
  return cancel(simulation, paymentIntent, 'automatic');
}

function useMethod(paymentIntent: PaymentIntent, method: PaymentMethod): void {
  if (method.customer && method.customer !== paymentIntent.customer) {
    throw refused(
      paymentIntent.customer
        ? `The provided PaymentMethod belongs to another Customer (${method.customer}).`
        : 'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
      undefined,
      'payment_method',
    );
  }
  paymentIntent.payment_method = method.id;
  if (paymentIntent.status === 'requires_payment_method') paymentIntent.status = 'requires_confirmation';
}

/** Keeps the method for the customer; one that cannot be used again leaves a SEPA direct debit in its place, named by the charge. */
function saveMethod(simulation: Simulation, paymentIntent: PaymentIntent, method: PaymentMethod, charge: Charge): void {
  const usage =
    paymentIntent.payment_method_options?.card?.setup_future_usage ?? paymentIntent.setup_future_usage ?? 'none';
  if (usage === 'none' || !paymentIntent.customer || method.customer) return;
  if (SEPA_GENERATING_TYPES.includes(method.type)) {
    const generated = generateSepaDebit(simulation, method, charge.id);
    charge.payment_method_details = {
      type: method.type,
      [method.type]: { generated_sepa_debit: generated.id, generated_sepa_debit_mandate: null },
    };
    attachPaymentMethod(simulation, generated, paymentIntent.customer);
    return;
  }
  attachPaymentMethod(simulation, method, paymentIntent.customer);
}

function givenMethod(simulation: Simulation, params: Params): PaymentMethod | undefined {
  const id = params.string('payment_method');
  if (id) return findPaymentMethod(simulation, id, 'payment_method');
  const data = params.object('payment_method_data');
  return data && createPaymentMethod(simulation, data);
}

function checkedCustomer(simulation: Simulation, params: Params): string | null | undefined {
  const id = params.nullableString('customer');
  if (id && !simulation.state.customers.get(id)) throw noSuch('customer', id, 'customer');
  return id;
}

function checkReturnUrl(paymentIntent: PaymentIntent, params: Params): void {
  const returnUrl = params.string('return_url');
  if (returnUrl !== undefined && !URL.canParse(returnUrl)) {
    throw invalidParameter('return_url', 'Not a valid URL', 'url_invalid');
  }
  const automatic = paymentIntent.automatic_payment_methods;
  const needsUrl = automatic?.enabled && automatic.allow_redirects !== 'never';
  const isExempt =
    params.has('off_session') || params.boolean('use_stripe_sdk') || params.boolean('error_on_requires_action');
  if (needsUrl && !returnUrl && !isExempt) {
    throw invalidParameter(
      'return_url',
      'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don’t want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.',
    );
  }
}

function shippingOf(params: Params): PaymentIntent['shipping'] | undefined {
  if (params.isUnset('shipping')) return null;
  const shipping = params.object('shipping');
  if (!shipping) return undefined;
  const address = shipping.address('address');
  if (!address) throw missingParameter('shipping[address]');
  if (!shipping.has('name')) throw missingParameter('shipping[name]');
  return {
    address,
    carrier: shipping.nullableString('carrier') ?? null,
    name: shipping.nullableString('name') ?? '',
    phone: shipping.nullableString('phone') ?? null,
    tracking_number: shipping.nullableString('tracking_number') ?? null,
  };
}

function optionsOf(
  params: Params,
  current: PaymentIntent['payment_method_options'],
): NonNullable<PaymentIntent['payment_method_options']> {
  const card = params.object('payment_method_options')?.object('card');
  const multicapture = card?.oneOf('request_multicapture', ['if_available', 'never']);
  const usage = card?.oneOf('setup_future_usage', ['none', 'off_session', 'on_session']);
  return {
    ...current,
    card: {
      ...(current?.card ?? {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: 'automatic' as const,
      }),
      ...(multicapture ? { request_multicapture: multicapture } : {}),
      ...(usage ? { setup_future_usage: usage } : {}),
    },
  };
}

/** The methods that the account offers for this currency, capture and exclusion. */
function automaticTypes(simulation: Simulation, paymentIntent: PaymentIntent): string[] {
  const regional: Record<string, string[]> = {
    eur: ['sepa_debit', 'ideal', 'bancontact', 'eps', 'klarna', 'paypal', 'wero'],
    usd: ['klarna', 'paypal', 'us_bank_account', 'affirm'],
    gbp: ['klarna', 'paypal', 'bacs_debit'],
    chf: ['twint', 'klarna', 'paypal'],
    pln: ['p24', 'klarna', 'paypal'],
    brl: ['boleto'],
    mxn: ['oxxo'],
    jpy: ['konbini'],
  };
  const excluded = new Set(paymentIntent.excluded_payment_method_types ?? []);
  const isRedirectAllowed = paymentIntent.automatic_payment_methods?.allow_redirects !== 'never';
  const { alsoOffers } = simulation.settings;
  return ['card', ...(regional[paymentIntent.currency] ?? []), ...alsoOffers, 'link'].filter(
    (type) =>
      !excluded.has(type) &&
      isVoucherOffered(type, paymentIntent) &&
      (isRedirectAllowed || !REDIRECT_TYPES.includes(type)) &&
      (paymentIntent.capture_method !== 'manual' || MANUAL_CAPTURE_TYPES.has(type)),
  );
}
