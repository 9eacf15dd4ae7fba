import { type ByProjectKeyRequestBuilder, createApiBuilderFromCtpClient } from '@commercetools/platform-sdk';
import { ClientBuilder, type Middleware } from '@commercetools/ts-client';
import { retryAfterMs, ServiceError } from '@connector/errors';
import { type Claim, createHttpClient, type Fetch, type PushbackOf, SOMEBODY_WAITS } from '@connector/http';
import { followSecrets } from '@connector/lifecycle';
import { BUILD, type Logger } from '@connector/telemetry';
import { type CommercetoolsConfig, regionOf } from './config.ts';
import { errorOfAnswer, errorOfFailure } from './errors.ts';
import { operationOf } from './operation.ts';
import { basicCredentials, createTokens, type Tokens } from './tokens.ts';

export interface CommercetoolsOptions {
  log: Logger;
  /** Time-out of one HTTP call, in ms; default 10 000. */
  timeoutMs?: number;
  /** Concurrent calls to one host; further calls wait. Default 64. */
  connections?: number;
  /**
   * Priority and patience of calls without a claim of their own, while commercetools accepts fewer calls than are
   * wanted. By default those of a call that a shopper or a merchant waits for.
   */
  claim?: Claim;
}

type Credentials = Pick<CommercetoolsConfig, 'CTP_CLIENT_ID' | 'CTP_CLIENT_SECRET'>;

/** A request of the typed builder, e.g. `api.payments().withId({ ID }).get()`. */
export interface Executable<T> {
  execute(): Promise<{ body: T }>;
}

export interface Commercetools {
  readonly projectKey: string;
  /** The typed request builder of the project. */
  readonly api: ByProjectKeyRequestBuilder;
  /**
   * Sends a request once and returns the body of the answer. Throws NotFoundError (404), StaleVersionError (409),
   * TransientError (401, 403, 429, 5xx, network, time-out; with `retryAfterMs` where commercetools gave one),
   * CommercetoolsRejection (any other 4xx).
   */
  call<T>(operation: string, request: Executable<T>): Promise<T>;
  /**
   * A `fetch` with our access token, for hosts that the builder does not know: Session and Checkout API. Returns
   * answers of any status.
   */
  readonly fetch: Fetch;
  /** The same pool and time-out without a token: introspection, JWKS. */
  readonly plainFetch: Fetch;
  readonly tokens: Tokens;
  /** The Authorization header with the present credentials of our API client. */
  readonly clientCredentials: () => string;
  close(): Promise<void>;
}

/**
 * The only client of commercetools in a process: one pool, one token cache. It repeats a request only when the token
 * was refused: once, with a new token. All other retries are the caller's decision.
 */
export function createCommercetools(
  config: Credentials &
    Pick<CommercetoolsConfig, 'CTP_PROJECT_KEY' | 'CTP_AUTH_URL' | 'CTP_API_URL'> &
    Partial<Pick<CommercetoolsConfig, 'CTP_SCOPE'>>,
  { log, timeoutMs = 10_000, connections = 64, claim = SOMEBODY_WAITS }: CommercetoolsOptions,
): Commercetools {
  const projectKey = config.CTP_PROJECT_KEY;
  log.info({ projectKey, region: regionOf(config.CTP_API_URL) }, 'the commercetools project and its region');
  const limits = { pushbackOf, claim };
  const http = createHttpClient({ api: 'commercetools', timeoutMs, connections, limits, operationOf });
  const clientCredentials = followCredentials(config, log);
  const tokens = createTokens({
    authUrl: config.CTP_AUTH_URL,
    credentials: clientCredentials,
    scope: config.CTP_SCOPE,
    fetch: http.fetch,
  });
  const authorised = new Authorised(tokens, log);
  const client = new ClientBuilder()
    .withMiddleware(authorised.middleware)
    .withUserAgentMiddleware({ libraryName: 'stripe-checkout-connector', libraryVersion: BUILD.version })
    .withHttpMiddleware({
      host: config.CTP_API_URL,
      httpClient: http.fetch,
      enableRetry: false,
      // Without this option the library treats a timed-out call as an answer without a status.
      retryConfig: { retryOnAbort: false },
      includeOriginalRequest: false,
      includeRequestInErrorResponse: false,
    })
    .build();

  return {
    projectKey,
    api: createApiBuilderFromCtpClient(client).withProjectKey({ projectKey }),
    call,
    fetch: authorised.fetchBy(http.fetch),
    plainFetch: http.fetch,
    tokens,
    clientCredentials,
    close: http.close,
  };
}

async function call<T>(operation: string, request: Executable<T>): Promise<T> {
  try {
    return (await request.execute()).body;
  } catch (error) {
    throw translated(operation, error);
  }
}

/** The Authorization header of our API client. It changes when the files of its id and secret change. */
function followCredentials(config: Credentials, log: Logger): () => string {
  const secrets = followSecrets(config, ['CTP_CLIENT_ID', 'CTP_CLIENT_SECRET'], {
    log,
    isUsable: ({ CTP_CLIENT_ID: id, CTP_CLIENT_SECRET: secret }) => id !== '' && secret !== '',
  });
  return () => {
    const { CTP_CLIENT_ID, CTP_CLIENT_SECRET } = secrets();
    return basicCredentials(CTP_CLIENT_ID, CTP_CLIENT_SECRET);
  };
}

/** Adds our token to requests. A refused token is forgotten, and the request is repeated once with a new one. */
class Authorised {
  readonly #tokens: Tokens;
  readonly #log: Logger;

  constructor(tokens: Tokens, log: Logger) {
    this.#tokens = tokens;
    this.#log = log;
  }

  readonly middleware: Middleware = (next) => (request) => {
    const send = (accessToken: string) =>
      next({ ...request, headers: { ...request.headers, Authorization: `Bearer ${accessToken}` } });
    return this.#withToken(send, ({ statusCode }) => statusCode === 401);
  };

  fetchBy(fetch: Fetch): Fetch {
    return (input, init = {}) => {
      const send = (accessToken: string) => {
        const headers = new Headers(init.headers);
        headers.set('authorization', `Bearer ${accessToken}`);
        return fetch(input, { ...init, headers });
      };
      return this.#withToken(send, ({ status }) => status === 401);
    };
  }

  async #withToken<A>(send: (accessToken: string) => Promise<A>, isRefused: (answer: A) => boolean): Promise<A> {
    const { accessToken } = await this.#tokens.get();
    const answer = await send(accessToken);
    if (!isRefused(answer)) return answer;
    this.#log.info('an access token was refused, a new one is requested');
    this.#tokens.invalidate(accessToken);
    return send((await this.#tokens.get()).accessToken);
  }
}

/**
 * commercetools answers 429, or 503 with Retry-After, when it gets too many calls. A 503 without Retry-After is a
 * failure.
 */
const pushbackOf: PushbackOf = (status, headers) => {
  const asked = retryAfterMs(headers.get('retry-after'));
  if (status === 503 && asked === undefined) return undefined;
  return { scope: 'all', retryAfterMs: asked ?? 0 };
};

/**
 * The rejections of ts-client's `execute()`: either an answer's status, body and headers or, without an answer, only
 * `error`.
 */
interface ClientFailure {
  statusCode?: number;
  body?: unknown;
  headers?: Record<string, string> | null;
  /** A NetworkError with status 0. Its own `error` is the error of the HTTP client. */
  error?: { statusCode?: number; error?: unknown };
}

function translated(operation: string, error: unknown): unknown {
  if (error instanceof ServiceError || typeof error !== 'object' || error === null) return error;
  const { statusCode, body, headers, error: network } = error as ClientFailure;
  if (statusCode) return errorOfAnswer(operation, { status: statusCode, body, retryAfter: headers?.['retry-after'] });
  if (network?.statusCode === 0) return errorOfFailure(operation, network.error);
  return error;
}
