import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

/** A JSON schema or a part of one. */
export type Schema = { readonly [keyword: string]: unknown };
/** Finds what a `$ref` points to. */
export type Resolve = (ref: string) => Schema;

/** Fields whose one allowed value says which alternative of a union an object is. */
const DISCRIMINATORS = ['object', 'action', 'type', 'typeId', 'code', 'name'];
const SCALARS = ['null', 'boolean', 'integer', 'number', 'array', 'string'] as const;

/**
 * Rewrites a schema so that what is wrong is told once and where it is: of a union only the alternative that a value claims to be
 * is held against it, by its JSON type, then by a discriminator; objects take no property that is not described, unless they say
 * that they do; `nullable` (OpenAPI 3.0) becomes a type of its own.
 */
export function strict(schema: unknown, resolve: Resolve): Schema {
  if (Array.isArray(schema)) throw new TypeError('a list is no schema');
  const { anyOf, oneOf, nullable, properties, items, additionalProperties, definitions, ...rest } = schema as Schema;
  const own: Record<string, unknown> = keywordsOf(rest);
  if (properties) own.properties = mapValues(properties as Schema, (each) => strict(each, resolve));
  if (items) own.items = strict(items, resolve);
  if (definitions) own.definitions = mapValues(definitions as Schema, (each) => strict(each, resolve));
  if (typeof additionalProperties === 'object' && additionalProperties)
    own.additionalProperties = strict(additionalProperties, resolve);
  else if (properties) own.additionalProperties = additionalProperties ?? false;
  const alternatives = (anyOf ?? oneOf) as Schema[] | undefined;
  const whole = alternatives ? { ...own, ...oneOfThem(alternatives, resolve) } : own;
  return nullable ? { if: { type: 'null' }, else: whole } : whole;
}

/** Only the rules: descriptions and a vendor's extensions would make the strict mode of the validator complain. */
const keywordsOf = (schema: Schema): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(schema).filter(([name]) =>
      ['$ref', 'type', 'enum', 'const', 'required', 'maxLength', 'minLength', 'pattern', 'format', 'minimum'].includes(
        name,
      ),
    ),
  );

function oneOfThem(alternatives: readonly Schema[], resolve: Resolve): Schema {
  const resolved = alternatives.map((schema) => ({
    schema: strict(schema, resolve),
    plain: resolvedOf(schema, resolve),
  }));
  const byType = SCALARS.flatMap((type) => {
    const found = resolved.filter(({ plain }) => typesOf(plain).includes(type));
    return found.length > 0 ? [{ when: { type } as Schema, be: anyOfThem(found.map(({ schema }) => schema)) }] : [];
  });
  const objects = resolved.filter(({ plain }) => typesOf(plain).includes('object'));
  return chain(byType, objects.length > 0 ? objectOf(objects, resolve) : false);
}

/** One of several objects, told apart by the one value that a discriminator may have in each. */
function objectOf(objects: readonly { schema: Schema; plain: Schema }[], resolve: Resolve): Schema | boolean {
  const [first] = objects;
  if (objects.length === 1 && first) return first.schema;
  const flat = objects.flatMap(({ schema, plain }) => {
    const inner = (plain.anyOf ?? plain.oneOf) as Schema[] | undefined;
    return inner
      ? inner.map((each) => ({ schema: strict(each, resolve), plain: resolvedOf(each, resolve) }))
      : [{ schema, plain }];
  });
  for (const name of DISCRIMINATORS) {
    const values = flat.map(({ plain }) =>
      onlyValue((plain.properties as Schema | undefined)?.[name] as Schema | undefined, resolve),
    );
    if (values.some((value) => value === undefined) || new Set(values).size !== values.length) continue;
    const cases = flat.map(({ schema }, at) => ({
      when: { properties: { [name]: { const: values[at] } }, required: [name] } as Schema,
      be: schema,
    }));
    return chain(cases, { properties: { [name]: { enum: values } }, required: [name] });
  }
  return anyOfThem(flat.map(({ schema }) => schema));
}

const anyOfThem = (schemas: readonly Schema[]): Schema =>
  schemas.length === 1 ? (schemas[0] as Schema) : { anyOf: schemas };

const chain = (cases: readonly { when: Schema; be: Schema | boolean }[], otherwise: Schema | boolean): Schema =>
  cases.reduceRight<Schema | boolean>((rest, { when, be }) => conditional(when, be, rest), otherwise) as Schema;

/** JSON Schema's own word for it would make an object look like a promise. */
const conditional = (when: Schema, be: Schema | boolean, rest: Schema | boolean): Schema =>
  Object.fromEntries([
    ['if', when],
    ['then', be],
    ['else', rest],
  ]);

function resolvedOf(schema: Schema, resolve: Resolve): Schema {
  return typeof schema.$ref === 'string' ? resolvedOf(resolve(schema.$ref), resolve) : schema;
}

function typesOf({ type, properties, anyOf, oneOf, enum: values, const: value }: Schema): string[] {
  if (Array.isArray(type)) return type as string[];
  if (typeof type === 'string') return [type];
  if (properties || anyOf || oneOf) return ['object'];
  if (value !== undefined || Array.isArray(values)) return ['string'];
  return ['object', ...SCALARS];
}

function onlyValue(schema: Schema | undefined, resolve: Resolve): unknown {
  if (!schema) return undefined;
  const { const: value, enum: values } = resolvedOf(schema, resolve);
  return value ?? (Array.isArray(values) && values.length === 1 ? values[0] : undefined);
}

const mapValues = (object: Schema, change: (value: unknown) => unknown): Schema =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

/** Whether a field or a value that the schema does not describe is known all the same; `path` leads to it through `root`. */
export type IsKnown = (root: unknown, path: readonly string[]) => boolean;

/** What is wrong with a value, as `field.inner: rule`, indexes and keys of maps left out, each once; empty when nothing is. */
export type Validate = (value: unknown) => string[];

/** `coerce`: values are texts of a form or a query. */
export function createValidators(
  document: Schema,
  { coerce = false } = {},
): (schema: Schema, isKnown?: IsKnown) => Validate {
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    coerceTypes: coerce,
    validateFormats: false,
    inlineRefs: false,
  });
  formats.default(ajv);
  ajv.addSchema({ ...document, $id: 'document' });
  const known = new Map<string, ValidateFunction>();
  return (schema, isKnown = () => false) => {
    const text = JSON.stringify(schema);
    const validate = known.get(text) ?? ajv.compile(absolute(schema) as object);
    known.set(text, validate);
    return (value) => {
      if (validate(value)) return [];
      const isWrong = ({ keyword, instancePath, params }: ErrorObject): boolean => {
        const path = instancePath.split('/').slice(1);
        if (keyword === 'enum') return !isKnown(value, path);
        return keyword !== 'additionalProperties' || !isKnown(value, [...path, String(params.additionalProperty)]);
      };
      return [...new Set((validate.errors ?? []).filter(isWrong).flatMap(problemsOf))];
    };
  };
}

/** References of a part point into its document. */
const absolute = (schema: unknown): unknown =>
  Array.isArray(schema)
    ? schema.map(absolute)
    : schema && typeof schema === 'object'
      ? Object.fromEntries(
          Object.entries(schema).map(([name, value]) =>
            name === '$ref' && String(value).startsWith('#') ? [name, `document${value}`] : [name, absolute(value)],
          ),
        )
      : schema;

function problemsOf({ instancePath, keyword, params, message }: ErrorObject): string[] {
  if (keyword === 'if') return [];
  const at = instancePath
    .split('/')
    .slice(1)
    .filter((part) => !/^\d+$/.test(part))
    .join('.');
  const { additionalProperty, missingProperty } = params as Record<string, string>;
  if (additionalProperty) return [`${[at, additionalProperty].filter(Boolean).join('.')}: is not described`];
  if (missingProperty) return [`${[at, missingProperty].filter(Boolean).join('.')}: is missing`];
  if (keyword === 'enum') return [`${at}: is none of the described values`];
  return [`${at}: ${message ?? keyword}`];
}
