/**
 * The fields inside a resource that a predicate or a sort may name: `value` is compared, `any` is a map with free keys
 * (custom fields, languages), and a list is named like one of its elements.
 */
export interface QueryFields {
  readonly [name: string]: QueryFields | 'value' | 'any';
}

const values = (names: string): Readonly<Record<string, 'value'>> =>
  Object.fromEntries(names.split(' ').map((name) => [name, 'value' as const]));

const REFERENCE = values('typeId id');
const KEY_REFERENCE = values('typeId key');
const BY: QueryFields = {
  ...values('clientId externalUserId anonymousId'),
  customer: REFERENCE,
  associate: REFERENCE,
};
const MONEY = values('type currencyCode centAmount fractionDigits');
const CUSTOM: QueryFields = { type: REFERENCE, fields: 'any' };
const TAXED: QueryFields = {
  totalNet: MONEY,
  totalGross: MONEY,
  totalTax: MONEY,
  taxPortions: { rate: 'value', amount: MONEY, name: 'value' },
};
const ADDRESS: QueryFields = {
  ...values(
    'id key country title salutation firstName lastName streetName streetNumber additionalStreetInfo postalCode city region state company department building apartment pOBox phone mobile email fax additionalAddressInfo externalId',
  ),
  custom: CUSTOM,
};
const BASE: QueryFields = {
  ...values('id version createdAt lastModifiedAt'),
  createdBy: BY,
  lastModifiedBy: BY,
};
const ITEM: QueryFields = {
  ...values('id key quantity priceMode'),
  name: 'any',
  state: { quantity: 'value', state: REFERENCE },
  taxRate: values('id key name amount includedInPrice country state'),
  taxedPrice: TAXED,
  totalPrice: MONEY,
  custom: CUSTOM,
  recurrenceInfo: { recurrencePolicy: REFERENCE },
};
const PAYMENT_METHOD_INFO: QueryFields = {
  ...values('paymentInterface method interfaceAccount'),
  name: 'any',
  token: values('value'),
  custom: CUSTOM,
};
const TRANSACTION: QueryFields = {
  ...values('id timestamp type interactionId interfaceId state'),
  amount: MONEY,
  custom: CUSTOM,
};

const PAYMENT: QueryFields = {
  ...BASE,
  ...values('key anonymousId interfaceId checkoutTransactionItemId'),
  customer: REFERENCE,
  amountPlanned: MONEY,
  paymentMethodInfo: PAYMENT_METHOD_INFO,
  paymentStatus: { ...values('interfaceCode interfaceText'), state: REFERENCE },
  transactions: TRANSACTION,
  interfaceInteractions: CUSTOM,
  custom: CUSTOM,
};

/** The common fields of carts and orders. */
const PURCHASE: QueryFields = {
  ...BASE,
  ...values('customerId customerEmail anonymousId country locale origin taxMode taxRoundingMode'),
  ...values('taxCalculationMode inventoryMode shippingMode shippingKey purchaseOrderNumber priceRoundingMode'),
  businessUnit: KEY_REFERENCE,
  store: KEY_REFERENCE,
  customerGroup: REFERENCE,
  lineItems: {
    ...ITEM,
    ...values('productId productKey lineItemMode addedAt'),
    productSlug: 'any',
    productType: REFERENCE,
    recurrenceInfo: { recurrencePolicy: REFERENCE, priceSelectionMode: 'value' },
    variant: { ...values('id sku key'), attributes: { name: 'value', value: 'any' } },
    distributionChannel: REFERENCE,
    supplyChannel: REFERENCE,
  },
  customLineItems: { ...ITEM, slug: 'value', money: MONEY, taxCategory: REFERENCE },
  totalPrice: MONEY,
  taxedPrice: TAXED,
  taxedShippingPrice: TAXED,
  shippingAddress: ADDRESS,
  billingAddress: ADDRESS,
  itemShippingAddresses: ADDRESS,
  shippingInfo: { ...values('shippingMethodName shippingMethodState'), price: MONEY, shippingMethod: REFERENCE },
  shippingRateInput: { ...values('type key score'), label: 'any' },
  shippingCustomFields: CUSTOM,
  shipping: { shippingKey: 'value', shippingAddress: ADDRESS, shippingCustomFields: CUSTOM },
  discountOnTotalPrice: { discountedAmount: MONEY },
  directDiscounts: values('id'),
  discountTypeCombination: values('type'),
  refusedGifts: REFERENCE,
  discountCodes: { state: 'value', discountCode: REFERENCE },
  paymentInfo: { payments: REFERENCE },
  custom: CUSTOM,
};

/** By the type name of a resource, as in a reference. A resource without an entry accepts any predicate. */
export const QUERY_FIELDS: Readonly<Record<string, QueryFields>> = {
  payment: PAYMENT,
  cart: {
    ...PURCHASE,
    ...values('key cartState freezeStrategy deleteDaysAfterLastModification totalLineItemQuantity'),
    lock: values('createdAt clientId'),
  },
  order: {
    ...PURCHASE,
    ...values('orderNumber orderState shipmentState paymentState completedAt lastMessageSequenceNumber'),
    syncInfo: { ...values('externalId syncedAt'), channel: REFERENCE },
    cart: REFERENCE,
    quote: REFERENCE,
    recurringOrder: REFERENCE,
    state: REFERENCE,
    returnInfo: {
      ...values('returnTrackingId returnDate'),
      items: values('id quantity type lineItemId shipmentState'),
    },
  },
  customer: {
    ...BASE,
    ...values('key customerNumber externalId email firstName lastName middleName title salutation dateOfBirth'),
    ...values('companyName vatId isEmailVerified locale authenticationMode defaultShippingAddressId'),
    ...values('defaultBillingAddressId shippingAddressIds billingAddressIds'),
    addresses: ADDRESS,
    customerGroup: REFERENCE,
    customerGroupAssignments: { customerGroup: REFERENCE },
    stores: KEY_REFERENCE,
    custom: CUSTOM,
  },
  type: {
    ...BASE,
    ...values('key resourceTypeIds'),
    name: 'any',
    description: 'any',
    fieldDefinitions: { ...values('name required inputHint'), type: 'any', label: 'any' },
  },
  'product-type': {
    ...BASE,
    ...values('key name description'),
    attributes: { ...values('name isRequired attributeConstraint isSearchable'), type: 'any', label: 'any' },
  },
  // The token is masked, and cannot be searched for.
  'payment-method': {
    ...BASE,
    ...values('key method paymentInterface interfaceAccount default paymentMethodStatus'),
    name: 'any',
    customer: REFERENCE,
    businessUnit: KEY_REFERENCE,
    custom: CUSTOM,
  },
};
