import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (req: IncomingMessage, res: ServerResponse) => void;

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export interface Call {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** The hosts of commercetools that the service calls, on one port: what is not in `sessions` or `tokens` is unknown. */
export async function startFakeCommercetools(projectKey: string) {
  const sessions = new Map<string, unknown>();
  const tokens = new Map<string, unknown>();
  const keys: unknown[] = [];
  const calls: Call[] = [];
  /** Answers in place of the usual one, by the beginning of the path. */
  const instead = new Map<string, Answer>();

  const usual = (path: string, body: string): Answer => {
    if (path === '/oauth/token') return json(200, { access_token: 'ours', expires_in: 172_800, scope: '' });
    if (path === '/jwks.json') return json(200, { keys });
    if (path === '/oauth/introspect') {
      return json(200, tokens.get(new URLSearchParams(body).get('token') ?? '') ?? { active: false });
    }
    const id = decodeURIComponent(path.slice(`/${projectKey}/sessions/`.length));
    const session = path.startsWith(`/${projectKey}/sessions/`) ? sessions.get(id) : undefined;
    return session ? json(200, session) : json(404, { statusCode: 404, message: 'not found' });
  };

  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    const path = req.url ?? '';
    calls.push({ path, headers: req.headers, body });
    const special = [...instead].find(([start]) => path.startsWith(start))?.[1];
    (special ?? usual(path, body))(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
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

export type FakeCommercetools = Awaited<ReturnType<typeof startFakeCommercetools>>;
