import { readFileSync } from 'node:fs';
import { toolPath } from '@connector/e2e-tests/tool';
import qs from 'qs';
import { createValidators, type IsKnown, type Schema, strict, type Validate } from './schemas.ts';
import { readStripeTypings } from './stripe-typings.ts';

interface Operation {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

/** How one call of Stripe's API is described. */
export interface StripeCall {
  /** As `POST /v1/payment_intents/{intent}`. */
  readonly name: string;
  /** `form`: the body, or the query of a GET, as it was sent. */
  request(form: string): string[];
  answer(status: number, body: unknown): string[];
}

interface Document {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Stripe's published description of its API, and the `stripe` package's types for what it leaves out: which calls there are, and what they take and answer. */
export function readStripeDescription(
  file = toolPath('stripe-description', process.env.STRIPE_DESCRIPTION),
): StripeDescription {
  return new StripeDescription(JSON.parse(readFileSync(file, 'utf8')) as Document);
}

export class StripeDescription {
  readonly version: string;
  readonly #paths: Document['paths'];
  readonly #patterns: readonly { readonly path: string; readonly pattern: RegExp }[];
  readonly #components: Readonly<Record<string, Schema>>;
  readonly #resolve: (ref: string) => Schema;
  readonly #answerValidator: ReturnType<typeof createValidators>;
  readonly #requestValidator: ReturnType<typeof createValidators>;
  readonly #typings = readStripeTypings();
  readonly #calls = new Map<string, StripeCall>();

  constructor({ info, paths, components: { schemas } }: Document) {
    this.version = info.version;
    this.#paths = paths;
    this.#patterns = Object.keys(paths)
      // `/v1/customers/search` before `/v1/customers/{customer}`.
      .toSorted((a, b) => a.split('{').length - b.split('{').length)
      .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`) }));
    this.#resolve = (ref) => schemas[ref.split('/').at(-1) ?? ''] as Schema;
    this.#components = Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, strict(schema, this.#resolve)]),
    );
    const whole = { components: { schemas: this.#components } };
    this.#answerValidator = createValidators(whole);
    this.#requestValidator = createValidators(whole, { coerce: true });
  }

  /** The call that a request makes; undefined when Stripe describes none. */
  callOf(method: string, path: string): StripeCall | undefined {
    const operationOf = (each: string) => this.#paths[each]?.[method.toLowerCase()];
    const found = this.#patterns.find(({ pattern, path: each }) => pattern.test(path) && operationOf(each));
    const operation = found && operationOf(found.path);
    if (!found || !operation) return undefined;
    const name = `${method} ${found.path}`;
    const call = this.#calls.get(name) ?? this.#described(name, operation);
    this.#calls.set(name, call);
    return call;
  }

  /** What is wrong with an event as a webhook carries it: its own fields, and its object by what it says it is. */
  event(event: { type: string; data: { object: { object?: string } } }): string[] {
    const kind = event.data.object.object ?? '';
    if (!this.#components[kind]) return [`data.object: there is no ${kind}`];
    const ref = (name: string) =>
      this.#answerValidator({ $ref: `#/components/schemas/${name}` }, this.#isKnownOfObject);
    return [
      ...ref('event')({ ...event, data: { ...event.data, object: {} } }),
      ...ref(kind)(event.data.object).map((wrong) => `data.object.${wrong}`),
    ];
  }

  readonly #isKnownOfObject: IsKnown = (root, path) => {
    const { name, inside, value } = nearestObject(root, path);
    return this.#typings.allows(name, inside, value);
  };

  #described(name: string, operation: Operation): StripeCall {
    const request = this.#requestOf(name, operation);
    const answers = new Map<string, Validate>();
    const answerOf = (status: number) => {
      const key = operation.responses[String(status)] ? String(status) : 'default';
      const validate = answers.get(key) ?? this.#answerOf(operation, key);
      answers.set(key, validate);
      return validate;
    };
    return {
      name,
      request: (form) => request(qs.parse(form, { depth: 10, arrayLimit: 1000, parameterLimit: 10_000 })),
      answer: (status, json) => answerOf(status)(json),
    };
  }

  #requestOf(name: string, operation: Operation): Validate {
    // Stripe describes an empty form also for what is read.
    const body = name.startsWith('POST') && operation.requestBody?.content['application/x-www-form-urlencoded']?.schema;
    const isKnown: IsKnown = (root, path) =>
      this.#typings.allows(paramsOf(name), withoutIndexes(path), valueAt(root, path), { isForm: true });
    return this.#requestValidator(strict(body || querySchema(operation), this.#resolve), isKnown);
  }

  #answerOf(operation: Operation, status: string): Validate {
    const schema = operation.responses[status]?.content?.['application/json']?.schema;
    if (!schema) return () => ['is not described'];
    return this.#answerValidator(strict(schema, this.#resolve), this.#isKnownOfObject);
  }
}

/** The parameters of a GET or DELETE as one object. */
function querySchema({ parameters = [] }: Operation): Schema {
  const own = parameters.filter((parameter) => parameter.in === 'query');
  return {
    type: 'object',
    properties: Object.fromEntries(own.map(({ name, schema }) => [name, schema])),
    required: own.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}

const withoutIndexes = (path: readonly string[]): string[] => path.filter((step) => !/^\d+$/.test(step));

const valueAt = (root: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string, unknown> | null)?.[step], root);

/** The type of the innermost object of Stripe's around a field, and the way from there to the field. */
function nearestObject(root: unknown, path: readonly string[]): { name: string; inside: string[]; value: unknown } {
  for (let depth = path.length - 1; depth >= 0; depth -= 1) {
    const { object } = (valueAt(root, path.slice(0, depth)) ?? {}) as { object?: unknown };
    if (typeof object !== 'string') continue;
    return { name: camelCase(object), inside: withoutIndexes(path.slice(depth)), value: valueAt(root, path) };
  }
  return { name: '', inside: [], value: undefined };
}

const camelCase = (name: string): string =>
  name.replace(/(?:^|[_.])([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `PaymentIntentConfirmParams` of `POST /v1/payment_intents/{intent}/confirm`. */
function paramsOf(call: string): string {
  const [method = '', path = ''] = call.split(' ');
  const [resource = '', id, action] = path.split('/').slice(2);
  const verb = method === 'GET' ? (id ? 'Retrieve' : 'List') : action ? camelCase(action) : id ? 'Update' : 'Create';
  return `${camelCase(resource.replace(/s$/, ''))}${verb}Params`;
}
