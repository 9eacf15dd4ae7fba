import type { Cart, Customer, Payment, PaymentDraft, Type } from '@commercetools/platform-sdk';
import { commercetoolsId } from '../ids.ts';
import { notFound, RefusedAnswer, refused } from './refusal.ts';

/** What an update is asked for. */
export interface Update<A> {
  readonly version: number;
  readonly actions: readonly A[];
}

/** What a fake commercetools has, and what a test says of it. */
export class CommercetoolsState {
  readonly stored = new Map<string, Payment>();
  readonly carts = new Map<string, Cart>();
  readonly customers = new Map<string, Customer>();
  readonly types = new Map<string, Type>();
  /** Sessions of Checkout by their id, as the Session API answers them. */
  readonly sessions = new Map<string, unknown>();
  /** Id and time of what is made next. */
  newId: () => string = commercetoolsId;
  now: () => string | undefined = () => undefined;
  /** Runs before a payment is created: what others do in that moment. */
  beforeCreate: (draft: PaymentDraft) => void = () => {};
  /** Runs before a payment is put on a cart. */
  beforeAddPayment: (cartId: string) => void = () => {};
  /** Runs before a payment is changed. */
  beforeUpdate: (id: string) => void = () => {};
}

/** The one of that id; a 404 when there is none. */
export function existing<T>(stored: ReadonlyMap<string, T>, id: string): T {
  const found = stored.get(id);
  if (!found) throw notFound();
  return found;
}

/** The resource after an update, in its next version: done whole or not at all. */
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

/** The texts in a predicate, as in `interfaceId in ("pi_1", "pi_2")`. */
export const textsIn = (predicate: string): Set<string> =>
  new Set(Array.from(predicate.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, text = '']) => text.replace(/\\(.)/g, '$1')));

/** One page of a query, in the order of creation. */
export const pageOf = <T>(all: readonly T[], limit = 20) => ({
  limit,
  offset: 0,
  count: Math.min(all.length, limit),
  results: all.slice(0, limit),
});
