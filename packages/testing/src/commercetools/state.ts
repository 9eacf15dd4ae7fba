import type { Cart, Customer, Order, Payment, PaymentDraft, PaymentMethod, Type } from '@commercetools/platform-sdk';
import { commercetoolsId } from '../ids.ts';
import { conditionOf } from './predicate.ts';
import { notFound, RefusedAnswer, refused } from './refusal.ts';

/** A recurring payment job of the Checkout API. */
export interface RecurringJob {
  readonly id: string;
  readonly key?: string;
  readonly originPayment: { readonly id: string };
  readonly paymentMethod: { readonly id: string };
}

/** Parameters of a query, and of a deletion. */
export interface Query {
  readonly where?: string | undefined;
  readonly sort?: string | undefined;
  readonly limit?: number;
  readonly expand?: readonly string[];
  readonly version?: number;
}

/** Body of an update. */
export interface Update<A> {
  readonly version: number;
  readonly actions: readonly A[];
}

/** The data of a fake commercetools, with the hooks of a test. */
export class CommercetoolsState {
  readonly stored = new Map<string, Payment>();
  readonly carts = new Map<string, Cart>();
  readonly orders = new Map<string, Order>();
  readonly customers = new Map<string, Customer>();
  readonly types = new Map<string, Type>();
  readonly paymentMethods = new Map<string, PaymentMethod>();
  /** Recurring payment jobs of Checkout, in the order they were made. */
  readonly recurringJobs = new Map<string, RecurringJob>();
  /** Sessions of Checkout by their id, as the Session API answers them. */
  readonly sessions = new Map<string, object>();
  /** Id and time of the next resource. */
  newId: () => string = commercetoolsId;
  now: () => string | undefined = () => undefined;
  /** Runs before a payment is created: a test's concurrent writers. */
  beforeCreate: (draft: PaymentDraft) => void = () => {};
  /** Runs before a payment is put on a cart. */
  beforeAddPayment: (cartId: string) => void = () => {};
  /** Runs before a payment is changed. */
  beforeUpdate: (id: string) => void = () => {};
}

/** The resource with that id; throws a 404 when there is none. */
export function existing<T>(stored: ReadonlyMap<string, T>, id: string): T {
  const found = stored.get(id);
  if (!found) throw notFound();
  return found;
}

/** The resource after an update, in its next version: all of the actions are applied, or none. */
export function updated<T extends { id: string; version: number }, A>(
  stored: Map<string, T>,
  id: string,
  { version, actions }: Update<A>,
  change: (resource: T, action: A) => T,
): T {
  const before = existing(stored, id);
  if (before.version !== version) throw new RefusedAnswer(409, 'ConcurrentModification');
  if (actions.length === 0) throw refused('InvalidInput');
  const after = { ...actions.reduce(change, before), version: version + 1 };
  stored.set(id, after);
  return after;
}

/** Deletes the resource at that version, and returns it. */
export function removed<T extends { version: number }>(stored: Map<string, T>, id: string, version?: number): T {
  const before = existing(stored, id);
  if (before.version !== version) throw new RefusedAnswer(409, 'ConcurrentModification');
  stored.delete(id);
  return before;
}

/**
 * One page of a query, in the order of creation unless it is sorted by id. Throws the refusal of a predicate that
 * cannot be parsed.
 */
export function pageOf<T extends { id: string }>(stored: ReadonlyMap<string, T>, { where, sort, limit = 20 }: Query) {
  const isWanted = where === undefined ? () => true : conditionOf(where);
  const found = [...stored.values()].filter((one) => isWanted({ ...one }));
  const sorted = sort === 'id asc' ? found.toSorted((a, b) => (a.id < b.id ? -1 : 1)) : found;
  const results = sorted.slice(0, limit);
  return { limit, offset: 0, count: results.length, results };
}
