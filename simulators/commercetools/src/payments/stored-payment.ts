import type { Payment } from '@commercetools/platform-sdk';
import type { FindType } from '../custom-fields.ts';

export type Writable<T> = T extends readonly (infer U)[]
  ? Writable<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;

/** A commercetools Payment. The API returns `checkoutTransactionItemId`, although the SDK's types lack it. */
export type StoredPayment = Payment & { readonly checkoutTransactionItemId?: string };
export type WritablePayment = Writable<StoredPayment>;

/** Other collections that payments refer to. */
export interface References {
  findType: FindType;
  /** Id of a resource by id or key, if it exists. */
  find(typeId: 'customer' | 'state', ref: { id?: string | undefined; key?: string | undefined }): string | undefined;
}
