import { StripeApiError } from './errors.ts';

/** How long Stripe remembers a key, in ms; it promises no more than a day. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;

interface Stored {
  endpoint: string;
  parameters: string;
  /** When the key was first used, ms since the epoch. */
  since: number;
  answer: { status: number; body: string; requestId: string } | null;
}

export type Claim =
  | {
      kind: 'execute';
      release: () => void;
      store: (answer: { status: number; body: string; requestId: string }) => void;
    }
  | { kind: 'replay'; answer: { status: number; body: string; requestId: string } }
  | { kind: 'refused'; error: StripeApiError };

/**
 * Stripe's idempotency keys: a key belongs to the first request that used it. Same parameters get the stored answer,
 * other ones are refused, and so is a second request while the first is at work. Keys are forgotten after 24 hours of the
 * simulator's clock, and beyond `limit`.
 */
export class IdempotencyKeys {
  #stored = new Map<string, Stored>();
  readonly #now: () => number;
  readonly #limit: number;

  /** `now` in ms since the epoch. */
  constructor(now: () => number = Date.now, limit = 20_000) {
    this.#now = now;
    this.#limit = limit;
  }

  /** `holder` is whose keys they are; `parameters` is the same text for the same parameters, in whatever order they came. */
  claim(holder: string, key: string, { endpoint, parameters }: { endpoint: string; parameters: string }): Claim {
    const id = `${holder} ${key}`;
    const known = this.#remembered(id);
    if (!known) {
      const entry: Stored = { endpoint, parameters, since: this.#now(), answer: null };
      this.#stored.set(id, entry);
      if (this.#stored.size > this.#limit) this.#forgetOldest();
      return {
        kind: 'execute',
        release: () => {
          if (this.#stored.get(id) === entry) this.#stored.delete(id);
        },
        store: (answer) => {
          entry.answer = answer;
        },
      };
    }
    if (known.endpoint !== endpoint) {
      return {
        kind: 'refused',
        error: new StripeApiError(400, {
          type: 'idempotency_error',
          message: `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${known.endpoint}'). Try using a key other than '${key}' if you meant to execute a different request.`,
        }),
      };
    }
    if (known.parameters !== parameters) {
      return {
        kind: 'refused',
        error: new StripeApiError(400, {
          type: 'idempotency_error',
          message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
        }),
      };
    }
    if (!known.answer) {
      return {
        kind: 'refused',
        error: new StripeApiError(409, {
          type: 'idempotency_error',
          code: 'idempotency_key_in_use',
          message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
        }),
      };
    }
    return { kind: 'replay', answer: known.answer };
  }

  clear(): void {
    this.#stored = new Map();
  }

  #remembered(key: string): Stored | undefined {
    const stored = this.#stored.get(key);
    if (!stored || this.#now() - stored.since < REMEMBERED_MS) return stored;
    this.#stored.delete(key);
    return undefined;
  }

  #forgetOldest(): void {
    for (const [key, { answer }] of this.#stored) {
      if (!answer) continue;
      this.#stored.delete(key);
      return;
    }
  }
}
