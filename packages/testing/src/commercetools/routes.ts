import type {
  Cart,
  Customer,
  OrderFromCartDraft,
  Payment,
  PaymentMethodDraft,
  PaymentUpdateAction,
  Type,
} from '@commercetools/platform-sdk';
import { changeCart, changeCustomer, changeType, withPayments } from './checkout.ts';
import { changeOrder, createOrder } from './orders.ts';
import { changePaymentMethod, createPaymentMethod, createRecurringJob } from './payment-methods.ts';
import { createPayment } from './payments.ts';
import { notFound } from './refusal.ts';
import { cart, customer } from './resources.ts';
import {
  type CommercetoolsState,
  existing,
  pageOf,
  type Query,
  type RecurringJob,
  removed,
  type Update,
  updated,
} from './state.ts';

/**
 * A request. The first part of the path after the project's says what is asked for: by id, by `key=…` or by a query.
 */
export interface Request {
  readonly method: string;
  readonly resource: string;
  readonly id: string | undefined;
  readonly query: Query;
  readonly body: unknown;
}

type Project = CommercetoolsState & { updatePayment(id: string, update: Update<PaymentUpdateAction>): Payment };
type Route = (project: Project, request: { id: string; query: Query; body: never }) => unknown;

const ROUTES: Readonly<Record<string, Route>> = {
  'GET payments': ({ stored }, { query }) => pageOf(stored, query),
  'GET payments/:id': ({ stored }, { id }) => named(stored, id),
  'POST payments': (project, { body }) => createPayment(project, body),
  'POST payments/:id': (project, { id, body }) => project.updatePayment(id, body),
  'GET carts': (project, { query }) => {
    const page = pageOf(project.carts, query);
    return { ...page, results: page.results.map((one) => expanded(project, one, query)) };
  },
  'GET carts/:id': (project, { id, query }) => expanded(project, existing(project.carts, id), query),
  'POST carts': (project) => kept(project.carts, cart({ id: project.newId() })),
  'POST carts/:id': (project, { id, body }) => {
    project.beforeAddPayment(id);
    return updated(project.carts, id, body as Update<never>, (one, action) => changeCart(project, one, action));
  },
  'GET orders': ({ orders }, { query }) => pageOf(orders, query),
  'GET orders/:id': ({ orders }, { id }) => existing(orders, id),
  'POST orders': (project, { body }) => createOrder(project, body as OrderFromCartDraft),
  'POST orders/:id': ({ orders }, { id, body }) => updated(orders, id, body as Update<never>, changeOrder),
  'GET customers/:id': ({ customers }, { id }) => existing(customers, id),
  'POST customers': ({ customers, newId }, { body }) => ({
    customer: kept(customers, customer({ id: newId(), email: (body as Customer).email })),
  }),
  'POST customers/:id': (project, { id, body }) =>
    updated(project.customers, id, body as Update<never>, (one, action) => changeCustomer(project, one, action)),
  'GET payment-methods': ({ paymentMethods }, { query }) => pageOf(paymentMethods, query),
  'GET payment-methods/:id': ({ paymentMethods }, { id }) => named(paymentMethods, id),
  'POST payment-methods': (project, { body }) => createPaymentMethod(project, body as PaymentMethodDraft),
  'POST payment-methods/:id': ({ paymentMethods }, { id, body }) =>
    updated(paymentMethods, id, body as Update<never>, changePaymentMethod),
  'DELETE payment-methods/:id': ({ paymentMethods }, { id, query }) => removed(paymentMethods, id, query.version),
  'GET recurring-payment-jobs/:id': ({ recurringJobs }, { id }) => byKey(recurringJobs.values(), id),
  'POST recurring-payment-jobs': (project, { body }) => createRecurringJob(project, body as RecurringJob),
  'GET sessions/:id': ({ sessions }, { id }) => existing(sessions, id),
  'POST sessions': ({ sessions, newId }, { body }) => {
    const { cart: activeCart, metadata } = body as { cart: object; metadata: object };
    const session = { id: newId(), state: 'ACTIVE', activeCart, metadata };
    return kept(sessions, session);
  },
  'GET types/:id': ({ types }, { id }) => named(types, id),
  'POST types': ({ types, newId }, { body }) => kept(types, { ...(body as Type), id: newId(), version: 1 }),
  'POST types/:id': ({ types }, { id, body }) => updated(types, id, body as Update<never>, changeType),
};

/** Answers a request, or throws its refusal. Throws Error for what the fake does not know. */
export function answerOf(project: Project, { method, resource, id, query, body }: Request): unknown {
  const route = ROUTES[`${method} ${resource}${id === undefined ? '' : '/:id'}`];
  if (!route) throw new Error(`the fake commercetools does not answer ${method} ${resource}`);
  return route(project, { id: id ?? '', query, body: body as never });
}

function kept<T>(stored: Map<string, T>, made: T & { readonly id: string }): T {
  stored.set(made.id, made);
  return made;
}

const expanded = (project: CommercetoolsState, one: Cart, { expand = [] }: Query): Cart =>
  expand.includes('paymentInfo.payments[*]') ? withPayments(project, one) : one;

/** By its id, or by `key=…`. */
const named = <T extends { id: string; key?: string }>(stored: ReadonlyMap<string, T>, id: string): T =>
  id.startsWith('key=') ? byKey(stored.values(), id) : existing(stored, id);

function byKey<T extends { key?: string }>(all: Iterable<T>, wanted: string): T {
  const found = [...all].find(({ key }) => `key=${key}` === wanted);
  if (!found) throw notFound();
  return found;
}
