import { SingleFlight } from '@connector/http';
import { LRUCache } from 'lru-cache';

/** The finding of a lookup: a good value with its maximum time in the cache (ms), or a refusal. */
export type Found<T, R> =
  | { readonly kind: 'good'; readonly value: T; readonly freshForMs?: number | undefined }
  | { readonly kind: 'refused'; readonly refusal: R };

export type CacheUse = 'hit' | 'negative' | 'miss';

export interface LookupCacheOptions<T> {
  ttlMs: number;
  max: number;
  refusedTtlMs: number;
  refusedMax: number;
  /** Limits the lookups at the same time. */
  limit: <V>(work: () => Promise<V>) => Promise<V>;
  /** The group for `evict`: the cart of a session. */
  groupOf?: (value: T) => string;
  /** Monotonic clock in ms. */
  now?: () => number;
}

interface Kept<T> {
  readonly value: T;
  /** Whether its group was evicted since: then it answers only callers that accept evicted findings. */
  isEvicted: boolean;
}

/** How long an eviction is remembered for lookups that began before it, in ms: longer than any time-out of a lookup. */
const LONGEST_LOOKUP_MS = 5 * 60_000;

/**
 * A cache of lookups. Good and refused findings have separate limits, so that a flood of unknown keys neither evicts
 * good findings nor reaches the other side with each request. The same key is looked up only once at a time; a failed
 * lookup is not cached.
 */
export class LookupCache<T extends object, R extends object> {
  readonly #good: LRUCache<string, Kept<T>>;
  readonly #refused: LRUCache<string, R>;
  readonly #evicted: LRUCache<string, number>;
  readonly #keysOf = new Map<string, Set<string>>();
  readonly #flight = new SingleFlight<Found<T, R>>();
  readonly #options: LookupCacheOptions<T>;
  readonly #now: () => number;

  constructor(options: LookupCacheOptions<T>) {
    const { now = () => performance.now() } = options;
    const clock = { perf: { now }, ttlResolution: 0 };
    this.#options = options;
    this.#now = now;
    this.#good = new LRUCache({ ...clock, max: options.max, dispose: ({ value }, key) => this.#forget(key, value) });
    this.#refused = new LRUCache({ ...clock, max: options.refusedMax });
    this.#evicted = new LRUCache({ ...clock, max: options.max, ttl: LONGEST_LOOKUP_MS });
  }

  /**
   * The cached finding of `key`, else the finding of `look`, and how long it stays valid for every caller, in ms (0 =
   * not). With `evenEvicted` an evicted finding is also returned, until its time to live is over. Throws what `look` or
   * the limit throws.
   */
  async get(
    key: string,
    look: () => Promise<Found<T, R>>,
    { evenEvicted = false } = {},
  ): Promise<{ found: Found<T, R>; cache: CacheUse; freshForMs: number }> {
    const kept = this.#good.get(key);
    if (kept && (evenEvicted || !kept.isEvicted))
      return { found: { kind: 'good', value: kept.value }, cache: 'hit', freshForMs: this.#freshForMs(key) };
    const refusal = this.#refused.get(key);
    if (refusal) return { found: { kind: 'refused', refusal }, cache: 'negative', freshForMs: 0 };
    const found = await this.#flight.run(key, () =>
      this.#options.limit(async () => {
        const started = this.#now();
        const found = await look();
        this.#keep(key, found, started);
        return found;
      }),
    );
    return { found, cache: 'miss', freshForMs: this.#freshForMs(key) };
  }

  #freshForMs(key: string): number {
    const kept = this.#good.peek(key);
    return kept && !kept.isEvicted ? Math.max(0, Math.floor(this.#good.getRemainingTTL(key))) : 0;
  }

  /** Evicts everything of a group, also the finding of a lookup under way; returns the number of entries. */
  evict(group: string): number {
    let evicted = 0;
    for (const key of this.#keysOf.get(group) ?? []) {
      const kept = this.#good.peek(key);
      if (!kept || kept.isEvicted) continue;
      kept.isEvicted = true;
      evicted += 1;
    }
    this.#evicted.set(group, this.#now());
    return evicted;
  }

  /** The number of entries. */
  get size(): { good: number; refused: number } {
    return { good: this.#good.size, refused: this.#refused.size };
  }

  #keep(key: string, found: Found<T, R>, started: number): void {
    const { ttlMs, refusedTtlMs, groupOf } = this.#options;
    if (found.kind === 'refused') {
      this.#good.delete(key);
      if (refusedTtlMs > 0) this.#refused.set(key, found.refusal, { ttl: refusedTtlMs });
      return;
    }
    const ttl = Math.floor(Math.min(ttlMs, found.freshForMs ?? ttlMs));
    const group = groupOf?.(found.value);
    const evictedAt = group === undefined ? undefined : this.#evicted.get(group);
    if (ttl <= 0 || (evictedAt !== undefined && evictedAt >= started)) return;
    this.#good.set(key, { value: found.value, isEvicted: false }, { ttl });
    if (group === undefined) return;
    const keys = this.#keysOf.get(group) ?? new Set();
    this.#keysOf.set(group, keys.add(key));
  }

  #forget(key: string, value: T): void {
    const group = this.#options.groupOf?.(value);
    const keys = group === undefined ? undefined : this.#keysOf.get(group);
    if (group === undefined || !keys) return;
    keys.delete(key);
    if (keys.size === 0) this.#keysOf.delete(group);
  }
}
