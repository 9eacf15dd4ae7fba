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

/** The API version that our code is written for, the SDK's; webhook endpoints should have it. */
export const PINNED_API_VERSION: string = Stripe.API_VERSION;

export interface StripeOptions {
  log: Logger;
  /** Gives up on one HTTP call after this long, in ms; default 10 000. */
  timeoutMs?: number;
  /** How often a call is repeated on network failures, 409 and 5xx; default 2. */
  retries?: number;
  /** Calls at once; further ones wait. Default 64. */
  connections?: number;
  /** What calls claim by themselves while Stripe takes fewer than are wanted; default what a shopper or a merchant waits for. */
  claim?: Claim;
}

export interface StripeClient {
  /** The SDK, for what needs no call, and for `call`. */
  readonly stripe: Stripe;
  /**
   * Runs `work` with the SDK, e.g. `call('payment_intents.capture', (stripe) => stripe.paymentIntents.capture(id))`. Throws
   * NotFoundError, TransientError (with `retryAfterMs` where Stripe gave one) or StripeRejection, nothing of the SDK's own.
   */
  call<T>(operation: string, work: (stripe: Stripe) => Promise<T>): Promise<T>;
  /** Whether the key is a live one; events and objects of the other mode are not ours. */
  readonly livemode: boolean;
  close(): Promise<void>;
}

/**
 * The process' one client of Stripe: API version pinned to the SDK's, no telemetry, no trace headers. Repeating a call is safe
 * because reads have no effect and every POST carries an idempotency key, the caller's or else one of the SDK's for this call.
 */
export function createStripe(config: StripeConfig, options: StripeOptions): StripeClient {
  const { log, timeoutMs = 10_000, retries = 2, connections = 64, claim = SOMEBODY_WAITS } = options;
  const http = createHttpClient({
    api: 'stripe',
    timeoutMs,
    connections,
    propagate: false,
    // By which Stripe's support and dashboard find the call.
    requestIdHeader: 'request-id',
    limits: { pushbackOf, claim },
    operationOf,
  });
  const livemode = isLiveKey(config.STRIPE_SECRET_KEY);
  const secrets = followSecrets(config, ['STRIPE_SECRET_KEY'], {
    log,
    // The other mode is another account's money.
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
    // The pool's time-out is each call's; this one is an upper bound, which waiting for a limit counts towards as well.
    timeout: timeoutMs + LONGEST_WAIT_MS,
    telemetry: false,
  });
}

/** Longer than any claim's patience, in ms. */
const LONGEST_WAIT_MS = 90_000;

/**
 * Stripe answers 429 to what exceeds its limits and names which in a header: `global-rate`, `global-concurrency`, `endpoint-rate`,
 * `endpoint-concurrency` (https://docs.stripe.com/rate-limits). A 429 about one object is no limit of ours: `lock_timeout`, `resource-specific`.
 */
const pushbackOf: PushbackOf = (status, headers, body) => {
  const reason = headers.get('stripe-rate-limited-reason') ?? '';
  if (status !== 429 || reason === 'resource-specific' || body.includes('"lock_timeout"')) return undefined;
  const asked = retryAfterMs(headers.get('retry-after')) ?? 0;
  return { scope: reason.startsWith('global') ? 'all' : 'operation', retryAfterMs: asked };
};

/** The SDK keeps the key that it was made with, `first`; each call has the one of now. */
const withKey =
  (fetch: Fetch, first: string, key: () => string): Fetch =>
  (input, init = {}) => {
    const current = key();
    if (current === first) return fetch(input, init);
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${current}`);
    return fetch(input, { ...init, headers });
  };

/** The HTTP call before the present one within one `call`. */
interface Previous {
  target?: string;
  /** Why the SDK may make it again; absent after a success. */
  reason?: string | undefined;
}

const callsUnderWay = new AsyncLocalStorage<Previous>();

/** The SDK repeats calls unseen; the same request after a failed one within one `call` is such a repetition. */
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
      log.info({ operation, reason: previous.reason }, 'a call to Stripe is made again');
    }
    previous.target = target;
    previous.reason = 'connection';
    const answer = await fetch(input, init);
    previous.reason = answer.status >= 400 ? String(answer.status) : undefined;
    return answer.status >= 400 ? withError(answer) : answer;
  };

/**
 * A failed answer whose JSON names no error, as a proxy in front of Stripe gives it, with one: the SDK goes by the body alone and
 * would take it for a success.
 */
async function withError(answer: Answer): Promise<Answer> {
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // What is no JSON the SDK tells apart by itself.
  }
  const isSilent = body !== undefined && !(body as { error?: unknown } | null)?.error;
  const error = { type: 'api_error', message: 'The answer names no error.' };
  return new Response(isSilent ? JSON.stringify({ error }) : text, {
    status: answer.status,
    headers: [...answer.headers],
  });
}
