import { invalidParameter } from './errors.ts';
import type { Metadata } from './objects.ts';
import type { Params } from './params.ts';
import type { Simulation } from './simulation.ts';
import { type Collection, limitOf } from './state.ts';

/** How a field is compared: a token whole, a text also by a part, a number also by more and less. */
type Kind = 'token' | 'text' | 'number';
/** What can be searched, by the resource as it stands in the URL; metadata besides. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  customers: { created: 'number', email: 'text', name: 'text', phone: 'text' },
  payment_intents: { amount: 'number', created: 'number', currency: 'token', customer: 'token', status: 'token' },
  charges: {
    amount: 'number',
    created: 'number',
    currency: 'token',
    customer: 'token',
    disputed: 'token',
    refunded: 'token',
    status: 'token',
  },
};
const MAX_CLAUSES = 10;
const MIN_PART = 3;

type Item = { id: string; created: number; metadata?: Metadata | null };
type Clause = (item: Item) => boolean;

/** Stripe's search: `field:'value'`, `metadata['key']:'value'`, `~`, `>` and the like, `-`, and AND or OR. */
export function search<T extends Item>(
  simulation: Simulation,
  items: Collection<T>,
  resource: string,
  params: Params,
): Record<string, unknown> {
  const { clauses, isAny } = readQuery(params.requiredString('query'), resource);
  const limit = limitOf(params);
  const page = params.string('page') ?? '0';
  if (!/^\d+$/.test(page)) throw invalidParameter('page', `Invalid page: ${page}`);
  const start = Number(page);
  const visibleUntil = (simulation.nowMs() - simulation.settings.searchLagMs) / 1000;
  const found: T[] = [];
  for (const item of items.values()) {
    if (simulation.settings.searchLagMs > 0 && item.created > visibleUntil) continue;
    if (isAny ? clauses.some((clause) => clause(item)) : clauses.every((clause) => clause(item))) found.push(item);
  }
  found.reverse();
  const hasMore = found.length > start + limit;
  return {
    object: 'search_result',
    data: found.slice(start, start + limit),
    has_more: hasMore,
    next_page: hasMore ? String(start + limit) : null,
    url: `/v1/${resource}/search`,
  };
}

const QUOTED = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/.source;
const CLAUSE = new RegExp(
  `^\\s*(-?)(?:metadata\\[(${QUOTED})\\]|([\\w.]+))\\s*(:|~|>=|<=|>|<)\\s*(${QUOTED}|[^\\s'"]+)\\s*`,
);
const wrong = (message: string) => invalidParameter('query', message);

/** Throws StripeApiError 400 for what Stripe does not search by. */
function readQuery(query: string, resource: string): { clauses: Clause[]; isAny: boolean } {
  const clauses: Clause[] = [];
  const joins = new Set<string>();
  for (let rest = query; ; ) {
    const match = CLAUSE.exec(rest);
    if (!match) throw wrong(`We were unable to parse your search query: ${query}`);
    clauses.push(clauseOf(match, resource));
    rest = rest.slice(match[0].length);
    if (rest === '') break;
    const join = /^(AND|OR)\s+/i.exec(rest);
    if (!join) throw wrong(`We were unable to parse your search query: ${query}`);
    joins.add(String(join[1]).toUpperCase());
    rest = rest.slice(join[0].length);
  }
  if (joins.size > 1) throw wrong('A search query cannot combine AND and OR.');
  if (clauses.length > MAX_CLAUSES) throw wrong(`A search query can have up to ${MAX_CLAUSES} clauses.`);
  return { clauses, isAny: joins.has('OR') };
}

function clauseOf([, minus, quotedKey, field, operator = ':', given = '']: RegExpExecArray, resource: string): Clause {
  const key = quotedKey === undefined ? undefined : unquoted(quotedKey);
  const kind = key === undefined ? FIELDS[resource]?.[field ?? ''] : 'token';
  if (!kind) {
    throw wrong(`Field \`${field}\` is an unsupported search field for resource \`${resource}\`.`);
  }
  const isNull = given === 'null';
  const wanted = unquoted(given);
  if (operator === '~' && kind !== 'text')
    throw wrong(`The operator ~ is not supported for field \`${field ?? 'metadata'}\`.`);
  if (operator === '~' && wanted.length < MIN_PART) {
    throw wrong(`A part of a text has to have at least ${MIN_PART} characters.`);
  }
  if (/[<>]/.test(operator) && kind !== 'number') {
    throw wrong(`The operator ${operator} is not supported for field \`${field ?? 'metadata'}\`.`);
  }
  return (item) => {
    const value = key === undefined ? (item as unknown as Record<string, unknown>)[field ?? ''] : item.metadata?.[key];
    const isMatch = isNull ? value === undefined || value === null : compare(value, operator, wanted);
    return minus === '-' ? !isMatch : isMatch;
  };
}

const unquoted = (text: string): string => (/^['"]/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text);

function compare(value: unknown, operator: string, wanted: string): boolean {
  if (value === undefined || value === null) return false;
  const text = String(value);
  if (operator === ':') return text.toLowerCase() === wanted.toLowerCase();
  if (operator === '~') return text.toLowerCase().includes(wanted.toLowerCase());
  const [left, right] = [Number(value), Number(wanted)];
  if (operator === '>') return left > right;
  if (operator === '>=') return left >= right;
  return operator === '<' ? left < right : left <= right;
}
