import type {
  Cart,
  CartDraft,
  CartPagedQueryResponse,
  CartUpdate,
  Customer,
  CustomerDraft,
  CustomerPagedQueryResponse,
  CustomerSignInResult,
  CustomerUpdate,
  Order,
  OrderFromCartDraft,
  OrderPagedQueryResponse,
  OrderUpdate,
  Payment,
  PaymentDraft,
  PaymentMethod,
  PaymentMethodDraft,
  PaymentMethodPagedQueryResponse,
  PaymentMethodUpdate,
  PaymentPagedQueryResponse,
  PaymentUpdate,
  ProductType,
  ProductTypeDraft,
  ProductTypePagedQueryResponse,
  ProductTypeUpdate,
  RecurringOrder,
  RecurringOrderDraft,
  RecurringOrderPagedQueryResponse,
  RecurringOrderUpdate,
  Type,
  TypeDraft,
  TypePagedQueryResponse,
  TypeUpdate,
} from '@commercetools/platform-sdk';

/** The types of commercetools' SDK that requests and answers are held against; commercetools-description.ts makes schemas of them. */
export interface CheckedTypes {
  Cart: Cart;
  CartDraft: CartDraft;
  CartPagedQueryResponse: CartPagedQueryResponse;
  CartUpdate: CartUpdate;
  Customer: Customer;
  CustomerDraft: CustomerDraft;
  CustomerPagedQueryResponse: CustomerPagedQueryResponse;
  CustomerSignInResult: CustomerSignInResult;
  CustomerUpdate: CustomerUpdate;
  Order: Order;
  OrderFromCartDraft: OrderFromCartDraft;
  OrderPagedQueryResponse: OrderPagedQueryResponse;
  OrderUpdate: OrderUpdate;
  Payment: Payment;
  PaymentDraft: PaymentDraft;
  PaymentMethod: PaymentMethod;
  PaymentMethodDraft: PaymentMethodDraft;
  PaymentMethodPagedQueryResponse: PaymentMethodPagedQueryResponse;
  PaymentMethodUpdate: PaymentMethodUpdate;
  PaymentPagedQueryResponse: PaymentPagedQueryResponse;
  PaymentUpdate: PaymentUpdate;
  ProductType: ProductType;
  ProductTypeDraft: ProductTypeDraft;
  ProductTypePagedQueryResponse: ProductTypePagedQueryResponse;
  ProductTypeUpdate: ProductTypeUpdate;
  RecurringOrder: RecurringOrder;
  RecurringOrderDraft: RecurringOrderDraft;
  RecurringOrderPagedQueryResponse: RecurringOrderPagedQueryResponse;
  RecurringOrderUpdate: RecurringOrderUpdate;
  Type: Type;
  TypeDraft: TypeDraft;
  TypePagedQueryResponse: TypePagedQueryResponse;
  TypeUpdate: TypeUpdate;
}
