import {
  createCustomFields,
  type FindType,
  type ResourceIdentifier,
  type StoredCustomFields,
} from '../custom-fields.ts';
import { invalidOperation, referencedResourceNotFound } from '../errors.ts';
import type { References, WritablePayment } from './stored-payment.ts';

export function setCustomType(
  target: { custom?: StoredCustomFields },
  resourceTypeId: string,
  { type, fields }: { type?: ResourceIdentifier | undefined; fields?: Record<string, unknown> | null | undefined },
  findType: FindType,
): void {
  if (type) target.custom = createCustomFields(findType, resourceTypeId, { type, fields });
  else delete target.custom;
}

export function setPaymentInterface(payment: WritablePayment, paymentInterface: string | undefined): void {
  const current = payment.paymentMethodInfo.paymentInterface;
  if (current === paymentInterface) return;
  if (current !== undefined) throw invalidOperation('The paymentInterface is already set and can not be changed.');
  if (paymentInterface !== undefined) payment.paymentMethodInfo.paymentInterface = paymentInterface;
}

/** Sets a field, or removes it when the value is absent. */
export function set<T extends object, K extends keyof T>(target: T, field: K, value: T[K] | null | undefined): void {
  if (value === undefined || value === null) delete target[field];
  else target[field] = value;
}

export function customerReference(references: References, ref: ResourceIdentifier) {
  const id = references.find('customer', ref);
  if (!id) throw referencedResourceNotFound('customer', ref);
  return { typeId: 'customer' as const, id };
}
