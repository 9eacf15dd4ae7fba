import { StripeRejection } from '@connector/stripe';
import Stripe from 'stripe';
import { copyOf } from '../copy.ts';
import { stripeId } from '../ids.ts';
import { EPOCH } from '../stripe-objects.ts';
import { missing, refusal, replayed } from './refusal.ts';

/** How long Stripe keeps an idempotency key, in ms. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** Stripe's test payment methods, as documented. */
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

/** The data of a fake Stripe, with the hooks of a test. Amounts are Stripe minor units. */
export class StripeState {
  readonly paymentIntents = new Map<string, Stripe.PaymentIntent>();
  readonly charges = new Map<string, Stripe.Charge>();
  readonly refunds = new Map<string, Stripe.Refund>();
  readonly disputes = new Map<string, Stripe.Dispute>();
  /** In the order in which the money moved. */
  readonly balanceTransactions = new Map<string, Stripe.BalanceTransaction>();
  readonly customers = new Map<string, Stripe.Customer>();
  /** Saved payment methods, and those that could be saved. */
  readonly paymentMethods = new Map<string, Stripe.PaymentMethod>();
  readonly webhookEndpoints = new Map<string, Stripe.WebhookEndpoint>();
  readonly accountId = 'acct_own';
  /** Events in order. The fake itself adds an event only when a PaymentIntent is created. */
  readonly events = new Map<string, Stripe.Event>();
  /** Ids of events that an endpoint has not accepted. */
  readonly undelivered = new Set<string>();
  /** The parameters of each confirmation. */
  readonly confirmations: Stripe.PaymentIntentConfirmParams[] = [];
  /**
   * Refuses parameters of a PaymentIntent for a test. As at Stripe, the refusal is repeated for the same idempotency
   * key.
   */
  refuseParams: (params: object) => StripeRejection | undefined = () => undefined;
  /** The bank's answer to a merchant-initiated charge: a decline code, or undefined for approval. */
  declines: (paymentIntent: Stripe.PaymentIntent) => string | undefined = ({ payment_method: method }) =>
    TEST_DECLINES[typeof method === 'string' ? method : ''];
  /** Runs before an object is looked up by its id, and may throw. */
  beforeRead: (id: string) => void = () => {};
  /** The most items on one page of a list. */
  maxPage = 100;
  newId: (prefix: string) => string = stripeId;
  /** Ms since the epoch. */
  now: () => number = () => EPOCH * 1000;
  readonly #remembered = new Map<string, Remembered>();

  /**
   * Idempotency as at Stripe: the same key has one effect and one answer, also a refusal word for word, and is valid
   * for one set of parameters. After a day the key is forgotten. Without a key each request has its effect.
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

  /** The object with that id. Throws a 404 for an unknown id, or a 400 when `param` names it. */
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
