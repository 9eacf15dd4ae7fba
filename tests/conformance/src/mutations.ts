import qs from 'qs';

/** A request that differs from one that was sent in one thing, which is wrong. */
export interface Mutation {
  /** `amount: is "wrong"`: where and how; indexes left out. */
  readonly what: string;
  readonly body: string;
}

const LONG = 'x'.repeat(5_001);
const WRONG_TEXT = 'wrong';

/** The form with each parameter in turn too long, of no known value, or beside one that does not exist. */
export function mutatedForms(form: string): Mutation[] {
  const params = qs.parse(form, { depth: 10, arrayLimit: 1000 });
  return leaves(params).flatMap((path) => [
    formOf(params, path, 'is too long', LONG),
    formOf(params, path, `is "${WRONG_TEXT}"`, WRONG_TEXT),
    ...(path.length > 1 ? [formOf(params, [...path.slice(0, -1), 'unheard_of'], 'does not exist', '1')] : []),
  ]);
}

const formOf = (params: object, path: readonly string[], how: string, value: string): Mutation => ({
  what: `${named(path)}: ${how}`,
  body: qs.stringify(withValue(params, path, value), { arrayFormat: 'indices', encodeValuesOnly: true }),
});

/** The JSON document with each value in turn of another kind, or of no known value. */
export function mutatedDocuments(json: string): Mutation[] {
  const document = JSON.parse(json) as object;
  return leaves(document).flatMap((path) =>
    [WRONG_TEXT, -0.5].map((value) => ({
      what: `${named(path)}: is ${JSON.stringify(value)}`,
      body: JSON.stringify(withValue(document, path, value)),
    })),
  );
}

function leaves(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...at]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...at, name]));
}

const named = (path: readonly string[]): string => path.filter((step) => !/^\d+$/.test(step)).join('.');

function withValue(target: object, [name = '', ...rest]: readonly string[], value: unknown): object {
  const inner = (target as Record<string, unknown>)[name];
  const next = rest.length === 0 ? value : withValue((inner ?? {}) as object, rest, value);
  return Array.isArray(target) ? target.with(Number(name), next) : { ...target, [name]: next };
}
