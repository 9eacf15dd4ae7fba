import type { PaymentMethod } from '@commercetools/platform-sdk';
import * as z from 'zod';
import { type Address, Collection, type Resource } from './collection.ts';
import {
  createCustomFields,
  customFieldsDraft,
  identifierOf,
  type ResourceIdentifier,
  withCustomField,
} from './custom-fields.ts';
import { invalidInput, referencedResourceNotFound } from './errors.ts';
import { parse } from './parse.ts';
import type { References } from './payments/stored-payment.ts';
import { QUERY_FIELDS } from './query-fields.ts';

const text = z.string();
const paymentMethodDraft = z.object({
  key: text.optional(),
  name: z.record(text, text).optional(),
  customer: identifierOf('customer').optional(),
  /** Business units are not simulated for methods: any key is accepted. */
  businessUnit: z.object({ typeId: z.literal('business-unit').optional(), key: text }).optional(),
  method: text.optional(),
  paymentInterface: text.optional(),
  interfaceAccount: text.optional(),
  token: z.object({ value: text }).optional(),
  paymentMethodStatus: z.enum(['Active', 'Inactive']).default('Active'),
  default: z.boolean().default(false),
  custom: customFieldsDraft.optional(),
});

/**
 * What each update action of the Payment Methods API sets: the field of the value in the action, and the field of the
 * method.
 */
const SETTERS: Record<string, { value: z.ZodType; from: string; to: string }> = {
  setKey: { value: text.optional(), from: 'key', to: 'key' },
  setName: { value: z.record(text, text).optional(), from: 'name', to: 'name' },
  setMethod: { value: text.optional(), from: 'method', to: 'method' },
  setPaymentInterface: { value: text.optional(), from: 'paymentInterface', to: 'paymentInterface' },
  setInterfaceAccount: { value: text.optional(), from: 'interfaceAccount', to: 'interfaceAccount' },
  setDefault: { value: z.boolean(), from: 'default', to: 'default' },
  setPaymentMethodStatus: {
    value: z.enum(['Active', 'Inactive']),
    from: 'paymentMethodStatus',
    to: 'paymentMethodStatus',
  },
};

/** The Payment Methods API: saved methods of a customer. Tokens need not be unique, as in commercetools. */
export class PaymentMethods extends Collection<PaymentMethod> {
  readonly #references: References;

  constructor(references: References, now: () => number) {
    super(now, QUERY_FIELDS['payment-method']);
    this.#references = references;
  }

  /** Throws ApiError 400. */
  create(body: unknown, clientId: string): PaymentMethod {
    const { custom, customer, businessUnit, ...draft } = parse(paymentMethodDraft, body);
    const customerId = customer && this.#references.find('customer', customer);
    if (customer && !customerId) throw referencedResourceNotFound('customer', customer);
    this.checkKeyIsFree(draft.key);
    return this.put({
      ...this.base(clientId),
      ...draft,
      ...(customerId && { customer: { typeId: 'customer', id: customerId } }),
      ...(businessUnit && { businessUnit: { typeId: 'business-unit', key: businessUnit.key } }),
      ...(custom && { custom: createCustomFields(this.#references.findType, 'payment-method', custom) }),
    } as PaymentMethod);
  }

  /** Throws ApiError 404, 409, 400. */
  update(address: Address, body: unknown, clientId: string): PaymentMethod {
    const schema = z.object({ version: z.int(), actions: z.array(z.looseObject({ action: text })) });
    const { version, actions } = parse(schema, body);
    let method: PaymentMethod = this.getAtVersion(address, version);
    for (const { action, ...values } of actions) {
      const setter = Object.hasOwn(SETTERS, action) ? SETTERS[action] : undefined;
      if (setter) method = { ...method, [setter.to]: parse(setter.value, values[setter.from]) };
      else if (action === 'setCustomType') {
        const draft = values.type ? parse(customFieldsDraft, values) : undefined;
        const { custom: _, ...others } = method;
        const custom = draft && createCustomFields(this.#references.findType, 'payment-method', draft);
        method = { ...others, ...(custom && { custom }) };
      } else if (action === 'setCustomField') {
        const custom = withCustomField(this.#references.findType, method.custom, String(values.name), values.value);
        method = { ...method, custom };
      } else throw invalidInput(`Invalid action ${action}`);
    }
    this.checkKeyIsFree(method.key, method.id);
    const by = { clientId, isPlatformClient: false };
    const lastModifiedAt = new Date(this.now()).toISOString();
    return this.put({ ...method, version: version + actions.length, lastModifiedAt, lastModifiedBy: by });
  }
}

const jobDraft = z.object({
  key: text.optional(),
  originPayment: z.object({ typeId: z.literal('payment'), id: text }),
  paymentMethod: z.object({ typeId: z.literal('payment-method'), id: text }),
  status: z.object({ state: text }).default({ state: 'Initial' }),
});

/** A recurring payment job of the Checkout API. */
export type RecurringPaymentJob = Resource & z.output<typeof jobDraft>;

/** The part of Checkout's Recurring Payment Jobs API that the connector calls. */
export class RecurringPaymentJobs extends Collection<RecurringPaymentJob> {
  /** Throws ApiError 400 when the payment or the payment method does not exist, or another job has the key. */
  create(
    body: unknown,
    exists: { payment: (id: string) => boolean; paymentMethod: (id: string) => boolean },
  ): RecurringPaymentJob {
    const draft = parse(jobDraft, body);
    this.checkKeyIsFree(draft.key);
    if (!exists.payment(draft.originPayment.id)) throw referencedResourceNotFound('payment', draft.originPayment);
    if (!exists.paymentMethod(draft.paymentMethod.id)) {
      throw referencedResourceNotFound('payment-method', draft.paymentMethod);
    }
    const { id, version, createdAt, lastModifiedAt } = this.base('');
    return this.put({ id, version, createdAt, lastModifiedAt, ...draft });
  }
}

const sessionDraft = z.object({
  cart: z.object({ cartRef: identifierOf('cart') }),
  metadata: z.record(text, z.unknown()).default({}),
});

export type SessionState = 'ACTIVE' | 'EXPIRED';

/** A Checkout session in the Session API's answer. */
export interface Session extends Resource {
  readonly state: SessionState;
  readonly activeCart: { readonly cartRef: { readonly id: string } };
  readonly customer?: { readonly customerRef?: { readonly id: string }; readonly anonymousId?: string };
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface SessionCart {
  id: string;
  customerId?: string | undefined;
  anonymousId?: string | undefined;
}

/** Checkout's Session API. A session expires `lifetimeSeconds` after its creation. */
export class Sessions extends Collection<Session> {
  readonly #lifetimeMs: number;

  constructor(now: () => number, lifetimeSeconds: number) {
    super(now);
    this.#lifetimeMs = lifetimeSeconds * 1000;
  }

  /** Throws ApiError 400 for an unknown cart, or for metadata with neither processorUrl nor applicationKey. */
  async create(
    body: unknown,
    findCart: (ref: ResourceIdentifier) => Promise<SessionCart | undefined>,
  ): Promise<Session> {
    const { cart, metadata } = parse(sessionDraft, body);
    if (metadata.processorUrl === undefined && metadata.applicationKey === undefined) {
      throw invalidInput('metadata: one of processorUrl and applicationKey is required.');
    }
    const found = await findCart(cart.cartRef);
    if (!found) throw referencedResourceNotFound('cart', cart.cartRef);
    const { id, version, createdAt, lastModifiedAt } = this.base('');
    const { customerId, anonymousId } = found;
    const customer = customerId ? { customerRef: { id: customerId } } : anonymousId ? { anonymousId } : undefined;
    return this.put({
      id,
      version,
      createdAt,
      lastModifiedAt,
      state: 'ACTIVE',
      activeCart: { cartRef: { id: found.id } },
      ...(customer && { customer }),
      metadata,
    });
  }

  /** Throws ApiError 404. */
  setState(id: string, state: SessionState): Session {
    return this.#change(this.get({ id }), state);
  }

  override find(address: Address): Session | undefined {
    const session = super.find(address);
    if (session?.state !== 'ACTIVE' || this.now() < Date.parse(session.createdAt) + this.#lifetimeMs) return session;
    return this.#change(session, 'EXPIRED');
  }

  override values(): Session[] {
    return [...this.byId.keys()].flatMap((id) => this.find({ id }) ?? []);
  }

  #change(session: Session, state: SessionState): Session {
    const lastModifiedAt = new Date(this.now()).toISOString();
    return this.put({ ...session, state, version: session.version + 1, lastModifiedAt });
  }
}
