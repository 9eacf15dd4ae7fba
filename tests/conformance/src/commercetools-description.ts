import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';
import { CORRELATED, ERROR_ANSWER, KEY, NOT_QUERYABLE, QUERY_LIMITS } from './commercetools-facts.ts';
import { createValidators, type Schema, strict, type Validate } from './schemas.ts';

/** A resource of the project, by its path: the name that the types of its draft, update and answers begin with. */
const RESOURCES: Readonly<Record<string, string>> = {
  payments: 'Payment',
  carts: 'Cart',
  orders: 'Order',
  customers: 'Customer',
  types: 'Type',
  'product-types': 'ProductType',
  'payment-methods': 'PaymentMethod',
  'recurring-orders': 'RecurringOrder',
};

/** Drafts that are not called after their resource. */
const DRAFTS: Readonly<Record<string, string>> = { orders: 'OrderFromCartDraft' };

/** What a customer's creation is answered with, unlike every other resource's. */
const CREATED: Readonly<Record<string, string>> = { customers: 'CustomerSignInResult' };

export interface CommercetoolsCall {
  /** As `POST payments/{id}`. */
  readonly name: string;
  request(body: string, query: URLSearchParams): string[];
  answer(status: number, body: unknown): string[];
}

/** commercetools' API as its SDK's types and our own list of facts describe it. */
export function readCommercetoolsDescription() {
  // The SDK's types are generated from the API's own description (RAML), which no registry carries.
  const generator = createGenerator({
    path: join(import.meta.dirname, 'commercetools-types.ts'),
    type: 'CheckedTypes',
    skipTypeCheck: true,
    additionalProperties: false,
    expose: 'all',
  });
  const { definitions = {} } = generator.createSchema('CheckedTypes') as unknown as {
    definitions?: Record<string, Schema>;
  };
  const nameOf = (ref: string) => decodeURIComponent(ref.split('/').at(-1) ?? '');
  const resolve = (ref: string) => definitions[nameOf(ref)] as Schema;
  const validatorOf = createValidators({
    definitions: Object.fromEntries(Object.entries(definitions).map(([name, each]) => [name, strict(each, resolve)])),
  });
  /** The validator of a type of the SDK. */
  const validatorOfType = (type: string): Validate => validatorOf({ $ref: `#/definitions/${type}` });
  const validateError = createValidators({})(ERROR_ANSWER);

  return {
    /** The call that a request below the project makes; undefined when none is described. */
    callOf(method: string, path: string): CommercetoolsCall | undefined {
      const [resource = '', id, ...more] = path.split('/').filter(Boolean);
      const name = RESOURCES[resource];
      if (!name || more.length > 0) return undefined;
      const one = id !== undefined;
      const called = `${method} ${resource}${one ? (id.startsWith('key=') ? '/key={key}' : '/{id}') : ''}`;
      const draft = DRAFTS[resource] ?? `${name}Draft`;
      const bodyType = method === 'POST' ? (one ? `${name}Update` : draft) : undefined;
      const answerType = one || method === 'POST' ? name : `${name}PagedQueryResponse`;
      return {
        name: called,
        request: (body, query) => [
          ...(bodyType ? validatorOfType(bodyType)(JSON.parse(body)) : []),
          ...(bodyType ? keysOf(JSON.parse(body)) : []),
          ...queryOf(query, resource),
        ],
        answer: (status, body) => {
          if (status >= 400) return validateError(body);
          const created = !one && method === 'POST' ? CREATED[resource] : undefined;
          return validatorOfType(created ?? answerType)(body);
        },
      };
    },
  };
}

/** Keys that commercetools would refuse, wherever they stand in a draft or an update. */
function keysOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => keysOf(each, at));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = at ? `${at}.${name}` : name;
    if (name === 'key' && typeof inner === 'string' && !KEY.test(inner)) return [`${here}: is no key (${KEY.source})`];
    return keysOf(inner, here);
  });
}

function queryOf(query: URLSearchParams, resource: string): string[] {
  const wrong: string[] = [];
  for (const [name, { min, max }] of Object.entries(QUERY_LIMITS)) {
    const value = query.get(name);
    if (value !== null && !(Number(value) >= min && Number(value) <= max))
      wrong.push(`${name}: is not ${min} to ${max}`);
  }
  const where = query.getAll('where').join(' and ');
  for (const field of NOT_QUERYABLE[resource] ?? []) {
    if (new RegExp(`\\b${field}\\s*[(=]`).test(where)) wrong.push(`where: ${field} cannot be asked for`);
  }
  return wrong;
}

/** What is wrong with the headers of a request. */
export const commercetoolsHeaders = (headers: Readonly<Record<string, unknown>>): string[] =>
  headers[CORRELATED] ? [] : [`${CORRELATED}: is missing`];
