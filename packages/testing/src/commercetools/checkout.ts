import type {
  Cart,
  CartUpdateAction,
  Customer,
  CustomerUpdateAction,
  FieldContainer,
  Type,
  TypeUpdateAction,
} from '@commercetools/platform-sdk';
import { refused } from './refusal.ts';
import type { CommercetoolsState } from './state.ts';

/** A cart after one action of an update. */
export function changeCart(project: CommercetoolsState, cart: Cart, action: CartUpdateAction): Cart {
  if (cart.cartState === 'Ordered' || cart.cartState === 'Merged') throw refused('InvalidOperation');
  if (action.action === 'setShippingAddress') {
    const { address } = action;
    return { ...cart, ...(address && { shippingAddress: address }) };
  }
  if (action.action === 'removePayment') {
    const payments = cart.paymentInfo?.payments.filter(({ id }) => id !== action.payment.id) ?? [];
    return { ...cart, paymentInfo: { payments } };
  }
  if (action.action !== 'addPayment') {
    throw new Error(`the fake commercetools has no update action ${action.action} for a cart`);
  }
  const { id = '' } = action.payment;
  if (!project.stored.has(id)) throw refused('ReferencedResourceNotFound');
  const payments = cart.paymentInfo?.payments ?? [];
  if (payments.some((payment) => payment.id === id)) return cart;
  return { ...cart, paymentInfo: { payments: [...payments, { typeId: 'payment', id }] } };
}

/** A cart with its existing payments expanded. */
export const withPayments = ({ stored }: CommercetoolsState, cart: Cart): Cart => ({
  ...cart,
  ...(cart.paymentInfo && {
    paymentInfo: {
      payments: cart.paymentInfo.payments.map((reference) => {
        const obj = stored.get(reference.id);
        return { ...reference, ...(obj && { obj }) };
      }),
    },
  }),
});

/** A customer after one action of an update. */
export function changeCustomer(
  { types }: CommercetoolsState,
  customer: Customer,
  action: CustomerUpdateAction,
): Customer {
  switch (action.action) {
    case 'setCustomType': {
      const type = [...types.values()].find(({ id, key }) => id === action.type?.id || key === action.type?.key);
      if (!type) throw refused('ReferencedResourceNotFound');
      return { ...customer, custom: customOf(type, action.fields ?? {}) };
    }
    case 'setCustomField': {
      const type = types.get(customer.custom?.type.id ?? '');
      if (!type) throw refused('InvalidOperation');
      const { name, value } = action;
      return { ...customer, custom: customOf(type, { ...customer.custom?.fields, [name]: value }) };
    }
    default:
      throw new Error(`the fake commercetools has no update action ${action.action} for a customer`);
  }
}

function customOf(type: Type, fields: FieldContainer): Customer['custom'] {
  const known = new Set(type.fieldDefinitions.map(({ name }) => name));
  if (Object.keys(fields).some((name) => !known.has(name))) throw refused('InvalidOperation');
  return { type: { typeId: 'type', id: type.id }, fields };
}

/** A type after one action of an update. */
export function changeType(type: Type, action: TypeUpdateAction): Type {
  if (action.action !== 'addFieldDefinition') {
    throw new Error(`the fake commercetools has no update action ${action.action} for a type`);
  }
  return { ...type, fieldDefinitions: [...type.fieldDefinitions, action.fieldDefinition] };
}
