import { InMemoryStorage } from '@labdigital/commercetools-mock';
import { invalidInput } from './errors.ts';
import { checkPredicate } from './predicate.ts';
import type { QueryFields } from './query-fields.ts';

/** The answer of a query endpoint. `total` is absent with `withTotal=false`. */
export interface PagedResult<T> {
  limit: number;
  offset: number;
  count: number;
  total?: number;
  results: T[];
}

/** commercetools-mock's predicates, sort and paging, for resources that the mock does not store. */
class PredicateEngine extends InMemoryStorage {
  readonly #candidates: readonly unknown[];

  constructor(candidates: readonly unknown[]) {
    super();
    this.#candidates = candidates;
  }

  override all: InMemoryStorage['all'] = async () => this.#candidates as never;
}

/** The fields and operators of a predicate outside parentheses, with its string literals emptied. */
function topLevel(where: string): string {
  let depth = 0;
  let text = '';
  for (const char of where.replace(/"(?:\\.|[^"\\])*"/g, '""')) {
    if (char === '(') depth += 1;
    if (depth === 0) text += char;
    if (char === ')') depth -= 1;
  }
  return text;
}

function number(params: URLSearchParams, name: string, absent: number, max: number): number {
  const raw = params.get(name);
  if (raw === null) return absent;
  const value = Number(raw);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw invalidInput(`Malformed parameter: ${name}: The ${name} parameter must be in the range of [0..${max}]`);
  }
  return value;
}

/**
 * Value of `field = "value"` when every match of the predicates must have it (no `or`, no `not` outside parentheses),
 * so that an index can replace the scan; undefined otherwise.
 */
export function requiredValue(params: URLSearchParams, field: string): string | undefined {
  for (const where of params.getAll('where')) {
    if (/\b(or|not)\b|!=/i.test(topLevel(where))) continue;
    const exact = new RegExp(`^[^()]*?(?<![\\w."])${field}\\s*=\\s*"((?:\\\\.|[^"\\\\])*)"`).exec(where);
    if (exact?.[1] !== undefined && !exact[1].includes('\\')) return exact[1];
  }
  return undefined;
}

/** Values of a predicate that is only `field in ("a", "b")`; undefined for any other. */
export function listedValues(params: URLSearchParams, field: string): string[] | undefined {
  const [where, ...others] = params.getAll('where');
  if (where === undefined || others.length > 0) return undefined;
  const list = new RegExp(`^\\s*${field}\\s+in\\s*\\(([^()]*)\\)\\s*$`, 'i').exec(where)?.[1];
  return list === undefined ? undefined : [...list.matchAll(/"((?:\\.|[^"\\])*)"/g)].map((match) => match[1] ?? '');
}

/**
 * Answers a query over `candidates` as commercetools does: `where` (repeated = and), `sort`, `limit` (20, at most 500),
 * `offset` (at most 10,000), `withTotal`, `var.*`. The results are the candidates themselves, not copies. Throws
 * ApiError 400 InvalidInput for a malformed parameter or, if `fields` are given, an unknown field at any depth.
 */
export async function query<T>(
  candidates: readonly T[],
  params: URLSearchParams,
  fields?: QueryFields,
): Promise<PagedResult<T>> {
  const limit = number(params, 'limit', 20, 500);
  const offset = number(params, 'offset', 0, 10_000);
  const where = params.getAll('where');
  const sort = params.getAll('sort');
  if (fields) {
    for (const predicate of where) checkPredicate(predicate, fields);
    for (const path of sort) checkSort(path, fields);
  }
  const variables = Object.fromEntries([...params].filter(([name]) => name.startsWith('var.')));
  const found = await new PredicateEngine(candidates)
    .query('any', 'payment', {
      ...variables,
      ...(where.length > 0 && { where }),
      ...(sort.length > 0 && { sort }),
      limit: Number.MAX_SAFE_INTEGER,
    })
    .catch((error: Error) => {
      throw invalidInput(`Malformed parameter: where: ${error.message}`);
    });
  const results = (found.results as unknown as T[]).slice(offset, offset + limit);
  return {
    limit,
    offset,
    count: results.length,
    ...(params.get('withTotal') !== 'false' && { total: found.results.length }),
    results,
  };
}

/** Refuses a sort by an unknown field. Throws ApiError 400 InvalidInput, with the existing fields. */
function checkSort(sort: string, fields: QueryFields): void {
  const [path = '', direction = 'asc', ...more] = sort.trim().split(/\s+/);
  let inside: QueryFields | 'any' | 'value' = fields;
  for (const name of path.split('.')) {
    if (inside === 'any') return;
    const field: QueryFields | 'any' | 'value' | undefined =
      inside === 'value' || !Object.hasOwn(inside, name) ? undefined : inside[name];
    if (field === undefined) {
      const sortable = Object.keys(fields)
        .sort()
        .map((each) => `\`${each}\``);
      throw invalidInput(
        `Malformed parameter: sort: Invalid query field '${name}' in sort path. Sortable fields are: ${sortable.join(', ')}`,
      );
    }
    inside = field;
  }
  if (more.length > 0 || !/^(?:asc|desc)$/i.test(direction)) {
    throw invalidInput(`Malformed parameter: sort: '${sort}' is not '<field> asc' or '<field> desc'.`);
  }
}
