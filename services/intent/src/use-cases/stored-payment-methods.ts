import { InvalidRequestError, NotFoundError, StaleVersionError } from '@connector/errors';
import { idempotencyKey } from '@connector/payment-model';
import { businessUnitOf } from '../domain/checkout-cart.ts';
import type { Session } from '../domain/session.ts';
import { type DisplayOptions, displayOptionsOf, type StoredMethod } from '../domain/stored-methods.ts';
import type { InBackground } from './background.ts';
import type { Carts, StoredMethods } from './ports.ts';

export interface StoredMethodsDeps {
  isEnabled: boolean;
  carts: Carts;
  storedMethods: StoredMethods;
  inBackground: InBackground;
}

export interface ListedMethod {
  readonly id: string;
  readonly type: string;
  readonly token: string;
  readonly isDefault: boolean;
  readonly createdAt: string;
  readonly displayOptions: DisplayOptions;
}

/** The usable stored methods of the cart's customer. Throws InvalidRequestError when there is no customer. */
export async function listStoredMethods(deps: StoredMethodsDeps, session: Session): Promise<ListedMethod[]> {
  const { customerId, businessUnit } = await payerOf(deps, session);
  const methods = await deps.storedMethods.list(customerId, businessUnit);
  return Promise.all(
    methods.flatMap((method) => {
      const token = method.token?.value;
      return token ? [listed(deps.storedMethods, method, token)] : [];
    }),
  );
}

async function listed(
  { details }: StoredMethods,
  { id, method, default: isDefault, createdAt }: StoredMethod,
  token: string,
): Promise<ListedMethod> {
  const displayOptions = displayOptionsOf(await details(token));
  return { id, type: method ?? 'card', token, isDefault, createdAt, displayOptions };
}

/**
 * Deletes a stored method of the cart's customer: in commercetools first, so that it is never offered without existing at Stripe.
 * Throws NotFoundError for a method that is not the customer's.
 */
export async function deleteStoredMethod(
  deps: StoredMethodsDeps,
  { session, id }: { session: Session; id: string },
): Promise<void> {
  const { storedMethods } = deps;
  const { customerId, businessUnit } = await payerOf(deps, session);
  const method = (await storedMethods.list(customerId, businessUnit)).find((candidate) => candidate.id === id);
  if (!method) throw notFound();
  await deleteCurrent(storedMethods, method, customerId);
  const token = method.token?.value;
  if (!token) return;
  deps.inBackground('detach a payment method', () => storedMethods.detach(token, idempotencyKey('detach', token)));
}

async function deleteCurrent(storedMethods: StoredMethods, method: StoredMethod, customerId: string): Promise<void> {
  try {
    await storedMethods.delete(method);
  } catch (error) {
    if (error instanceof NotFoundError) return;
    if (!(error instanceof StaleVersionError)) throw error;
    const current = await storedMethods.find(method.id);
    if (!current) return;
    if (current.customer?.id !== customerId) {
      throw new InvalidRequestError(
        'InternalConstraintViolated',
        'The payment method does not belong to the customer any more.',
      );
    }
    await storedMethods.delete(current);
  }
}

const notFound = () => new NotFoundError('The payment method was not found.');

/** Who pays for the cart: a customer for itself, or for a business unit. */
async function payerOf(
  { isEnabled, carts }: StoredMethodsDeps,
  session: Session,
): Promise<{ customerId: string; businessUnit: string | undefined }> {
  if (!isEnabled) throw new InvalidRequestError('InvalidOperation', 'Stored payment methods are not enabled.');
  const { cart } = await carts.get(session.cartId);
  const { customerId } = cart;
  if (!customerId) throw requiredField('customerId');
  return { customerId, businessUnit: businessUnitOf(cart) };
}

export const requiredField = (field: string): InvalidRequestError =>
  new InvalidRequestError('RequiredField', `A value is required for field ${field}.`, { field });
