import type { Cart, Order } from '@commercetools/platform-sdk';
import { CommercetoolsMock } from '@labdigital/commercetools-mock';
import * as z from 'zod';
import type { ApiRequest, ApiResponse } from './api-request.ts';
import {
  askedPayments,
  changesLock,
  checkCart,
  withForgotten,
  withOwnActions,
  withoutAttached,
  withTotal,
} from './carts.ts';
import { type Address, checkKey } from './collection.ts';
import { checkCustom, checkCustomActions, type FindType, type StoredCustomFields } from './custom-fields.ts';
import {
  ApiError,
  concurrentModification,
  duplicateField,
  invalidInput,
  invalidJson,
  invalidOperation,
  notFound,
} from './errors.ts';
import { parse } from './parse.ts';
import type { Payments } from './payments/payments.ts';
import { query, requiredValue } from './query.ts';
import { QUERY_FIELDS } from './query-fields.ts';
import type { SandboxStorage } from './storage.ts';
import { WriteQueue } from './write-queue.ts';

/** Collections whose queries are answered here, because commercetools-mock ignores `sort` and `withTotal`. */
const QUERIED = ['cart', 'order', 'type', 'customer', 'product-type'] as const;
type QueriedType = (typeof QUERIED)[number];
const isQueried = (typeId: string | undefined): typeId is QueriedType => QUERIED.includes(typeId as QueriedType);

type StoredType = Parameters<SandboxStorage['get']>[1];

/** Collections whose versions, keys and custom fields are checked here before commercetools-mock gets the call. */
const TYPE_IDS: Record<string, StoredType> = {
  carts: 'cart',
  orders: 'order',
  customers: 'customer',
  types: 'type',
  'product-types': 'product-type',
  products: 'product',
  states: 'state',
  stores: 'store',
  'shipping-methods': 'shipping-method',
  'tax-categories': 'tax-category',
  zones: 'zone',
  channels: 'channel',
};

const orderDraft = z.looseObject({
  version: z.int(),
  cart: z.object({ id: z.string() }),
  orderNumber: z.string().optional(),
  paymentState: z.enum(['BalanceDue', 'Failed', 'Pending', 'CreditOwed', 'Paid']).optional(),
});

const updateSchema = z.object({
  version: z.int(),
  actions: z.array(z.looseObject({ action: z.string() })).max(500),
});

interface Versioned {
  id: string;
  version: number;
  key?: string;
  custom?: StoredCustomFields;
}

/**
 * commercetools-mock, made strict. Versions are always checked (also for concurrent calls), keys and orders' carts are
 * unique, and custom fields fit their type. It also keeps what the mock forgets of a cart (key, recurrence, ordered
 * state) or an order (payment state).
 */
export class MockApi {
  readonly #mock: CommercetoolsMock;
  readonly #storage: SandboxStorage;
  readonly #payments: Payments;
  readonly #projectKey: string;
  readonly #findType: FindType;
  readonly #writes = new WriteQueue();

  constructor(options: { storage: SandboxStorage; payments: Payments; projectKey: string }) {
    this.#storage = options.storage;
    this.#findType = (ref) => options.storage.findType(ref);
    this.#payments = options.payments;
    this.#projectKey = options.projectKey;
    this.#mock = new CommercetoolsMock({
      storage: options.storage,
      strict: true,
      silent: true,
      defaultProjectKey: options.projectKey,
    });
  }

  async start(): Promise<void> {
    await this.#mock.app.ready();
  }

  async close(): Promise<void> {
    await this.#mock.app.close();
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    const { method, collection, address } = request;
    const typeId = Object.hasOwn(TYPE_IDS, collection) ? TYPE_IDS[collection] : undefined;
    if (method === 'GET') {
      if (address && typeId) return { status: 200, body: await this.#read(typeId, address, request.params) };
      if (isQueried(typeId) && !request.url.slice(1).split('?')[0]?.split('/')[2]) {
        return this.#query(typeId, request.params);
      }
      return this.#forward(request);
    }
    if (!typeId) return this.#forward(request);
    if (!address) return this.#writes.run(collection, () => this.#create(typeId, request));
    const id = 'id' in address ? address.id : (await this.#get(typeId, address)).id;
    return this.#writes.run(`${typeId} ${id}`, () =>
      method === 'DELETE' ? this.#delete(typeId, address, request) : this.#update(typeId, address, request),
    );
  }

  /** A cart by id or key. */
  async findCart(ref: { id?: string | undefined; key?: string | undefined }): Promise<Cart | undefined> {
    const cart = ref.id !== undefined ? this.#find('cart', { id: ref.id }) : this.#find('cart', { key: ref.key ?? '' });
    return (await cart) as unknown as Cart | undefined;
  }

  /** Sets the cart's price, in cents of its currency; a taxed price keeps its proportions. Throws ApiError 404. */
  setCartTotal(id: string, centAmount: number): Promise<Cart> {
    return this.#writes.run(`cart ${id}`, async () => {
      const cart = await this.findCart({ id });
      if (!cart) throw notFound(`ID '${id}'`);
      return this.#save('cart', withTotal(cart, centAmount));
    });
  }

  async all(typeId: 'cart' | 'order' | 'customer'): Promise<unknown[]> {
    const all = (await this.#storage.all(this.#projectKey, typeId)) as unknown as Versioned[];
    return all.map((resource) => presentable(typeId, resource));
  }

  /** Removes everything except types, which are part of the project's set-up. */
  async reset(): Promise<void> {
    const types = this.#storage.types();
    await this.#storage.clear();
    for (const type of types) await this.#storage.add(this.#projectKey, 'type', type);
  }

  #find(typeId: StoredType, address: Address): Promise<Versioned | null> {
    const found =
      'id' in address
        ? this.#storage.get(this.#projectKey, typeId, address.id)
        : this.#storage.getByKey(this.#projectKey, typeId, address.key);
    return found as unknown as Promise<Versioned | null>;
  }

  async #get(typeId: StoredType, address: Address): Promise<Versioned> {
    const resource = await this.#find(typeId, address);
    if (!resource) throw notFound('id' in address ? `ID '${address.id}'` : `key '${address.key}'`);
    return resource;
  }

  async #read(typeId: StoredType, address: Address, params: URLSearchParams): Promise<unknown> {
    const resource = await this.#get(typeId, address);
    return this.#storage.expand(this.#projectKey, presentable(typeId, resource), params.getAll('expand'));
  }

  async #query(typeId: QueriedType, params: URLSearchParams): Promise<ApiResponse> {
    const page = await query(await this.#candidates(typeId, params), params, QUERY_FIELDS[typeId]);
    const results: unknown[] = [];
    for (const resource of page.results) {
      const visible = presentable(typeId, resource as Versioned);
      results.push(await this.#storage.expand(this.#projectKey, visible, params.getAll('expand')));
    }
    return { status: 200, body: { ...page, results } };
  }

  async #candidates(typeId: QueriedType, params: URLSearchParams): Promise<unknown[]> {
    const paymentIds = askedPayments(params);
    const id = requiredValue(params, 'id');
    const ids =
      id !== undefined
        ? [id]
        : paymentIds !== undefined && (typeId === 'cart' || typeId === 'order')
          ? [...new Set(paymentIds.flatMap((each) => this.#storage.idsByPayment(typeId, each)))]
          : undefined;
    if (!ids) return this.#storage.all(this.#projectKey, typeId);
    const found = await Promise.all(ids.map((each) => this.#find(typeId, { id: each })));
    return found.filter((each) => each !== null);
  }

  async #create(typeId: StoredType, request: ApiRequest): Promise<ApiResponse> {
    const draft = z.looseObject({ key: z.string().optional() }).safeParse(request.body);
    if (!draft.success) throw invalidJson(draft.error.issues[0]?.message ?? 'JSON object expected.');
    const { key, custom } = draft.data;
    checkKey(key);
    if (key !== undefined && (await this.#find(typeId, { key }))) throw duplicateField('key', key);
    checkCustom(this.#findType, typeId, custom);
    if (typeId === 'order') return this.#order(request, draft.data);
    if (typeId === 'cart') checkCart('draft', request.body);
    const response = await this.#forward(request);
    if (typeId === 'customer' && response.status === 201) {
      const { customer } = response.body as { customer: Versioned };
      return { status: 201, body: { customer: presentable('customer', customer) } };
    }
    if (typeId !== 'cart' || response.status !== 201) return response;
    const cart = await this.#keepForgotten(response.body as Cart, draft.data);
    return { status: 201, body: await this.#read('cart', { id: cart.id }, request.params) };
  }

  /** The fields that commercetools-mock drops from a cart's draft: the key and the recurrence of custom line items. */
  async #keepForgotten({ id }: Cart, draft: Record<string, unknown>): Promise<Cart> {
    const cart = (await this.#get('cart', { id })) as unknown as Cart;
    const kept = withForgotten(cart, draft);
    if (kept === cart) return cart;
    await this.#storage.add(this.#projectKey, 'cart', kept);
    return kept;
  }

  async #order(request: ApiRequest, draft: Record<string, unknown>): Promise<ApiResponse> {
    const { cart: ref, version, orderNumber, paymentState } = parse(orderDraft, draft);
    return this.#writes.run(`cart ${ref.id}`, async () => {
      const cart = await this.findCart({ id: ref.id });
      if (cart && cart.version !== version) throw concurrentModification(cart.id, version, cart.version);
      if (cart?.cartState === 'Ordered') throw invalidOperation(`The cart '${cart.id}' is already ordered.`);
      if (orderNumber !== undefined && this.#storage.hasOrderNumber(orderNumber)) {
        throw duplicateField('orderNumber', orderNumber);
      }
      const response = await this.#forward(request);
      if (!cart || response.status !== 201) return response;
      const order: Order = {
        ...(response.body as Order),
        customLineItems: cart.customLineItems,
        ...(paymentState && { paymentState }),
      };
      await this.#storage.add(this.#projectKey, 'order', order);
      await this.#save('cart', { ...cart, cartState: 'Ordered' });
      return { status: 201, body: await this.#read('order', { id: order.id }, request.params) };
    });
  }

  async #update(typeId: StoredType, address: Address, request: ApiRequest): Promise<ApiResponse> {
    const current = await this.#get(typeId, address);
    const { version, actions } = parse(updateSchema, request.body);
    if (version !== current.version) throw concurrentModification(current.id, version, current.version);
    checkCustomActions(this.#findType, typeId, current.custom, actions);
    for (const { action, key } of actions) {
      if (action !== 'setKey' || typeof key !== 'string') continue;
      const holder = await this.#find(typeId, { key });
      if (holder && holder.id !== current.id) throw duplicateField('key', key);
    }
    if (typeId === 'customer') {
      const response = await this.#forward(request);
      return response.status === 200
        ? { ...response, body: presentable(typeId, response.body as Versioned) }
        : response;
    }
    if (typeId !== 'cart') return this.#forward(request);
    return this.#updateCart(current as unknown as Cart, version, actions, request);
  }

  async #updateCart(
    cart: Cart,
    version: number,
    actions: z.output<typeof updateSchema>['actions'],
    request: ApiRequest,
  ): Promise<ApiResponse> {
    if (cart.cartState === 'Ordered') throw invalidOperation(`The cart '${cart.id}' is already ordered.`);
    checkCart('update', request.body);
    if (cart.lock || actions.some(changesLock)) request.needOneOf(['manage_locked_carts']);
    const effective = withoutAttached(cart, actions, (key) => this.#payments.find({ key })?.id);
    const known = effective.filter((action) => !changesLock(action));
    const response = await this.#forward({ ...request, body: { version, actions: known } });
    if (response.status !== 200) return response;
    await this.#finishUpdate(cart.id, effective, request.clientId);
    return { status: 200, body: await this.#read('cart', { id: cart.id }, request.params) };
  }

  /** Adds the effects that commercetools-mock leaves out to an updated cart, in the same version step. */
  async #finishUpdate(id: string, actions: Parameters<typeof withOwnActions>[1], clientId: string): Promise<void> {
    const updated = (await this.#get('cart', { id })) as unknown as Cart;
    const cart = withOwnActions(updated, actions, { clientId, at: new Date().toISOString() });
    if (cart === updated) return;
    const version = cart.version + actions.filter(changesLock).length;
    await this.#storage.add(this.#projectKey, 'cart', { ...cart, version });
  }

  async #delete(typeId: StoredType, address: Address, request: ApiRequest): Promise<ApiResponse> {
    const current = await this.#get(typeId, address);
    const raw = request.params.get('version');
    if (raw === null) throw invalidInput("Missing required parameter 'version'.");
    if (Number(raw) !== current.version) throw concurrentModification(current.id, Number(raw), current.version);
    if (typeId === 'type') await this.#checkIsUnused(current.id);
    return this.#forward(request);
  }

  async #checkIsUnused(typeId: string): Promise<void> {
    const resources = [
      ...this.#payments.values(),
      ...(await this.#storage.all(this.#projectKey, 'customer')),
      ...(await this.#storage.all(this.#projectKey, 'cart')),
      ...(await this.#storage.all(this.#projectKey, 'order')),
    ];
    if (resources.some((resource) => JSON.stringify(resource).includes(`"id":"${typeId}"`))) {
      throw new ApiError(400, 'ReferenceExists', `Can not delete a type while it is referenced.`, { typeId });
    }
  }

  async #save<T extends { version: number; lastModifiedAt: string }>(typeId: StoredType, resource: T): Promise<T> {
    const saved = { ...resource, version: resource.version + 1, lastModifiedAt: new Date().toISOString() };
    await this.#storage.add(this.#projectKey, typeId, saved as never);
    return saved;
  }

  async #forward({ method, url, params, body }: ApiRequest): Promise<ApiResponse> {
    const answer = await this.#mock.app.inject({
      method: method as 'GET' | 'POST' | 'DELETE',
      url,
      ...(body !== undefined && { payload: body as object }),
    });
    const parsed = answer.body === '' ? undefined : (JSON.parse(answer.body) as Record<string, unknown>);
    if (answer.statusCode >= 500) throw new ApiError(500, 'General', String(parsed?.error ?? 'Internal error'));
    if (answer.statusCode === 404 && parsed?.errors === undefined) {
      throw new ApiError(404, 'ResourceNotFound', `URI not found: ${url}`);
    }
    if (params.get('withTotal') === 'false') delete parsed?.total;
    return { status: answer.statusCode, body: parsed };
  }
}

/** A stored resource in an API answer: without a customer's password. */
function presentable(typeId: StoredType, resource: Versioned): Versioned {
  if (typeId !== 'customer') return resource;
  const {
    password: _,
    passwordResetTokens: _tokens,
    lowercaseEmail: _email,
    ...visible
  } = resource as Versioned & Record<string, unknown>;
  return visible as Versioned;
}
