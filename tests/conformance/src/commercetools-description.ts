import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';
import {
  ADDED_FIELDS,
  AUTH_ERROR_ANSWER,
  CORRELATED,
  ERROR_ANSWER,
  KEY,
  NOT_QUERYABLE,
  OTHER_CALLS,
  QUERY_LIMITS,
} from './commercetools-facts.ts';
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
  /** Whether the request has to carry a correlation id. */
  readonly isCorrelated: boolean;
  request(body: string, query: URLSearchParams): string[];
  answer(status: number, body: unknown): string[];
}

/** The SDK's types as schemas, with what commercetools has beyond them. They are generated from the API's own description (RAML), which no registry carries. */
export function sdkDefinitions(): Record<string, Schema> {
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
  for (const [type, fields] of Object.entries(ADDED_FIELDS)) {
    const own = definitions[type];
    if (own) definitions[type] = { ...own, properties: { ...(own.properties as Schema), ...fields } };
  }
  return definitions;
}

/** Whether a field of a type, or one inside it, exists; lists stand for their elements. */
export function hasPath(definitions: Readonly<Record<string, Schema>>, type: string, path: readonly string[]): boolean {
  const reached = path.reduce<Schema[]>(
    (schemas, name) => schemas.flatMap((schema) => fieldsOf(definitions, schema, name)),
    [{ $ref: `#/definitions/${type}` }],
  );
  return reached.length > 0;
}

function fieldsOf(definitions: Readonly<Record<string, Schema>>, schema: Schema, name: string): Schema[] {
  if (typeof schema.$ref === 'string') {
    const found = definitions[decodeURIComponent(schema.$ref.split('/').at(-1) ?? '')];
    return found ? fieldsOf(definitions, found, name) : [];
  }
  if (schema.items) return fieldsOf(definitions, schema.items as Schema, name);
  const alternatives = (schema.anyOf ?? schema.allOf ?? []) as Schema[];
  const own = (schema.properties as Schema | undefined)?.[name] as Schema | undefined;
  // Maps, of languages or custom fields, have any name.
  const any = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties as Schema] : [];
  return [...(own ? [own] : any), ...alternatives.flatMap((each) => fieldsOf(definitions, each, name))];
}

/** commercetools' API as its SDK's types and our own list of facts describe it. */
export function readCommercetoolsDescription() {
  const definitions = sdkDefinitions();
  const nameOf = (ref: string) => decodeURIComponent(ref.split('/').at(-1) ?? '');
  const resolve = (ref: string) => definitions[nameOf(ref)] as Schema;
  const validatorOf = createValidators({
    definitions: Object.fromEntries(Object.entries(definitions).map(([name, each]) => [name, strict(each, resolve)])),
  });
  /** The validator of a type of the SDK. */
  const validatorOfType = (type: string): Validate => validatorOf({ $ref: `#/definitions/${type}` });

  return {
    /** The call that a request below the project makes; undefined when none is described. */
    callOf(method: string, path: string): CommercetoolsCall | undefined {
      const other = OTHER_CALLS.find(({ pattern }) => pattern.test(`${method} ${path}`));
      if (other) return otherCall(other);
      const [resource = '', id, ...more] = path.split('/').filter(Boolean);
      const name = RESOURCES[resource];
      if (!name || more.length > 0) return undefined;
      const { bodyType, answerType } = typesOf(method, resource, name, id !== undefined);
      return {
        name: `${method} ${resource}${id === undefined ? '' : id.startsWith('key=') ? '/key={key}' : '/{id}'}`,
        isCorrelated: true,
        request: (body, query) => [
          ...(bodyType ? validatorOfType(bodyType)(JSON.parse(body)) : []),
          ...(bodyType ? keysOf(JSON.parse(body)) : []),
          ...queryOf(query, resource),
          ...pathsOf(query, (field) => hasPath(definitions, name, field)),
        ],
        answer: (status, body) => (status >= 400 ? errorOf(status, body) : validatorOfType(answerType)(body)),
      };
    },
  };
}

/** What a call on a resource, or on one of it, takes and answers. */
function typesOf(method: string, resource: string, name: string, isOne: boolean) {
  const isPost = method === 'POST';
  if (isOne) return { bodyType: isPost ? `${name}Update` : undefined, answerType: name };
  if (!isPost) return { bodyType: undefined, answerType: `${name}PagedQueryResponse` };
  return { bodyType: DRAFTS[resource] ?? `${name}Draft`, answerType: CREATED[resource] ?? name };
}

const validatorOfFact = createValidators({});

/** A call that the SDK's types do not describe. */
function otherCall({ name, request, answer, isCorrelated }: (typeof OTHER_CALLS)[number]): CommercetoolsCall {
  return {
    name,
    isCorrelated,
    request: (body) => (request ? validatorOfFact(request)(parsed(body)) : []),
    answer: (status, body) => (status >= 400 ? errorOf(status, body) : validatorOfFact(answer)(body)),
  };
}

const errorOf = (status: number, body: unknown): string[] =>
  validatorOfFact(status === 401 || status === 403 ? AUTH_ERROR_ANSWER : ERROR_ANSWER)(body);

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

/** Paths of a sort or an expansion that lead nowhere. */
function pathsOf(query: URLSearchParams, exists: (path: readonly string[]) => boolean): string[] {
  const wrong = (name: string, path = '') =>
    exists(path.replaceAll('[*]', '').split('.')) ? [] : [`${name}: there is no ${path}`];
  return [
    ...query.getAll('sort').flatMap((sort) => wrong('sort', sort.split(' ')[0])),
    ...query.getAll('expand').flatMap((path) => wrong('expand', path)),
  ];
}

/** A body in JSON, or a form. */
const parsed = (body: string): unknown =>
  body.startsWith('{') ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));

/** What is wrong with the headers of a request. */
export const commercetoolsHeaders = (
  { isCorrelated }: CommercetoolsCall,
  headers: Readonly<Record<string, unknown>>,
): string[] => (!isCorrelated || headers[CORRELATED] ? [] : [`${CORRELATED}: is missing`]);
