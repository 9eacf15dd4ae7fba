import {
  type Cart,
  type Customer,
  createApiBuilderFromCtpClient,
  type Payment,
  type PaymentUpdateAction,
} from '@commercetools/platform-sdk';
import { type Commercetools, errorOfAnswer, errorOfFailure } from '@connector/commercetools';
import { copyOf } from '../copy.ts';
import type { Gate } from '../gate.ts';
import { changePayment } from './payments.ts';
import { RefusedAnswer } from './refusal.ts';
import { customer } from './resources.ts';
import { answerOf, type Request } from './routes.ts';
import { CommercetoolsState, existing, type Update, updated } from './state.ts';

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
  answer(request: Request): unknown {
    return answerOf(this, request);
  }

  updatePayment(id: string, update: Update<PaymentUpdateAction>): Payment {
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
