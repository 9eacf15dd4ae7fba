import { AsyncLocalStorage } from 'node:async_hooks';
import { retryAfterMs } from '@connector/errors';
import {
  type Answer,
  asGlobalFetch,
  type Claim,
  createHttpClient,
  type Fetch,
  type PushbackOf,
  SOMEBODY_WAITS,
} from '@connector/http';
import { followSecrets } from '@connector/lifecycle';
import { BUILD, type Logger, metrics } from '@connector/telemetry';
import Stripe from 'stripe';
import { isLiveKey, SECRET_KEY, type StripeConfig } from './config.ts';
import { errorOf } from './errors.ts';
import { operationOf } from './operation.ts';

/** The API version that our code is written for, which is the SDK's; webhook endpoints should have the same. */
export const PINNED_API_VERSION: string = Stripe.API_VERSION;

export interface StripeOptions {
  log: Logger;
  /** Time-out of one HTTP call, in ms; default 10 000. */
  timeoutMs?: number;
  /** How often a call is repeated on network failures, 409 and 5xx; default 2. */
  retries?: number;
  /** Concurrent calls; further calls wait. Default 64. */
  connections?: number;
  /**
   * Priority and patience of calls without a claim of their own, while Stripe accepts fewer calls than are wanted. By
   * default those of a call that a shopper or a merchant waits for.
   */
  claim?: Claim;
}

export interface StripeClient {
  /** The SDK, for work without a call, and for `call`. */
  readonly stripe: Stripe;
  /**
   * Runs `work` with the SDK, e.g. `call('payment_intents.capture', (stripe) => stripe.paymentIntents.capture(id))`.
   * Throws NotFoundError, TransientError (with `retryAfterMs` where Stripe gave one) or StripeRejection, and none of
   * the SDK's errors.
   */
  call<T>(operation: string, work: (stripe: Stripe) => Promise<T>): Promise<T>;
  /** Whether the key is a live key. Events and objects of the other mode are not ours. */
  readonly livemode: boolean;
  close(): Promise<void>;
}

/**
 * The only client of Stripe in a process: the SDK's API version, no telemetry, no trace headers. Repeating a call is
 * safe, because reads have no effect and every POST carries an idempotency key: the caller's, or one that the SDK made
 * for this call.
 */
export function createStripe(config: StripeConfig, options: StripeOptions): StripeClient {
  const { log, timeoutMs = 10_000, retries = 2, connections = 64, claim = SOMEBODY_WAITS } = options;
  const http = createHttpClient({
    api: 'stripe',
    timeoutMs,
    connections,
    propagate: false,
    // Stripe's support and dashboard find the call by this id.
    requestIdHeader: 'request-id',
    limits: { pushbackOf, claim },
    operationOf,
  });
  const livemode = isLiveKey(config.STRIPE_SECRET_KEY);
  const secrets = followSecrets(config, ['STRIPE_SECRET_KEY'], {
    log,
    // A key of the other mode would move another account's money.
    isUsable: ({ STRIPE_SECRET_KEY: key }) => SECRET_KEY.test(key) && isLiveKey(key) === livemode,
  });
  const key = () => secrets().STRIPE_SECRET_KEY;
  const fetch = withKey(countingRetries(http.fetch, log), config.STRIPE_SECRET_KEY, key);
  const stripe = sdkOf(config, { fetch, timeoutMs, retries });
  return {
    stripe,
    livemode,
    call: async (operation, work) => {
      try {
        return await callsUnderWay.run({}, () => work(stripe));
      } catch (error) {
        throw errorOf(operation, error);
      }
    },
    close: http.close,
  };
}

function sdkOf(
  { STRIPE_API_BASE, STRIPE_SECRET_KEY }: StripeConfig,
  { fetch, timeoutMs, retries }: { fetch: Fetch; timeoutMs: number; retries: number },
): Stripe {
  const { protocol, hostname, port } = new URL(STRIPE_API_BASE);
  return new Stripe(STRIPE_SECRET_KEY, {
    apiVersion: Stripe.API_VERSION,
    appInfo: { name: 'stripe-checkout-connector', version: BUILD.version },
    httpClient: Stripe.createFetchHttpClient(asGlobalFetch(fetch)),
    host: hostname,
    protocol: protocol === 'http:' ? 'http' : 'https',
    ...(port && { port }),
    maxNetworkRetries: retries,
    // The pool has a time-out for each call. This one is an upper bound that includes waiting for a limit.
    timeout: timeoutMs + LONGEST_WAIT_MS,
    telemetry: false,
  });
}

/** Longer than any claim's patience, in ms. */
const LONGEST_WAIT_MS = 90_000;

/**
 * Stripe answers 429 above its limits, and names the limit in a header: `global-rate`, `global-concurrency`,
 * `endpoint-rate`, `endpoint-concurrency` (https://docs.stripe.com/rate-limits). A 429 about one object is not about a
 * limit: `lock_timeout`, `resource-specific`.
 */
const pushbackOf: PushbackOf = (status, headers, body) => {
  const reason = headers.get('stripe-rate-limited-reason') ?? '';
  if (status !== 429 || reason === 'resource-specific' || body.includes('"lock_timeout"')) return undefined;
  const asked = retryAfterMs(headers.get('retry-after')) ?? 0;
  return { scope: reason.startsWith('global') ? 'all' : 'operation', retryAfterMs: asked };
};

/** The SDK keeps its first key, `first`; each call here has the present key. */
const withKey =
  (fetch: Fetch, first: string, key: () => string): Fetch =>
  (input, init = {}) => {
    const current = key();
    if (current === first) return fetch(input, init);
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${current}`);
    return fetch(input, { ...init, headers });
  };

/** The previous HTTP call within one `call`. */
interface Previous {
  target?: string;
  /** Why the SDK may repeat it; absent after a success. */
  reason?: string | undefined;
}

const callsUnderWay = new AsyncLocalStorage<Previous>();

/** The SDK does not report its repetitions. The same request after a failed one within one `call` is a repetition. */
const countingRetries =
  (fetch: Fetch, log: Logger): Fetch =>
  async (input, init) => {
    const previous = callsUnderWay.getStore() ?? {};
    const method = init?.method ?? 'GET';
    const url = new URL(String(input));
    const target = `${method} ${url}`;
    if (previous.reason && previous.target === target) {
      const operation = operationOf(method, url);
      metrics.apiRetries.inc({ api: 'stripe', operation, reason: previous.reason });
      log.info({ operation, reason: previous.reason }, 'a call to Stripe is repeated');
    }
    previous.target = target;
    previous.reason = 'connection';
    const answer = await fetch(input, init);
    previous.reason = answer.status >= 400 ? String(answer.status) : undefined;
    return answer.status >= 400 ? withError(answer) : answer;
  };

/**
 * A failed answer whose JSON names no error, as from a proxy in front of Stripe, with an error added. The SDK looks
 * only at the body, and would treat the answer as a success.
 */
async function withError(answer: Answer): Promise<Answer> {
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The SDK itself recognises a body that is not JSON.
  }
  const isSilent = body !== undefined && !(body as { error?: unknown } | null)?.error;
  const error = { type: 'api_error', message: 'The answer names no error.' };
  return new Response(isSilent ? JSON.stringify({ error }) : text, {
    status: answer.status,
    headers: [...answer.headers],
  });
}
