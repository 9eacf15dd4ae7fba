/** One call that the simulator answered. */
export interface Call {
  /** Counts up from 1, without repetition. */
  seq: number;
  at: string;
  method: string;
  /** With the query string. */
  path: string;
  status: number;
  /** Milliseconds from the first byte of the request to the end of the answer. */
  ms: number;
  traceparent?: string;
  correlationId?: string;
  requestId?: string;
}

export interface CallFilter {
  method?: string | undefined;
  /** Regular expression over `METHOD /path?query`. */
  match?: string | undefined;
  /** Only calls with a higher `seq`. */
  after?: number | undefined;
  /** The most calls to return, the newest ones. */
  limit?: number | undefined;
}

/** The last calls, oldest first. */
export class CallLog {
  readonly #capacity: number;
  #calls: Call[] = [];
  #seq = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The number of all calls, including forgotten ones. */
  get total(): number {
    return this.#seq;
  }

  add(call: Omit<Call, 'seq'>): void {
    this.#seq += 1;
    this.#calls.push({ seq: this.#seq, ...call });
    if (this.#calls.length > 2 * this.#capacity) this.#calls = this.#calls.slice(-this.#capacity);
  }

  list({ method, match, after = 0, limit = this.#capacity }: CallFilter = {}): Call[] {
    const pattern = match === undefined ? undefined : new RegExp(match);
    return this.#calls
      .slice(-this.#capacity)
      .filter((call) => call.seq > after && (method === undefined || call.method === method))
      .filter((call) => pattern?.test(`${call.method} ${call.path}`) ?? true)
      .slice(-limit);
  }

  clear(): void {
    this.#calls = [];
  }
}
