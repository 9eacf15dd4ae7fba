export interface CommercetoolsAccess {
  authUrl: string;
  apiUrl: string;
  sessionUrl: string;
  projectKey: string;
  clientId: string;
  clientSecret: string;
}

/** commercetools' answer was not 2xx; `status` is its status. */
export class CommercetoolsAnswerError extends Error {
  override readonly name = 'CommercetoolsAnswerError';
  readonly status: number;
  constructor(status: number, call: string, detail: string) {
    super(`commercetools answered ${status} to ${call}: ${detail}`);
    this.status = status;
  }
}

const TIMEOUT_MS = 10_000;

/** The merchant's own API client, with plain calls like a merchant's own code. */
export class CommercetoolsClient {
  readonly #access: CommercetoolsAccess;
  #token: { value: string; expiresAt: number } | undefined;

  constructor(access: CommercetoolsAccess) {
    this.#access = access;
  }

  /** The client's token, kept until a minute before it expires. */
  async token(): Promise<string> {
    if (this.#token && this.#token.expiresAt > Date.now()) return this.#token.value;
    const { authUrl, clientId, clientSecret } = this.#access;
    const response = await fetch(`${trimmed(authUrl)}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new CommercetoolsAnswerError(response.status, 'POST /oauth/token', await response.text());
    const granted = (await response.json()) as { access_token: string; expires_in: number };
    const expiresAt = Date.now() + Math.max(0, granted.expires_in - 60) * 1_000;
    this.#token = { value: granted.access_token, expiresAt };
    return granted.access_token;
  }

  /** Calls the project's HTTP API; a path begins with a slash. Throws CommercetoolsAnswerError. */
  call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#call(method, `${trimmed(this.#access.apiUrl)}/${this.#access.projectKey}${path}`, body);
  }

  /** Creates a Checkout session. Throws CommercetoolsAnswerError. */
  createSession(draft: object): Promise<{ id: string }> {
    return this.#call('POST', `${trimmed(this.#access.sessionUrl)}/${this.#access.projectKey}/sessions`, draft);
  }

  /** When a token is refused, a new one is requested, once. */
  async #call<T>(method: string, url: string, body: unknown): Promise<T> {
    let response = await this.#send(method, url, body);
    if (response.status === 401) {
      this.#token = undefined;
      response = await this.#send(method, url, body);
    }
    if (!response.ok) throw new CommercetoolsAnswerError(response.status, `${method} ${url}`, await response.text());
    return (await response.json()) as T;
  }

  async #send(method: string, url: string, body: unknown): Promise<Response> {
    return fetch(url, {
      method,
      headers: { authorization: `Bearer ${await this.token()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');
