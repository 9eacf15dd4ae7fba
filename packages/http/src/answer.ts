import type { ReadAnswer } from './exchange.ts';

/** The fields of a `Response` that we use. A `Response` fits this type, and our own client returns it. */
export interface Answer {
  readonly status: number;
  /** 2xx. */
  readonly ok: boolean;
  readonly headers: Pick<Headers, 'get' | 'forEach'> & Iterable<[string, string]>;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

/** A `fetch` whose answers are read whole before they are returned. Callers need not read or cancel the body. */
export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Answer>;

/**
 * Our `fetch` with the type that libraries expect. Valid only for libraries that use no more of a `Response` than an
 * answer has; tests here show that for Stripe's SDK and jose.
 */
export const asGlobalFetch = (fetch: Fetch): typeof globalThis.fetch => fetch as unknown as typeof globalThis.fetch;

/** Not a `Response`, because its streams and its checks of all headers cost as much as the rest of a call. */
export const answerOf = ({ status, headers, text }: ReadAnswer): Answer => ({
  status,
  ok: status >= 200 && status < 300,
  headers: new ReadHeaders(headers),
  text: async () => text,
  json: async () => JSON.parse(text),
});

class ReadHeaders implements Iterable<[string, string]> {
  readonly #received: ReadAnswer['headers'];

  constructor(received: ReadAnswer['headers']) {
    this.#received = received;
  }

  get(name: string): string | null {
    const value = this.#received[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : (value ?? null);
  }

  forEach(each: (value: string, name: string, parent: Headers) => void): void {
    for (const [name, value] of this) each(value, name, this as unknown as Headers);
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name of Object.keys(this.#received)) {
      const value = this.get(name);
      if (value !== null) yield [name, value];
    }
  }
}
