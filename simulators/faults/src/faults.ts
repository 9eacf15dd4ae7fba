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
  /** How many calls it hits before it is spent; absent = until replaced. */
  times: z.number().int().positive().optional(),
});
export type Fault = z.input<typeof faultSchema>;

/** Faults of one simulated side, replaced as a whole; an empty list is a healthy side. */
export class Faults {
  #faults: z.output<typeof faultSchema>[] = [];
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get current(): readonly z.output<typeof faultSchema>[] {
    return this.#faults;
  }

  /** Throws ZodError on an unknown field or a value out of range; the faults in force then stay. */
  replace(faults: unknown): void {
    this.#faults = z.array(faultSchema).parse(faults);
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
      if (!fails || this.#random() >= fault.rate) continue;
      if (fault.times !== undefined) fault.times -= 1;
      if (fault.when === 'after') {
        loseAnswer(res, fault.status, fault.code);
        return false;
      }
      if (fault.hang) return true;
      if (fault.reset) req.socket.resetAndDestroy();
      else
        res
          .writeHead(fault.status ?? 500, { 'content-type': 'application/json' })
          .end(failureBody(fault.status, fault.code));
      return true;
    }
    return false;
  }
}

function loseAnswer(res: ServerResponse, status: number | undefined, code: string | undefined): void {
  const end = res.end.bind(res);
  res.write = () => true;
  res.end = ((): ServerResponse => {
    if (status === undefined || res.headersSent) res.socket?.resetAndDestroy();
    else {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      res.writeHead(status, { 'content-type': 'application/json' });
      end(failureBody(status, code));
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
