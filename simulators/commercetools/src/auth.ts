import { randomBytes, randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { ApiError } from './errors.ts';

/** Scopes of the simulator's first client: all that the connector, its storefront and its operators need. */
export const DEFAULT_SCOPES = [
  'manage_payments',
  'manage_orders',
  'manage_locked_carts',
  'view_sessions',
  'manage_sessions',
  'view_api_clients',
  'introspect_oauth_tokens',
  'manage_checkout_payment_intents',
  'manage_checkout_transactions',
  'manage_types',
  'view_types',
  'manage_payment_methods',
  'manage_recurring_payment_jobs',
  'manage_customers',
  'manage_products',
] as const;

export interface ApiClient {
  clientId: string;
  clientSecret: string;
  /** As in a token: `name:{projectKey}`, separated by spaces. */
  scope: string;
}

export interface JwtOptions {
  /** Added to the claims that the Merchant Center sets, and wins over them. */
  claims?: Record<string, unknown>;
  /** Seconds from now; negative for an expired token. Default 3600. */
  expiresIn?: number;
  /** Default: the simulator's own URL, for CTP_JWT_ISSUER. */
  issuer?: string;
  subject?: string;
  /** Project of the claim `{issuer}/claims/project_key`; default the simulator's. */
  projectKey?: string;
}

/** The caller of an API call. */
export interface Caller {
  clientId: string;
  /** Throws ApiError 403 insufficient_scope when the token has none of these scopes. */
  needOneOf(scopes: readonly string[]): void;
}

interface Token {
  clientId: string;
  scope: string;
  expiresAt: number;
}

const invalidClient = (): ApiError =>
  new ApiError(401, 'invalid_client', 'Please provide valid client credentials using HTTP Basic Authentication.');

/** The authorization server: API clients, client-credentials tokens, introspection, and the Merchant Center's signing keys. */
export class Auth {
  readonly #projectKey: string;
  readonly #now: () => number;
  readonly #tokenSeconds: number;
  readonly #clients = new Map<string, ApiClient>();
  readonly #tokens = new Map<string, Token>();
  #keys: { kid: string; publicJwk: JWK; privateKey: CryptoKey }[] = [];

  constructor(options: { projectKey: string; now: () => number; tokenSeconds: number }) {
    this.#projectKey = options.projectKey;
    this.#now = options.now;
    this.#tokenSeconds = options.tokenSeconds;
  }

  /** A scope without `:` gets the project's suffix. */
  createClient(options: { scopes: readonly string[]; clientId?: string; clientSecret?: string }): ApiClient {
    const client: ApiClient = {
      clientId: options.clientId ?? randomBytes(12).toString('base64url'),
      clientSecret: options.clientSecret ?? randomBytes(24).toString('base64url'),
      scope: options.scopes.map((scope) => (scope.includes(':') ? scope : `${scope}:${this.#projectKey}`)).join(' '),
    };
    this.#clients.set(client.clientId, client);
    return client;
  }

  /** `POST /oauth/token`. Throws ApiError 401 invalid_client, 400 unsupported_grant_type, 400 invalid_scope. */
  token(authorization: string | undefined, form: URLSearchParams) {
    const client = this.#basic(authorization);
    if (form.get('grant_type') !== 'client_credentials') {
      throw new ApiError(400, 'unsupported_grant_type', `Unsupported grant type: ${form.get('grant_type')}`);
    }
    const granted = client.scope.split(' ');
    const wanted = form.get('scope')?.split(/\s+/).filter(Boolean) ?? [];
    const lacking = wanted.filter((scope) => !granted.includes(scope));
    if (lacking.length > 0) {
      throw new ApiError(400, 'invalid_scope', `The client does not have the requested scope(s): ${lacking.join(' ')}`);
    }
    return this.issueToken(client.clientId, wanted.length > 0 ? wanted.join(' ') : client.scope);
  }

  issueToken(clientId: string, scope: string) {
    const access_token = randomBytes(24).toString('base64url');
    this.#tokens.set(access_token, { clientId, scope, expiresAt: this.#now() + this.#tokenSeconds * 1000 });
    return { access_token, token_type: 'Bearer' as const, expires_in: this.#tokenSeconds, scope };
  }

  /** Makes every token issued so far invalid, like an early expiry. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** `POST /oauth/introspect` (RFC 7662). `exp` is in seconds since the epoch. */
  introspect(authorization: string | undefined, form: URLSearchParams) {
    const client = this.#basic(authorization);
    const token = this.#active(form.get('token') ?? '');
    if (!token) return { active: false };
    const mayIntrospectOthers = client.scope.split(' ').includes(`introspect_oauth_tokens:${this.#projectKey}`);
    if (token.clientId !== client.clientId && !mayIntrospectOthers) {
      throw insufficientScope([`introspect_oauth_tokens:${this.#projectKey}`]);
    }
    const exp = Math.floor(token.expiresAt / 1000);
    return { active: true, scope: token.scope, exp, client_id: token.clientId };
  }

  /**
   * Checks the bearer token of an API call; `manage_project` includes every scope. Returns the caller. Throws ApiError
   * 401 invalid_token, 403 insufficient_scope.
   */
  authorize(authorization: string | undefined, projectKey: string, anyOf: readonly string[]): Caller {
    const bearer = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    if (!bearer) {
      throw new ApiError(
        401,
        'invalid_token',
        'This endpoint requires an access token. You can get one from the authorization server.',
      );
    }
    const token = this.#active(bearer);
    if (!token) throw new ApiError(401, 'invalid_token', 'invalid_token');
    const granted = token.scope.split(' ');
    const needOneOf = (scopes: readonly string[]): void => {
      const wanted = ['manage_project', ...scopes].map((scope) => `${scope}:${projectKey}`);
      if (!wanted.some((scope) => granted.includes(scope))) throw insufficientScope(wanted.slice(1));
    };
    needOneOf(anyOf);
    return { clientId: token.clientId, needOneOf };
  }

  /** A new key signs from now on; the previous one stays published unless `keepPrevious` is false. */
  async rotateKeys({ keepPrevious = true } = {}): Promise<string> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
    const kid = randomUUID();
    const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
    this.#keys = [{ kid, publicJwk, privateKey }, ...(keepPrevious ? this.#keys.slice(0, 1) : [])];
    return kid;
  }

  jwks(): { keys: JWK[] } {
    return { keys: this.#keys.map((key) => key.publicJwk) };
  }

  /** A token as the Merchant Center's proxy forwards it. `issuer` is the default issuer. */
  async mintJwt(options: JwtOptions, defaultIssuer: string): Promise<string> {
    const [key] = this.#keys;
    if (!key) throw new Error('there is no signing key before rotateKeys()');
    const issuer = options.issuer ?? defaultIssuer;
    const seconds = Math.floor(this.#now() / 1000);
    return new SignJWT({
      iss: issuer,
      sub: options.subject ?? 'mc-user-1',
      iat: seconds,
      exp: seconds + (options.expiresIn ?? 3600),
      [`${issuer}/claims/project_key`]: options.projectKey ?? this.#projectKey,
      ...options.claims,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid })
      .sign(key.privateKey);
  }

  #basic(authorization: string | undefined): ApiClient {
    const encoded = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    const [id, ...secret] = Buffer.from(encoded ?? '', 'base64')
      .toString()
      .split(':');
    const client = this.#clients.get(id ?? '');
    if (client?.clientSecret !== secret.join(':')) throw invalidClient();
    return client;
  }

  #active(accessToken: string): Token | undefined {
    const token = this.#tokens.get(accessToken);
    return token && token.expiresAt > this.#now() ? token : undefined;
  }
}

const insufficientScope = (scopes: readonly string[]): ApiError =>
  new ApiError(
    403,
    'insufficient_scope',
    `Insufficient scope. One of the following scopes is missing: ${scopes.join(', ')}.`,
  );
