import { randomUUID } from 'node:crypto';
import { concurrentModification, duplicateField, invalidJson, notFound } from './errors.ts';
import { listedValues, type PagedResult, query, requiredValue } from './query.ts';
import type { QueryFields } from './query-fields.ts';

export interface Resource {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
  readonly key?: string | undefined;
}

/** How a path names a resource: `/{id}` or `/key={key}`. */
export type Address = { id: string } | { key: string };

const KEY_PATTERN = /^[A-Za-z0-9_-]{2,256}$/;

/** Throws ApiError 400 InvalidJsonInput when `key` is not a user-defined identifier. */
export function checkKey(key: string | undefined): void {
  if (key !== undefined && !KEY_PATTERN.test(key)) {
    throw invalidJson(`key: Invalid value '${key}'. It must match ${KEY_PATTERN.source}.`);
  }
}

/**
 * Resources of one kind, by id and by unique key. Stored resources are replaced as a whole, and never changed in place.
 */
export class Collection<T extends Resource> {
  protected readonly byId = new Map<string, T>();
  readonly #idByKey = new Map<string, string>();
  readonly #fields: QueryFields | undefined;
  protected readonly now: () => number;

  /** `fields` are those that a predicate or a sort may name; any other is refused. */
  constructor(now: () => number, fields?: QueryFields) {
    this.now = now;
    this.#fields = fields;
  }

  get size(): number {
    return this.byId.size;
  }

  values(): T[] {
    return [...this.byId.values()];
  }

  find(address: Address): T | undefined {
    return this.byId.get('id' in address ? address.id : (this.#idByKey.get(address.key) ?? ''));
  }

  /** Throws ApiError 404 ResourceNotFound. */
  get(address: Address): T {
    const resource = this.find(address);
    if (!resource) throw notFound('id' in address ? `ID '${address.id}'` : `key '${address.key}'`);
    return resource;
  }

  /** The resource if its version is `version`. Throws ApiError 404, 400 (no version), 409 ConcurrentModification with currentVersion. */
  getAtVersion(address: Address, version: unknown): T {
    const resource = this.get(address);
    if (typeof version !== 'number' || !Number.isInteger(version)) throw invalidJson('version: Missing required value');
    if (version !== resource.version) throw concurrentModification(resource.id, version, resource.version);
    return resource;
  }

  /** Throws ApiError 400 DuplicateField when another resource has the key. */
  checkKeyIsFree(key: string | undefined, ownId?: string): void {
    checkKey(key);
    const holder = key === undefined ? undefined : this.#idByKey.get(key);
    if (holder !== undefined && holder !== ownId) throw duplicateField('key', key);
  }

  /** Id, version 1 and timestamps of a new resource. */
  base(clientId: string) {
    const at = new Date(this.now()).toISOString();
    const by = { clientId, isPlatformClient: false };
    return { id: randomUUID(), version: 1, createdAt: at, lastModifiedAt: at, createdBy: by, lastModifiedBy: by };
  }

  put(resource: T): T {
    const previous = this.byId.get(resource.id);
    if (previous?.key !== undefined && previous.key !== resource.key) this.#idByKey.delete(previous.key);
    if (resource.key !== undefined) this.#idByKey.set(resource.key, resource.id);
    this.byId.set(resource.id, resource);
    return resource;
  }

  remove(resource: T): T {
    if (resource.key !== undefined) this.#idByKey.delete(resource.key);
    this.byId.delete(resource.id);
    return resource;
  }

  clear(): void {
    this.byId.clear();
    this.#idByKey.clear();
  }

  query(params: URLSearchParams): Promise<PagedResult<T>> {
    return query(this.candidates(params), params, this.#fields);
  }

  /** A superset of the resources that the predicates can match, by index when they name an id or key. */
  protected candidates(params: URLSearchParams): T[] {
    const id = requiredValue(params, 'id');
    if (id !== undefined) return this.existing([id]);
    const key = requiredValue(params, 'key');
    const keys = key === undefined ? listedValues(params, 'key') : [key];
    if (keys) return this.existing(keys.map((each) => this.#idByKey.get(each)));
    const ids = listedValues(params, 'id');
    return ids ? this.existing(ids) : this.values();
  }

  protected existing(ids: Iterable<string | undefined>): T[] {
    return [...new Set(ids)].flatMap((id) => this.byId.get(id ?? '') ?? []);
  }
}
