import type { ReadAnswer } from './exchange.ts';

/** What is used of a `Response`: any is an answer, and an answer is what our own client gives out. */
export interface Answer {
  readonly status: number;
  /** 2xx. */
  readonly ok: boolean;
  readonly headers: Pick<Headers, 'get' | 'forEach'> & Iterable<[string, string]>;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

/** A `fetch` whose answers were read whole before they are given out; their body need not be read or canceled. */
export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Answer>;

/** A `fetch` as libraries take it, for one that uses no more of a `Response` than an answer has: Stripe's SDK and jose, as their tests here hold. */
export const asGlobalFetch = (fetch: Fetch): typeof globalThis.fetch => fetch as unknown as typeof globalThis.fetch;

/** A `Response` with its streams and its checks of every header costs as much as the rest of a call. */
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
