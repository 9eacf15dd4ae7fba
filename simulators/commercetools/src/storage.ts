import type { Cart, Order, Type } from '@commercetools/platform-sdk';
import { InMemoryStorage } from '@labdigital/commercetools-mock';
import type { Address } from './collection.ts';
import { correctFractionDigits } from './money.ts';
import type { Payments } from './payments/payments.ts';
import type { StoredPayment } from './payments/stored-payment.ts';

const MASK = '****';

/** Payments inside another resource, where commercetools masks the token. */
function embedded(payment: StoredPayment): StoredPayment {
  const copy = structuredClone(payment);
  const { token, ...info } = copy.paymentMethodInfo;
  return token ? { ...copy, paymentMethodInfo: { ...info, token: { value: MASK } } } : copy;
}

/**
 * commercetools-mock's storage. Its payments are those of `Payments`, so that carts can refer to them and expand them;
 * carts and orders are found by their payments without a scan.
 */
export class SandboxStorage extends InMemoryStorage {
  payments: Payments | undefined;
  readonly #types = new Map<string, Type>();
  readonly #customerIdByKey = new Map<string, string>();
  readonly #customerIds = new Set<string>();
  readonly #orderNumbers = new Map<string, string>();
  readonly #byPayment = { cart: new Map<string, Set<string>>(), order: new Map<string, Set<string>>() };

  override get: InMemoryStorage['get'] = async (projectKey, typeId, id, params) =>
    typeId === 'payment' ? this.#payment({ id }) : super.get(projectKey, typeId, id, params);

  override getByKey: InMemoryStorage['getByKey'] = async (projectKey, typeId, key, params) =>
    typeId === 'payment' ? this.#payment({ key }) : super.getByKey(projectKey, typeId, key, params);

  /** A reference to a deleted payment stays unexpanded, as at commercetools; commercetools-mock fails. */
  override getByResourceIdentifier: InMemoryStorage['getByResourceIdentifier'] = async (projectKey, identifier) => {
    const { typeId, id, key } = identifier as { typeId: string; id?: string; key?: string };
    if (typeId !== 'payment') return super.getByResourceIdentifier(projectKey, identifier);
    return (this.#payment(id !== undefined ? { id } : { key: key ?? '' }) ?? undefined) as never;
  };

  override add: InMemoryStorage['add'] = async (projectKey, typeId, resource, params) => {
    if (typeId === 'cart' || typeId === 'order') {
      correctFractionDigits(resource);
      const { id, paymentInfo } = resource as unknown as Cart | Order;
      const idsByPayment = typeId === 'cart' ? this.#byPayment.cart : this.#byPayment.order;
      for (const payment of paymentInfo?.payments ?? []) {
        idsByPayment.set(payment.id, (idsByPayment.get(payment.id) ?? new Set<string>()).add(id));
      }
    }
    if (typeId === 'order') {
      const { id, orderNumber } = resource as unknown as Order;
      if (orderNumber) this.#orderNumbers.set(orderNumber, id);
    }
    if (typeId === 'type') this.#types.set(resource.id, structuredClone(resource as unknown as Type));
    if (typeId === 'customer') {
      this.#customerIds.add(resource.id);
      if ('key' in resource && resource.key) this.#customerIdByKey.set(String(resource.key), resource.id);
    }
    return super.add(projectKey, typeId, resource, params);
  };

  override delete: InMemoryStorage['delete'] = async (projectKey, typeId, id, params) => {
    if (typeId === 'type') this.#types.delete(id);
    if (typeId === 'customer') this.#customerIds.delete(id);
    return super.delete(projectKey, typeId, id, params);
  };

  override async clear(): Promise<void> {
    await super.clear();
    this.#types.clear();
    this.#customerIds.clear();
    this.#customerIdByKey.clear();
    this.#orderNumbers.clear();
    this.#byPayment.cart.clear();
    this.#byPayment.order.clear();
  }

  types(): Type[] {
    return [...this.#types.values()];
  }

  findType(ref: { id?: string | undefined; key?: string | undefined }): Type | undefined {
    if (ref.id !== undefined) return this.#types.get(ref.id);
    return this.types().find((type) => type.key === ref.key);
  }

  findCustomerId(ref: { id?: string | undefined; key?: string | undefined }): string | undefined {
    const id = ref.id ?? this.#customerIdByKey.get(ref.key ?? '');
    return id !== undefined && this.#customerIds.has(id) ? id : undefined;
  }

  /** Whether an order has, or had, the number. */
  hasOrderNumber(orderNumber: string): boolean {
    return this.#orderNumbers.has(orderNumber);
  }

  /** Ids of the carts or orders that have, or had, the payment. */
  idsByPayment(typeId: 'cart' | 'order', paymentId: string): string[] {
    return [...(this.#byPayment[typeId].get(paymentId) ?? [])];
  }

  #payment(address: Address): never {
    const payment = this.payments?.find(address);
    return (payment ? embedded(payment) : null) as never;
  }
}
