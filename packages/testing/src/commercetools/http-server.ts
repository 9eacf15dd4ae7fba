import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
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
export async function serveCommercetools() {
  const project = new FakeCommercetools();
  /** Introspection's answers by token; any other token is inactive. */
  const tokens = new Map<string, unknown>();
  /** The Merchant Center's public keys. */
  const keys: unknown[] = [];
  const calls: Call[] = [];
  /** Answers that replace the usual ones, by the beginning of the path. */
  const instead = new Map<string, Answer>();

  const authorization = (path: string, { headers }: IncomingMessage, body: string): Answer => {
    if (headers.authorization !== BASIC) {
      return json(401, {
        statusCode: 401,
        message: 'Please provide valid client credentials.',
        error: 'invalid_client',
      });
    }
    if (path === '/oauth/introspect') {
      return json(200, tokens.get(new URLSearchParams(body).get('token') ?? '') ?? { active: false });
    }
    const scope = `manage_project:${project.projectKey}`;
    tokens.set(OURS, { active: true, scope, client_id: CREDENTIALS.CTP_CLIENT_ID });
    return json(200, { access_token: OURS, token_type: 'Bearer', expires_in: 172_800, scope });
  };
  const api = (url: URL, method: string, body: string): Answer => {
    const [, projectKey, resource = '', id] = url.pathname.split('/');
    const { where, sort, limit, version } = Object.fromEntries(url.searchParams);
    const expand = url.searchParams.getAll('expand');
    const query = { where, sort, limit: Number(limit ?? 20), version: Number(version), expand };
    try {
      if (projectKey !== project.projectKey) throw new RefusedAnswer(404, 'ResourceNotFound');
      const request = { method, resource, id: id && decodeURIComponent(id), query };
      return json(200, project.answer({ ...request, body: body && JSON.parse(body) }));
    } catch (error) {
      if (error instanceof RefusedAnswer) return json(error.status, error.body);
      return json(500, { statusCode: 500, message: String(error) });
    }
  };

  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    const path = req.url ?? '';
    calls.push({ path, headers: req.headers, body });
    const special = [...instead].find(([start]) => path.startsWith(start))?.[1];
    if (special) special(req, res);
    else if (path.startsWith('/oauth/')) authorization(path, req, body)(req, res);
    else if (path === '/jwks.json') json(200, { keys })(req, res);
    else api(new URL(path, 'http://localhost'), req.method ?? '', body)(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    /** The variables of a service that uses this commercetools. */
    env: { ...CREDENTIALS, CTP_PROJECT_KEY: project.projectKey, CTP_AUTH_URL: url, CTP_API_URL: url },
    project,
    sessions: project.sessions,
    tokens,
    keys,
    calls,
    instead,
    callsTo: (start: string) => calls.filter(({ path }) => path.startsWith(start)),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type CommercetoolsServer = Awaited<ReturnType<typeof serveCommercetools>>;
