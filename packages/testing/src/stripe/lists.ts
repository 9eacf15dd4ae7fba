import { refusal } from './refusal.ts';

interface Page {
  limit?: number | undefined;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
  created?: number | { gte?: number; gt?: number; lt?: number; lte?: number } | undefined;
}

/**
 * A list in the SDK's form: a page (10 unless `limit` says otherwise), and all following items by iteration. `all` is
 * in the order of creation.
 */
export function listOf<T extends { id: string; created?: number }>(
  { maxPage }: { readonly maxPage: number },
  all: Iterable<T>,
  params: Page = {},
) {
  const newestFirst = [...all].reverse().filter(({ created }) => isWithin(created ?? 0, params.created));
  const { limit: wanted = 10, starting_after: after, ending_before: before } = params;
  const limit = Math.min(wanted, maxPage);
  const from = after ? newestFirst.findIndex(({ id }) => id === after) + 1 : 0;
  const to = before ? newestFirst.findIndex(({ id }) => id === before) : newestFirst.length;
  const rest = newestFirst.slice(from, to);
  // With `ending_before`, the page is the one directly before it.
  const data = before ? rest.slice(-limit) : rest.slice(0, limit);
  return Object.assign(Promise.resolve({ object: 'list' as const, data, has_more: rest.length > limit, url: '' }), {
    async *[Symbol.asyncIterator]() {
      yield* rest;
    },
    autoPagingToArray: async ({ limit: most }: { limit: number }) => rest.slice(0, most),
  });
}

function isWithin(created: number, range: Page['created']): boolean {
  if (typeof range === 'number') return created === range;
  const { gte = 0, gt = -1, lt = Infinity, lte = Infinity } = range ?? {};
  return created >= gte && created > gt && created < lt && created <= lte;
}

/** The objects whose metadata match a query `metadata['key']:'value'`, newest first. */
export function foundBy<T extends { metadata: Record<string, string> | null }>(all: Iterable<T>, query: string): T[] {
  const [, key, value] = /^metadata\['([^']+)'\]:'([^']*)'$/.exec(query) ?? [];
  if (key === undefined) throw refusal(undefined, { param: 'query' });
  return [...all].reverse().filter(({ metadata }) => metadata?.[key] === value);
}

/** The most keys of Stripe's metadata, and the most characters of a value. */
const MAX_METADATA = { keys: 50, characters: 500 };

/** Metadata after a request's changes; an empty value removes its key. */
export function mergedMetadata(present: Record<string, string> | null, given: unknown): Record<string, string> {
  const merged = { ...present, ...(given as Record<string, string> | undefined) };
  const kept = Object.entries(merged).filter(([, value]) => value !== '');
  const isTooLong = kept.some(([, { length }]) => length > MAX_METADATA.characters);
  if (isTooLong || kept.length > MAX_METADATA.keys) throw refusal(undefined, { param: 'metadata' });
  return Object.fromEntries(kept);
}
