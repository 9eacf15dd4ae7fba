import type { FieldDefinition, FieldType, TypeDraft } from '@commercetools/platform-sdk';
import { NotFoundError } from '@connector/service-kit';
import type { Commercetools } from './client.ts';

/** Key of the type that Checkout's tools read interface interactions in. */
export const INTERACTION_TYPE = 'commercetools-checkout-payment-interface-interaction';
/** Field of a customer that holds the Stripe customer's id. */
export const STRIPE_CUSTOMER_FIELD = 'stripeConnector_stripeCustomerId';

const field = (name: string, type: FieldType, label: string, required = false): FieldDefinition => ({
  name,
  type,
  label: { en: label },
  required,
  ...(type.name === 'String' && { inputHint: 'SingleLine' as const }),
});
const text: FieldType = { name: 'String' };
const dateTime: FieldType = { name: 'DateTime' };

/** The custom types that the connector writes to, under the keys its configuration names. */
export const customTypes = (keys: { customer: string; purchaseOrder: string }): TypeDraft[] => [
  {
    key: keys.customer,
    name: { en: 'Stripe customer' },
    resourceTypeIds: ['customer'],
    fieldDefinitions: [field(STRIPE_CUSTOMER_FIELD, text, 'Stripe customer id')],
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
 * Makes the project have the given types with at least their fields, and answers what was done. Only types under these very keys are touched;
 * running it again changes nothing. Throws the errors of `call`.
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
