import { StripeRejection } from '@connector/stripe';
import Stripe from 'stripe';
import { copyOf } from '../copy.ts';
import { stripeId } from '../ids.ts';
import { EPOCH } from '../stripe-objects.ts';
import { missing, refusal, replayed } from './refusal.ts';

/** How long Stripe remembers an idempotency key, in ms. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** What Stripe's documentation says of its test payment methods. */
const TEST_DECLINES: Readonly<Record<string, string>> = {
  pm_card_visa_chargeDeclined: 'generic_decline',
  pm_card_visa_chargeDeclinedInsufficientFunds: 'insufficient_funds',
};

interface Remembered {
  readonly request: string;
  readonly since: number;
  readonly answer?: unknown;
  readonly refusal?: StripeRejection | Stripe.errors.StripeError;
}

/** What a fake Stripe has and remembers, and what a test says of it. Amounts are Stripe's minor units. */
export class StripeState {
  readonly paymentIntents = new Map<string, Stripe.PaymentIntent>();
  readonly charges = new Map<string, Stripe.Charge>();
  readonly refunds = new Map<string, Stripe.Refund>();
  readonly disputes = new Map<string, Stripe.Dispute>();
  /** In the order in which the money moved. */
  readonly balanceTransactions = new Map<string, Stripe.BalanceTransaction>();
  readonly customers = new Map<string, Stripe.Customer>();
  /** Those that somebody saved, or might have. */
  readonly paymentMethods = new Map<string, Stripe.PaymentMethod>();
  readonly webhookEndpoints = new Map<string, Stripe.WebhookEndpoint>();
  readonly accountId = 'acct_own';
  /** In their order; of what the fake does itself, creations of PaymentIntents alone make one. */
  readonly events = new Map<string, Stripe.Event>();
  /** Ids of events that an endpoint has not taken. */
  readonly undelivered = new Set<string>();
  /** What each confirmation said. */
  readonly confirmations: Stripe.PaymentIntentConfirmParams[] = [];
  /** Refuses what it does not like of the parameters of a PaymentIntent, as Stripe does; like there, the answer is repeated for the key. */
  refuseParams: (params: object) => StripeRejection | undefined = () => undefined;
  /** What the bank answers to a charge without the shopper: a decline code, or undefined for yes. */
  declines: (paymentIntent: Stripe.PaymentIntent) => string | undefined = ({ payment_method: method }) =>
    TEST_DECLINES[typeof method === 'string' ? method : ''];
  /** Runs before one that has an id is looked up by it: what fails for it. */
  beforeRead: (id: string) => void = () => {};
  /** The most that one page of a list has. */
  maxPage = 100;
  newId: (prefix: string) => string = stripeId;
  /** Ms since the epoch. */
  now: () => number = () => EPOCH * 1000;
  readonly #remembered = new Map<string, Remembered>();

  /**
   * As Stripe: the same key has one effect and one answer, a refusal too, word for word, and takes one request; after a day it is forgotten.
   * Without a key each request has its effect.
   */
  once<T>(options: Stripe.RequestOptions | undefined, request: unknown, effect: () => T): T {
    const key = options?.idempotencyKey;
    if (!key) return effect();
    const text = JSON.stringify(request);
    const known = this.#remembered.get(key);
    if (known && this.now() - known.since < REMEMBERED_MS) {
      if (known.request !== text) throw refusal(undefined, { type: 'idempotency_error' });
      if (known.refusal) throw replayed(known.refusal);
      return copyOf(known.answer) as T;
    }
    const since = this.now();
    try {
      const answer = effect();
      this.#remembered.set(key, { request: text, since, answer: copyOf(answer) });
      return answer;
    } catch (error) {
      if (error instanceof StripeRejection || error instanceof Stripe.errors.StripeError) {
        this.#remembered.set(key, { request: text, since, refusal: error });
      }
      throw error;
    }
  }

  /** The one of that id; nobody has it: a 404, or a 400 where `param` names it. */
  existing<T>(stored: ReadonlyMap<string, T>, id: string, param?: string): T {
    this.beforeRead(id);
    const found = stored.get(id);
    if (!found) throw missing(param);
    return found;
  }

  /** Now, in Stripe's seconds. */
  get seconds(): number {
    return Math.floor(this.now() / 1000);
  }
}
