import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

/**
 * One thing that goes wrong at a simulated side. `match` is a regular expression over `METHOD /path`; without it every call is hit.
 * `before` fails before the call had an effect, `after` lets it take effect and loses the answer, as a dropped connection does.
 */
export const faultSchema = z.strictObject({
  match: z.string().optional(),
  latencyMs: z.number().int().min(0).max(120_000).default(0),
  jitterMs: z.number().int().min(0).max(120_000).default(0),
  /** Share of the matching calls that fail, 0 to 1; without `status`, `reset` or `hang` nothing fails and only the latency counts. */
  rate: z.number().min(0).max(1).default(1),
  status: z.number().int().min(400).max(599).optional(),
  /** Stripe's code of the failure, such as `lock_timeout` or `rate_limit` with the status 429. */
  code: z.string().optional(),
  reset: z.boolean().default(false),
  hang: z.boolean().default(false),
  when: z.enum(['before', 'after']).default('before'),
  /** Only calls beyond so many a second fail, as by a limit of the side; that many may come at once. */
  beyondPerSecond: z.number().positive().optional(),
  /** What such a limit counts together: `endpoint` is a method with its path without ids. */
  each: z.enum(['all', 'endpoint']).default('all'),
  retryAfterS: z.number().int().min(0).optional(),
  /** How many calls it hits before it is spent; absent = until replaced. */
  times: z.number().int().positive().optional(),
});
export type Fault = z.input<typeof faultSchema>;

type Parsed = z.output<typeof faultSchema>;

/** A fault in force; one with a limit tells how many calls it let pass, and how many were beyond the limit. */
export type FaultInForce = Parsed & { passed?: number; refused?: number };

/** Faults of one simulated side, replaced as a whole; an empty list is a healthy side. */
export class Faults {
  #faults: FaultInForce[] = [];
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get current(): readonly FaultInForce[] {
    return this.#faults;
  }

  /** Throws ZodError on an unknown field or a value out of range; the faults in force then stay. */
  replace(faults: unknown): void {
    this.#faults = z.array(faultSchema).parse(faults);
    this.#buckets.clear();
  }

  /**
   * Applies the faults to one call: waits the latency, then may answer or destroy it.
   * Returns true when the call is finished and must not be handled.
   */
  async intercept(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const call = `${req.method} ${req.url}`;
    for (const fault of this.#faults) {
      if (fault.match && !new RegExp(fault.match).test(call)) continue;
      if (fault.times !== undefined && fault.times <= 0) continue;
      const delay = fault.latencyMs + fault.jitterMs * this.#random();
      if (delay > 0) await sleep(delay);
      const fails = fault.status !== undefined || fault.reset || fault.hang;
      if (!fails || this.#random() >= fault.rate || this.#isWithin(fault, req)) continue;
      if (fault.times !== undefined) fault.times -= 1;
      if (fault.when === 'after') {
        loseAnswer(res, fault);
        return false;
      }
      if (fault.hang) return true;
      if (fault.reset) req.socket.resetAndDestroy();
      else res.writeHead(fault.status ?? 500, headersOf(fault)).end(failureBody(fault.status, codeOf(fault)));
      return true;
    }
    return false;
  }

  /** Whether a call is within the limit that a fault stands for; a fault without a limit has none to be within. */
  #isWithin(fault: FaultInForce, req: IncomingMessage): boolean {
    const { beyondPerSecond, each, passed = 0, refused = 0 } = fault;
    if (beyondPerSecond === undefined) return false;
    const key = `${beyondPerSecond} ${each === 'endpoint' ? endpointOf(req) : ''}`;
    const now = performance.now();
    const bucket = this.#buckets.get(key) ?? { tokens: beyondPerSecond, at: now };
    const filled = bucket.tokens + ((now - bucket.at) / 1_000) * beyondPerSecond;
    const tokens = Math.min(beyondPerSecond, filled);
    const isWithin = tokens >= 1;
    this.#buckets.set(key, { tokens: isWithin ? tokens - 1 : tokens, at: now });
    Object.assign(fault, { passed: passed + Number(isWithin), refused: refused + Number(!isWithin) });
    return isWithin;
  }
}

/** A method and a path in which ids are `:id`. */
const endpointOf = ({ method, url = '' }: IncomingMessage): string =>
  `${method} ${(url.split('?')[0] ?? '').replaceAll(/\/(?=[^/]*\d)[^/]{8,}/g, '/:id')}`;

/** A limit answers with Stripe's code for it, unless another is asked for. */
const codeOf = ({ code, status, beyondPerSecond }: Parsed): string | undefined =>
  code ?? (status === 429 && beyondPerSecond !== undefined ? 'rate_limit' : undefined);

/** The header by which Stripe names the limit (https://docs.stripe.com/rate-limits), and `Retry-After`. */
function headersOf({ beyondPerSecond, each, retryAfterS }: Parsed): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
    ...(beyondPerSecond !== undefined && {
      'stripe-rate-limited-reason': each === 'endpoint' ? 'endpoint-rate' : 'global-rate',
    }),
  };
}

function loseAnswer(res: ServerResponse, fault: Parsed): void {
  const { status } = fault;
  const end = res.end.bind(res);
  res.write = () => true;
  res.end = ((): ServerResponse => {
    if (status === undefined || res.headersSent) res.socket?.resetAndDestroy();
    else {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      res.writeHead(status, headersOf(fault));
      end(failureBody(status, fault.code));
    }
    return res;
  }) as typeof res.end;
}

/** What Stripe says with its codes for too many requests. */
const STRIPE_MESSAGES: Readonly<Record<string, string>> = {
  lock_timeout:
    'This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request.',
  rate_limit: 'Request rate limit exceeded. Learn more about rate limits at https://stripe.com/docs/rate-limits.',
};

function failureBody(status = 500, code?: string): string {
  const message = STRIPE_MESSAGES[code ?? ''] ?? 'injected failure';
  return JSON.stringify({
    statusCode: status,
    message,
    error: { type: status === 429 ? 'invalid_request_error' : 'api_error', ...(code && { code }), message },
    errors: [{ code: 'InjectedFailure', message }],
  });
}
