import type { FieldDefinition, FieldType, Type } from '@commercetools/platform-sdk';
import * as z from 'zod';
import { ApiError, invalidJson, invalidOperation, referencedResourceNotFound } from './errors.ts';

/** A Type by id or by key, if it exists. */
export type FindType = (ref: { id?: string | undefined; key?: string | undefined }) => Type | undefined;

/** A reference in a draft, by id or by key, to a resource of this kind; the kind may be left out. */
export const identifierOf = (typeId: string) =>
  z
    .object({ id: z.string().optional(), key: z.string().optional(), typeId: z.literal(typeId).optional() })
    .refine((ref) => ref.id !== undefined || ref.key !== undefined, "ResourceIdentifier requires an 'id' xor a 'key'");

export type ResourceIdentifier = z.output<ReturnType<typeof identifierOf>>;

/** Custom fields, as stored and returned. */
export interface StoredCustomFields {
  type: { typeId: 'type'; id: string };
  fields: Record<string, unknown>;
}

/** Draft of custom fields: a type by id or key, and the values. */
export const customFieldsDraft = z.object({
  type: identifierOf('type'),
  fields: z.record(z.string(), z.unknown()).nullish(),
});

function matches(type: FieldType, value: unknown): boolean {
  switch (type.name) {
    case 'Boolean':
      return typeof value === 'boolean';
    case 'Number':
      return typeof value === 'number';
    case 'String':
    case 'Time':
      return typeof value === 'string';
    case 'Date':
    case 'DateTime':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value));
    case 'Enum':
      return type.values.some((entry) => entry.key === value);
    case 'Set':
      return Array.isArray(value) && value.every((element) => matches(type.elementType, element));
    default:
      return typeof value === 'object';
  }
}

const invalidField = (definition: { name: string }, value: unknown): ApiError =>
  new ApiError(
    400,
    'InvalidField',
    `The value '${JSON.stringify(value)}' is not valid for field '${definition.name}'.`,
    {
      field: definition.name,
      invalidValue: value,
    },
  );

function checkField(definitions: readonly FieldDefinition[], name: string, value: unknown): void {
  const definition = definitions.find((each) => each.name === name);
  if (!definition) throw invalidOperation(`The field '${name}' is not defined by the type.`);
  if (!matches(definition.type, value)) throw invalidField(definition, value);
}

/** Throws ApiError 400 when `type` does not exist. */
function resolveType(findType: FindType, ref: ResourceIdentifier): Type {
  const type = findType(ref);
  if (!type) throw referencedResourceNotFound('type', ref);
  return type;
}

/**
 * Custom fields from their draft. Throws ApiError 400: ReferencedResourceNotFound (no such type), InvalidOperation (the type is not
 * for `resourceTypeId`, or does not define a field), RequiredField, InvalidField.
 */
export function createCustomFields(
  findType: FindType,
  resourceTypeId: string,
  draft: z.output<typeof customFieldsDraft>,
): StoredCustomFields {
  const type = resolveType(findType, draft.type);
  // Carts and orders share types: a cart becomes an order.
  const resource = resourceTypeId === 'cart' ? 'order' : resourceTypeId;
  if (!type.resourceTypeIds.includes(resource)) {
    throw invalidOperation(`The type '${type.key}' can not be used for resources of type '${resourceTypeId}'.`);
  }
  const fields = Object.fromEntries(Object.entries(draft.fields ?? {}).filter(([, value]) => value != null));
  for (const [name, value] of Object.entries(fields)) checkField(type.fieldDefinitions, name, value);
  for (const definition of type.fieldDefinitions) {
    if (definition.required && fields[definition.name] === undefined) {
      throw new ApiError(400, 'RequiredField', `A value is required for field '${definition.name}'.`, {
        field: definition.name,
      });
    }
  }
  return { type: { typeId: 'type', id: type.id }, fields };
}

/** `custom` with one field set, or removed by null. Throws ApiError 400 InvalidOperation without a custom type or for an unknown field. */
export function withCustomField(
  findType: FindType,
  custom: StoredCustomFields | undefined,
  name: string,
  value: unknown,
): StoredCustomFields {
  if (!custom) throw invalidOperation('Resource has no custom type');
  const { [name]: previous, ...others } = custom.fields;
  if (value === null || value === undefined) {
    if (previous === undefined) throw invalidOperation(`Cannot remove custom field ${name} because it does not exist.`);
    return { ...custom, fields: others };
  }
  checkField(resolveType(findType, custom.type).fieldDefinitions, name, value);
  return { ...custom, fields: { ...others, [name]: value } };
}

/** Throws ApiError 400 when a draft's custom fields do not fit their type. */
export function checkCustom(findType: FindType, resourceTypeId: string, custom: unknown): void {
  if (custom === undefined || custom === null) return;
  const draft = customFieldsDraft.safeParse(custom);
  if (!draft.success) throw invalidJson(`custom: ${draft.error.issues[0]?.message}`);
  createCustomFields(findType, resourceTypeId, draft.data);
}

/** Throws ApiError 400 when one of an update's actions on custom fields is impossible; other actions are ignored. */
export function checkCustomActions(
  findType: FindType,
  resourceTypeId: string,
  current: StoredCustomFields | undefined,
  actions: readonly { readonly action: string; readonly [name: string]: unknown }[],
): void {
  let custom = current;
  for (const { action, type, fields, name, value } of actions) {
    if (action === 'setCustomType') {
      const draft = type ? customFieldsDraft.safeParse({ type, fields }) : undefined;
      if (draft?.success === false) throw invalidJson(`type: ${draft.error.issues[0]?.message}`);
      custom = draft && createCustomFields(findType, resourceTypeId, draft.data);
    }
    if (action === 'setCustomField') custom = withCustomField(findType, custom, String(name), value);
  }
}
