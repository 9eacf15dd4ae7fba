import { invalidParameter, noSuch, refuseTogether } from './errors.ts';
import type {
  BalanceTransaction,
  Charge,
  Customer,
  Dispute,
  PaymentIntent,
  PaymentMethod,
  Payout,
  Refund,
  WebhookEndpoint,
} from './objects.ts';
import type { Params } from './params.ts';
import type { CardBehaviour } from './test-cards.ts';

/** One page of a list, as Stripe answers it. */
export interface Page<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  url: string;
}

/** Resources of one kind in the order of their creation. */
export class Collection<T extends { id: string; created: number }> {
  readonly #items: (T | undefined)[] = [];
  readonly #positions = new Map<string, number>();

  /** The given items as a collection of their own, to be paged. */
  static of<T extends { id: string; created: number }>(items: Iterable<T>): Collection<T> {
    const collection = new Collection<T>();
    for (const item of items) collection.add(item);
    return collection;
  }

  get size(): number {
    return this.#positions.size;
  }

  add(item: T): T {
    this.#positions.set(item.id, this.#items.push(item) - 1);
    return item;
  }

  get(id: string): T | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.#items[position];
  }

  remove(id: string): void {
    const position = this.#positions.get(id);
    if (position === undefined) return;
    this.#items[position] = undefined;
    this.#positions.delete(id);
  }

  *values(): Generator<T> {
    for (const item of this.#items) if (item) yield item;
  }

  /** Newest first, with `limit`, `starting_after`, `ending_before` and `created` as Stripe understands them. */
  page(url: string, params: Params, matches: (item: T) => boolean = () => true): Page<T> {
    const limit = limitOf(params);
    refuseTogether(params, ['ending_before', 'starting_after']);
    const created = createdFilter(params);
    const after = this.#position(params.string('starting_after'), 'starting_after');
    const before = this.#position(params.string('ending_before'), 'ending_before');
    const data: T[] = [];
    const take = (item: T | undefined): boolean => {
      if (item && created(item.created) && matches(item)) data.push(item);
      return data.length <= limit;
    };
    if (before !== undefined) {
      for (let i = before + 1; i < this.#items.length && take(this.#items[i]); i += 1);
    } else {
      for (let i = (after ?? this.#items.length) - 1; i >= 0 && take(this.#items[i]); i -= 1);
    }
    const hasMore = data.length > limit;
    if (hasMore) data.pop();
    if (before !== undefined) data.reverse();
    return { object: 'list', data, has_more: hasMore, url };
  }

  #position(id: string | undefined, param: string): number | undefined {
    if (id === undefined) return undefined;
    const position = this.#positions.get(id);
    if (position === undefined) throw noSuch('object', id, param);
    return position;
  }
}

/** How many a page has at most. Throws StripeApiError 400. */
export function limitOf(params: Params): number {
  const limit = params.integer('limit') ?? 10;
  if (limit >= 1 && limit <= 100) return limit;
  throw invalidParameter(
    'limit',
    `This value must be ${limit < 1 ? 'greater than or equal to 1' : 'less than or equal to 100'} (it currently is '${limit}').`,
    'parameter_invalid_integer',
  );
}

function createdFilter(params: Params): (created: number) => boolean {
  if (!params.has('created')) return () => true;
  if (typeof params.raw.created === 'string') {
    const exact = params.integer('created');
    return (created) => created === exact;
  }
  const range = params.object('created');
  const gt = range?.integer('gt') ?? Number.NEGATIVE_INFINITY;
  const gte = range?.integer('gte') ?? Number.NEGATIVE_INFINITY;
  const lt = range?.integer('lt') ?? Number.POSITIVE_INFINITY;
  const lte = range?.integer('lte') ?? Number.POSITIVE_INFINITY;
  return (created) => created > gt && created >= gte && created < lt && created <= lte;
}

/** What Stripe knows about a PaymentIntent and never shows. */
export interface PaymentIntentSecrets {
  clientSecret: string;
  returnUrl: string | null;
  /** The authentication or redirect that the shopper has not finished. */
  pending: { kind: '3ds' | 'redirect'; paymentMethodId: string; offSession: boolean } | null;
  allowsMulticapture: boolean;
}

export interface CustomerSessionRecord {
  clientSecret: string;
  customer: string;
  components: Record<string, unknown>;
  expiresAt: number;
}

/** Everything that one simulated account holds. */
export interface StripeState {
  paymentIntents: Collection<PaymentIntent>;
  charges: Collection<Charge>;
  refunds: Collection<Refund>;
  disputes: Collection<Dispute>;
  customers: Collection<Customer>;
  deletedCustomers: Set<string>;
  paymentMethods: Collection<PaymentMethod>;
  balanceTransactions: Collection<BalanceTransaction>;
  payouts: Collection<Payout>;
  /** Payout by balance transaction. */
  payoutOf: Map<string, string>;
  webhookEndpoints: Collection<WebhookEndpoint>;
  customerSessions: Map<string, CustomerSessionRecord>;
  /** By payment method id. */
  /** Payment methods that nobody may use again. */
  spentMethods: Set<string>;
  behaviours: Map<string, CardBehaviour>;
  /** By PaymentIntent id. */
  secrets: Map<string, PaymentIntentSecrets>;
  chargesOf: Map<string, Charge[]>;
  /** How often an authorisation was tried to be raised, by PaymentIntent. */
  raises: Map<string, number>;
  /** By charge id. */
  refundsOf: Map<string, Refund[]>;
  /** Refunds that only let go of money that was authorised and not captured. */
  releases: Set<string>;
}

export const emptyState = (): StripeState => ({
  paymentIntents: new Collection(),
  charges: new Collection(),
  refunds: new Collection(),
  disputes: new Collection(),
  customers: new Collection(),
  deletedCustomers: new Set(),
  paymentMethods: new Collection(),
  balanceTransactions: new Collection(),
  payouts: new Collection(),
  payoutOf: new Map(),
  webhookEndpoints: new Collection(),
  customerSessions: new Map(),
  spentMethods: new Set(),
  behaviours: new Map(),
  secrets: new Map(),
  chargesOf: new Map(),
  raises: new Map(),
  refundsOf: new Map(),
  releases: new Set(),
});

/** Appends to the list at `key`, which starts empty. */
export function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
