import {
  type Cart,
  type Customer,
  createApiBuilderFromCtpClient,
  type OrderFromCartDraft,
  type Payment,
  type PaymentMethodDraft,
  type PaymentUpdateAction,
  type Type,
} from '@commercetools/platform-sdk';
import { type Commercetools, errorOfAnswer, errorOfFailure } from '@connector/commercetools';
import { copyOf } from '../copy.ts';
import type { Gate } from '../gate.ts';
import { changeCart, changeCustomer, changeType, withPayments } from './checkout.ts';
import { changeOrder, createOrder } from './orders.ts';
import { changePaymentMethod, createPaymentMethod, createRecurringJob } from './payment-methods.ts';
import { changePayment, createPayment } from './payments.ts';
import { notFound, RefusedAnswer } from './refusal.ts';
import { cart, customer } from './resources.ts';
import {
  CommercetoolsState,
  existing,
  pageOf,
  type Query,
  type RecurringJob,
  removed,
  type Update,
  updated,
} from './state.ts';

/**
 * What goes wrong with one update: it is refused without an effect, its answer is lost after the effect, or another
 * writer is first.
 */
export type Fault = 'refused' | 'answer-lost' | 'another-writer';

/** One accepted write of a payment. */
export interface Write {
  readonly before: Payment;
  readonly after: Payment;
  readonly actions: readonly PaymentUpdateAction[];
}

/**
 * A request. The first part of the path after the project's says what is asked for: by id, by `key=…` or by a query.
 */
interface Request {
  readonly method: string;
  readonly resource: string;
  readonly id: string | undefined;
  readonly query: Query;
  readonly body: unknown;
}

/**
 * commercetools in memory, behind the client that all services use: their adapters run over it as over the real one. It
 * is as strict as the real one about versions, unique keys, an interfaceId that is unique and never changes, and
 * customers and types that must exist. Answers are copies. It passes the suite of `conformance/commercetools.ts`, as
 * the client over the simulated commercetools does.
 */
export class FakeCommercetools
  extends CommercetoolsState
  implements Pick<Commercetools, 'projectKey' | 'api' | 'call' | 'fetch'>
{
  readonly projectKey = 'shop';
  /** Names of the calls, such as `payments.update`, in order. */
  readonly calls: string[] = [];
  readonly writes: Write[] = [];
  /** Faults of the next updates of payments, one for each update. */
  readonly faults: (Fault | undefined)[] = [];
  gate: Gate = async () => {};

  readonly api = createApiBuilderFromCtpClient({
    execute: async ({ method, uriTemplate, pathVariables, queryParams, body }: ClientRequest) => {
      const [, resource = '', byKey] = /^\/\{projectKey\}\/([\w-]+)(\/key=)?/.exec(uriTemplate) ?? [];
      const { ID: id, key } = pathVariables ?? {};
      const named = byKey ? `key=${key}` : id;
      return { body: copyOf(this.answer({ method, resource, id: named, query: queryParams ?? {}, body })) };
    },
  } as never).withProjectKey({ projectKey: this.projectKey });

  readonly call: Commercetools['call'] = async (operation, request) => {
    this.calls.push(operation);
    try {
      await this.gate(operation, 'before');
      const { body } = await request.execute();
      await this.gate(operation, 'after');
      return body;
    } catch (error) {
      if (error instanceof RefusedAnswer) throw errorOfAnswer(operation, error);
      throw error;
    }
  };

  /** Calls the Checkout API, at any host. */
  readonly fetch: Commercetools['fetch'] = async (url, { method = 'GET', body } = {}) => {
    const [, , resource = '', id] = new URL(url).pathname.split('/');
    const call = `${resource}.${method === 'POST' ? 'create' : 'get'}`;
    this.calls.push(call);
    try {
      await this.gate(call, 'before');
      const answer = this.answer({ method, resource, id, query: {}, body: body && JSON.parse(String(body)) });
      await this.gate(call, 'after');
      return Response.json(answer);
    } catch (error) {
      if (!(error instanceof RefusedAnswer)) throw error;
      return Response.json(error.body, { status: error.status });
    }
  };

  add(...payments: Payment[]): this {
    for (const payment of payments) this.stored.set(payment.id, payment);
    return this;
  }

  addCart(one: Cart): this {
    this.carts.set(one.id, one);
    return this;
  }

  addCustomer(id: string, fields: Partial<Customer> = {}): this {
    this.customers.set(id, customer({ id, ...fields }));
    return this;
  }

  payment(id: string): Payment {
    const payment = this.stored.get(id);
    if (!payment) throw new Error(`no payment ${id}`);
    return payment;
  }

  /** Another writer changes the payment: it gets the next version and the changes of `change`. */
  changeByAnother(id: string, change: Partial<Payment> = {}): void {
    const payment = this.payment(id);
    this.stored.set(id, { ...payment, ...change, version: payment.version + 1 });
  }

  /** Answers a request, or throws its refusal. */
  answer({ method, resource, id, query, body }: Request): unknown {
    const { stored, carts, orders, customers, types, paymentMethods } = this;
    switch (`${method} ${resource}${id === undefined ? '' : '/:id'}`) {
      case 'GET payments/:id':
        return id?.startsWith('key=') ? byKey(stored.values(), id) : existing(stored, id ?? '');
      case 'GET payments':
        return pageOf(stored, query);
      case 'POST payments':
        return createPayment(this, body as never);
      case 'POST payments/:id':
        return this.#updatePayment(id ?? '', body as Update<PaymentUpdateAction>);
      case 'GET carts/:id': {
        return this.#expanded(existing(carts, id ?? ''), query);
      }
      case 'GET carts': {
        const page = pageOf(carts, query);
        return { ...page, results: page.results.map((one) => this.#expanded(one, query)) };
      }
      case 'POST carts': {
        const made = cart({ id: this.newId() });
        carts.set(made.id, made);
        return made;
      }
      case 'POST carts/:id':
        this.beforeAddPayment(id ?? '');
        return updated(carts, id ?? '', body as Update<never>, (one, action) => changeCart(this, one, action));
      case 'GET orders':
        return pageOf(orders, query);
      case 'GET orders/:id':
        return existing(orders, id ?? '');
      case 'POST orders':
        return createOrder(this, body as OrderFromCartDraft);
      case 'POST orders/:id':
        return updated(orders, id ?? '', body as Update<never>, changeOrder);
      case 'GET customers/:id':
        return existing(customers, id ?? '');
      case 'POST customers': {
        const made = customer({ id: this.newId(), email: (body as Customer).email });
        customers.set(made.id, made);
        return { customer: made };
      }
      case 'POST customers/:id':
        return updated(customers, id ?? '', body as Update<never>, (one, action) => changeCustomer(this, one, action));
      case 'GET payment-methods':
        return pageOf(paymentMethods, query);
      case 'GET payment-methods/:id':
        return id?.startsWith('key=') ? byKey(paymentMethods.values(), id) : existing(paymentMethods, id ?? '');
      case 'POST payment-methods':
        return createPaymentMethod(this, body as PaymentMethodDraft);
      case 'POST payment-methods/:id':
        return updated(paymentMethods, id ?? '', body as Update<never>, changePaymentMethod);
      case 'DELETE payment-methods/:id':
        return removed(paymentMethods, id ?? '', query.version);
      case 'GET recurring-payment-jobs/:id':
        return byKey(this.recurringJobs.values(), id ?? '');
      case 'POST recurring-payment-jobs':
        return createRecurringJob(this, body as RecurringJob);
      case 'GET sessions/:id':
        return existing(this.sessions, id ?? '');
      case 'POST sessions': {
        const { cart: activeCart, metadata } = body as { cart: object; metadata: object };
        const session = { id: this.newId(), state: 'ACTIVE', activeCart, metadata };
        this.sessions.set(session.id, session);
        return session;
      }
      case 'GET types/:id':
        return id?.startsWith('key=') ? byKey(types.values(), id) : existing(types, id ?? '');
      case 'POST types': {
        const made = { ...(body as Type), id: this.newId(), version: 1 };
        types.set(made.id, made);
        return made;
      }
      case 'POST types/:id':
        return updated(types, id ?? '', body as Update<never>, changeType);
      default:
        throw new Error(`the fake commercetools does not answer ${method} ${resource}`);
    }
  }

  #expanded(one: Cart, { expand = [] }: Query): Cart {
    return expand.includes('paymentInfo.payments[*]') ? withPayments(this, one) : one;
  }

  #updatePayment(id: string, update: Update<PaymentUpdateAction>): Payment {
    this.beforeUpdate(id);
    const fault = this.faults.shift();
    if (fault === 'refused') throw new RefusedAnswer(503, 'ServiceUnavailable');
    if (fault === 'another-writer') this.changeByAnother(id);
    const before = existing(this.stored, id);
    const after = updated(this.stored, id, update, (payment, action) => changePayment(this, payment, action));
    this.writes.push({ before, after, actions: update.actions });
    if (fault === 'answer-lost') throw errorOfFailure('payments.update', new DOMException('', 'TimeoutError'));
    return after;
  }
}

/** The request that the SDK gives to its HTTP client. */
interface ClientRequest {
  readonly method: string;
  readonly uriTemplate: string;
  readonly pathVariables?: Readonly<Record<string, string>>;
  readonly queryParams?: Request['query'];
  readonly body?: unknown;
}

function byKey<T extends { key?: string }>(all: Iterable<T>, named: string): T {
  const found = [...all].find(({ key }) => `key=${key}` === named);
  if (!found) throw notFound();
  return found;
}
