import { InvalidRequestError, StaleVersionError, TransientError } from '@connector/errors';
import {
  InexpressibleAmountError,
  idempotencyKey,
  METADATA,
  paymentKeyOf,
  toStripeAmount,
} from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import type Stripe from 'stripe';
import type { Customers } from '../adapters/customers.ts';
import type { PaymentEvents } from '../adapters/payment-events.ts';
import type { PaymentIntents } from '../adapters/payment-intents.ts';
import type { Payments } from '../adapters/payments.ts';
import type { RememberingCarts } from '../adapters/remembered-carts.ts';
import { type BillingDetails, billingDetailsOf } from '../domain/addresses.ts';
import { amountDue } from '../domain/amount-due.ts';
import {
  type Attempt,
  attemptsOf,
  isSettled,
  mayChangeAmount,
  nextAttemptNumber,
  standingOf,
} from '../domain/attempts.ts';
import { type Behaviour, type BehaviourSettings, behaviourFor } from '../domain/behaviour.ts';
import { type Cart, isRecurring, type Payment } from '../domain/checkout-cart.ts';
import { paymentDraft } from '../domain/payment-draft.ts';
import { attemptKey, changeTo, createParams, type Wanted, wantedOf } from '../domain/payment-intent-params.ts';
import type { Session } from '../domain/session.ts';
import type { InBackground } from './background.ts';
import { link } from './link-payment.ts';

export interface OpenCheckoutDeps {
  carts: RememberingCarts;
  customers: Customers;
  payments: Payments;
  paymentIntents: PaymentIntents;
  events: PaymentEvents;
  inBackground: InBackground;
  settings: OpenCheckoutSettings;
  /** Waits, in ms. */
  sleep: (ms: number) => Promise<void>;
  now: () => number;
}

export interface OpenCheckoutSettings {
  projectKey: string;
  paymentInterface: string;
  merchantReturnUrl: string;
  multiOperations: boolean;
  behaviour: BehaviourSettings;
}

export interface OpenCheckoutRequest {
  session: Session;
  express: boolean;
  expressCustomerSession: boolean;
  requestId: string;
}

export type OpenCheckoutOutcome =
  | {
      readonly kind: 'opened';
      readonly clientSecret: string;
      readonly paymentIntentId: string;
      readonly paymentReference: string;
      readonly merchantReturnUrl: string;
      readonly cartId: string;
      readonly billingAddress: BillingDetails | undefined;
    }
  | { readonly kind: 'paid' | 'nothing'; readonly paidAmount: number; readonly cartAmount: number };

/** How often a request looks at the cart anew because another one changed it under its hands. */
const MAX_ROUNDS = 8;
/** How often, and how far apart in ms, an attempt of another request is asked for its PaymentIntent. */
const LINK_CHECKS = 10;
const LINK_CHECK_MS = 150;
/**
 * An attempt older than this, in ms, whose PaymentIntent neither commercetools nor Stripe's search knows, is given up: no request
 * lives that long, and the search has caught up.
 */
const GIVE_UP_AFTER_MS = 90_000;

/**
 * Opens the payment of a session's cart, or finds the one that is open: however often and from wherever it is asked for, a cart has
 * at most one PaymentIntent that a shopper could pay. commercetools decides races, by the unique key of an attempt's payment and by
 * the payment's interface id, which can be set once; a request that lost goes on with what it finds.
 */
export async function openCheckout(deps: OpenCheckoutDeps, request: OpenCheckoutRequest): Promise<OpenCheckoutOutcome> {
  const memory: Memory = {
    hasLooked: false,
    detached: new Map(),
    created: new Map(),
    stubborn: new Set(),
    taken: new Set(),
    knowsAll: false,
  };
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    // Requests that met in the same moment should not meet again.
    if (round > 2) await deps.sleep(20 * round * Math.random());
    try {
      const outcome = await tryToOpen(deps, request, memory);
      if (outcome === 'again') continue;
      cancelSpares(deps, memory);
      return outcome;
    } catch (error) {
      if (error instanceof InexpressibleAmountError) {
        throw new InvalidRequestError('InvalidField', error.message, { field: 'amount.centAmount' });
      }
      if (!isMeeting(error)) throw error;
    }
  }
  throw new TransientError('the cart kept changing', { reason: 'conflict' });
}

/** Whether another request was at the same thing in the same moment: commercetools 409, or Stripe's for a key in use. */
const isMeeting = (error: unknown): boolean =>
  error instanceof StaleVersionError || (error instanceof TransientError && error.reason === 'conflict');

/** What one request learned in its earlier rounds. */
interface Memory {
  /** Payments found by their key that are not on the cart (yet), by id. */
  readonly detached: Map<string, Payment>;
  /** PaymentIntents this request created, by idempotency key. */
  readonly created: Map<string, Stripe.PaymentIntent>;
  /** PaymentIntents that belong to an attempt, by id. */
  readonly taken: Set<string>;
  /** Whether a round has begun: only the first may go by a remembered cart. */
  hasLooked: boolean;
  /** Whether the PaymentIntent of every attempt was known when the cart was last looked at. */
  knowsAll: boolean;
  /** PaymentIntents that refused an update although they wait for the shopper. */
  readonly stubborn: Set<string>;
}

/** An attempt with its PaymentIntent as Stripe has it. */
interface OpenAttempt {
  readonly attempt: Attempt;
  readonly paymentIntent: Stripe.PaymentIntent;
}

async function tryToOpen(
  deps: OpenCheckoutDeps,
  request: OpenCheckoutRequest,
  memory: Memory,
): Promise<OpenCheckoutOutcome | 'again'> {
  const { session } = request;
  const { settings } = deps;
  // What the page read for its form saves the first call; a cart that has changed since is refused by its version, and then read.
  const remembered = memory.hasLooked ? undefined : deps.carts.recall(session.cartId);
  memory.hasLooked = true;
  const { cart, payments } = remembered ?? (await deps.carts.get(session.cartId));
  const isRemembered = remembered !== undefined;
  const onCart = new Set(payments.map(({ id }) => id));
  const detached = [...memory.detached.values()].filter(({ id }) => !onCart.has(id));
  const attempts = attemptsOf(cart.id, [...payments, ...detached]);
  const due = amountDue(cart, payments, session.giftCardPlannedAmount);
  for (const { paymentIntentId } of attempts) if (paymentIntentId) memory.taken.add(paymentIntentId);
  memory.knowsAll = !isRemembered && attempts.every(({ paymentIntentId }) => paymentIntentId);
  if (due.kind !== 'due') return due;

  const customer = cart.customerId ? await deps.customers.find(cart.customerId) : undefined;
  const behaviour = behaviourFor(cart, isRecurring(cart), settings.behaviour);
  const wanted = wantedOf({
    cart,
    customer,
    due: due.due,
    behaviour,
    projectKey: settings.projectKey,
    multiOperations: settings.multiOperations,
    express: request.express,
    expressCustomerSession: request.expressCustomerSession,
  });
  const round: Round = { deps, request, memory, cart, isRemembered, onCart, wanted, behaviour };

  const unsettled = attempts.filter((attempt) => !isSettled(attempt));
  const found = (await Promise.all(unsettled.map((attempt) => lookUp(round, attempt)))).filter(
    (open): open is OpenAttempt => open !== undefined,
  );
  for (const { paymentIntent } of found) memory.taken.add(paymentIntent.id);
  memory.knowsAll = !isRemembered;
  if (found.some(({ paymentIntent }) => standingOf(paymentIntent) === 'paid')) {
    return { kind: 'paid', paidAmount: due.paidAmount, cartAmount: due.cartAmount };
  }
  const waiting = found.filter(({ paymentIntent }) => standingOf(paymentIntent) === 'waiting');
  const latest = waiting.at(-1);
  for (const earlier of waiting.slice(0, -1)) await cancel(deps, earlier.paymentIntent);
  if (!latest) return openNext(round, nextAttemptNumber(attempts));

  const reused = await reuse(round, latest);
  return reused === 'replace' ? openNext(round, nextAttemptNumber(attempts)) : reused;
}

interface Round {
  readonly deps: OpenCheckoutDeps;
  readonly request: OpenCheckoutRequest;
  readonly memory: Memory;
  readonly cart: Cart;
  /** Whether the cart was read earlier than for this request, so that it may be of an older version. */
  readonly isRemembered: boolean;
  readonly onCart: ReadonlySet<string>;
  readonly wanted: Wanted;
  readonly behaviour: Behaviour;
}

/**
 * The attempt's PaymentIntent as Stripe has it now, and the attempt tied to it in commercetools; undefined when it has none any
 * more. An attempt whose PaymentIntent commercetools does not know yet is asked for by repeating its create call: Stripe answers
 * with the one that was made, or makes it if its request died before.
 */
async function lookUp(round: Round, attempt: Attempt): Promise<OpenAttempt | undefined> {
  const { paymentIntents } = round.deps;
  if (attempt.paymentIntentId) {
    const paymentIntent = await paymentIntents.find(attempt.paymentIntentId);
    return paymentIntent && { attempt, paymentIntent };
  }
  const { payment } = attempt;
  const made = await createAgain(round, payment);
  if (made === 'refused') return undefined;
  const id = made === 'other-parameters' ? await linkedElsewhere(round, payment) : made.id;
  if (!id) return undefined;
  const linked = await link(round.deps.payments, payment, id);
  // The answer to a repeated call is the first one's, word for word: the state is asked for.
  const paymentIntent = await paymentIntents.find(linked.interfaceId ?? id);
  return (
    paymentIntent && { attempt: { ...attempt, payment: linked, paymentIntentId: paymentIntent.id }, paymentIntent }
  );
}

async function createAgain(
  { deps, memory, wanted }: Round,
  { key: paymentKey = '', amountPlanned: amount, createdAt }: Payment,
): Promise<Stripe.PaymentIntent | 'other-parameters' | 'refused'> {
  const key = attemptKey(paymentKey, amount);
  const known = memory.created.get(key);
  if (known) return known;
  try {
    const outcome = await deps.paymentIntents.create(createParams(paymentKey, { ...wanted, due: amount }), key);
    if (outcome.kind === 'other-parameters') return outcome.kind;
    memory.created.set(key, outcome.paymentIntent);
    return outcome.paymentIntent;
  } catch (error) {
    const sameAmount = amount.centAmount === wanted.due.centAmount && amount.currencyCode === wanted.due.currencyCode;
    // Stripe never took this attempt's amount; one with another amount may do better.
    if (error instanceof StripeRejection && !sameAmount) return 'refused';
    // Stripe repeats a stored failure of its own for as long as it keeps the key: nobody was ever given this PaymentIntent.
    if (error instanceof TransientError && error.reason === 'server_error' && isOld(deps, createdAt)) return 'refused';
    throw error;
  }
}

/** The PaymentIntent of an attempt that another request made from other parameters, once that is known. */
async function linkedElsewhere({ deps }: Round, payment: Payment): Promise<string | undefined> {
  for (let check = 1; check <= LINK_CHECKS; check += 1) {
    const { interfaceId } = await deps.payments.get(payment.id);
    if (interfaceId) return interfaceId;
    await deps.sleep(LINK_CHECK_MS);
  }
  const found = await deps.paymentIntents.search(payment.key ?? '', toStripeAmount(payment.amountPlanned));
  if (found) return found.id;
  if (!isOld(deps, payment.createdAt)) {
    throw new TransientError('the attempt of another request is not known yet', {
      reason: 'unknown_attempt',
      retryAfterMs: 5_000,
    });
  }
  return undefined;
}

const isOld = ({ now }: Pick<OpenCheckoutDeps, 'now'>, createdAt: string) =>
  now() - Date.parse(createdAt) > GIVE_UP_AFTER_MS;

/** Makes an attempt that waits for the shopper fit the cart as it is now; `replace` when it can't be and was canceled. */
async function reuse(
  round: Round,
  { attempt, paymentIntent }: OpenAttempt,
): Promise<OpenCheckoutOutcome | 'again' | 'replace'> {
  const { deps, request, memory, cart, onCart, wanted } = round;
  const { due } = wanted;
  const { amountPlanned: planned } = attempt.payment;
  const isOtherAmount = planned.centAmount !== due.centAmount || planned.currencyCode !== due.currencyCode;
  const change = changeTo(paymentIntent, wanted);
  const mustBeReplaced =
    change.kind === 'replace' ||
    (change.kind === 'update' && memory.stubborn.has(paymentIntent.id)) ||
    (isOtherAmount && !mayChangeAmount(attempt));
  if (mustBeReplaced) return (await cancel(deps, paymentIntent)) === 'over' ? 'replace' : 'again';

  // commercetools first: its version check stops a request that read an older cart from changing Stripe after a newer one.
  if (isOtherAmount) {
    const { payment } = attempt;
    const interfaceId = payment.interfaceId ? {} : { interfaceId: paymentIntent.id };
    await deps.payments.change(payment, { amountPlanned: due, ...interfaceId });
  }
  if (!onCart.has(attempt.payment.id)) await deps.carts.addPayment(cart, attempt.payment.id);
  let current = paymentIntent;
  if (change.kind === 'update') {
    const key = idempotencyKey('update', paymentIntent.id, cart.version, change.params, request.requestId);
    try {
      current = await deps.paymentIntents.update(paymentIntent.id, change.params, key);
    } catch (error) {
      if (!(error instanceof StripeRejection)) throw error;
      // The shopper was faster, or Stripe does not change it in this state: the next round sees which.
      memory.stubborn.add(paymentIntent.id);
      return 'again';
    }
  }
  const isNews = attempt.paymentIntentId === undefined || memory.created.size > 0;
  return opened(round, attempt.payment, current, isNews);
}

/** Creates the next attempt's PaymentIntent and payment at the same time. */
async function openNext(round: Round, number: number): Promise<OpenCheckoutOutcome | 'again'> {
  const { deps, request, memory, cart, isRemembered, wanted } = round;
  const { due } = wanted;
  const paymentKey = paymentKeyOf(cart.id, number);
  const params = createParams(paymentKey, wanted);
  const key = attemptKey(paymentKey, due);
  const draft = paymentDraft({
    key: paymentKey,
    cart,
    amount: due,
    paymentInterface: deps.settings.paymentInterface,
    checkoutTransactionItemId: request.session.checkoutTransactionItemId,
  });
  const createPayment = async () => {
    const { kind, payment } = await deps.payments.create(draft);
    // Until it is on the cart, only this request knows of it.
    memory.detached.set(payment.id, payment);
    if (kind === 'created') await deps.carts.addPayment(cart, payment.id, { onlyAtThisVersion: isRemembered });
    return { kind, payment };
  };
  const [made, stored] = await Promise.allSettled([deps.paymentIntents.create(params, key), createPayment()]);
  if (made.status === 'fulfilled' && made.value.kind === 'created') memory.created.set(key, made.value.paymentIntent);
  if (made.status === 'rejected') throw made.reason;
  if (stored.status === 'rejected') throw stored.reason;

  const { kind, payment } = stored.value;
  // Another request, or an earlier one that failed half way, made this attempt: go on with that.
  if (kind === 'exists') return 'again';
  if (made.value.kind === 'created') return opened(round, payment, made.value.paymentIntent, true);

  // A request that failed before it made a payment used the key with other parameters; nobody was given its PaymentIntent.
  const second = await deps.paymentIntents.create(params, idempotencyKey('open-again', paymentKey, params));
  if (second.kind === 'other-parameters') return 'again';
  memory.created.set(`again ${key}`, second.paymentIntent);
  const linked = await link(deps.payments, payment, second.paymentIntent.id);
  if (linked.interfaceId !== second.paymentIntent.id) return 'again';
  return opened(round, linked, second.paymentIntent, true);
}

/**
 * Cancels what this request made for an attempt that turned out to be another's: no client secret of it ever left this process.
 * One that belongs to any attempt, paid ones too, is not touched.
 */
function cancelSpares(deps: OpenCheckoutDeps, { created, taken, knowsAll }: Memory): void {
  if (!knowsAll) return;
  for (const spare of created.values()) {
    if (!taken.has(spare.id)) deps.inBackground('cancel a spare PaymentIntent', () => cancel(deps, spare));
  }
}

/** Cancels a PaymentIntent that nobody is to pay any more, and says how it stands then. */
async function cancel(deps: OpenCheckoutDeps, { id }: Pick<Stripe.PaymentIntent, 'id'>): Promise<'over' | 'changed'> {
  try {
    await deps.paymentIntents.cancel(id, idempotencyKey('replace', id));
    return 'over';
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    const now = await deps.paymentIntents.find(id);
    return !now || standingOf(now) === 'over' ? 'over' : 'changed';
  }
}

/** The answer, and what follows it without anybody waiting. */
function opened(
  round: Round,
  payment: Payment,
  paymentIntent: Stripe.PaymentIntent,
  isNew: boolean,
): OpenCheckoutOutcome {
  const { deps, request, memory, cart, wanted, behaviour } = round;
  const { id: paymentIntentId, client_secret: clientSecret } = paymentIntent;
  if (!clientSecret) throw new TransientError('Stripe gave no client secret', { reason: 'unreadable' });

  memory.taken.add(paymentIntentId);
  if (isNew) {
    deps.inBackground('link payment to PaymentIntent', () => link(deps.payments, payment, paymentIntentId));
    deps.inBackground('name the payment on the PaymentIntent', () =>
      deps.paymentIntents.update(
        paymentIntentId,
        { metadata: { [METADATA.paymentId]: payment.id } },
        idempotencyKey('name-payment', paymentIntentId, payment.id),
      ),
    );
    const paymentKey = payment.key ?? '';
    deps.inBackground('publish opened', () =>
      deps.events.publish('checkout.payment.opened', [payment.id, paymentIntentId], {
        paymentId: payment.id,
        paymentIntentId,
        paymentKey,
        cartId: cart.id,
        amount: wanted.due,
      }),
    );
  }
  return {
    kind: 'opened',
    clientSecret,
    paymentIntentId,
    paymentReference: payment.id,
    merchantReturnUrl: request.session.merchantReturnUrl || deps.settings.merchantReturnUrl,
    cartId: cart.id,
    billingAddress: behaviour.collectBillingAddress === 'auto' ? undefined : billingDetailsOf(cart),
  };
}
