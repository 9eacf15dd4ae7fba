import qs from 'qs';
import { invalidParameter, missingParameter } from './errors.ts';
import type { Address, Metadata } from './objects.ts';

export type RawParams = Record<string, unknown>;

/** Decodes a form body or query string with nested keys (`card[number]`, `expand[0]`, `types[]`). */
export const decodeForm = (text: string): RawParams =>
  text === '' ? {} : qs.parse(text, { depth: 10, arrayLimit: 1000, parameterLimit: 5000, ignoreQueryPrefix: true });

/** Refuses top-level parameters that the endpoint does not know, as Stripe does. */
export function refuseUnknown(raw: RawParams, known: ReadonlySet<string>): void {
  for (const name of Object.keys(raw)) {
    if (!known.has(name) && name !== 'expand') {
      throw invalidParameter(name, `Received unknown parameter: ${name}`, 'parameter_unknown');
    }
  }
}

/** Typed reading of decoded parameters; each reader answers undefined when the parameter is absent. */
export class Params {
  readonly raw: RawParams;
  readonly #prefix: string;

  constructor(raw: RawParams, prefix = '') {
    this.raw = raw;
    this.#prefix = prefix;
  }

  has(name: string): boolean {
    return this.raw[name] !== undefined;
  }

  /** True when the caller sent an empty string, which is how Stripe's form encoding unsets a value. */
  isUnset(name: string): boolean {
    return this.raw[name] === '';
  }

  string(name: string): string | undefined {
    const value = this.raw[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw invalidParameter(this.#path(name), `Invalid string: ${JSON.stringify(value)}`);
    if (value === '') {
      throw invalidParameter(
        this.#path(name),
        `You passed an empty string for '${this.#path(name)}'. We assume empty values are an attempt to unset a parameter; however '${this.#path(name)}' cannot be unset. You should remove '${this.#path(name)}' from your request or supply a non-empty value.`,
        'parameter_invalid_empty',
      );
    }
    return value;
  }

  /** An empty value reads as null. */
  nullableString(name: string): string | null | undefined {
    return this.isUnset(name) ? null : this.string(name);
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw missingParameter(this.#path(name));
    return value;
  }

  integer(name: string): number | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    if (!/^-?\d+$/.test(value)) {
      throw invalidParameter(this.#path(name), `Invalid integer: ${value}`, 'parameter_invalid_integer');
    }
    return Number(value);
  }

  boolean(name: string): boolean | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') throw invalidParameter(this.#path(name), `Invalid boolean: ${value}`);
    return value === 'true';
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    if (!(allowed as readonly string[]).includes(value)) {
      const list = allowed.length > 1 ? `${allowed.slice(0, -1).join(', ')}, or ${allowed.at(-1)}` : allowed[0];
      throw invalidParameter(this.#path(name), `Invalid ${this.#path(name)}: must be one of ${list}`);
    }
    return value as T;
  }

  object(name: string): Params | undefined {
    const value = this.raw[name];
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidParameter(this.#path(name), 'Invalid object', 'parameter_invalid_empty');
    }
    return new Params(value as RawParams, this.#path(name));
  }

  strings(name: string): string[] | undefined {
    const value = this.raw[name];
    if (value === undefined || value === '') return undefined;
    const list = Array.isArray(value) ? value : isIndexed(value) ? Object.values(value) : [];
    if (list.length === 0 || list.some((entry) => typeof entry !== 'string')) {
      throw invalidParameter(this.#path(name), 'Invalid array');
    }
    return list as string[];
  }

  /** `current` with the sent keys merged in: an empty value removes its key, an empty `metadata` all of them. */
  metadata(current: Metadata = {}): Metadata {
    if (this.isUnset('metadata')) return {};
    const sent = this.object('metadata');
    if (!sent) return current;
    const merged: Metadata = { ...current };
    for (const [key, value] of Object.entries(sent.raw)) {
      if (key.length > 40) {
        throw invalidParameter('metadata', `Invalid metadata key: ${key}: keys can be up to 40 characters`);
      }
      if (typeof value !== 'string') throw invalidParameter(`metadata[${key}]`, 'Metadata values must be strings');
      if (value.length > 500) {
        throw invalidParameter(
          `metadata[${key}]`,
          `Metadata values can have up to 500 characters, but you passed in a value that is ${value.length} characters.`,
        );
      }
      if (value === '') delete merged[key];
      else merged[key] = value;
    }
    if (Object.keys(merged).length > 50) throw invalidParameter('metadata', 'Metadata can have up to 50 keys');
    return merged;
  }

  address(name: string): Address | null | undefined {
    if (this.isUnset(name)) return null;
    const sent = this.object(name);
    if (!sent) return undefined;
    const part = (key: string): string | null => (typeof sent.raw[key] === 'string' ? (sent.raw[key] as string) : null);
    return {
      city: part('city'),
      country: part('country'),
      line1: part('line1'),
      line2: part('line2'),
      postal_code: part('postal_code'),
      state: part('state'),
    };
  }

  #path(name: string): string {
    return this.#prefix ? `${this.#prefix}[${name}]` : name;
  }
}

/** A list whose elements are numbered: `name[0]=…`. */
const isIndexed = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.keys(value).every((name) => /^\d+$/.test(name));
