import type { FieldDefinition, FieldType, TypeDraft } from '@commercetools/platform-sdk';
import { NotFoundError } from '@connector/errors';
import { STRIPE_CUSTOMER_FIELD, STRIPE_CUSTOMERS_OF_UNITS_FIELD } from '@connector/payment-model';
import type { Commercetools } from './client.ts';
import { CommercetoolsRejection } from './errors.ts';

/** Key of the type for interface interactions that Checkout's tools read. */
export const INTERACTION_TYPE = 'commercetools-checkout-payment-interface-interaction';

const field = (name: string, type: FieldType, label: string, required = false): FieldDefinition => ({
  name,
  type,
  label: { en: label },
  required,
  ...(type.name === 'String' && { inputHint: 'SingleLine' as const }),
});
const text: FieldType = { name: 'String' };
const dateTime: FieldType = { name: 'DateTime' };

/** The customer fields that the connector writes, in its own type or in the merchant's. */
export const CUSTOMER_FIELDS: readonly FieldDefinition[] = [
  field(STRIPE_CUSTOMER_FIELD, text, 'Stripe customer id'),
  field(STRIPE_CUSTOMERS_OF_UNITS_FIELD, text, 'Stripe customer ids of business units'),
];

/** The custom types that the connector writes to, under the keys its configuration names. */
export const customTypes = (keys: { customer: string; purchaseOrder: string }): TypeDraft[] => [
  {
    key: keys.customer,
    name: { en: 'Stripe customer' },
    resourceTypeIds: ['customer'],
    fieldDefinitions: [...CUSTOMER_FIELDS],
  },
  {
    key: keys.purchaseOrder,
    name: { en: 'Purchase order' },
    resourceTypeIds: ['payment'],
    fieldDefinitions: [
      field('launchpadPurchaseOrderNumber', text, 'Purchase order number', true),
      field('launchpadPurchaseOrderInvoiceMemo', text, 'Invoice memo'),
    ],
  },
  {
    key: INTERACTION_TYPE,
    name: { en: 'Checkout payment interface interaction' },
    resourceTypeIds: ['payment-interface-interaction'],
    fieldDefinitions: [
      field('interactionId', text, 'Interaction id', true),
      field('createdAt', dateTime, 'Created at', true),
      field('type', text, 'Type', true),
      field('request', text, 'Request'),
      field('response', text, 'Response'),
    ],
  },
];

/**
 * Creates the given types in the project, or adds their missing fields, and returns what was done. Only types under
 * these keys are changed. A second run changes nothing. Throws the errors of `call`.
 */
export async function ensureTypes(
  { api, call }: Commercetools,
  drafts: readonly TypeDraft[],
): Promise<{ key: string; outcome: 'created' | 'extended' | 'unchanged' }[]> {
  const done: { key: string; outcome: 'created' | 'extended' | 'unchanged' }[] = [];
  for (const draft of drafts) {
    const { key } = draft;
    try {
      const { version, fieldDefinitions = [] } = await call('types.get', api.types().withKey({ key }).get());
      const known = new Set(fieldDefinitions.map(({ name }) => name));
      const missing = (draft.fieldDefinitions ?? []).filter(({ name }) => !known.has(name));
      if (missing.length > 0) {
        const actions = missing.map((fieldDefinition) => ({ action: 'addFieldDefinition' as const, fieldDefinition }));
        await call('types.update', api.types().withKey({ key }).post({ body: { version, actions } }));
      }
      done.push({ key, outcome: missing.length > 0 ? 'extended' : 'unchanged' });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      await call('types.create', api.types().post({ body: draft }));
      done.push({ key, outcome: 'created' });
    }
  }
  return done;
}

/** A type of ours and the names of its fields or attributes. */
export interface OwnType {
  readonly kind: 'type' | 'product type';
  readonly key: string;
  readonly fields: readonly string[];
}

/** The result for a type. With `has others' fields` and `in use` the type is unchanged. */
export type Removal = 'deleted' | 'absent' | "has others' fields" | 'in use';

/** Types that the original connector made for subscriptions. An uninstall of the original leaves them behind. */
export const subscriptionTypes = (keys: { lineItem: string; product: string }): OwnType[] => [
  {
    kind: 'type',
    key: keys.lineItem,
    fields: [
      'stripeConnector_productSubscriptionId',
      'stripeConnector_stripeSubscriptionId',
      'stripeConnector_stripeSubscriptionError',
    ],
  },
  {
    kind: 'product type',
    key: keys.product,
    fields: [
      'description',
      'recurring_interval',
      'recurring_interval_count',
      'off_session',
      'collection_method',
      'days_until_due',
      'cancel_at_period_end',
      'cancel_at',
      'billing_cycle_anchor_day',
      'billing_cycle_anchor_time',
      'billing_cycle_anchor_date',
      'trial_period_days',
      'trial_end_date',
      'missing_payment_method_at_trial_end',
      'proration_behavior',
    ].map((name) => `stripeConnector_${name}`),
  },
];

/**
 * Deletes the given types if no data is lost. A type stays when it has a field of another owner, or when a resource
 * uses it (commercetools then refuses). In a dry run `deleted` means that the deletion would be tried. Throws the
 * errors of `call`.
 */
export async function removeTypes(
  { api, call }: Pick<Commercetools, 'api' | 'call'>,
  types: readonly OwnType[],
  { dryRun }: { dryRun: boolean },
): Promise<{ key: string; outcome: Removal }[]> {
  const remove = async ({ kind, key, fields }: OwnType): Promise<Removal> => {
    const type = api.types().withKey({ key });
    const productType = api.productTypes().withKey({ key });
    try {
      const { version, names } =
        kind === 'type'
          ? await call('types.get', type.get()).then(({ version, fieldDefinitions }) => ({
              version,
              names: fieldDefinitions.map(({ name }) => name),
            }))
          : await call('product_types.get', productType.get()).then(({ version, attributes = [] }) => ({
              version,
              names: attributes.map(({ name }) => name),
            }));
      if (names.some((name) => !fields.includes(name))) return "has others' fields";
      if (dryRun) return 'deleted';
      if (kind === 'type') await call('types.delete', type.delete({ queryArgs: { version } }));
      else await call('product_types.delete', productType.delete({ queryArgs: { version } }));
      return 'deleted';
    } catch (error) {
      if (error instanceof NotFoundError) return 'absent';
      if (error instanceof CommercetoolsRejection && error.code === 'ReferenceExists') return 'in use';
      throw error;
    }
  };
  const done: { key: string; outcome: Removal }[] = [];
  for (const type of types) done.push({ key: type.key, outcome: await remove(type) });
  return done;
}
