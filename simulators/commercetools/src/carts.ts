import type { Cart, CustomLineItem, FreezeStrategy } from '@commercetools/platform-sdk';
import * as z from 'zod';
import { identifierOf } from './custom-fields.ts';
import { centPrecision, isCountry, isCurrency } from './money.ts';
import { parse } from './parse.ts';

/** The cart with another total, in cents of its currency; a taxed price keeps its proportions. */
export function withTotal(cart: Cart, centAmount: number): Cart {
  const money = (cents: number) => centPrecision({ centAmount: cents, currencyCode: cart.totalPrice.currencyCode });
  const taxed = cart.taxedPrice;
  const gross = taxed?.totalGross.centAmount || 1;
  const net = Math.round((centAmount * (taxed?.totalNet.centAmount ?? gross)) / gross);
  const [item, ...others] = cart.customLineItems;
  const isOnlyItem = item !== undefined && others.length === 0 && cart.lineItems.length === 0;
  return {
    ...cart,
    totalPrice: money(centAmount),
    ...(taxed && {
      taxedPrice: {
        ...taxed,
        totalGross: money(centAmount),
        totalNet: money(net),
        totalTax: money(centAmount - net),
      },
    }),
    ...(isOnlyItem && {
      customLineItems: [{ ...item, quantity: 1, money: money(centAmount), totalPrice: money(centAmount) }],
    }),
  };
}

/**
 * The cart with the fields that commercetools-mock drops from its draft: the key and the recurrence of custom line
 * items.
 */
export function withForgotten(cart: Cart, draft: Record<string, unknown>): Cart {
  const drafts = Array.isArray(draft.customLineItems) ? (draft.customLineItems as Partial<CustomLineItem>[]) : [];
  const isComplete = draft.key === undefined && drafts.every((item) => item.recurrenceInfo === undefined);
  if (isComplete) return cart;
  const customLineItems = cart.customLineItems.map((item, index) => {
    const recurrenceInfo = drafts[index]?.recurrenceInfo;
    return recurrenceInfo ? { ...item, recurrenceInfo } : item;
  });
  return { ...cart, customLineItems, ...(typeof draft.key === 'string' && { key: draft.key }) };
}

/**
 * The actions without those that add a payment again. A cart's payments are a set, so nothing changes, not even the
 * version.
 */
export function withoutAttached<A extends { readonly action: string; readonly payment?: unknown }>(
  cart: Cart,
  actions: readonly A[],
  idOfKey: (key: string) => string | undefined,
): A[] {
  const attached = new Set(cart.paymentInfo?.payments.map((payment) => payment.id));
  return actions.filter(({ action, payment }) => {
    if (action !== 'addPayment') return true;
    const ref = identifierOf('payment').safeParse(payment).data ?? {};
    const id = ref.id ?? idOfKey(ref.key ?? '');
    if (id !== undefined && attached.has(id)) return false;
    if (id !== undefined) attached.add(id);
    return true;
  });
}

const address = z.looseObject({ country: z.string().refine(isCountry, 'must be a country code of ISO 3166-1') });
const addresses = { shippingAddress: address.nullish(), billingAddress: address.nullish() };
const country = z.string().refine(isCountry, 'must be a country code of ISO 3166-1').nullish();
const cartDraft = z.looseObject({
  currency: z.string().refine(isCurrency, 'must be a currency code of ISO 4217'),
  country,
  ...addresses,
});
const cartActions = z.looseObject({
  actions: z.array(
    z.looseObject({
      action: z.string(),
      country,
      address: address.nullish(),
      payment: identifierOf('payment').nullish(),
      type: identifierOf('type').nullish(),
    }),
  ),
});

/** Refuses a draft or an update whose currency, countries or kinds of references do not exist. Throws ApiError 400 InvalidJsonInput. */
export const checkCart = (kind: 'draft' | 'update', body: unknown): void =>
  void parse(kind === 'draft' ? cartDraft : cartActions, body);

interface CartAction {
  readonly action: string;
  readonly [name: string]: unknown;
}

/** Who changes a cart, and when. */
interface Change {
  readonly clientId: string;
  readonly at: string;
}

/** The parts of an update that commercetools-mock does not know: locks, and how a cart is frozen. */
const OWN_ACTIONS: Readonly<Record<string, (cart: Cart, action: CartAction, change: Change) => Cart>> = {
  lockCart: (cart, _action, { clientId, at }) => ({ ...cart, lock: { createdAt: at, clientId } }),
  unlockCart: ({ lock: _, ...cart }) => cart,
  freezeCart: (cart, { strategy = 'SoftFreeze' }) => ({ ...cart, freezeStrategy: strategy as FreezeStrategy }),
  unfreezeCart: ({ freezeStrategy: _, ...cart }) => cart,
};

/** Whether an action locks or unlocks, which needs a scope of its own and is unknown to commercetools-mock. */
export const changesLock = ({ action }: CartAction): boolean => action === 'lockCart' || action === 'unlockCart';

/**
 * The cart after the effects of these actions that commercetools-mock leaves out; the same cart when there are none.
 */
export const withOwnActions = (cart: Cart, actions: readonly CartAction[], change: Change): Cart =>
  actions.reduce((changed, action) => OWN_ACTIONS[action.action]?.(changed, action, change) ?? changed, cart);

/**
 * Payments of a predicate that is only `paymentInfo(payments(id = "a"))` or `id in ("a", "b")`; undefined for any
 * other.
 */
export function askedPayments(params: URLSearchParams): string[] | undefined {
  const byPayment =
    /^\s*paymentInfo\s*\(\s*payments\s*\(\s*id\s*(?:=|in)\s*(?:"([^"\\]*)"|\(([^()\\]*)\))\s*\)\s*\)\s*$/i;
  const [, one, several] = params.getAll('where').flatMap((where) => byPayment.exec(where) ?? []);
  return one !== undefined ? [one] : several?.split(',').map((id) => id.trim().replaceAll('"', ''));
}
