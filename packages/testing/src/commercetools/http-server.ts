import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeCommercetools } from './fake-commercetools.ts';
import { RefusedAnswer } from './refusal.ts';

export type Answer = (req: IncomingMessage, res: ServerResponse) => void;

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

interface Call {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** The credentials that the server accepts. */
const CREDENTIALS = { CTP_CLIENT_ID: 'client', CTP_CLIENT_SECRET: 'secret' };
const BASIC = `Basic ${Buffer.from(Object.values(CREDENTIALS).join(':')).toString('base64')}`;
/** The access token that the server grants. */
const OURS = 'ours';

/** The hosts of commercetools on one port of loopback: authorization server, Merchant Center's keys, Session and HTTP API of the project `shop`. */
export class CommercetoolsServer {
  readonly project = new FakeCommercetools();
  /** Introspection's answers by token; any other token is inactive. */
  readonly tokens = new Map<string, unknown>();
  /** The Merchant Center's public keys. */
  readonly keys: unknown[] = [];
  readonly calls: Call[] = [];
  /** Answers that replace the usual ones, by the beginning of the path. */
  readonly instead = new Map<string, Answer>();
  readonly #server = createServer(async (req, res) => {
    const body = await text(req);
    const path = req.url ?? '';
    this.calls.push({ path, headers: req.headers, body });
    this.#answer(path, req, body)(req, res);
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The variables of a service that uses this commercetools. */
  get env() {
    const { url, project } = this;
    return { ...CREDENTIALS, CTP_PROJECT_KEY: project.projectKey, CTP_AUTH_URL: url, CTP_API_URL: url };
  }

  get sessions(): FakeCommercetools['sessions'] {
    return this.project.sessions;
  }

  callsTo(start: string): Call[] {
    return this.calls.filter(({ path }) => path.startsWith(start));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(path: string, req: IncomingMessage, body: string): Answer {
    const special = [...this.instead].find(([start]) => path.startsWith(start))?.[1];
    if (special) return special;
    if (path.startsWith('/oauth/')) return this.#authorization(path, req, body);
    if (path === '/jwks.json') return json(200, { keys: this.keys });
    return this.#api(new URL(path, 'http://localhost'), req.method ?? '', body);
  }

  #authorization(path: string, { headers }: IncomingMessage, body: string): Answer {
    if (headers.authorization !== BASIC) {
      const message = 'Please provide valid client credentials.';
      return json(401, { statusCode: 401, message, error: 'invalid_client' });
    }
    if (path === '/oauth/introspect') {
      return json(200, this.tokens.get(new URLSearchParams(body).get('token') ?? '') ?? { active: false });
    }
    const scope = `manage_project:${this.project.projectKey}`;
    this.tokens.set(OURS, { active: true, scope, client_id: CREDENTIALS.CTP_CLIENT_ID });
    return json(200, { access_token: OURS, token_type: 'Bearer', expires_in: 172_800, scope });
  }

  #api(url: URL, method: string, body: string): Answer {
    const [, projectKey, resource = '', id] = url.pathname.split('/');
    const { where, sort, limit, version } = Object.fromEntries(url.searchParams);
    const expand = url.searchParams.getAll('expand');
    const query = { where, sort, limit: Number(limit ?? 20), version: Number(version), expand };
    try {
      if (projectKey !== this.project.projectKey) throw new RefusedAnswer(404, 'ResourceNotFound');
      const request = { method, resource, id: id && decodeURIComponent(id), query };
      return json(200, this.project.answer({ ...request, body: body && JSON.parse(body) }));
    } catch (error) {
      if (error instanceof RefusedAnswer) return json(error.status, error.body);
      return json(500, { statusCode: 500, message: String(error) });
    }
  }
}

export const serveCommercetools = (): Promise<CommercetoolsServer> => new CommercetoolsServer().listen();
