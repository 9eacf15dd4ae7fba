import facts from './described-parameters.json' with { type: 'json' };
import { invalidParameter, missingParameter } from './errors.ts';
import type { RawParams } from './params.ts';

/** See tests/conformance/src/described-parameters.ts, which writes the shapes from Stripe's description. */
type Shape = string | readonly Shape[] | { readonly [name: string]: Shape };
type Fields = { readonly [name: string]: Shape };

const CALLS: Readonly<Record<string, Shape>> = facts.calls;
const SHAPES: Readonly<Record<string, Shape>> = facts.shapes;

/** What the `stripe` package's types have and the description does not yet, by the object that has it; `*` stands for every method. */
const NEWER: Readonly<Record<string, Fields>> = {
  'payment_method_options[card]': {
    moto: 'boolean',
    request_decremental_authorization: 'one of if_available|never',
    request_partial_authorization: 'one of if_available|never',
    statement_details: 'anything',
    stored_credential_transaction_type: 'anything',
    stored_credential_usage: 'one of installment|recurring|unscheduled',
  },
  payment_details: {
    car_rental: 'anything',
    event_details: 'anything',
    flight: 'anything',
    subscription: 'anything',
  },
  // Stripe.js sends the card itself, which nothing describes.
  payment_method_data: { card: 'anything', customer: 'text', wero: 'anything' },
};
/** Methods that lists of methods lack: newer ones, and the card, which Stripe.js alone sends in `payment_method_data`. */
const MORE_METHODS = ['card', 'wero'];
/** The longest text where the description says nothing else. */
const USUAL_LENGTH = 5000;
const IS_URL = /(?:^|_)url\]?$/;

/** Names of the parameters that Stripe describes for a call, as `POST payment_intents/:id`. */
export const describedNames = (call: string): string[] =>
  Object.keys((CALLS[call] ?? {}) as Fields).map((name) => name.replace('!', ''));

/** Refuses what stands in a parameter, at any depth, and Stripe does not know, or is of another kind. Throws StripeApiError 400. */
export function refuseUndescribed(call: string, raw: RawParams): void {
  const fields = CALLS[call] as Fields | undefined;
  if (!fields) return;
  for (const [name, value] of Object.entries(raw)) {
    const shape = fieldOf(fields, name);
    if (shape !== undefined) check(shape, value, name);
  }
  refuseMissing(fields, raw, '');
}

/** An empty text unsets a parameter, or is refused where it is read. */
function check(shape: Shape, value: unknown, path: string): void {
  if (value === '' || value === undefined) return;
  const alternatives = alternativesOf(shape);
  if (typeof value === 'string') checkText(alternatives, value, path);
  else if (isList(value)) checkList(alternatives, Object.values(value), path);
  else checkObject(alternatives, value as RawParams, path);
}

function alternativesOf(shape: Shape): Shape[] {
  if (Array.isArray(shape)) return shape.flatMap(alternativesOf);
  if (typeof shape !== 'string' || !shape.startsWith('$')) return [shape as Shape];
  return alternativesOf(SHAPES[shape.slice(1)] ?? 'anything');
}

function checkText(alternatives: readonly Shape[], text: string, path: string): void {
  const problems = alternatives.map((shape) =>
    typeof shape === 'string'
      ? problemOf(shape, text, path)
      : invalidParameter(path, '[]' in shape ? 'Invalid array' : 'Invalid object'),
  );
  const [first] = problems;
  if (first && !problems.includes(undefined)) throw first;
}

/** What is wrong with a text as a value of this kind. */
function problemOf(kind: string, text: string, path: string) {
  if (kind.startsWith('text')) {
    const max = Number(kind.split(' ')[1] ?? (IS_URL.test(path) ? Number.POSITIVE_INFINITY : USUAL_LENGTH));
    if (text.length <= max) return undefined;
    const ends = `${text.slice(0, 10)}...${text.slice(-5)}`;
    return invalidParameter(path, `Invalid string: ${ends}; must be at most ${max} characters`);
  }
  if (kind === 'integer') {
    return /^-?\d+$/.test(text)
      ? undefined
      : invalidParameter(path, `Invalid integer: ${text}`, 'parameter_invalid_integer');
  }
  if (kind === 'number') {
    return /^-?\d+(\.\d+)?$/.test(text) ? undefined : invalidParameter(path, `Invalid decimal: ${text}`);
  }
  if (kind === 'boolean') {
    return text === 'true' || text === 'false' ? undefined : invalidParameter(path, `Invalid boolean: ${text}`);
  }
  if (!kind.startsWith('one of ')) return undefined;
  const values = kind.slice('one of '.length).split('|').filter(Boolean);
  if (values.includes(text) || (values.includes('sepa_debit') && MORE_METHODS.includes(text))) return undefined;
  const list = values.length > 1 ? `${values.slice(0, -1).join(', ')}, or ${values.at(-1)}` : values[0];
  return invalidParameter(path, `Invalid ${path}: must be one of ${list}`);
}

function checkList(alternatives: readonly Shape[], values: readonly unknown[], path: string): void {
  if (alternatives.includes('anything')) return;
  const list = alternatives.find((shape): shape is Fields => typeof shape === 'object' && '[]' in shape);
  if (!list) throw alternatives.some(isObject) ? invalidParameter(path, 'Invalid object') : notText(path, values);
  values.forEach((value, n) => {
    check(list['[]'] as Shape, value, `${path}[${n}]`);
  });
}

function checkObject(alternatives: readonly Shape[], value: RawParams, path: string): void {
  if (alternatives.includes('anything')) return;
  const kinds = alternatives.filter(isObject);
  const [kind] = kinds.filter((fields) => Object.keys(value).every((name) => fieldOf(fields, name) !== undefined));
  const fields = kind ?? kinds[0];
  if (!fields) {
    const isListWanted = alternatives.some((shape) => typeof shape === 'object' && '[]' in shape);
    throw isListWanted ? invalidParameter(path, 'Invalid array') : notText(path, value);
  }
  // Free names, as of metadata, are judged where they are read.
  if ('*' in fields) return;
  for (const [name, inner] of Object.entries(value)) {
    const shape = fieldOf(fields, name) ?? NEWER[path]?.[name];
    const at = `${path}[${name}]`;
    if (shape === undefined) throw invalidParameter(at, `Received unknown parameter: ${at}`, 'parameter_unknown');
    check(shape, inner, at);
  }
  refuseMissing(fields, value, path);
}

const isObject = (shape: Shape): shape is Fields =>
  typeof shape === 'object' && !Array.isArray(shape) && !('[]' in shape);

/** A list whose elements are numbered, `name[0]=…`, is one too. */
const isList = (value: unknown): value is object =>
  Array.isArray(value) ||
  (typeof value === 'object' && value !== null && Object.keys(value).every((name) => /^\d+$/.test(name)));

const fieldOf = (fields: Fields, name: string): Shape | undefined => fields[name] ?? fields[`${name}!`];

function refuseMissing(fields: Fields, raw: RawParams, path: string): void {
  for (const name of Object.keys(fields)) {
    const plain = name.slice(0, -1);
    if (name.endsWith('!') && raw[plain] === undefined) throw missingParameter(path ? `${path}[${plain}]` : plain);
  }
}

const notText = (path: string, value: unknown) => invalidParameter(path, `Invalid string: ${JSON.stringify(value)}`);
