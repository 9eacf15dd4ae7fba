import type { Cart } from '@commercetools/platform-sdk';
import { type ApiRequest, type ApiResponse, created, notAllowed, ok } from './api-request.ts';
import {
  PaymentMethods,
  type RecurringPaymentJob,
  RecurringPaymentJobs,
  type Session,
  Sessions,
} from './checkout-resources.ts';
import type { Collection, Resource } from './collection.ts';
import { versionOf } from './http.ts';
import { MockApi } from './mock-api.ts';
import { Payments } from './payments/payments.ts';
import type { References, StoredPayment } from './payments/stored-payment.ts';
import { SandboxStorage } from './storage.ts';

/** Everything in the simulated project. */
export interface SimulatorState {
  payments: StoredPayment[];
  carts: Cart[];
  orders: unknown[];
  customers: unknown[];
  sessions: Session[];
  paymentMethods: unknown[];
  recurringPaymentJobs: RecurringPaymentJob[];
  types: unknown[];
}

/** One commercetools project: its resources, and the calls below `/{projectKey}` after their authorisation. */
export class Project {
  readonly #key: string;
  readonly #storage = new SandboxStorage();
  readonly #payments: Payments;
  readonly #paymentMethods: PaymentMethods;
  readonly #jobs: RecurringPaymentJobs;
  readonly #mock: MockApi;
  readonly sessions: Sessions;

  /** `now` in ms since the epoch. */
  constructor({ key, now, sessionSeconds }: { key: string; now: () => number; sessionSeconds: number }) {
    this.#key = key;
    const storage = this.#storage;
    const references: References = {
      findType: (ref) => storage.findType(ref),
      find: (typeId, ref) => (typeId === 'customer' ? storage.findCustomerId(ref) : ref.id),
    };
    this.#payments = new Payments(references, now);
    storage.payments = this.#payments;
    this.#paymentMethods = new PaymentMethods(references, now);
    this.#jobs = new RecurringPaymentJobs(now);
    this.sessions = new Sessions(now, sessionSeconds);
    this.#mock = new MockApi({ storage, payments: this.#payments, projectKey: key });
  }

  start(): Promise<void> {
    return this.#mock.start();
  }

  close(): Promise<void> {
    return this.#mock.close();
  }

  /** Throws ApiError. `collection` is '' for a path without a known collection. */
  answer(request: ApiRequest, collection: string): Promise<ApiResponse> | ApiResponse {
    switch (collection) {
      case 'payments':
        return this.#paymentCall(request);
      case 'payment-methods':
        return this.#paymentMethodCall(request);
      case 'sessions':
        return this.#sessionCall(request);
      case 'recurring-payment-jobs':
        return this.#jobCall(request);
      default:
        return this.#mock.handle(request);
    }
  }

  /** Sets the cart's price, in cents of its currency. Throws ApiError 404. */
  setCartTotal(id: string, centAmount: number): Promise<Cart> {
    return this.#mock.setCartTotal(id, centAmount);
  }

  /** With `payments`, only these (ids or keys) and the carts and sessions that lead to them. */
  async state({ payments: only }: { payments?: readonly string[] } = {}): Promise<SimulatorState> {
    const carts = (await this.#mock.all('cart')) as Cart[];
    const everything: SimulatorState = {
      payments: this.#payments.values(),
      carts,
      orders: await this.#mock.all('order'),
      customers: await this.#mock.all('customer'),
      sessions: this.sessions.values(),
      paymentMethods: this.#paymentMethods.values(),
      recurringPaymentJobs: this.#jobs.values(),
      types: this.#storage.types(),
    };
    if (!only) return everything;
    const chosen = only.flatMap((ref) => this.#payments.find({ id: ref }) ?? this.#payments.find({ key: ref }) ?? []);
    const ids = new Set(chosen.map((payment) => payment.id));
    const theirCarts = carts.filter((cart) => cart.paymentInfo?.payments.some((payment) => ids.has(payment.id)));
    const cartIds = new Set(theirCarts.map((cart) => cart.id));
    return {
      ...everything,
      payments: chosen,
      carts: theirCarts,
      sessions: everything.sessions.filter((session) => cartIds.has(session.activeCart.cartRef.id)),
    };
  }

  async reset(): Promise<void> {
    await this.#mock.reset();
    for (const collection of [this.#payments, this.#paymentMethods, this.#jobs, this.sessions]) collection.clear();
  }

  async #paymentCall(request: ApiRequest): Promise<ApiResponse> {
    const { method, address, params, body, clientId } = request;
    if (method === 'GET' && !address) {
      const page = await this.#payments.query(params);
      return ok({ ...page, results: await Promise.all(page.results.map((each) => this.#expanded(each, params))) });
    }
    if (method === 'GET' && address) return ok(await this.#expanded(this.#payments.get(address), params));
    if (method === 'POST' && !address)
      return created(await this.#expanded(this.#payments.create(body, clientId), params));
    if (method === 'POST' && address)
      return ok(await this.#expanded(this.#payments.update(address, body, clientId), params));
    if (method === 'DELETE' && address) return ok(this.#payments.delete(address, versionOf(params)));
    throw notAllowed(request);
  }

  async #expanded(payment: StoredPayment, params: URLSearchParams): Promise<StoredPayment> {
    const paths = params.getAll('expand');
    return paths.length === 0 ? payment : this.#storage.expand(this.#key, structuredClone(payment), paths);
  }

  async #paymentMethodCall(request: ApiRequest): Promise<ApiResponse> {
    const { method, address, params, body, clientId } = request;
    if (method === 'GET') return readCall(this.#paymentMethods, request);
    if (method === 'POST' && !address) return created(this.#paymentMethods.create(body, clientId));
    if (method === 'POST' && address) return ok(this.#paymentMethods.update(address, body, clientId));
    if (method === 'DELETE' && address) {
      return ok(this.#paymentMethods.remove(this.#paymentMethods.getAtVersion(address, versionOf(params))));
    }
    throw notAllowed(request);
  }

  async #sessionCall(request: ApiRequest): Promise<ApiResponse> {
    const { method, address, body } = request;
    if (method === 'POST' && !address)
      return created(await this.sessions.create(body, (ref) => this.#mock.findCart(ref)));
    if (method === 'GET' && address) return ok(this.sessions.get(address));
    if (method === 'DELETE' && address) return ok(this.sessions.remove(this.sessions.get(address)));
    throw notAllowed(request);
  }

  #jobCall(request: ApiRequest): ApiResponse | Promise<ApiResponse> {
    if (request.method !== 'POST') return readCall(this.#jobs, request);
    return created(
      this.#jobs.create(request.body, {
        payment: (id) => this.#payments.find({ id }) !== undefined,
        paymentMethod: (id) => this.#paymentMethods.find({ id }) !== undefined,
      }),
    );
  }
}

async function readCall<T extends Resource>(collection: Collection<T>, request: ApiRequest): Promise<ApiResponse> {
  if (request.method !== 'GET') throw notAllowed(request);
  return ok(request.address ? collection.get(request.address) : await collection.query(request.params));
}
